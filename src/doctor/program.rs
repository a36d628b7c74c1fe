//! This program, as PATH and the hook find it, from a terminal and from an editor; and git.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use bstr::ByteSlice;

use super::{
    context::{Context, LIMIT, Opened, SHORT_PATH},
    finding::{Finding, Status},
    hook_file::is_runnable,
};
use crate::{
    gates::Undecided,
    git::Version,
    hooks::{manager::Manager, script},
    process::{SH, find, program::run_within},
    text::{printable, shell_word},
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The oldest git that is known to work (README).
const OLDEST: Version = Version(2, 31);

/// Where this program is.
fn own_path() -> PathBuf {
    env::current_exe().unwrap_or_else(|_| "pushgate".into())
}

/// The directory that it is in, as a word of the shell.
fn own_directory() -> String {
    let own = own_path();
    shell_word(&own.parent().unwrap_or(Path::new("/")).display().to_string())
}

/// Whether `pushgate` on PATH is this program.
pub(crate) fn on_path(_: &Context) -> Vec<Finding> {
    let own = own_path();
    let this = format!("pushgate {VERSION} in {}", own.display());
    let Some(found) = find("pushgate") else {
        let text = format!("{this} is not on PATH, where its hints expect it");
        let command = format!("export PATH=\"$PATH\":{}", own_directory());
        return vec![Finding::warning("program", text).run(command)];
    };
    let is_this = found.canonicalize().ok() == own.canonicalize().ok();
    vec![match differs(Command::new(&found)) {
        Some((_, how)) if !is_this => {
            let found = found.display();
            let text = format!("`pushgate` on PATH is {found}, {how}; this is {this}");
            Finding::warning("program", text).hint("remove one of them, then pushgate install")
        }
        _ => Finding::ok("program", format!("pushgate {VERSION}")),
    }]
}

/// Whether git is there, and new enough.
pub(crate) fn git(context: &Context) -> Vec<Finding> {
    let Ok(git) = &context.git else {
        let hint = "install git 2.31 or newer: https://git-scm.com/downloads";
        return vec![Finding::broken("git", "git is not on PATH").hint(hint)];
    };
    let number = git.said.strip_prefix("git version ").unwrap_or(&git.said);
    vec![match git.version {
        Some(version) if version < OLDEST => {
            let text = format!("git {number} is too old: {OLDEST} or newer is needed");
            let hint = "install a newer git: https://git-scm.com/downloads";
            Finding::broken("git", text).hint(hint)
        }
        Some(_) => Finding::ok("git", format!("git {number}")),
        None => {
            let text = format!("git does not tell its version: it says `{}`", git.said);
            Finding::warning("git", text)
        }
    }]
}

/// How a hook calls the program.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Caller {
    /// Ours, by this path, and by its name where nothing is there.
    Ours(PathBuf),
    /// husky's, by its name, after it has read a file of the user's.
    Husky,
    /// Another one, by this path.
    Path(PathBuf),
    /// Another one, by its name.
    Name,
}

/// Whether the hook finds this program, from a terminal and from an editor.
pub(crate) fn reach(opened: &Opened) -> Vec<Finding> {
    let gate = opened.gate.as_ref().ok();
    let in_directory = gate.and_then(|gate| Caller::of(&fs::read(&gate.file).ok()?, gate.by));
    let by_configuration = || {
        let own = opened.configured.iter().find(|hook| hook.is_ours())?;
        let script = own
            .script()
            .map(|script| fs::read(script).unwrap_or_default());
        Caller::of(&script.unwrap_or_else(|| own.command.to_vec()), None)
    };
    // No hook is known to call it.
    let Some(caller) = in_directory.or_else(by_configuration) else {
        return Vec::new();
    };
    let cure = match caller {
        Caller::Ours(_) => "pushgate install".to_owned(),
        _ => {
            let own = shell_word(&own_path().display().to_string());
            format!("sudo ln -s {own} /usr/local/bin/pushgate")
        }
    };
    let Some(path) = caller.program(true) else {
        if caller.program(false).is_none() {
            let text = "the hook finds no pushgate: every push is refused";
            return vec![Finding::broken("reach", text).run(cure)];
        }
        let text =
            format!("the hook finds it by PATH alone: an editor (PATH={SHORT_PATH}) cannot push");
        return vec![Finding::warning("reach", text).run(match caller {
            // husky's own file for this: https://typicode.github.io/husky/how-to.html
            Caller::Husky => format!(
                "mkdir -p ~/.config/husky && echo 'export PATH=\"$PATH\":'{} >>~/.config/husky/init.sh",
                shell_word(&own_directory())
            ),
            _ => cure,
        })];
    };
    vec![match differs(from_editor(&path)) {
        None => {
            let text = "the hook finds it, under the short PATH of an editor, too";
            Finding::ok("reach", text)
        }
        Some((status, how)) => {
            let text = format!(
                "the hook calls {}, {how}; this is {VERSION}",
                path.display()
            );
            Finding::new("reach", status, text).run(cure)
        }
    }]
}

