//! `pushgate init`: writes a commented policy from what it finds in the repository.

use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
};

use bstr::ByteSlice;

use super::{Done, Error, install, local::warn_of_crlf, print_data, schema};
use crate::{
    app::answers::SystemClock,
    calendar::Zone,
    cli::{Init, Install},
    file,
    gates::Clock,
    git::Repository,
    hooks::gate::is_gated,
    policy::{
        self, DeployRemote, Trunk,
        defaults::{self, NIGHT},
        detect::{self, Candidate, Look},
        template::{InitFacts, is_guess, render},
    },
    process::terminal,
    push::destination::Destination,
    report,
    text::{alternatives, printable},
};

/// The names of remotes that deploy to production, whatever host they lead to.
const PRODUCTION_NAMES: [&str; 3] = ["production", "prod", "live"];

pub(crate) fn run(args: &Init) -> Done {
    let world = Repository::open()?;
    let top = world.work_tree().ok_or_else(|| {
        Error::undecided("this repository has no work tree that the policy could be written into")
            .cure("in a clone", ["pushgate init"])
    })?;
    let (mut facts, left_out) = look_around(&world, top);
    let is_told = !args.stdout && ask_which(&mut facts.suite)?;
    let text = render(&facts);
    if args.stdout {
        print_data(text)?;
        return Ok(0);
    }
    let path = top.join(policy::FILE);
    let failed = |error| Error::failed(format!("write {}", path.display()), &error);
    let mut file = File::create_new(&path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Error::undecided(format!("{} exists already", path.display()))
            .hint("compare it with pushgate init --stdout, or remove it first"),
        _ => failed(error),
    })?;
    let written = file.write_all(text.as_bytes());
    if let Err(error) = written.and_then(|()| file.sync_all()) {
        // Half a policy is none.
        let _ = fs::remove_file(&path);
        return Err(failed(error));
    }
    report::say(&format!("wrote {}", path.display()));
    schema::write_copy(&world);
    warn_of_crlf(&path, &world);
    for line in summary(&facts, is_told, &left_out) {
        report::print(format_args!("  {line}\n"));
    }
    if !top.join(".git").is_dir() {
        report::print(format_args!("  {}\n", schema::OUT_OF_REACH));
    }
    if args.install {
        return install::run(&Install { config: false });
    }
    if is_gated(&world) != Some(true) {
        report::print("  and then: pushgate install\n");
    }
    Ok(0)
}

/// What is found in the repository, and the remotes that are no environment.
fn look_around(world: &Repository, top: &Path) -> (InitFacts, Vec<String>) {
    let names = world.remotes().names();
    let names: Vec<&str> = names.filter_map(|name| name.to_str().ok()).collect();
    let trunk_remote = match names.as_slice() {
        // A single remote is trunk's, unless it is a platform.
        [only] if place(world, only).is_some_and(|place| place.platform().is_none()) => {
            (*only).to_owned()
        }
        _ => defaults::REMOTE.to_owned(),
    };
    let trunk = world.trunk(&Trunk {
        branch: None,
        remote: trunk_remote.clone(),
    });
    let mut remotes = Vec::new();
    let mut left_out = Vec::new();
    for name in names.into_iter().filter(|name| *name != trunk_remote) {
        let Some(place) = place(world, name) else {
            continue;
        };
        let is_platform = place.platform().is_some();
        let app = is_platform.then(|| place.brief());
        let remote = DeployRemote {
            name: name.to_owned(),
            app: app.unwrap_or_default(),
        };
        let says_production = PRODUCTION_NAMES.contains(&name.to_lowercase().as_str());
        if is_platform || says_production || remote.is_staging() {
            remotes.push(remote);
        } else {
            let name = printable(name.as_bytes().as_bstr());
            left_out.push(format!("{name} ({place})"));
        }
    }
    let facts = InitFacts {
        trunk_branch: trunk.ok().map(|trunk| trunk.branch),
        trunk_remote,
        suite: detect::suite(&Directory(top)),
        environments: defaults::without_file(&remotes).environments,
        timezone: timezone(),
    };
    (facts, left_out)
}

