//! What remotes answer: the tips of their branches.

use std::time::Duration;

use bstr::{BStr, BString, ByteSlice};

use super::{Repository, network::LIMIT};
use crate::{
    cure::command,
    gates::{
        self, EnvironmentRemote, EnvironmentRemotes, Memory as _, Stop, Tip, Tips,
        facts::TrunkName, remote_tips::at_once,
    },
    memory::{
        lock::{Found, REFS as LOCKS},
        record::{Place, REF},
    },
    policy::Environment,
    push::Oid,
};

/// Where the branches are.
const HEADS: &str = "refs/heads/";

impl gates::Remotes for Repository {
    fn trunk_tip(&self, trunk: &TrunkName, team: bool) -> Result<Tip, Stop> {
        let url = self.fetch_url(&trunk.remote)?;
        let network = self.network(LIMIT);
        let (tips, brought) = network.trunk_tips(trunk, url.as_ref(), team)?;
        let tip = |name: &str| Some(&tips.iter().find(|(found, _)| found == name)?.1);
        let locks = tips.iter().filter(|(name, _)| name.starts_with(LOCKS));
        let learn = |theirs| self.notes().learn(&trunk.remote, theirs, brought.is_ok());
        let commit = tip(&format!("{HEADS}{}", trunk.branch)).cloned();
        Ok(Tip {
            commit: commit.ok_or_else(|| network.no_trunk(trunk, url.as_ref())),
            team: team.then(|| tip(REF).map_or(Ok(()), learn)),
            locks: self.locks_of(&trunk.remote, locks.collect(), brought),
        })
    }

    fn default_branch(&self, remote: &str) -> Result<Option<String>, Stop> {
        let url = self.fetch_url(remote)?;
        self.network(LIMIT).default_branch(remote, url.as_ref())
    }

    fn running(&self, of: &EnvironmentRemotes) -> Option<Result<Oid, Stop>> {
        let live = of.live.as_deref()?;
        Some(self.ask_live_command(&of.environment, live, LIMIT))
    }

    fn live(&self, of: &EnvironmentRemotes, remote: &EnvironmentRemote) -> Result<Tips, Stop> {
        if of.is_remembered {
            let last = self.remembered(of.place_of(remote))?;
            let branch = of.branches.first().cloned().unwrap_or_default();
            return Ok(Vec::from_iter(last.map(|record| (branch, record.commit))));
        }
        self.branches_at(remote.name.as_bstr(), &remote.urls, &of.branches)
    }
}

impl Repository {
    /// The locks that these refs of trunk's remote lead to. One that is not here is not damaged: it is the colleague's
    /// that made it, and only the fetch of it failed.
    fn locks_of(
        &self,
        remote: &str,
        refs: Vec<&(String, Oid)>,
        brought: Result<(), Vec<String>>,
    ) -> Result<Vec<Found>, Stop> {
        let is_missing =
            |(_, id): &&&(String, Oid)| !matches!(self.backend().header(id), Ok(Some(_)));
        let missing: Vec<_> = refs.iter().filter(is_missing).collect();
        if missing.is_empty() {
            let found = |(name, id): &(String, Oid)| self.lock_at(name, id, false);
            return Ok(refs.into_iter().map(found).collect());
        }
        let fetch = ["git", "fetch", remote].into_iter();
        let fetch = command(fetch.chain(missing.iter().map(|(name, _)| name.as_str())));
        Err(
            Stop::undecided(format!("could not fetch the locks of `{remote}`"))
                .details(brought.err().unwrap_or_default())
                .cure("see that this succeeds, then try again", [fetch]),
        )
    }

    /// The tips of these branches at these URLs of a remote; those that do not exist are left out.
    pub(crate) fn branches_at(
        &self,
        remote: &BStr,
        urls: &[BString],
        branches: &[String],
    ) -> Result<Tips, Stop> {
        let refs: Vec<_> = branches.iter().map(|one| format!("{HEADS}{one}")).collect();
        let refs: Vec<_> = refs.iter().map(String::as_str).collect();
        let network = self.network(LIMIT);
        let fetched = self.remotes().fetch_url(remote);
        let ask = |url: &BString| {
            // Under its name the remote's other settings count, too (`remote.NAME.proxy`).
            let name = (Some(url) == fetched.as_ref()).then_some(remote);
            network.list(name, url.as_ref(), &refs)
        };
        let (answers, ()) = at_once(urls, ask, || ());
        let mut all = Vec::new();
        for tips in answers {
            let tips = tips?.into_iter();
            all.extend(tips.map(|(name, tip)| (name[HEADS.len()..].to_owned(), tip)));
        }
        Ok(all)
    }

    /// What to type for git to push to this URL of a remote alone.
    pub(crate) fn typed(&self, remote: &BStr, url: &BString) -> BString {
        let remotes = self.remotes();
        let mut written = remotes.written(remote, url.as_bstr()).into_iter();
        let is_it = |one: &BString| remotes.pushed_to(one.as_bstr()) == *url;
        written.find(is_it).unwrap_or_else(|| url.clone())
    }

    /// What runs at a place where git's ref has this commit; where git has none there any more, what was deployed last.
    pub(crate) fn runs(&self, place: Place<'_>, git: Option<&Oid>) -> Result<Option<Oid>, Stop> {
        match git {
            Some(git) => self.runs_at(place, git).map(Some),
            None => Ok(self.remembered(place)?.map(|record| record.commit)),
        }
    }

    /// Finds the remotes that lead to an environment.
    pub(crate) fn remotes_of(&self, environment: &Environment) -> EnvironmentRemotes {
        EnvironmentRemotes::of(environment, self.remotes(), &|url| self.destination(url))
    }

    /// The tip of a ref at a URL; `None` where there is no such ref.
    pub(crate) fn remote_tip(
        &self,
        url: &BStr,
        name: &str,
        limit: Duration,
    ) -> Result<Option<Oid>, Stop> {
        let mut tips = self.network(limit).list(None, url, &[name])?;
        Ok(tips.pop().map(|(_, id)| id))
    }

    /// The URL that trunk's remote is fetched from.
    pub(super) fn fetch_url(&self, remote: &str) -> Result<BString, Stop> {
        let url = self.remotes().fetch_url(remote.as_bytes());
        url.ok_or_else(|| self.no_such_remote(remote))
    }

    pub(crate) fn no_such_remote(&self, remote: &str) -> Stop {
        Stop::no_trunk_remote(remote, &self.remotes().known())
    }
}
