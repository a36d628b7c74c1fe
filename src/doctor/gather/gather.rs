//! The facts that doctor judges: asked of the machine, the repository and its remotes.

use std::{
    env,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    answer::{BARE, answer},
    hook,
    place::Place,
    remotes, suite,
};
use crate::{
    app::overrides::{self, Overrides},
    commands::{lint, local::Local},
    doctor::facts::{
        Answer, Called, Clock, Facts, Git, Loaded, Memory, Override, Policy, Program, Repository,
        Source, Version,
    },
    gates::verdict::{Trouble, TrunkName},
    git::{self, Real},
    policy::lint::Warning,
    process::program,
    push::Oid,
    text::printable,
};

/// git needs milliseconds to say its version.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);

pub(crate) fn facts() -> Facts {
    let place = Place::here();
    let git = git();
    let world = git.is_ok().then(Real::open);
    let mut clock = Clock {
        now: Timestamp::now(),
        zone: TimeZone::try_system().map_err(|error| Trouble::NoZone {
            words: vec![error.to_string()],
        }),
        variable: env::var_os("TZ").map(|zone| zone.to_string_lossy().into_owned()),
        windows: Vec::new(),
        past: Vec::new(),
    };
    let mut called = None;
    let repository = world.map(|world| {
        let world = world?;
        let (here, calls) = repository(&world, &place, &mut clock);
        called = calls;
        Ok(here)
    });
    Facts {
        program: program(called),
        git,
        repository,
        overrides: overrides(),
        clock,
    }
}

pub(crate) fn git() -> Result<Git, Trouble> {
    let git = crate::git::command::Git::find()?;
    let said = says(git.command(["--version"])).unwrap_or_default();
    let bare = which::which_in("git", Some(BARE), "/").ok();
    let bare = bare.and_then(|git| {
        let mut command = Command::new(git);
        command.arg("--version");
        Version::of_git(&says(command)?)
    });
    Ok(Git {
        version: Version::of_git(&said),
        said,
        bare,
    })
}

pub(crate) fn says(mut command: Command) -> Option<String> {
    command.stdin(Stdio::null());
    let said = program::run_within(command, LIMIT).ok()??;
    Some(printable(said.line().into()))
}

pub(crate) fn program(called: Option<Called>) -> Program {
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let own = env::current_exe().unwrap_or_else(|_| "pushgate".into());
    let real = |path: &Path| path.canonicalize().ok();
    let on_path = which::which("pushgate").ok().map(|found| {
        if real(&found) == real(&own) {
            let path = found.display().to_string();
            return Answer {
                path,
                version: Ok(version.clone()),
            };
        }
        answer(&found, false)
    });
    Program {
        directory: own.parent().unwrap_or(Path::new("/")).display().to_string(),
        path: own.display().to_string(),
        version,
        on_path,
        called,
    }
}

pub(crate) fn overrides() -> Vec<Override> {
    let variable = |name: &str| env::var_os(name).map(|text| text.to_string_lossy().into_owned());
    match Overrides::read(variable) {
        Ok(read) if read.off => vec![Override {
            variable: overrides::SWITCH,
            effect: format!("{} is off here: pushes are not judged", overrides::SWITCH),
            refuses: false,
        }],
        Ok(read) if !read.skip.is_empty() => {
            let gates: Vec<_> = read.skip.iter().map(|gate| gate.name()).collect();
            vec![Override {
                variable: overrides::SKIP,
                effect: format!(
                    "{} is set here: pushes are not asked for {}",
                    overrides::SKIP,
                    gates.join(", ")
                ),
                refuses: false,
            }]
        }
        Ok(_) => Vec::new(),
        Err(bad) => vec![Override {
            variable: bad.variable,
            effect: format!("{}: every push is refused", bad.explain().why),
            refuses: true,
        }],
    }
}