/// The name of the machine's time zone, where that is one that a policy takes.
fn timezone() -> Option<String> {
    let zone = SystemClock.zone().ok()?;
    let name = zone.iana_name()?.parse::<Zone>().ok()?;
    Some(name.to_string())
}

/// Asks, where there is a terminal, which of several commands is the suite; whether a person has said so.
fn ask_which(candidates: &mut Vec<Candidate>) -> Result<bool, Error> {
    for index in 0..candidates.len() {
        let question = format!(
            "does `{}` run ALL of your tests?",
            candidates[index].command
        );
        if candidates.len() > 1 && terminal::confirm(&question)? {
            *candidates = vec![candidates.swap_remove(index)];
            return Ok(true);
        }
    }
    Ok(false)
}

/// The place that a push to this remote goes to.
fn place(world: &Repository, name: &str) -> Option<Destination> {
    let url = world.remotes().push_url(name.as_bytes())?;
    Some(world.destination(url.as_ref()))
}

/// What was found and what to look over, line by line. `is_told`: a person has said which the suite is.
fn summary(known: &InitFacts, is_told: bool, left_out: &[String]) -> Vec<String> {
    let remote = &known.trunk_remote;
    let trunk = match &known.trunk_branch {
        Some(branch) => format!("trunk: {remote}/{branch}"),
        None => format!(
            "trunk: nothing tells which branch of `{remote}` it is: look over `trunk.branch`"
        ),
    };
    let suite = match known.suite.as_slice() {
        [] => "suite: nothing says what runs your tests: fill in `suite.run`".to_owned(),
        [Candidate { command, .. }] if is_told => format!("suite: {command}"),
        [Candidate { command, because }] => {
            // The command alone may say it.
            let why = format!(" ({because})");
            let why = if command == because { "" } else { &why };
            format!("suite: {command}{why}: is it ALL of your tests?")
        }
        several => {
            let commands: Vec<_> = several.iter().map(|one| &one.command).collect();
            let commands = alternatives(&commands);
            format!("suite: {commands}: say in `suite.run` which it is")
        }
    };
    let mut lines = vec![trunk, suite];
    for environment in &known.environments {
        let (name, apps) = (&environment.name, &environment.apps);
        let facts = [
            Some(named("remote", &environment.remotes)),
            (!apps.is_empty()).then(|| named("app", apps)),
            (environment.after.as_ref()).map(|after| format!("after {after}")),
        ];
        let facts: Vec<_> = facts.into_iter().flatten().collect();
        lines.push(format!("{name}: {}", facts.join(", ")));
        if !environment.window.is_always_open() {
            let zone = known.timezone.as_deref().unwrap_or("each one's own clock");
            lines.push(format!("  closed {NIGHT} ({zone}): your hours?"));
        }
        if is_guess(environment) {
            let count = apps.len();
            lines.push(format!(
                "  nothing calls any of these {count} apps staging, so all are {name} now:"
            ));
            lines.push("  look them over, and take out what is not".to_owned());
        }
    }
    if known.environments.is_empty() {
        let examples = "staging and production stand there as an example";
        lines.push(format!("no remote leads to a platform: {examples}"));
    }
    let left_out = left_out.iter();
    lines.extend(left_out.map(|remote| format!("not an environment: {remote}")));
    lines.push("next: look it over and commit it".to_owned());
    lines
}

/// `app shop`, or `apps shop, blog`.
fn named(what: &str, names: &[String]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("{what}{plural} {}", names.join(", "))
}

/// The files of the work tree.
struct Directory<'d>(&'d Path);

impl Look for Directory<'_> {
    fn read(&self, path: &str) -> Option<Vec<u8>> {
        file::read_followed(self.0.join(path)).ok()
    }

    fn is_executable(&self, path: &str) -> bool {
        self.0
            .join(path)
            .metadata()
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.0.join(path).is_dir()
    }
}
