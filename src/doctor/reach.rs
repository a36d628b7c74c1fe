//! Whether the hook finds this program, from a terminal and from an editor.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use bstr::ByteSlice;

use super::{
    context::Opened,
    finding::Finding,
    hook_file::is_runnable,
    version::{LIMIT, SHORT_PATH, VERSION, from_editor, own_directory, own_path, version},
};
use crate::{
    hooks::{
        configured::{self, ConfiguredHook},
        directory::{self, LEGACY},
        husky,
        owner::Owner,
        script::{self, NAME},
    },
    process::program::run_within,
    text::shell_word,
};

/// What husky does before it runs a hook of the repository.
const HUSKY: &str = "i=${XDG_CONFIG_HOME:-$HOME/.config}/husky/init.sh; [ ! -f \"$i\" ] || . \"$i\"
command -v pushgate";

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

pub(crate) fn check(opened: &Opened) -> Option<Finding> {
    let caller = caller(opened)?;
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
            return Some(Finding::broken("reach", text).run(cure));
        }
        let text =
            format!("the hook finds it by PATH alone: an editor (PATH={SHORT_PATH}) cannot push");
        let directory = shell_word(&shell_word(&own_directory()));
        return Some(Finding::warning("reach", text).run(match caller {
            // husky's own file for this: https://typicode.github.io/husky/how-to.html
            Caller::Husky => format!(
                "mkdir -p ~/.config/husky && echo 'export PATH=\"$PATH\":'{directory} >>~/.config/husky/init.sh"
            ),
            _ => cure,
        }));
    };
    let calls = format!("the hook calls {}", path.display());
    Some(match version(&path, true) {
        Ok(version) if version == VERSION => {
            let text = "the hook finds it, under the short PATH of an editor, too";
            Finding::ok("reach", text)
        }
        Ok(version) => {
            let text = format!("{calls}, version {version}; this is {VERSION}");
            Finding::warning("reach", text).run(cure)
        }
        Err(why) => {
            let text = format!("{calls}, which does not run ({why})");
            Finding::broken("reach", text).run(cure)
        }
    })
}

/// How the hook that git runs calls the program; `None` where no hook is known to call it.
fn caller(opened: &Opened) -> Option<Caller> {
    let directory = directory::path(&opened.world).ok()?;
    let script = match Owner::of(&directory) {
        Some(Owner::Husky) => husky::script(&directory),
        Some(owner) if owner.runs_legacy() => directory.join(LEGACY),
        _ => directory.join(NAME),
    };
    let in_directory = || {
        let text = fs::read(&script).ok()?;
        match Owner::of(&directory) {
            Some(Owner::Husky) => match named(&text).filter(|_| script::calls(&text))? {
                Caller::Name => Some(Caller::Husky),
                path => Some(path),
            },
            _ => by_script(&text),
        }
    };
    let by_configuration = || {
        let hooks = configured::all(&opened.world);
        let own = hooks.into_iter().find(ConfiguredHook::is_ours)?;
        match own.script() {
            Some(script) => by_script(&fs::read(script).ok()?),
            None => named(&own.command),
        }
    };
    in_directory().or_else(by_configuration)
}

fn by_script(text: &[u8]) -> Option<Caller> {
    if let Some(program) = script::program(text) {
        return Some(Caller::Ours(program.to_path_lossy().into_owned()));
    }
    script::calls(text).then(|| named(text)).flatten()
}

/// What the first command that calls the program writes for it; `None` where that cannot be told.
fn named(text: &[u8]) -> Option<Caller> {
    let mut words = text.lines().flat_map(|line| {
        script::code(line).split(|b: &u8| b.is_ascii_whitespace() || b"'\";&|(){}<>,[]".contains(b))
    });
    let word = words.find(|word| word.contains_str("pushgate"))?;
    match word {
        b"pushgate" => Some(Caller::Name),
        _ if word.starts_with(b"/") && word.ends_with(b"/pushgate") => {
            Some(Caller::Path(word.to_path_lossy().into_owned()))
        }
        _ => None,
    }
}

impl Caller {
    /// The program that the call finds, under the short PATH of an editor or under ours.
    fn program(&self, short: bool) -> Option<PathBuf> {
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Ours(path) if is_runnable(path) => Some(path.clone()),
            Self::Husky if short => {
                let mut shell = from_editor(Path::new("sh"));
                shell.args(["-c", HUSKY]);
                let output = run_within(shell, LIMIT).ok()??;
                let path = output.line().to_path_lossy().into_owned();
                (output.is_ok() && is_runnable(&path)).then_some(path)
            }
            Self::Ours(_) | Self::Husky | Self::Name => {
                let path = if short {
                    Some(SHORT_PATH.into())
                } else {
                    env::var_os("PATH")
                };
                which::which_in("pushgate", path, "/").ok()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_hook_writes_for_the_program_is_told() {
        let path = |path: &str| Some(Caller::Path(path.into()));
        for name in [
            "pushgate pre-push -- \"$@\" || exit\n",
            "# pushgate\nexec pushgate pre-push\n",
            "      run: pushgate pre-push -- {1} {2}\n",
        ] {
            assert_eq!(named(name.as_bytes()), Some(Caller::Name), "{name}");
        }
        let quoted = b"'/opt/bin/pushgate' pre-push";
        assert_eq!(named(quoted), path("/opt/bin/pushgate"));
        for unknown in [
            "\"$HOME/bin/pushgate\" x",
            "npx pushgate-cli",
            "bin/pushgate",
            "# pushgate",
            "",
        ] {
            assert_eq!(named(unknown.as_bytes()), None, "{unknown}");
        }
    }
}
