//! `pushgate window [ENV]`: when an environment may be pushed to.

use jiff::{Timestamp, Zoned};
use serde::Serialize;

use super::{
    Done,
    local::{Local, named},
    lock, print_data, print_machine_data,
};
use crate::{
    app::answers::SystemClock,
    calendar, cli,
    commands::Error,
    gates::{
        Clock,
        window::{Answer, known, reader},
    },
    git::Repository,
    policy::{self, Environment, Policy},
    report::{self, Text, window::Picture},
};

pub(crate) fn run(args: &cli::Window) -> Done {
    let world = Repository::open()?;
    let local = Local::of(&world)?;
    let policy = &local.loaded.policy;
    if local.loaded.edited {
        let file = policy::FILE;
        report::say(&format!(
            "note: the uncommitted edit of {file} changes nothing; the committed one counts"
        ));
    }
    let environments = chosen(args, policy)?;
    if environments.is_empty() {
        // What is no moment is so without a window, too.
        if let Some(text) = &args.at {
            moment(text, &SystemClock.now().to_zoned(SystemClock.zone()?))?;
        }
        report::say("no environment has a window: all of them are always open");
    }
    let mut notes = Vec::new();
    if !args.json && args.at.is_none() && !environments.is_empty() {
        let names: Vec<_> = environments.iter().map(|one| one.name.as_str()).collect();
        notes = lock::notes(&world, &local, &names);
    }
    for note in &notes {
        report::say(note);
    }
    let (mut text, mut json) = (Text::default(), String::new());
    let mut is_open = true;
    for environment in environments {
        let window = &environment.window;
        let zone = reader(window, &SystemClock)?;
        let now = SystemClock.now().to_zoned(zone.clone());
        let at = match &args.at {
            Some(text) => moment(text, &now)?,
            None => now.timestamp(),
        };
        for line in known(window)?.shortages(at, &zone) {
            notes.push(format!("note: {line}"));
            notes.last().inspect(|note| report::say(note));
        }
        let answer = Answer::new(window, at, &zone);
        is_open &= answer.open;
        if args.json {
            let environment = &environment.name;
            json += &super::json_line(&Line {
                environment,
                answer,
            })?;
            continue;
        }
        let picture = Picture {
            environment: &environment.name,
            window,
            answer: &answer,
            is_now: args.at.is_none(),
            reader: &zone,
            columns: report::data_columns(),
            notes: &notes,
            has_blocks: report::has_blocks(),
        };
        if !text.is_empty() {
            text += "\n";
        }
        text += picture.draw();
    }
    print_machine_data(&json)?;
    print_data(text)?;
    Ok(u8::from(!is_open))
}

fn moment(text: &str, now: &Zoned) -> Result<Timestamp, Error> {
    calendar::moment(text, now).map_err(|error| Error::undecided(error.to_string()))
}

/// The environment that is named, else those that have a window.
fn chosen<'p>(args: &cli::Window, policy: &'p Policy) -> Result<Vec<&'p Environment>, Error> {
    if let Some(name) = &args.environment {
        return Ok(vec![named(name, policy)?]);
    }
    let all = policy.environments.iter();
    Ok(all.filter(|one| !one.window.is_always_open()).collect())
}

/// What a program reads.
#[derive(Serialize)]
struct Line<'p> {
    environment: &'p str,
    #[serde(flatten)]
    answer: Answer,
}
