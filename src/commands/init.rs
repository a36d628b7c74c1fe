//! `pushgate init`: writes a commented policy from what it finds in the repository.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use bstr::ByteSlice;

use super::{Done, schema};
use crate::hooks;
use crate::{
    cli::Init,
    commands::Error,
    git::Repository,
    policy::{
        self, Trunk,
        defaults::{self, NIGHT, PRODUCTION, STAGING},
        detect::{self, Detected, Look},
        template::{InitEnvironment, InitFacts, render},
    },
    push::destination::{Destination, Platform},
    report,
    text::{alternatives, printable},
};

pub(crate) fn run(args: &Init) -> Done {
    let world = Repository::open()?;
    let top = world.work_tree().ok_or(Error::NoWorkTree)?;
    let found = look_around(&world, top);
    let text = render(&found.facts);
    if args.stdout {
        report::data(&text).map_err(Error::stdout)?;
        return Ok(0);
    }
    let path = top.join(policy::FILE);
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).open(&path);
    let mut file = file.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::exists(
            &path,
            "compare it with pushgate init --stdout, or remove it first",
        ),
        _ => Error::io(format!("write {}", path.display()), &error),
    })?;
    if let Err(error) = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
    {
        // Half a policy is none.
        let _ = fs::remove_file(&path);
        return Err(Error::io(format!("write {}", path.display()), &error));
    }
    report::say(&format!("wrote {}", path.display()));
    schema::write_copy(&world);
    for line in found.summary() {
        report::print(&format!("  {line}\n"));
    }
    if !top.join(".git").is_dir() {
        report::print(&format!("  {}\n", schema::OUT_OF_REACH));
    }
    if hooks::is_gated(&world) != Some(true) {
        report::print("  and then: pushgate install\n");
    }
    Ok(0)
}

/// What was found in the repository.
struct Found {
    facts: InitFacts,
    /// The remotes that are no environment.
    left_out: Vec<String>,
}

fn look_around(world: &Repository, top: &Path) -> Found {
    let remotes = world.remotes();
    let names: Vec<&str> = remotes
        .names()
        .filter_map(|name| name.to_str().ok())
        .collect();
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
    let mut environments: Vec<InitEnvironment> = Vec::new();
    let mut left_out = Vec::new();
    for name in names.into_iter().filter(|name| *name != trunk_remote) {
        let Some(place) = place(world, name) else {
            continue;
        };
        let Some(environment) = environment_of(name, &place) else {
            left_out.push(format!(
                "{} ({place})",
                printable(name.as_bytes().as_bstr())
            ));
            continue;
        };
        let at = environments
            .iter()
            .position(|known| known.name == environment)
            .unwrap_or_else(|| {
                environments.push(InitEnvironment {
                    name: environment.to_owned(),
                    remotes: Vec::new(),
                    apps: Vec::new(),
                    after: None,
                });
                environments.len() - 1
            });
        environments[at].remotes.push(name.to_owned());
        let app = match &place {
            Destination::App {
                platform: Platform::Heroku,
                app,
                ..
            } => app.clone(),
            Destination::App { .. } => place.to_string(),
            Destination::Host { .. } | Destination::Path(_) => continue,
        };
        if !environments.iter().any(|known| known.apps.contains(&app)) {
            environments[at].apps.push(app);
        }
    }
    // The pipeline's order, whatever the remotes' is.
    environments.sort_by_key(|environment| environment.name == PRODUCTION);
    if let [first, second] = environments.as_mut_slice() {
        second.after = Some(first.name.clone());
    }
    Found {
        facts: InitFacts {
            trunk_branch: trunk.ok().map(|trunk| trunk.branch),
            trunk_remote,
            suite: detect::suite(&Directory(top)),
            environments,
        },
        left_out,
    }
}

/// The place that a push to this remote goes to.
fn place(world: &Repository, name: &str) -> Option<Destination> {
    let url = world.remotes().push_url(name.as_bytes())?;
    Some(world.destination(url.as_ref()))
}

/// The environment that a remote leads to: an app of a platform by the words in its name, any other
/// remote only by its own name.
fn environment_of(name: &str, place: &Destination) -> Option<&'static str> {
    let app = match place {
        Destination::App { app, .. } => app.clone(),
        Destination::Host { .. } | Destination::Path(_) => String::new(),
    };
    let remote = defaults::HerokuRemote {
        name: name.to_owned(),
        app,
    };
    if remote.is_staging() {
        return Some(STAGING);
    }
    let says_production = ["production", "prod", "live"].contains(&name.to_lowercase().as_str());
    (says_production || place.platform().is_some()).then_some(PRODUCTION)
}

impl Found {
    /// What was found and what to look over, line by line.
    fn summary(&self) -> Vec<String> {
        let facts = &self.facts;
        let mut lines = vec![match &facts.trunk_branch {
            Some(branch) => format!("trunk: {}/{branch}", facts.trunk_remote),
            None => format!(
                "trunk: nothing tells which branch of `{}` it is: look over `trunk.branch`",
                facts.trunk_remote
            ),
        }];
        lines.push(match &facts.suite {
            Detected::Found(candidate) => {
                let because = match &candidate.because {
                    // The command alone says it.
                    because if *because == candidate.command => String::new(),
                    because => format!(" ({because})"),
                };
                format!(
                    "suite: {}{because}: is it ALL of your tests?",
                    candidate.command
                )
            }
            Detected::Several(candidates) => {
                let commands = candidates.iter().map(|one| one.command.clone());
                let commands = alternatives(&commands.collect::<Vec<_>>());
                format!("suite: {commands}: say in `suite.run` which it is")
            }
            Detected::None => {
                "suite: nothing says what runs your tests: fill in `suite.run`".to_owned()
            }
        });
        for environment in &facts.environments {
            let remotes = named("remote", &environment.remotes);
            let mut line = format!("{}: {remotes}", environment.name);
            if !environment.apps.is_empty() {
                line += &format!(", {}", named("app", &environment.apps));
            }
            if let Some(after) = &environment.after {
                line += &format!(", after {after}");
            }
            if environment.name == PRODUCTION || environment.after.is_some() {
                lines.push(std::mem::take(&mut line));
                line = format!("  closed {NIGHT}: your hours?");
            }
            lines.push(line);
            if environment.is_guess() {
                lines.push(format!(
                    "  nothing calls any of these {} apps staging, so all are {} now:",
                    environment.apps.len(),
                    environment.name
                ));
                lines.push("  look them over, and take out what is not".to_owned());
            }
        }
        if facts.environments.is_empty() {
            lines.push(
                "no remote leads to a platform: staging and production stand there as an example"
                    .to_owned(),
            );
        }
        for remote in &self.left_out {
            lines.push(format!("not an environment: {remote}"));
        }
        lines.push("next: look it over and commit it".to_owned());
        lines
    }
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
        fs::read(self.0.join(path)).ok()
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
