//! What several checks look at, asked once.

use std::{env, os::unix::ffi::OsStrExt, path::Path, time::Duration};

use bstr::{BStr, BString, ByteSlice};

use super::Finding;
use crate::{
    app::{local::Local, policies::Loaded},
    gates::{Stop, remote_tips::at_once, verdict::TrunkName},
    git::Repository,
    policy::Policy,
    push::Oid,
    text::printable,
};

/// The PATH of a program that no shell has started.
pub(crate) const SHORT_PATH: &str = if cfg!(target_os = "macos") {
    "/usr/bin:/bin:/usr/sbin:/sbin"
} else {
    "/usr/local/bin:/usr/bin:/bin"
};

/// A program needs milliseconds to print its version.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

/// The repository in the current directory, and what several checks ask of it.
pub(crate) struct Opened {
    pub(crate) world: Repository,
    /// The tip of the local trunk branch, else HEAD; `None` before the first commit.
    pub(crate) commit: Option<Oid>,
    /// The policy of that commit.
    pub(crate) loaded: Result<Loaded, Stop>,
    /// The same; an empty one where it cannot be read.
    pub(crate) policy: Policy,
    pub(crate) trunk: Result<TrunkName, Stop>,
    /// Trunk's own, as far as it was fetched.
    pub(crate) trunk_policy: Option<Policy>,
    pub(crate) remotes: Vec<RemoteAnswer>,
    /// Whether the team's notes were fetched, where it shares any.
    pub(crate) team: Result<(), Stop>,
}

pub(crate) struct RemoteAnswer {
    pub(crate) name: BString,
    /// What its branch called like trunk has, at each URL where there is one.
    pub(crate) tips: Result<Vec<Oid>, Stop>,
}

impl Opened {
    pub(crate) fn new() -> Result<Self, Stop> {
        let world = Repository::open()?;
        let (commit, loaded) = match Local::of(&world) {
            Ok(local) => (local.tip.or(local.head), Ok(local.loaded)),
            Err(error) => (world.reference("HEAD").ok().flatten(), Err(error)),
        };
        let policy = loaded.as_ref().map(|loaded| loaded.policy.clone());
        let policy = policy.unwrap_or_default();
        let trunk = world.trunk(&policy.trunk);
        let fetched = trunk
            .as_ref()
            .ok()
            .and_then(|TrunkName { remote, branch }| {
                let name = format!("refs/remotes/{remote}/{branch}");
                world.reference(&name).ok().flatten()
            });
        let trunk_policy = fetched.and_then(|tip| Some(world.policy(Some(&tip)).ok()?.policy));
        let branches: Vec<_> = trunk.iter().map(|trunk| trunk.branch.clone()).collect();
        let remotes = world.remotes();
        let names: Vec<_> = remotes.names().collect();
        let ask = |name: &&BStr| {
            let mut urls = Vec::from_iter(remotes.fetch_url(name));
            urls.extend(remotes.push_urls(name));
            urls.dedup();
            let tips = world.branches_at(name, &urls, &branches);
            RemoteAnswer {
                tips: tips.map(|found| found.into_iter().map(|one| one.1).collect()),
                name: (*name).to_owned(),
            }
        };
        let shared = trunk.as_ref().ok().filter(|_| policy.shares());
        let fetch = || shared.map_or(Ok(()), |trunk| world.notes().fetch(&trunk.remote, LIMIT));
        // All at the same time: each has its own time limit.
        let (remotes, team) = at_once(&names, ask, fetch);
        Ok(Self {
            world,
            commit,
            loaded,
            policy,
            trunk,
            trunk_policy,
            remotes,
            team,
        })
    }
}

/// Why there is no repository that git reads.
pub(crate) fn unopened(error: Stop) -> Finding {
    const SAFE: &str = "git config --global --add safe.directory ";
    let command = |line: &String| Some(line[line.find(SAFE)?..].to_owned());
    match error.details.iter().find_map(command) {
        Some(command) => {
            let text = "git does not trust this repository: it belongs to another user";
            Finding::broken(text).run(command)
        }
        None => Finding::error(error),
    }
}

/// How a path is written in the current directory: relative where it is below.
pub(crate) fn from_here(path: &Path) -> String {
    let here = env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok());
    let below = below.filter(|below| !below.as_os_str().is_empty());
    printable(below.unwrap_or(path).as_os_str().as_bytes().as_bstr())
}
