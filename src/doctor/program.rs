//! This program, as PATH and the hook find it, from a terminal and from an editor; and git.

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use bstr::ByteSlice;

use super::{Finding, Found, LIMIT, Opened, SHORT_PATH, Status, is_runnable};
use crate::{
    file,
    git::Version,
    hooks::{configured, directory::HooksDirectory, gate::Gate, script},
    process::{find, program::run_within},
    text::{printable, shell_word},
};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The oldest git that is known to work (README).
const OLDEST: Version = Version(2, 31);

/// Where this program is.
fn own_path() -> PathBuf {
    env::current_exe().unwrap_or_else(|_| "pushgate".into())
}

/// Whether `pushgate` on PATH is this program.
pub(crate) fn on_path() -> Found {
    let own = own_path();
    let this = format!("pushgate {VERSION} in {}", own.display());
    let Some(found) = find("pushgate") else {
        let text = format!("{this} is not on PATH, where its hints expect it");
        let parent = own.parent().unwrap_or(Path::new("/"));
        let directory = shell_word(&parent.display().to_string());
        let command = format!("export PATH=\"$PATH\":{directory}");
        return Ok(vec![Finding::warning(text).run(command)]);
    };
    let is_this = found.canonicalize().ok() == own.canonicalize().ok();
    Ok(vec![match differs(&found) {
        Some((_, how)) if !is_this => {
            let found = found.display();
            let text = format!("`pushgate` on PATH is {found}, {how}; this is {this}");
            Finding::warning(text).hint("remove one of them, then pushgate install")
        }
        _ => Finding::ok(format!("pushgate {VERSION}")),
    }])
}

/// What a program says of its version, or why it does not.
pub(super) fn version(program: &Path) -> Result<String, String> {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    match run_within(command, LIMIT) {
        Ok(Some(said)) if said.is_ok() => Ok(printable(said.line().as_bstr())),
        Ok(Some(said)) => Err(said.stderr.join("; ")),
        Ok(None) => Err(format!("it says nothing within {} s", LIMIT.as_secs())),
        Err(error) => Err(error.details.join("; ")),
    }
}

/// Whether git is new enough; where there is none, there is no repository either.
pub(crate) fn git() -> Option<Finding> {
    let said = version(&find("git")?).unwrap_or_else(|why| why);
    let number = said.strip_prefix("git version ").unwrap_or(&said);
    if Version::of_git(&said).is_some_and(|version| version >= OLDEST) {
        return Some(Finding::ok(format!("git {number}")));
    }
    let text = format!("git {OLDEST} or newer is needed; this is git {number}");
    let hint = "install a newer git: https://git-scm.com/downloads";
    Some(Finding::broken(text).hint(hint))
}

/// Whether the hook finds this program, from a terminal and from an editor.
pub(crate) fn reach(opened: &Opened) -> Option<Finding> {
    let read = |file: &Path| {
        let text = file::read_followed(file).ok()?;
        script::calls(&text).then_some(text)
    };
    let hooks = HooksDirectory::of(&opened.world);
    let gate = hooks.and_then(|hooks| Gate::of(&hooks, &opened.world));
    let in_directory = gate.ok().and_then(|gate| read(&gate.file));
    let by_configuration = || {
        let own = configured::ours(&opened.world)?;
        own.script(&opened.world)
            .map_or_else(|| Some(own.command.to_vec()), |script| read(&script))
    };
    let text = in_directory.or_else(by_configuration)?;
    let own = script::program(&text);
    let is_ours = own.is_some();
    let called = own.or_else(|| called(&text))?;
    let called = called.to_path_lossy();
    let called_at = |by_path: Option<PathBuf>| match &*called {
        path if path.is_absolute() && is_runnable(path) => Some(path.to_owned()),
        // Ours looks on PATH, too.
        name if is_ours || name == Path::new("pushgate") => by_path,
        _ => None,
    };
    let by_short_path = which::which_in("pushgate", Some(SHORT_PATH), "/").ok();
    let cure = if is_ours {
        "pushgate install".to_owned()
    } else {
        let own = shell_word(&own_path().display().to_string());
        format!("sudo ln -s {own} /usr/local/bin/pushgate")
    };
    let Some(found) = called_at(by_short_path) else {
        let finding = if called_at(find("pushgate")).is_some() {
            let editor = format!("an editor (PATH={SHORT_PATH}) cannot deploy");
            Finding::warning(format!("the hook finds it by PATH alone: {editor}"))
        } else {
            let text = "the hook finds no pushgate: no deploy goes, and no other push is judged";
            Finding::broken(text)
        };
        return Some(finding.run(cure));
    };
    Some(match differs(&found) {
        None => Finding::ok("the hook finds it, under the short PATH of an editor, too"),
        Some((status, how)) => {
            let found = found.display();
            let text = format!("the hook calls {found}, {how}; this is {VERSION}");
            Finding::new(status, text).run(cure)
        }
    })
}

/// The name or the path by which a hook calls the program; `None` where that cannot be told.
fn called(text: &[u8]) -> Option<Vec<u8>> {
    let is_end = |b: &u8| b.is_ascii_whitespace() || b"'\";&|(){}<>,[]".contains(b);
    let mut words = text
        .lines()
        .flat_map(|line| script::code(line).split(is_end));
    let word = words.find(|word| word.contains_str("pushgate"))?;
    let is_path = word.starts_with(b"/") && word.ends_with(b"/pushgate");
    (is_path || word == b"pushgate").then(|| word.to_vec())
}

/// How a program differs from this one, by the version that it tells: it is another one, or it does not
/// run.
fn differs(program: &Path) -> Option<(Status, String)> {
    match version(program) {
        Ok(line) if line.strip_prefix("pushgate ") == Some(VERSION) => None,
        Ok(line) => Some((Status::Warning, format!("which says `{line}`"))),
        Err(why) => Some((Status::Broken, format!("which does not run ({why})"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hook_writes_for_the_program_is_told() {
        let named = |text: &str| called(text.as_bytes());
        for name in [
            "pushgate pre-push -- \"$@\" || exit\n",
            "# pushgate\nexec pushgate pre-push\n",
            "      run: pushgate pre-push -- {1} {2}\n",
        ] {
            assert_eq!(named(name).unwrap(), b"pushgate", "{name}");
        }
        let quoted = named("'/opt/bin/pushgate' pre-push");
        assert_eq!(quoted.unwrap(), b"/opt/bin/pushgate");
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
