//! What git runs before a push, as it lies on the disk.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use bstr::ByteSlice;
use nix::unistd::{AccessFlags, access};

use super::{
    answer::{Word, called, word},
    place::Place,
    settings,
};
use crate::{
    commands::hooks::{self, Hooks, hook_for},
    doctor::{
        facts::{Called, Caller, Hook},
        script::{self, Author, File, Interpreter, Runs, Script, TOOLS},
    },
    verdict::{Trouble, printable},
    world::Real,
};

/// Where the hook that was there before waits, seen from the hooks directory.
const KEPT: &str = "../.pushgate-hooks/pre-push";
/// Where version 1 kept it.
const KEPT_EARLIER: &str = "pre-push.kept";
/// What pre-commit and prek run before theirs, where they found another hook.
const LEGACY: &str = "pre-push.legacy";

/// What there is to know of the hook, and whom it calls.
pub(super) fn look(world: &Real, place: &Place) -> Result<(Hook, Option<Called>), Trouble> {
    let said = world
        .git()
        .must(["rev-parse", "--path-format=absolute", "--git-path", "hooks"])?;
    let directory = said
        .out
        .trim_end_with(|c| c == '\n')
        .to_path_lossy()
        .into_owned();
    let eyes = Eyes {
        world,
        place,
        directory,
    };
    Ok(eyes.look())
}

struct Eyes<'e> {
    world: &'e Real,
    place: &'e Place,
    directory: PathBuf,
}

impl Eyes<'_> {
    fn look(&self) -> (Hook, Option<Called>) {
        let husky = self.directory.ends_with(".husky/_");
        let own = self.directory.join("pre-push");
        let found = self.script(&own);
        let (path, file) = match &found {
            Script::File(file) if husky && file.runs == Runs::Yes => self.husky(),
            _ => (own, found),
        };
        let is_ours = matches!(&file, Script::File(file) if file.author.is_us());
        let configured = settings::configured(self.world);
        let called = caller(&path, &file).or_else(|| {
            let own = configured.iter().find(|one| one.is_ours)?;
            Some(called(Caller::Other, &word(own.command.as_bytes())?))
        });
        let no_install = Hooks::of(self.world).err().map(|trouble| trouble.cures());
        let hook = Hook {
            directory: self.place.name(&self.directory),
            setting: settings::hooks_path(self.world, self.place),
            husky,
            husky_off: env::var_os("HUSKY").is_some_and(|value| value == "0"),
            kept: is_ours.then(|| self.kept()).flatten(),
            path: self.place.name(&path),
            file,
            configured,
            no_install,
        };
        (hook, called)
    }

    /// husky's own hook runs that of the repository, by the shell.
    fn husky(&self) -> (PathBuf, Script) {
        let parent = self.directory.parent().unwrap_or(&self.directory);
        let path = parent.join("pre-push");
        let text = fs::read(&path).unwrap_or_default();
        let author = Author::Tool {
            name: "husky",
            file: self.place.name(&path),
            mentions: script::calls(&text),
        };
        let file = File {
            author,
            runs: Runs::Yes,
            interpreter: Interpreter::There,
        };
        (path, Script::File(file))
    }

    fn kept(&self) -> Option<(String, Script)> {
        let directory = self.directory.canonicalize().ok()?;
        let waits = [
            directory.parent()?.join(&KEPT[3..]),
            self.directory.join(KEPT_EARLIER),
        ];
        let path = waits
            .into_iter()
            .find(|path| path.symlink_metadata().is_ok())?;
        Some((self.place.name(&path), self.script(&path)))
    }

    fn script(&self, path: &Path) -> Script {
        let Ok(link) = path.symlink_metadata() else {
            return Script::Missing;
        };
        let Ok(metadata) = path.metadata() else {
            return if link.is_symlink() {
                Script::DanglingLink
            } else {
                Script::Missing
            };
        };
        if metadata.is_dir() {
            return Script::Directory;
        }
        let text = fs::read(path).unwrap_or_default();
        if metadata.len() == 0 {
            return Script::Empty;
        }
        let runs = match access(path, AccessFlags::X_OK) {
            Ok(()) => Runs::Yes,
            Err(_) if metadata.permissions().mode() & 0o111 == 0o111 => Runs::NoExec,
            Err(_) => Runs::NotExecutable,
        };
        Script::File(File {
            author: self.author(&text),
            runs,
            interpreter: interpreter(&text),
        })
    }

    fn author(&self, text: &[u8]) -> Author {
        let ours = hook_for("".as_ref());
        let (this, here) = (script::version(&ours), script::version(text));
        match hooks::author(text) {
            hooks::Author::Us if here == this => Author::Us,
            hooks::Author::Us => Author::Earlier,
            hooks::Author::UsAndSomebody if here > this => Author::Newer,
            hooks::Author::UsAndSomebody => Author::Edited {
                calls: script::passes_on(text),
            },
            hooks::Author::Somebody if script::calls(text) => Author::Somebody { calls: true },
            hooks::Author::Somebody => self.tool(text).unwrap_or(Author::Somebody { calls: false }),
        }
    }

    /// The tool that wrote a hook, and what its file says of us.
    fn tool(&self, text: &[u8]) -> Option<Author> {
        let (name, _, files) = TOOLS
            .iter()
            .find(|(_, words, _)| text.contains_str(words))?;
        let top = self.world.work_tree()?;
        let there: Vec<_> = files
            .iter()
            .filter(|file| top.join(file).is_file())
            .collect();
        let mentions =
            |file: &&&&str| script::mentions(&fs::read(top.join(file)).unwrap_or_default());
        if let Some(file) = there.iter().find(mentions) {
            let file = (**file).to_string();
            return Some(Author::Tool {
                name,
                file,
                mentions: true,
            });
        }
        let legacy = self.directory.join(LEGACY);
        let before = fs::read(&legacy).unwrap_or_default();
        if name.starts_with("pre") && (script::version(&before).is_some() || script::calls(&before))
        {
            let file = self.place.name(&legacy);
            return Some(Author::Tool {
                name,
                file,
                mentions: true,
            });
        }
        let file = there.first().map_or(files[0], |file| **file).to_owned();
        Some(Author::Tool {
            name,
            file,
            mentions: false,
        })
    }
}

