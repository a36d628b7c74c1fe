//! Notes go from clone to clone through trunk's remote, by git's own fetch and push.

use std::{
    thread,
    time::{Duration, Instant},
};

use bstr::{BString, ByteSlice};

use super::{Notes, REF, store::NO_HOOKS};
use crate::{
    git::Error,
    git::{network::Network, repository::Kind},
    process::program::Output,
    push::{Oid, url::redact},
    text::printable,
};

/// How often a push that failed is tried again although the remote's notes have not moved.
pub(crate) const STUBBORN: usize = 1;

impl Notes<'_> {
    /// Brings what the team remembers from trunk's remote, within a time limit.
    ///
    /// No ref is left behind but our own: others would travel with `git push --mirror`.
    pub fn fetch(&self, remote: &str, limit: Duration) -> Result<(), Error> {
        self.fetch_until(remote, limit, Instant::now() + limit)
    }

    /// Takes what we remember to trunk's remote, within a time limit; somebody else's lines that
    /// are there already come back and are kept.
    pub fn push(&self, remote: &str, limit: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + limit;
        let mut stuck = 0;
        loop {
            let Some(tip) = self.tip()? else {
                return Ok(());
            };
            let said = self.push_once(remote, limit, deadline)?;
            if said.is_ok() {
                return Ok(());
            }
            // Refused, or somebody was faster? Then their notes are new to us.
            self.fetch_until(remote, limit, deadline)?;
            if self.tip()?.as_ref() == Some(&tip) {
                stuck += 1;
            }
            if stuck > STUBBORN {
                return Err(Error::NotShared {
                    remote: label(remote),
                    words: reasons(&said),
                });
            }
            pause(deadline);
        }
    }

    pub(crate) fn fetch_until(
        &self,
        remote: &str,
        limit: Duration,
        deadline: Instant,
    ) -> Result<(), Error> {
        let url = self.world.remotes().fetch_url(remote.as_bytes());
        let url = url.ok_or_else(|| nowhere(remote, self.world))?;
        let network = self.network(limit);
        let name = Some(remote.as_bytes().into());
        // Twice: the server's notes may be written anew between the question and the answer.
        for _ in 0..2 {
            let tips = network.list(name, url.as_ref(), &[REF], deadline)?;
            let Some((_, theirs)) = tips.into_iter().next() else {
                return Ok(());
            };
            if self.bring(remote, &url, &theirs, &network, deadline)? {
                return Ok(());
            }
        }
        Err(unreadable(remote))
    }

    /// Brings notes whose tip on trunk's remote is known already.
    pub(crate) fn learn(&self, remote: &str, theirs: &Oid, limit: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + limit;
        let url = self.world.remotes().fetch_url(remote.as_bytes());
        let url = url.ok_or_else(|| nowhere(remote, self.world))?;
        if self.bring(remote, &url, theirs, &self.network(limit), deadline)? {
            return Ok(());
        }
        self.fetch_until(remote, limit, deadline)
    }

    /// Merges these notes of a remote into ours; whether they were still there.
    pub(crate) fn bring(
        &self,
        remote: &str,
        url: &BString,
        theirs: &Oid,
        network: &Network<'_>,
        deadline: Instant,
    ) -> Result<bool, Error> {
        let tip = self.tip()?;
        if let Some(tip) = &tip
            && self.contains(tip, theirs)?
        {
            return Ok(true);
        }
        // git sees to it that all of it is here, also where a part of it was.
        let said = self.fetch_once(remote, url, tip.as_ref(), network, deadline)?;
        if !said.is_ok() {
            return Err(Error::Unreachable {
                remote: label(remote),
                words: said.stderr,
            });
        }
        match self.world.backend().header(theirs)? {
            Some((Kind::Commit, _)) => {}
            Some(_) => return Err(unreadable(remote)),
            None => return Ok(false),
        }
        self.merge(theirs).map(|()| true)
    }

    pub(crate) fn fetch_once(
        &self,
        remote: &str,
        url: &BString,
        tip: Option<&Oid>,
        network: &Network<'_>,
        deadline: Instant,
    ) -> Result<Output, Error> {
        let mut fetch = self.world.git().network(NO_HOOKS);
        fetch.args(["-c", "fetch.writeCommitGraph=false"]);
        if tip.is_none() {
            // No branch has notes in its past: there is nothing to offer.
            fetch.args(["-c", "fetch.negotiationAlgorithm=noop"]);
        }
        fetch.args(["-c", "fetch.hideRefs=refs/"]);
        fetch.args(["-c", &format!("fetch.hideRefs=!{REF}")]);
        fetch.args(["fetch", "--quiet", "--no-tags", "--no-prune", "--no-filter"]);
        fetch.args(["--no-write-fetch-head", "--no-recurse-submodules"]);
        fetch.args(["--no-auto-maintenance", "--refmap="]);
        fetch.args(tip.map(|tip| format!("--negotiation-tip={tip}")));
        fetch.args(["--", remote, REF]);
        network.ask(fetch, &label(remote), url.as_ref(), deadline)
    }

    pub(crate) fn push_once(
        &self,
        remote: &str,
        limit: Duration,
        deadline: Instant,
    ) -> Result<Output, Error> {
        let url = self.world.remotes().push_url(remote.as_bytes());
        let url = url.ok_or_else(|| nowhere(remote, self.world))?;
        let mut push = self.world.git().network(NO_HOOKS);
        push.args(["push", "--no-verify", "--porcelain", "--no-progress"]);
        push.args(["--no-follow-tags", "--no-signed", "--recurse-submodules=no"]);
        push.args(["--", remote, &format!("{REF}:{REF}")]);
        self.network(limit)
            .ask(push, &label(remote), url.as_ref(), deadline)
    }

    pub(crate) fn network(&self, limit: Duration) -> Network<'_> {
        Network {
            limit,
            ..self.world.network()
        }
    }
}

pub(crate) fn label(remote: &str) -> String {
    redact(&printable(remote.as_bytes().into()))
}

pub(crate) fn nowhere(remote: &str, world: &super::Real) -> Error {
    Error::NoTrunkRemote {
        remote: remote.to_owned(),
        known: world.remotes().known(),
    }
}

/// Why a push failed: `!`, the refs and the reason, tabs between them, and what the server said.
pub(crate) fn reasons(said: &Output) -> Vec<String> {
    let reason = |line: &[u8]| {
        let line = line.strip_prefix(b"!\t")?;
        Some(printable(line.split(|b| *b == b'\t').nth(1)?.as_bstr()))
    };
    let mut reasons: Vec<_> = said.stdout.lines().filter_map(reason).collect();
    let is_servers = |line: &&String| reasons.is_empty() || line.starts_with("remote: ");
    let servers: Vec<_> = said.stderr.iter().filter(is_servers).cloned().collect();
    reasons.extend(servers);
    reasons
}

/// Waits a little, each time and each of us differently, so that ten writers do not meet again.
pub(crate) fn pause(deadline: Instant) {
    let nanoseconds = jiff::Timestamp::now().subsec_nanosecond().unsigned_abs();
    let odd = (nanoseconds ^ std::process::id()) % 180;
    let left = deadline.saturating_duration_since(Instant::now());
    thread::sleep(Duration::from_millis(20 + u64::from(odd)).min(left));
}

pub(crate) fn unreadable(remote: &str) -> Error {
    Error::Unreachable {
        remote: label(remote),
        words: vec![format!("its {REF} cannot be read")],
    }
}
