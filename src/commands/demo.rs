//! `pushgate demo`: the whole story, played with real pushes in a directory of its own.

use std::{
    env, fs,
    io::{ErrorKind, IsTerminal, Read, stdout},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use jiff::{Timestamp, tz::TimeZone};

use super::Done;
use super::Error;
use crate::{cli::Demo, gates::Undecided, report};

/// The suite of the demo's shop.
const CI: &str = "\
#!/bin/sh
# The entire suite of this little shop.
total=$(./total 3 4)
echo \"3 carts at 4 apiece: $total\"
test \"$total\" = 12
";

const TOTAL: &str = "\
#!/bin/sh
echo $(($1 * $2))
";

const POLICY: &str = "\
suite:
  run: bin/ci

environments:
  staging: {}
  production:
    after: staging
    window:
      # A team names its timezone here. Left out, the clock of whoever
      # pushes counts, so that this demo has a night at any hour.
      closed: [\"22:00-07:00\"]
";

/// A place in every part of the world: somewhere it is night, and somewhere noon.
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
    let stage = Stage::set(args)?;
    let result = play(&stage);
    if result.is_err() {
        report::say(&format!(
            "what was played is in {}",
            stage.directory.display()
        ));
    }
    result.map(|()| 0)
}

fn play(stage: &Stage) -> Result<(), Error> {
    let now = Timestamp::now();
    let (night, day) = (nearest(now, 23 * 60 + 40)?, nearest(now, 11 * 60)?);

    tell(&format!(
        "Three bare repositories and a clone called shop are in\n  {}\n\
         origin stands in for GitHub, staging and production for two Heroku apps.",
        stage.directory.display()
    ))?;
    stage.build()?;
    stage.show("cat .pushgate.yml", 0)?;
    stage.show("pushgate install", 0)?;
    stage.show("git push origin master", 0)?;

    tell("1. Ben pushes to origin. You do not notice, and deploy.")?;
    stage.colleague()?;
    stage.show("git push staging master", 1)?;
    stage.show("git pull --quiet --ff-only origin master", 0)?;

    tell("2. A quick change, and the suite is red.")?;
    stage.write("total", &TOTAL.replace('*', "+"))?;
    stage.show("git diff --unified=0", 0)?;
    stage.show("git commit --quiet --all --message 'Make totals faster'", 0)?;
    stage.show("git push origin master", 1)?;
    stage.show("git reset --quiet --hard HEAD~1", 0)?;

    tell("3. The newest master, tested: staging is reached.")?;
    stage.show("git push staging master", 0)?;

    tell(&format!(
        "4. One more commit goes to origin, and straight on to production: too early.\n\
         (TZ is the clock that a command goes by. In {day} it is {}:\n\
         the policy closes production at night, and this is not about the hour.)",
        clock(now, day)?
    ))?;
    stage.show(
        "git commit --quiet --allow-empty --message 'Greet the customer'",
        0,
    )?;
    stage.show("git push --quiet origin master", 0)?;
    stage.show(&format!("TZ={day} git push production master"), 1)?;
    stage.show("git push --quiet staging master", 0)?;
    stage.show(&format!("TZ={day} git push production master"), 1)?;

    tell(&format!(
        "5. Somebody tries it on staging, and says so. In {night} it is {} now,\nand somebody wants to deploy before going to bed.",
        clock(now, night)?
    ))?;
    stage.show(
        "pushgate approve staging --message 'the greeting is there'",
        0,
    )?;
    stage.show(&format!("TZ={night} git push production master"), 1)?;
    stage.show(&format!("TZ={night} pushgate status"), 0)?;

    tell(&format!(
        "6. In {day} it is {}: somebody is around to mend it. It goes.",
        clock(now, day)?
    ))?;
    stage.show(&format!("TZ={day} git push production master"), 0)?;

    tell("7. The site is down, and nothing else matters: the gate stands aside, loudly.")?;
    stage.show(
        "git commit --quiet --allow-empty --message 'Switch the broken thing off'",
        0,
    )?;
    stage.show(
        "PUSHGATE=off PUSHGATE_REASON='the site is down' git push production master",
        0,
    )?;
    stage.show("pushgate log", 0)?;

    tell(&format!(
        "That was it. Go on playing where it stands; nothing else was touched.\n\n  \
           cd {}\n  \
           {} check production\n  \
           git push production master\n\n\
         And when you have seen enough: rm -r {}",
        stage.shop().display(),
        stage.called,
        stage.directory.display()
    ))
}

/// The zone where the clock on the wall is nearest to this minute of the day.
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

/// Where the story is played, and how what happens there is shown.
struct Stage {
    directory: PathBuf,
    /// This program, first on the path of every command.
    program: PathBuf,
    /// What a person calls it here.
    called: String,
}

impl Stage {
    fn set(args: &Demo) -> Result<Self, Error> {
        let directory = match &args.dir {
            Some(directory) => {
                fs::create_dir(directory).map_err(|error| match error.kind() {
                    ErrorKind::AlreadyExists => Error::Exists {
                        path: directory.clone(),
                        hint: "name a directory that is not there yet: the demo makes it, and plays in it alone",
                    },
                    _ => Error::NotWritten {
                        what: format!("make {}", directory.display()),
                        words: vec![error.to_string()],
                        hint: "name a new directory in one that is there and yours: pushgate demo --dir DIR",
                    },
                })?;
                directory.canonicalize()
            }
            None => tempfile::Builder::new()
                .prefix("pushgate-demo-")
                .tempdir()
                .map(tempfile::TempDir::keep),
        };
        let program =
            env::current_exe().map_err(|error| Error::io("tell where this program is", &error))?;
        let on_path = which::which("pushgate").is_ok_and(|found| found == program);
        Ok(Self {
            directory: directory
                .map_err(|error| Error::io("make a directory to play in", &error))?,
            called: if on_path {
                "pushgate".to_owned()
            } else {
                program.display().to_string()
            },
            program,
        })
    }

    fn shop(&self) -> PathBuf {
        self.directory.join("shop")
    }

    /// Three bare repositories, a clone with its first commit, and no configuration of the user.
    fn build(&self) -> Result<(), Error> {
        for name in ["origin", "staging", "production"] {
            self.quietly(
                &self.directory,
                &format!("git init --quiet --bare --initial-branch=master {name}.git"),
            )?;
        }
        self.quietly(
            &self.directory,
            "git init --quiet --initial-branch=master shop",
        )?;
        for name in ["origin", "staging", "production"] {
            self.quietly(
                &self.shop(),
                &format!("git remote add {name} ../{name}.git"),
            )?;
        }
        self.quietly(
            &self.shop(),
            "git config user.name You && git config user.email you@shop.example && mkdir bin",
        )?;
        self.write("bin/ci", CI)?;
        self.write("total", TOTAL)?;
        self.write(".pushgate.yml", POLICY)?;
        self.quietly(
            &self.shop(),
            "chmod +x bin/ci total && git add . && git commit --quiet --message 'Open the shop'",
        )
    }

    /// Ben, from a clone of his own.
    fn colleague(&self) -> Result<(), Error> {
        let ben = "git -c user.name=Ben -c user.email=ben@shop.example -C ben";
        self.quietly(
            &self.directory,
            &format!("git clone --quiet origin.git ben && {ben} commit --quiet --allow-empty --message 'Add carts' && {ben} push --quiet origin master && rm -r ben"),
        )
    }

    fn write(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.shop().join(name);
        fs::write(&path, text)
            .map_err(|error| Error::io(format!("write {}", path.display()), &error))
    }

    /// Shows a command and what came back, and makes sure that the story went as it is told.
    fn show(&self, command: &str, code: i32) -> Result<(), Error> {
        let (came, output) = self.run(&self.shop(), command)?;
        let indented = textwrap::indent(&output, "  ");
        write(&format!("{PROMPT}$ {command}{PROMPT:#}\n{indented}\n"))?;
        if came == code {
            Ok(())
        } else {
            Err(otherwise(command, came, &[]))
        }
    }

    fn quietly(&self, directory: &Path, command: &str) -> Result<(), Error> {
        match self.run(directory, command)? {
            (0, _) => Ok(()),
            (code, output) => Err(otherwise(
                command,
                code,
                &output.lines().map(str::to_owned).collect::<Vec<_>>(),
            )),
        }
    }

    /// Runs a command line as it is shown, its two outputs as one.
    fn run(&self, directory: &Path, command: &str) -> Result<(i32, String), Error> {
        let failed = |error: &std::io::Error| Error::io(format!("run `{command}`"), error);
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
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
            .env("GIT_CONFIG_SYSTEM", "/dev/null");
        let own = self.program.parent().map(Path::to_owned);
        let path = env::var_os("PATH").unwrap_or_default();
        let path = env::join_paths(own.into_iter().chain(env::split_paths(&path)));
        shell.env(
            "PATH",
            path.map_err(|error| failed(&std::io::Error::other(error)))?,
        );
        if stdout().is_terminal() {
            shell.env("CLICOLOR_FORCE", "1");
        }
        let (mut reader, writer) = std::io::pipe().map_err(|e| failed(&e))?;
        shell
            .stdout(writer.try_clone().map_err(|e| failed(&e))?)
            .stderr(writer);
        let mut child = shell.spawn().map_err(|e| failed(&e))?;
        // The writing ends that it holds, or the output never ends.
        drop(shell);
        let mut output = Vec::new();
        reader.read_to_end(&mut output).map_err(|e| failed(&e))?;
        let status = child.wait().map_err(|e| failed(&e))?;
        Ok((
            status.code().unwrap_or(128),
            String::from_utf8_lossy(&output).into_owned(),
        ))
    }
}

const HEADING: anstyle::Style = anstyle::Style::new().bold();
const PROMPT: anstyle::Style = anstyle::AnsiColor::Cyan.on_default().bold();

/// What is told between the commands.
fn tell(text: &str) -> Result<(), Error> {
    write(&format!("{HEADING}{text}{HEADING:#}\n\n"))
}

fn write(text: &str) -> Result<(), Error> {
    report::data(text).map_err(Error::stdout)
}

fn otherwise(command: &str, code: i32, words: &[String]) -> Error {
    Error::Demo {
        command: command.to_owned(),
        code,
        words: words.to_vec(),
    }
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
