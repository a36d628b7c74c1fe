//! `pushgate window [ENV]`: when an environment may be pushed to.

use jiff::{Timestamp, Zoned, tz::TimeZone};
use serde::Serialize;

use super::{
    Done,
    local::{Local, named},
    print_data, print_machine_data,
};
use crate::{
    app::answers::SystemClock,
    app::policies::Loaded,
    calendar::{self, ClosedBy, Zone},
    cli,
    commands::Error,
    gates::{
        Clock,
        window::{known, reader},
    },
    git::Repository,
    policy::{self, Environment, Policy},
    report::{self, Text, window::Picture},
};

pub(crate) fn run(args: &cli::Window) -> Done {
    let world = Repository::open()?;
    let Loaded { policy, edited, .. } = Local::of(&world)?.loaded;
    if edited {
        let file = policy::FILE;
        report::say(&format!(
            "note: the uncommitted edit of {file} changes nothing; the committed one counts"
        ));
    }
    let environments = chosen(args, &policy)?;
    if environments.is_empty() {
        // What is no moment is so without a window, too.
        if let Some(text) = &args.at {
            moment(text, &SystemClock.now().to_zoned(SystemClock.zone()?))?;
        }
        report::say("no environment has a window: all of them are always open");
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
            report::say(&format!("note: {line}"));
        }
        let answer = Answer::new(environment, at, &zone);
        is_open &= answer.open;
        if args.json {
            json += &super::json_line(&answer)?;
            continue;
        }
        let picture = Picture {
            environment: &environment.name,
            window,
            at,
            reader: &zone,
            columns: report::data_columns(),
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
    calendar::moment(text, now).map_err(|error| Error::new(error.to_string()))
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
struct Answer<'p> {
    environment: &'p str,
    at: Timestamp,
    /// Whether a push at that moment would pass, runway and all.
    open: bool,
    /// The rule that closes it; none where it is open, or outside the open hours.
    closed_by: Option<String>,
    /// Up to when it stays open, or that rule, or the time outside the open hours, lasts.
    until: Option<Timestamp>,
    /// The next moment at which a push would pass; none where it is open, or never opens.
    next_open: Option<Timestamp>,
    timezone: String,
}

impl<'p> Answer<'p> {
    fn new(environment: &'p Environment, at: Timestamp, reader: &TimeZone) -> Self {
        let window = &environment.window;
        let (closed_by, until, next_open) = match window.check(at, reader) {
            Ok(()) if window.is_always_open() => (None, None, None),
            Ok(()) => (None, window.open_until(at, reader), None),
            Err(closed) => {
                let rule = match &closed.by {
                    ClosedBy::Rule(rule) => Some(rule.to_string()),
                    event @ ClosedBy::Event { .. } => Some(event.to_string()),
                    ClosedBy::OutsideOpen => None,
                };
                (rule, window.closed_until(closed.at, reader), closed.reopens)
            }
        };
        Self {
            environment: &environment.name,
            at,
            open: window.check(at, reader).is_ok(),
            closed_by,
            until,
            next_open,
            timezone: match &window.timezone {
                Zone::Named { name, .. } => name.clone(),
                Zone::Local => reader.iana_name().unwrap_or("local").to_owned(),
            },
        }
    }
}
