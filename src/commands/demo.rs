//! `pushgate demo`: shows all that the gate does with real pushes, in a directory of its own.

use std::{
    env, fs,
    io::{self, ErrorKind, IsTerminal, stdout},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use jiff::{Timestamp, tz::TimeZone};

use super::{Done, Error};
use crate::{cli::Demo, gates::Undecided, process::SH, report};

/// Makes three bare repositories, and a clone called shop with its policy, suite and first commit.
const SETUP: &str = include_str!("demo.sh");

/// What is told, shown and done, in blocks between blank lines. A block that begins with `$ ` is a command
/// that succeeds, `! ` one that the gate refuses, and `& ` one that is not shown; any other is told.
const STORY: &str = include_str!("demo.txt");

/// Time zones all over the world, so that it is night in one of them and noon in another.
const ZONES: [&str; 12] = [
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Shanghai",
    "Asia/Karachi",
    "Europe/Athens",
    "Europe/London",
    "Atlantic/Azores",
    "America/Sao_Paulo",
    "America/New_York",
    "America/Denver",
    "America/Anchorage",
    "Pacific/Honolulu",
];

pub(crate) fn run(args: &Demo) -> Done {
    let demo = Playground::new(args)?;
    let result = play(&demo);
    if result.is_err() {
        let directory = demo.directory.display();
        report::say(&format!("what was played is in {directory}"));
    }
    result.map(|()| 0)
}

/// Tells the story, and runs each of its commands.
fn play(demo: &Playground) -> Result<(), Error> {
    let now = Timestamp::now();
    let (night, day) = (nearest(now, 23 * 60 + 40)?, nearest(now, 11 * 60)?);
    let directory = demo.directory.display().to_string();
    let facts = [
        ("{directory}", directory),
        ("{pushgate}", demo.called.clone()),
        ("{day}", day.to_owned()),
        ("{day's time}", clock(now, day)?),
        ("{night}", night.to_owned()),
        ("{night's time}", clock(now, night)?),
    ];
    demo.quietly(&demo.directory, SETUP)?;
    for block in STORY.trim_end().split("\n\n") {
        let fill_in = |text: String, (name, fact): &(&str, String)| text.replace(name, fact);
        let block = facts.iter().fold(block.to_owned(), fill_in);
        match block.split_at(2) {
            ("$ ", command) => demo.show(command, 0)?,
            ("! ", command) => demo.show(command, 1)?,
            ("& ", command) => demo.quietly(&demo.shop(), command)?,
            _ => write(&format!("{HEADING}{block}{HEADING:#}\n\n"))?,
        }
    }
    Ok(())
}

/// The zone whose local time is nearest to this minute of the day.
fn nearest(now: Timestamp, minute: i32) -> Result<&'static str, Error> {
    let mut found = Vec::new();
    for name in ZONES {
        let wall = zone(name)?.to_datetime(now);
        let away =
            (i32::from(wall.hour()) * 60 + i32::from(wall.minute()) - minute).rem_euclid(24 * 60);
        found.push((away.min(24 * 60 - away), name));
    }
    Ok(found.into_iter().min().map_or("UTC", |(_, name)| name))
}

fn clock(now: Timestamp, name: &str) -> Result<String, Error> {
    Ok(now.to_zoned(zone(name)?).strftime("%H:%M").to_string())
}

fn zone(name: &str) -> Result<TimeZone, Error> {
    TimeZone::get(name).map_err(|error| {
        let message = "the time zone of this machine cannot be told";
        Undecided::new(message).detail(error.to_string()).into()
    })
}

/// The directory that the demo plays in, and what its commands find there.
struct Playground {
    directory: PathBuf,
    /// This program, first on the PATH of every command.
    program: PathBuf,
    /// How the user would call it here.
    called: String,
}

