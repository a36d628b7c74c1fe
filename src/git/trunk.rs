//! Which branch is trunk.

use bstr::{BStr, ByteSlice};

use super::{Repository, network::Network};
use crate::{
    cure::command,
    gates::{Stop, facts::TrunkName},
    policy::{FILE, Trunk},
    push::Oid,
};

impl Repository {
    /// Trunk's branch: the policy's, else the one that `REMOTE/HEAD` names, else whichever of
    /// master and main exists.
    pub(crate) fn trunk(&self, trunk: &Trunk) -> Result<TrunkName, Stop> {
        let remote = trunk.remote.clone();
        let branch = match &trunk.branch {
            Some(branch) => branch.clone(),
            None => self.trunk_branch(&remote)?,
        };
        Ok(TrunkName { remote, branch })
    }

    /// The tip of a remote's default branch, as this clone knows it: the one that `git clone` or `git remote
    /// set-head` noted, else master or main.
    pub(crate) fn default_tip(&self, remote: &BStr) -> Result<Option<Oid>, Stop> {
        let Ok(remote) = remote.to_str() else {
            return Ok(None);
        };
        for name in ["HEAD", "master", "main"] {
            let tip = self.reference(&format!("refs/remotes/{remote}/{name}"))?;
            if tip.is_some() {
                return Ok(tip);
            }
        }
        Ok(None)
    }

    /// Whether this clone has branches of a remote, but not its default one.
    pub(crate) fn is_default_unknown(&self, remote: &str) -> Result<bool, Stop> {
        if self.default_tip(remote.into())?.is_some() {
            return Ok(false);
        }
        let branches = format!("refs/remotes/{remote}/");
        let known = self
            .git
            .must(["for-each-ref", "--count=1", "--", &branches])?;
        Ok(!known.stdout.is_empty())
    }

    fn trunk_branch(&self, remote: &str) -> Result<String, Stop> {
        let which = |found| {
            if !self.remotes().has(remote.as_bytes()) {
                return Err(self.no_such_remote(remote));
            }
            let which = Stop::undecided(format!("which branch is trunk? `{remote}` has {found}"));
            Err(which.cure(
                format!("have git ask, or name it in `trunk.branch` of {FILE}"),
                [command(["git", "remote", "set-head", remote, "--auto"])],
            ))
        };
        let prefix = format!("refs/remotes/{remote}/");
        if let Some(head) = self.symbolic(&format!("{prefix}HEAD"))?
            && let Some(branch) = head.strip_prefix(&prefix)
        {
            return Ok(branch.to_owned());
        }
        for prefix in [prefix.as_str(), "refs/heads/"] {
            let has = |name| {
                let found = self.reference(&format!("{prefix}{name}"));
                found.map(|found| found.is_some())
            };
            match (has("master")?, has("main")?) {
                (true, false) => return Ok("master".to_owned()),
                (false, true) => return Ok("main".to_owned()),
                (true, true) => return which("both master and main"),
                (false, false) => {}
            }
        }
        // Before the first commit there is only the name.
        let head = self.symbolic("HEAD")?.unwrap_or_default();
        match head.strip_prefix("refs/heads/") {
            Some(name @ ("master" | "main")) => Ok(name.to_owned()),
            _ => which("neither master nor main"),
        }
    }
}

impl Network<'_> {
    /// The branch that a remote's HEAD names; `None` where it has no commit yet.
    pub(super) fn default_branch(&self, remote: &str, url: &BStr) -> Result<Option<String>, Stop> {
        let ask = self
            .repository
            .git
            .network(["ls-remote", "--symref", "--", remote, "HEAD"]);
        let said = self.ask(ask, remote, url)?;
        if !said.is_ok() {
            return Err(Stop::unreachable(remote, said.stderr));
        }
        // `ref: refs/heads/main`, a tab, `HEAD` (git-ls-remote(1)).
        let named = said.line().strip_prefix(b"ref: refs/heads/");
        let named = named.and_then(|named| named.strip_suffix(b"\tHEAD"));
        Ok(named.map(|name| name.to_str_lossy().into_owned()))
    }
}
