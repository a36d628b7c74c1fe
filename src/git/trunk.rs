//! Which branch is trunk.

use super::Repository;
use crate::{
    cure::command,
    gates::{Undecided, facts::TrunkName},
    policy::{FILE, Trunk},
};

impl Repository {
    /// Trunk's branch: the policy's, else the one that `REMOTE/HEAD` names, else whichever of
    /// master and main exists.
    pub(crate) fn trunk(&self, trunk: &Trunk) -> Result<TrunkName, Undecided> {
        let remote = trunk.remote.clone();
        let branch = match &trunk.branch {
            Some(branch) => branch.clone(),
            None => self.trunk_branch(&remote)?,
        };
        Ok(TrunkName { remote, branch })
    }

    fn trunk_branch(&self, remote: &str) -> Result<String, Undecided> {
        let which = |found| {
            let which = Undecided::new(format!("which branch is trunk? `{remote}` has {found}"));
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