/// Whom a hook calls.
fn caller(path: &Path, file: &Script) -> Option<Called> {
    let Script::File(File { author, .. }) = file else {
        return None;
    };
    let text = fs::read(path).ok()?;
    match author {
        Author::Us | Author::Earlier | Author::Newer | Author::Edited { calls: true } => {
            let path = script::program(&text)?.to_path_lossy().into_owned();
            Some(called(Caller::Ours, &Word::PathThenName(path)))
        }
        Author::Tool {
            name: "husky",
            mentions: true,
            ..
        } => Some(called(Caller::Husky, &word(&text)?)),
        Author::Somebody { calls: true } => Some(called(Caller::Other, &word(&text)?)),
        Author::Edited { calls: false } | Author::Tool { .. } | Author::Somebody { .. } => None,
    }
}

/// Whether the first line names something that is there.
fn interpreter(text: &[u8]) -> Interpreter {
    if script::has_carriage_return(text) {
        return Interpreter::CarriageReturn;
    }
    let Some((program, by_env)) = script::shebang(text) else {
        return Interpreter::There;
    };
    let missing = |name: &[u8]| Interpreter::Missing(printable(name.as_bstr()));
    let path = program.to_path_lossy();
    let runs = path.is_file() && access(path.as_ref(), AccessFlags::X_OK).is_ok();
    match by_env {
        _ if !runs => missing(program),
        Some(name)
            if which::which_in(name.to_os_str_lossy(), env::var_os("PATH"), "/").is_err() =>
        {
            missing(name)
        }
        _ => Interpreter::There,
    }
}