pub(crate) fn repository(
    world: &Real,
    place: &Place,
    clock: &mut Clock,
) -> (Repository, Option<Called>) {
    let (hook, called) = match hook::look(world, place) {
        Ok((hook, called)) => (Ok(hook), called),
        Err(trouble) => (Err(trouble), None),
    };
    let (local, loaded) = local(world);
    let holds = loaded
        .as_ref()
        .map(|loaded| loaded.policy.clone())
        .unwrap_or_default();
    let trunk = world.trunk(&holds.trunk);
    let heard = remotes::ask(world, &holds, trunk.as_ref().ok());
    let suite = suite::look(world, &holds, local.as_ref(), place);
    let (memory, last) = memory(world, place);
    let shares = loaded.is_ok() && holds.shares();
    let notes = shares.then(|| remotes::notes(world, &heard)).flatten();
    clock.windows = (holds.environments.iter())
        .filter(|one| !one.window.is_always_open())
        .map(|one| (one.name.clone(), one.window.timezone.clone()))
        .collect();
    clock.past = past(world, trunk.as_ref().ok());
    clock
        .past
        .extend(last.map(|at| ("the last line of the ledger".to_owned(), at)));
    let here = Repository {
        hook,
        policy: Policy {
            findings: findings(world),
            loaded: loaded.map(|loaded| known(&loaded)),
        },
        has_commit: local.is_some(),
        trunk,
        remotes: heard.remotes,
        absent: heard.absent,
        suite,
        memory: Memory { notes, ..memory },
    };
    (here, called)
}

/// The tip of the local trunk branch, else HEAD, and the policy that governs its next push.
pub(crate) fn local(world: &Real) -> (Option<Oid>, Result<git::Loaded, Trouble>) {
    match Local::of(world) {
        Ok(local) => (local.tip.or(local.head), Ok(local.loaded)),
        Err(trouble) => (world.reference("HEAD").ok().flatten(), Err(trouble)),
    }
}

pub(crate) fn known(loaded: &git::Loaded) -> Loaded {
    let names = loaded
        .policy
        .environments
        .iter()
        .map(|one| one.name.clone());
    Loaded {
        source: match &loaded.source {
            git::Source::Commit(commit) => Source::Commit(commit.clone()),
            git::Source::WorkTree => Source::WorkTree,
            git::Source::Defaults => Source::Defaults,
        },
        edited: loaded.edited,
        environments: names.collect(),
    }
}

/// What is odd about the policy that a person has before them.
pub(crate) fn findings(world: &Real) -> Result<Vec<String>, Trouble> {
    Ok(match lint::look(world)? {
        Some((origin, found)) => {
            // An app on no environment is told of where its remote is.
            let found = found
                .iter()
                .filter(|one| !matches!(one.warning, Warning::UnnamedApp { .. }));
            found.map(|finding| lint::words(&origin, finding)).collect()
        }
        None => Vec::new(),
    })
}

/// What is remembered here, and when the last of it was.
pub(crate) fn memory(world: &Real, place: &Place) -> (Memory, Option<Timestamp>) {
    let ledger = world.ledger();
    let read = ledger.read();
    let last = read
        .as_ref()
        .ok()
        .and_then(|all| all.entries.iter().map(|entry| entry.at).max());
    let memory = Memory {
        directory: place.name(&world.state_dir()),
        writable: ledger.probe().map_err(Into::into),
        ledger_path: place.name(ledger.path()),
        ledger: read
            .map(|all| (all.entries.len(), all.damaged))
            .map_err(Into::into),
        notes: None,
    };
    (memory, last)
}

/// What was committed, and when.
pub(crate) fn past(world: &Real, trunk: Option<&TrunkName>) -> Vec<(String, Timestamp)> {
    let mut past = Vec::new();
    let tracked = trunk.map(|trunk| {
        (
            trunk.to_string(),
            format!("refs/remotes/{}/{}", trunk.remote, trunk.branch),
        )
    });
    for (what, name) in tracked
        .into_iter()
        .chain([("HEAD".to_owned(), "HEAD".to_owned())])
    {
        let Ok(Some(commit)) = world.reference(&name) else {
            continue;
        };
        let args = [
            "log",
            "-1",
            "--no-show-signature",
            "--format=%ct",
            commit.as_str(),
            "--",
        ];
        let said = world.git().run(args).ok();
        let at = said.and_then(|said| std::str::from_utf8(said.line()).ok()?.parse().ok());
        if let Some(at) = at.and_then(|at| Timestamp::from_second(at).ok()) {
            past.push((format!("the commit time of {what}"), at));
        }
    }
    past
}