impl Playground {
    fn new(args: &Demo) -> Result<Self, Error> {
        let directory = match &args.dir {
            Some(directory) => make(directory)?,
            None => tempfile::Builder::new()
                .prefix("pushgate-demo-")
                .tempdir()
                .map_err(|error| Error::io("make a directory to play in", &error))?
                .keep(),
        };
        let program =
            env::current_exe().map_err(|error| Error::io("tell where this program is", &error))?;
        let on_path = which::which("pushgate").is_ok_and(|found| found == program);
        let called = if on_path {
            "pushgate".to_owned()
        } else {
            program.display().to_string()
        };
        Ok(Self {
            directory,
            program,
            called,
        })
    }

    fn shop(&self) -> PathBuf {
        self.directory.join("shop")
    }

    /// Shows a command and its output; it must end with this exit code.
    fn show(&self, command: &str, code: i32) -> Result<(), Error> {
        let (ended, output) = self.run(&self.shop(), command)?;
        let indented = textwrap::indent(&output, "  ");
        write(&format!("{PROMPT}$ {command}{PROMPT:#}\n{indented}\n"))?;
        expect(command, code, ended, "")
    }

    fn quietly(&self, directory: &Path, command: &str) -> Result<(), Error> {
        let (ended, output) = self.run(directory, command)?;
        expect(command, 0, ended, &output)
    }

    /// Runs a command line without the user's git configuration; returns its exit code, and its two
    /// outputs as one.
    fn run(&self, directory: &Path, command: &str) -> Result<(i32, String), Error> {
        let failed = |error| Error::io(format!("run `{command}`"), &error);
        let path = env::var_os("PATH").unwrap_or_default();
        let own = self.program.parent().map(Path::to_owned);
        let path = env::join_paths(own.into_iter().chain(env::split_paths(&path)));
        let mut shell = Command::new(SH);
        shell
            .args(["-c", &format!("exec 2>&1\n{command}")])
            .current_dir(directory)
            .stdin(Stdio::null());
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("GIT_") || text.starts_with("PUSHGATE") {
                shell.env_remove(name);
            }
        }
        shell
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env(
                "PATH",
                path.map_err(|error| failed(io::Error::other(error)))?,
            );
        if stdout().is_terminal() {
            shell.env("CLICOLOR_FORCE", "1");
        }
        let ended = shell.output().map_err(failed)?;
        let output = String::from_utf8_lossy(&ended.stdout).into_owned();
        Ok((ended.status.code().unwrap_or(128), output))
    }
}

/// Makes the directory that the user names.
fn make(directory: &Path) -> Result<PathBuf, Error> {
    let made = fs::create_dir(directory).and_then(|()| directory.canonicalize());
    made.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Error::exists(
            directory,
            "name a directory that is not there yet: the demo makes it, and plays in it alone",
        ),
        _ => Error::not_written(
            format!("make {}", directory.display()),
            &error,
            "name a new directory in one that is there and yours: pushgate demo --dir DIR",
        ),
    })
}

fn expect(command: &str, code: i32, ended: i32, output: &str) -> Result<(), Error> {
    if ended == code {
        return Ok(());
    }
    Err(Error::Demo {
        command: command.to_owned(),
        code: ended,
        words: output.lines().map(str::to_owned).collect(),
    })
}

const HEADING: anstyle::Style = anstyle::Style::new().bold();
const PROMPT: anstyle::Style = anstyle::AnsiColor::Cyan.on_default().bold();

fn write(text: &str) -> Result<(), Error> {
    report::data(text).map_err(Error::stdout)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{SignedDuration, Timestamp};

    #[test]
    fn at_any_time_of_the_year_there_is_a_place_with_a_night_and_one_with_a_day() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for half_hour in (0..48 * 366).step_by(7) {
            let now = start + SignedDuration::from_mins(30 * half_hour);
            let hour = |minute| {
                zone(nearest(now, minute).unwrap())
                    .unwrap()
                    .to_datetime(now)
                    .hour()
            };
            assert!(matches!(hour(23 * 60 + 40), 22..=23 | 0..=2), "{now}");
            // Far from the night at both ends: the demo may take a while.
            assert!(matches!(hour(11 * 60), 8..=15), "{now}");
        }
    }
}
