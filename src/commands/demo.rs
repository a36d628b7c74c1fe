//! `pushgate demo`: shows all that the gate does with real pushes, in a directory of its own.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, IsTerminal, stdin, stdout},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use jiff::{Timestamp, Zoned, tz::TimeZone};

use super::{Done, Error, print_data, print_machine_data};
use crate::{
    cli::Demo,
    process::{SH, signals, terminal::has_input},
    report::{self, HINT, PLAIN, between_words, paint},
};

const PROMPT: anstyle::Style = anstyle::AnsiColor::Cyan.on_default().bold();

/// Makes three bare repositories, and a clone called shop with its policy, suite and first commit.
const SETUP: &str = include_str!("demo.sh");

/// What is told, shown and done, in blocks between blank lines. A block that begins with `$ ` is a command
/// that succeeds, `! ` one that the gate refuses, and `& ` one that is not shown; any other is told. One that
/// begins with a digit is the title of a step.
const STORY: &str = include_str!("demo.txt");

pub(crate) fn run(args: &Demo) -> Done {
    signals::watch();
    let demo = Playground::new(args)?;
    let pauses = !args.no_pause && stdin().is_terminal() && stdout().is_terminal();
    let result = demo.play(pauses);
    if !matches!(result, Ok(true)) {
        let directory = demo.directory.display();
        report::say(&format!("what was played is in {directory}"));
    }
    signals::signal().map_or(result.map(|_| 0), |signal| Ok(128 + signal))
}

/// Waits for Enter; false where the reader has seen enough.
fn goes_on() -> Result<bool, Error> {
    print_data(paint(HINT, "Enter goes on, q ends: "))?;
    while !has_input(&stdin()) {
        signals::check().or_else(|stopped| print_data("\n").and(Err(stopped)))?;
    }
    let mut answer = String::new();
    let read = stdin().read_line(&mut answer);
    let read = read.map_err(|error| Error::failed("read from the terminal", &error))?;
    Ok(read > 0 && !answer.trim_start().starts_with(['q', 'Q']))
}

/// The time in the zone of whole hours where it is nearest to this minute of the day.
fn nearest(now: Timestamp, minute: i32) -> Zoned {
    let utc = now.to_zoned(TimeZone::UTC);
    let away = minute - i32::from(utc.hour()) * 60 - i32::from(utc.minute());
    let hours = (away + 30).rem_euclid(24 * 60) / 60;
    // The sign of these names is that of POSIX: west of Greenwich is positive.
    let zone = match hours {
        0..=12 => format!("Etc/GMT-{hours}"),
        _ => format!("Etc/GMT+{}", 24 - hours),
    };
    now.in_tz(&zone).unwrap_or(utc)
}

/// The directory that the demo plays in, and what its commands find there.
struct Playground {
    directory: PathBuf,
    /// With the directory of this program before all others.
    path: OsString,
    /// How the user would call this program here.
    called: String,
}

impl Playground {
    fn new(args: &Demo) -> Result<Self, Error> {
        let directory = match &args.dir {
            Some(directory) => make(directory)?,
            None => tempfile::Builder::new()
                .prefix("pushgate-")
                .tempdir()
                .map_err(|error| Error::failed("make a directory to play in", &error))?
                .keep(),
        };
        let failed = |error| Error::failed("tell where this program is", &error);
        let program = env::current_exe().map_err(failed)?;
        let on_path = which::which("pushgate").is_ok_and(|found| found == program);
        let called = if on_path {
            Path::new("pushgate")
        } else {
            &program
        };
        let own = program.parent().map(Path::to_owned);
        let others = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(own.into_iter().chain(env::split_paths(&others)));
        Ok(Self {
            directory,
            path: path.map_err(|error| failed(io::Error::other(error)))?,
            called: called.display().to_string(),
        })
    }

