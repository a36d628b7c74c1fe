//! What several checks look at, asked once.

use std::{
    collections::BTreeSet,
    env,
    os::unix::ffi::OsStrExt,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use bstr::{BStr, BString, ByteSlice};

use crate::{
    app::local::Local,
    app::policies::Loaded,
    gates::{Undecided, remote_tips::at_once, verdict::TrunkName},
    git::{Repository, Version, command},
    hooks::{
        configured::{self, ConfiguredHook, NEEDED},
        directory::HooksDirectory,
        gate::Gate,
    },
    memory::record::REF,
    policy::Policy,
    process::program::run_within,
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

/// The machine, and the repository in the current directory.
pub(crate) struct Context {
    pub(crate) git: Result<Git, Undecided>,
    /// `None` without git.
    pub(crate) repository: Option<Result<Opened, Undecided>>,
}

/// git on PATH.
#[derive(Clone, Debug)]
pub(crate) struct Git {
    /// The output of `git --version`.
    pub(crate) said: String,
    pub(crate) version: Option<Version>,
    /// The version of the one on the short PATH of an editor.
    pub(crate) bare: Option<Version>,
}

/// The repository, and what several checks ask of it.
pub(crate) struct Opened {
    pub(crate) git: Git,
    pub(crate) world: Repository,
    pub(crate) hooks: Result<HooksDirectory, Undecided>,
    pub(crate) gate: Result<Gate, Undecided>,
    /// Those that this git runs.
    pub(crate) configured: Vec<ConfiguredHook>,
    /// The tip of the local trunk branch, else HEAD; `None` before the first commit.
    pub(crate) commit: Option<Oid>,
    /// The policy of that commit.
    pub(crate) loaded: Result<Loaded, Undecided>,
    /// The same; an empty one where it cannot be read.
    pub(crate) policy: Policy,
    pub(crate) trunk: Result<TrunkName, Undecided>,
    pub(crate) remotes: Vec<RemoteAnswer>,
}

pub(crate) struct RemoteAnswer {
    pub(crate) name: BString,
    /// Those of the refs asked for that are there.
    pub(crate) refs: Result<Vec<(String, Oid)>, Undecided>,
}

impl Context {
    pub(crate) fn new() -> Self {
        let git = Git::find();
        let repository = git.as_ref().ok().map(|git| Opened::new(git.clone()));
        Self { git, repository }
    }

    pub(crate) fn opened(&self) -> Option<&Opened> {
        self.repository.as_ref()?.as_ref().ok()
    }
}

impl Git {
    pub(crate) fn runs_configured(&self) -> bool {
        self.version.is_some_and(|version| version >= NEEDED)
    }

    fn find() -> Result<Self, Undecided> {
        let said = version_line(command::Git::find()?.command::<&str>([])).unwrap_or_default();
        let bare = which::which_in("git", Some(SHORT_PATH), "/").ok();
        let bare = bare.and_then(|git| Version::of_git(&version_line(Command::new(git))?));
        Ok(Self {
            version: Version::of_git(&said),
            said,
            bare,
        })
    }
}

fn version_line(mut command: Command) -> Option<String> {
    command.arg("--version").stdin(Stdio::null());
    let said = run_within(command, LIMIT).ok()??;
    Some(printable(said.line().into()))
}

impl Opened {
    fn new(git: Git) -> Result<Self, Undecided> {
        let world = Repository::open()?;
        let (commit, loaded) = match Local::of(&world) {
            Ok(local) => (local.tip.or(local.head), Ok(local.loaded)),
            Err(error) => (world.reference("HEAD").ok().flatten(), Err(error)),
        };
        let policy = loaded.as_ref().map(|loaded| loaded.policy.clone());
        let policy = policy.unwrap_or_default();
        let trunk = world.trunk(&policy.trunk);
        let remotes = ask_remotes(&world, &refs(&policy, trunk.as_ref().ok()));
        let hooks = HooksDirectory::of(&world);
        let gate = hooks.as_ref().map_err(Clone::clone);
        Ok(Self {
            gate: gate.and_then(|hooks| Gate::of(hooks, &world)),
            hooks,
            configured: if git.runs_configured() {
                configured::all(&world)
            } else {
                Vec::new()
            },
            git,
            world,
            commit,
            loaded,
            policy,
            trunk,
            remotes,
        })
    }
}

/// The refs that are asked for: trunk, the notes, and each branch that deploys.
fn refs(policy: &Policy, trunk: Option<&TrunkName>) -> BTreeSet<String> {
    let deployed = policy.environments.iter().flat_map(|one| &one.branches);
    let branches = deployed.chain(trunk.map(|trunk| &trunk.branch));
    let refs = branches.map(|branch| format!("refs/heads/{branch}"));
    refs.chain([REF.to_owned()]).collect()
}

/// Asks all remotes at the same time: each has its own time limit.
fn ask_remotes(world: &Repository, refs: &BTreeSet<String>) -> Vec<RemoteAnswer> {
    let refs: Vec<&str> = refs.iter().map(String::as_str).collect();
    let names: Vec<_> = world.remotes().names().collect();
    let ask = |name: &&BStr| RemoteAnswer {
        refs: world.probe(name, &refs),
        name: (*name).to_owned(),
    };
    at_once(&names, ask, || ()).0
}

/// How a path is written in the current directory: relative where it is below.
pub(crate) fn from_here(path: &Path) -> String {
    let here = env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).ok());
    let below = below.filter(|below| !below.as_os_str().is_empty());
    printable(below.unwrap_or(path).as_os_str().as_bytes().as_bstr())
}
