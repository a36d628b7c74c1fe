//! What remotes answer: the tips of their branches.

use std::time::{Duration, Instant};

use bstr::{BStr, BString};

use super::{
    Error, Repository,
    network::{self, Network},
};
use crate::{
    gates::{
        self, EnvironmentRemotes, LocalRepository as _, Object, Tip, Undecided, facts::TrunkName,
    },
    policy::Environment,
    push::Oid,
};

impl gates::Remotes for Repository {
    fn trunk_tip(&self, trunk: &TrunkName, team: bool) -> Result<Tip, Undecided> {
        let url = self.fetch_url(&trunk.remote)?;
        let network = self.network();
        let asked = network.trunk_tip(trunk, url.as_ref(), team, |tip| {
            matches!(self.object(tip), Ok(Object::Commit { .. }))
        })?;
        let learn = |theirs: &Oid| {
            let notes = self.notes();
            notes.learn(&trunk.remote, theirs, asked.brought, network.limit)
        };
        let team = team.then(|| asked.notes.as_ref().map_or(Ok(()), learn));
        Ok(Tip {
            team: team.map(|learnt| learnt.map_err(Undecided::from)),
            commit: asked.tip,
        })
    }

    fn live(&self, remote: &BStr, branches: &[String]) -> Result<Vec<(String, Oid)>, Undecided> {
        // Where a push goes is asked, which may be another place than a fetch comes from.
        let urls = self.remotes().push_urls(remote);
        let fetched = self.remotes().fetch_url(remote);
        let network = self.network();
        Ok(match urls.as_slice() {
            [] => network.live(None, self.remotes().pushed_to(remote).as_ref(), branches)?,
            [url] if Some(url) == fetched.as_ref() => {
                network.live(Some(remote), url.as_ref(), branches)?
            }
            _ => {
                let mut tips = Vec::new();
                for url in &urls {
                    tips.extend(network.live(None, url.as_ref(), branches)?);
                }
                tips
            }
        })
    }
}

impl Repository {
    /// Finds the remotes that lead to an environment.
    pub(crate) fn remotes_of(&self, environment: &Environment) -> EnvironmentRemotes {
        EnvironmentRemotes::of(environment, self.remotes(), &|url| self.destination(url))
    }

    /// The tips of these refs of a remote, at each URL that it is fetched from or pushed to.
    pub(crate) fn probe(&self, remote: &BStr, refs: &[&str]) -> Result<Vec<(String, Oid)>, Error> {
        let network = self.network();
        let deadline = Instant::now() + network.limit;
        let fetched = self.remotes().fetch_url(remote);
        let mut tips = Vec::new();
        if let Some(url) = &fetched {
            tips = network.list(Some(remote), url.as_ref(), refs, deadline)?;
        }
        for url in self.remotes().push_urls(remote) {
            if Some(&url) != fetched.as_ref() {
                tips.extend(network.list(None, url.as_ref(), refs, deadline)?);
            }
        }
        Ok(tips)
    }

    /// The tip of a ref at a URL; `None` where there is no such ref.
    pub(crate) fn remote_tip(
        &self,
        url: &BStr,
        name: &str,
        limit: Duration,
    ) -> Result<Option<Oid>, Error> {
        let deadline = Instant::now() + limit;
        let mut tips = self.network().list(None, url, &[name], deadline)?;
        Ok(tips.pop().map(|(_, id)| id))
    }

    /// The URL that trunk's remote is fetched from.
    pub(super) fn fetch_url(&self, remote: &str) -> Result<BString, Error> {
        let url = self.remotes().fetch_url(remote.as_bytes());
        url.ok_or_else(|| self.no_such_remote(remote))
    }

    pub(super) fn no_such_remote(&self, remote: &str) -> Error {
        Error::NoTrunkRemote {
            remote: remote.to_owned(),
            known: self.remotes().known(),
        }
    }

    pub(crate) fn network(&self) -> Network<'_> {
        Network {
            git: &self.git,
            ssh_command: self.config("core.sshcommand").map(BString::from),
            askpass: network::askpass(self.config("core.askpass")),
            ssh_variant: self.config("ssh.variant").map(BString::from),
            few_refs: self.has_few_refs(),
            limit: network::LIMIT,
        }
    }

    /// Whether the packed refs, as `git clone` leaves them, are about a thousand at most
    /// (git-pack-refs(1)); the remote then has as few.
    fn has_few_refs(&self) -> bool {
        const FEW: u64 = 64 * 1024;
        let packed = self.common_dir().join("packed-refs").metadata();
        packed.map_or(true, |file| file.len() <= FEW)
    }
}