    /// Tells the story and runs each of its commands; false where the reader ended it at a step.
    fn play(&self, pauses: bool) -> Result<bool, Error> {
        let now = Timestamp::now();
        let (night, day) = (nearest(now, 23 * 60 + 40), nearest(now, 11 * 60));
        let zone = |at: &Zoned| at.time_zone().iana_name().unwrap_or("UTC").to_owned();
        let facts = [
            ("{directory}", self.directory.display().to_string()),
            ("{pushgate}", self.called.clone()),
            ("{day}", zone(&day)),
            ("{day's time}", day.strftime("%H:%M").to_string()),
            ("{night}", zone(&night)),
            ("{night's time}", night.strftime("%H:%M").to_string()),
        ];
        self.run(&self.directory, SETUP, 0)?;
        for block in STORY.trim_end().split("\n\n") {
            let fill_in = |text: String, (name, fact): &(&str, String)| text.replace(name, fact);
            let block = facts.iter().fold(block.to_owned(), fill_in);
            match block.split_at(2) {
                ("$ ", command) => self.show(command, 0)?,
                ("! ", command) => self.show(command, 1)?,
                ("& ", command) => drop(self.run(&self.directory.join("shop"), command, 0)?),
                _ => {
                    print_data(paint(PLAIN, &block) + "\n")?;
                    let is_step = block.starts_with(|c: char| c.is_ascii_digit());
                    if is_step && pauses && !goes_on()? {
                        return Ok(false);
                    }
                    print_data("\n")?;
                }
            }
        }
        Ok(true)
    }

    /// Shows a command and its output.
    fn show(&self, command: &str, code: i32) -> Result<(), Error> {
        let output = self.run(&self.directory.join("shop"), command, code)?;
        let options = between_words(report::data_terminal().unwrap_or(usize::MAX))
            .initial_indent("  ")
            .subsequent_indent("      ")
            .break_words(false);
        let line = |line| textwrap::fill(line, &options).trim_end().to_owned() + "\n";
        let indented: String = output.lines().map(line).collect();
        print_data(paint(PROMPT, format_args!("$ {command}")) + "\n")?;
        print_machine_data(&format!("{indented}\n"))
    }

    /// Runs a command line without the user's git configuration, which must end with this exit code;
    /// returns its two outputs as one.
    fn run(&self, directory: &Path, command: &str, code: i32) -> Result<String, Error> {
        let mut shell = Command::new(SH);
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("GIT_") || text.starts_with("PUSHGATE") {
                shell.env_remove(name);
            }
        }
        shell
            .args(["-c", &format!("exec 2>&1\n{command}")])
            .current_dir(directory)
            .stdin(Stdio::null())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .env("PATH", &self.path);
        if stdout().is_terminal() {
            shell.env("CLICOLOR_FORCE", "1");
        }
        let ended = shell.output();
        let ended = ended.map_err(|error| Error::failed(format!("run `{command}`"), &error))?;
        signals::check()?;
        let output = String::from_utf8_lossy(&ended.stdout).into_owned();
        match ended.status.code().unwrap_or(128) {
            ended if ended == code => Ok(output),
            ended => {
                let text = format!("the story went otherwise: `{command}` ended with {ended}");
                Err(Error::undecided(text).details(output.lines().map(str::to_owned)))
            }
        }
    }
}

/// Makes the directory that the user names.
fn make(directory: &Path) -> Result<PathBuf, Error> {
    let made = fs::create_dir(directory).and_then(|()| directory.canonicalize());
    made.map_err(|error| {
        let hint = "name a new directory in one that is there and yours: pushgate demo --dir DIR";
        Error::failed(format!("make {}", directory.display()), &error).hint(hint)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn at_any_time_of_the_year_there_is_a_place_with_a_night_and_one_with_a_day() {
        let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for half_hour in (0..48 * 366).step_by(7) {
            let now = start + SignedDuration::from_mins(30 * half_hour);
            let hour = |minute| nearest(now, minute).hour();
            assert!(matches!(hour(23 * 60 + 40), 23 | 0), "{now}");
            // Far from the night at both ends: the demo may take a while.
            assert!(matches!(hour(11 * 60), 10..=11), "{now}");
        }
    }
}
