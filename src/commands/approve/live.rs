//! What is live where somebody tried it.

use bstr::{BString, ByteSlice};

use super::{Desk, label};
use crate::{
    approval::Declined,
    destination::heroku_url,
    gates::{Object, World, route::remotes_of},
    policy::Environment,
    push::Oid,
    verdict::Trouble,
};

/// A remote of the environment and the commit, or why it cannot be signed off.
pub(super) type Found = Result<(BString, Oid), Declined>;

impl Desk<'_> {
    /// The commit that the person means, if it is live on every remote of the environment.
    pub(super) fn live(&self, environment: &Environment) -> Result<Found, Trouble> {
        let remotes = self.remotes(environment)?;
        let mut meant: Vec<&Oid> = std::iter::once(&self.commit).chain(&self.other).collect();
        for remote in &remotes {
            let tips = self.world.live(remote.as_bstr(), &environment.branches)?;
            let place = |live: Option<&Oid>| self.elsewhere(environment, remote, live);
            let Some((_, live)) = tips.first() else {
                return Ok(Err(place(None)?));
            };
            meant.retain(|commit| tips.iter().any(|(_, tip)| tip == *commit));
            if meant.is_empty() {
                return Ok(Err(place(Some(live))?));
            }
        }
        match (remotes.into_iter().next(), meant.first()) {
            (Some(remote), Some(commit)) => Ok(Ok((remote, (*commit).clone()))),
            _ => Err(no_remote(environment)),
        }
    }

    /// The remotes that lead to an environment, or the URL of its app.
    fn remotes(&self, environment: &Environment) -> Result<Vec<BString>, Trouble> {
        let read = |url: &bstr::BStr| self.world.destination(url);
        let mut remotes = remotes_of(environment, self.world.remotes(), &read);
        if remotes.is_empty() {
            let app = environment.heroku_apps().next();
            remotes.extend(app.map(|app| BString::from(heroku_url(app))));
        }
        if remotes.is_empty() {
            return Err(no_remote(environment));
        }
        Ok(remotes)
    }

    /// What is said where something else is live there, or nothing.
    fn elsewhere(
        &self,
        environment: &Environment,
        remote: &BString,
        live: Option<&Oid>,
    ) -> Result<Declined, Trouble> {
        let trunk = self.world.trunk(&self.policy.trunk).ok();
        let branch = trunk.map(|trunk| trunk.branch);
        let branch = branch.or_else(|| environment.branches.first().cloned());
        let branch = branch.unwrap_or_default();
        let (environment, remote) = (environment.name.clone(), label(remote.as_bstr()));
        let Some(live) = live else {
            return Ok(Declined::NeverDeployed {
                environment,
                remote,
                branch,
            });
        };
        // How they stand to each other is a courtesy.
        let relation = match self.world.object(live)? {
            Object::Commit { .. } => self.world.relation(&self.commit, live, &remote).ok(),
            Object::Other(_) | Object::Missing => None,
        };
        Ok(Declined::NotLive {
            environment,
            remote,
            branch,
            mine: self.commit.clone(),
            live: live.clone(),
            relation,
        })
    }
}

fn no_remote(environment: &Environment) -> Trouble {
    let remote = environment.remotes.first().unwrap_or(&environment.name);
    Trouble::NoRemote {
        environment: environment.name.clone(),
        remote: remote.clone(),
    }
}