impl Caller {
    /// How a script calls it; `None` where that cannot be told.
    fn of(text: &[u8], by: Option<Manager>) -> Option<Self> {
        if let Some(program) = script::program(text) {
            return Some(Self::Ours(program.to_path_lossy().into_owned()));
        }
        if !script::calls(text) {
            return None;
        }
        let mut words = text.lines().flat_map(|line| {
            script::code(line)
                .split(|b: &u8| b.is_ascii_whitespace() || b"'\";&|(){}<>,[]".contains(b))
        });
        match words.find(|word| word.contains_str("pushgate"))? {
            b"pushgate" if by == Some(Manager::Husky) => Some(Self::Husky),
            b"pushgate" => Some(Self::Name),
            word if word.starts_with(b"/") && word.ends_with(b"/pushgate") => {
                Some(Self::Path(word.to_path_lossy().into_owned()))
            }
            _ => None,
        }
    }

    /// The program that the call finds, under the short PATH of an editor or under ours.
    fn program(&self, short: bool) -> Option<PathBuf> {
        /// What husky does before it runs a hook of the repository.
        const HUSKY: &str =
            "i=${XDG_CONFIG_HOME:-$HOME/.config}/husky/init.sh; [ ! -f \"$i\" ] || . \"$i\"
command -v pushgate";
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Ours(path) if is_runnable(path) => Some(path.clone()),
            Self::Husky if short => {
                let mut shell = from_editor(Path::new(SH));
                shell.args(["-c", HUSKY]);
                let output = run_within(shell, LIMIT).ok()??;
                let path = output.line().to_path_lossy().into_owned();
                (output.is_ok() && is_runnable(&path)).then_some(path)
            }
            Self::Ours(_) | Self::Husky | Self::Name => {
                if short {
                    which::which_in("pushgate", Some(SHORT_PATH), "/").ok()
                } else {
                    find("pushgate")
                }
            }
        }
    }
}

/// A program as an editor starts it.
fn from_editor(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", SHORT_PATH);
    for name in ["HOME", "XDG_CONFIG_HOME"] {
        if let Some(value) = env::var_os(name) {
            command.env(name, value);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// How a program differs from this one, by the version that it tells: it is another one, or it does not
/// run.
fn differs(mut command: Command) -> Option<(Status, String)> {
    command.arg("--version").stdin(Stdio::null());
    let why = match run_within(command, LIMIT) {
        Err(error) => Undecided::from(error).details.join("; "),
        Ok(None) => format!("it says nothing within {} s", LIMIT.as_secs()),
        Ok(Some(output)) => {
            let line = printable(output.line().as_bstr());
            match line.strip_prefix("pushgate ").map(str::trim) {
                Some(VERSION) if output.is_ok() => return None,
                Some(other) if output.is_ok() => {
                    return Some((Status::Warning, format!("version {other}")));
                }
                _ => (output.stderr.first().cloned())
                    .unwrap_or_else(|| format!("asked for its version, it says `{line}`")),
            }
        }
    };
    Some((Status::Broken, format!("which does not run ({why})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hook_writes_for_the_program_is_told() {
        let named = |text: &str| Caller::of(text.as_bytes(), None);
        for name in [
            "pushgate pre-push -- \"$@\" || exit\n",
            "# pushgate\nexec pushgate pre-push\n",
            "      run: pushgate pre-push -- {1} {2}\n",
        ] {
            assert_eq!(named(name), Some(Caller::Name), "{name}");
        }
        let quoted = named("'/opt/bin/pushgate' pre-push");
        assert_eq!(quoted, Some(Caller::Path("/opt/bin/pushgate".into())));
        for unknown in [
            "\"$HOME/bin/pushgate\" pre-push",
            "npx pushgate-cli pre-push",
            "bin/pushgate pre-push",
            "# pushgate pre-push",
            "",
        ] {
            assert_eq!(named(unknown), None, "{unknown}");
        }
    }
}
