//! Shares the notes through trunk's remote, by git's own fetch and push.

use std::time::Duration;

use bstr::BString;

use super::read::Notes;
use crate::{
    gates::Stop,
    git::{
        command::NO_HOOKS,
        network::{self, Network},
        push::{pause, reasons},
    },
    memory::record::REF,
    policy::FILE,
    push::{Oid, url::label},
};

/// The usual time limit of sharing.
pub const LIMIT: Duration = network::LIMIT;

/// How often a push that failed is tried again although the remote's notes have not moved.
const STUBBORN: usize = 1;

impl Notes<'_> {
    /// Fetches the team's notes from trunk's remote and merges them into ours.
    ///
    /// No other ref is written: it would be pushed by `git push --mirror`.
    pub fn fetch(&self, remote: &str, limit: Duration) -> Result<(), Stop> {
        self.fetch_by(remote, &self.repository.network(limit))
    }

    /// Pushes our notes to trunk's remote; lines that are there already are fetched and kept.
    pub fn push(&self, remote: &str, limit: Duration) -> Result<(), Stop> {
        let network = self.repository.network(limit);
        let mut stuck = 0;
        while let Some(tip) = self.tip()? {
            let output = network.push(remote, &[], &[format!("{REF}:{REF}")])?;
            if output.is_ok() {
                return Ok(());
            }
            // Refused, or was another clone faster? Then its notes are new here.
            self.fetch_by(remote, &network)?;
            if self.tip()?.as_ref() == Some(&tip) {
                stuck += 1;
            }
            if stuck > STUBBORN {
                let remote = label(remote.into());
                let refused = format!("`{remote}` does not take {REF}");
                return Err(Stop::undecided(refused)
                    .details(reasons(&output))
                    .hint(format!(
                        "let the team push {REF} to {remote}, or set `share: false` in {FILE}"
                    )));
            }
            pause(network.deadline);
        }
        Ok(())
    }

    fn fetch_by(&self, remote: &str, network: &Network<'_>) -> Result<(), Stop> {
        let url = self.repository.fetch_url(remote)?;
        let name = Some(remote.as_bytes().into());
        // Twice: the server's notes may be written anew between the question and the answer.
        for _ in 0..2 {
            let tips = network.list(name, url.as_ref(), &[REF])?;
            let Some((_, theirs)) = tips.into_iter().next() else {
                return Ok(());
            };
            if self.bring(remote, &url, &theirs, network)? {
                return Ok(());
            }
        }
        Err(unreadable(remote))
    }

    /// Merges notes whose tip on trunk's remote is known already, and fetches them unless they were `brought`
    /// along with it. That their tip is here does not mean that all of them are.
    pub(in crate::git) fn learn(
        &self,
        remote: &str,
        theirs: &Oid,
        brought: bool,
    ) -> Result<(), Stop> {
        if brought && self.repository.is_commit(theirs)? == Some(true) {
            return self.merge(theirs);
        }
        let network = self.repository.network(LIMIT);
        let url = self.repository.fetch_url(remote)?;
        if self.bring(remote, &url, theirs, &network)? {
            return Ok(());
        }
        self.fetch_by(remote, &network)
    }

    /// Fetches these notes of a remote and merges them into ours; false where they are no longer there.
    fn bring(
        &self,
        remote: &str,
        url: &BString,
        theirs: &Oid,
        network: &Network<'_>,
    ) -> Result<bool, Stop> {
        let tip = self.tip()?;
        if let Some(tip) = &tip
            && !self.apart(tip, theirs)?.1
        {
            return Ok(true);
        }
        let mut config = NO_HOOKS.to_vec();
        if tip.is_none() {
            // No branch contains notes: there is nothing to negotiate.
            config.extend(["-c", "fetch.negotiationAlgorithm=noop"]);
        }
        // git completes the history, also where a part of it was here; no ref is written.
        let mut fetch = network.fetch(&config, &[REF]);
        fetch.args(["--quiet", "--no-filter"]);
        fetch.args(tip.map(|tip| format!("--negotiation-tip={tip}")));
        fetch.args(["--", remote, REF]);
        let output = network.ask(fetch, &label(remote.into()), url.as_ref())?;
        if !output.is_ok() {
            return Err(Stop::unreachable(&label(remote.into()), output.stderr));
        }
        match self.repository.is_commit(theirs)? {
            Some(true) => self.merge(theirs).map(|()| true),
            Some(false) => Err(unreadable(remote)),
            None => Ok(false),
        }
    }
}

fn unreadable(remote: &str) -> Stop {
    Stop::unreachable(
        &label(remote.into()),
        vec![format!("its {REF} cannot be read")],
    )
}
