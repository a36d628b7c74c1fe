//! What git runs before a push, as it lies on the disk.

use std::{
    fs,
    path::{Path, PathBuf},
};

use bstr::ByteSlice;

use super::{
    answer::{self, Word, called, word},
    settings,
};
use crate::{
    doctor::{
        context::from_here,
        facts::{Called, Caller, Hook, Off},
        script::{self, Author, Call, File, Interpreter, Runs, Says, Script},
    },
    gates::Undecided,
    git::Repository,
    hooks::{
        files::{self, EARLIER_NAME, Found, Hooks, LEGACY, NAME, Owner, WAITING, is_same},
        managers::{husky, lefthook},
    },
};

/// What there is to know of the hook, and whom it calls.
pub(crate) fn look(world: &Repository) -> Result<(Hook, Option<Called>), Undecided> {
    let directory = files::directory(world)?;
    let eyes = Eyes { world, directory };
    Ok(eyes.look())
}

pub(crate) struct Eyes<'e> {
    pub(crate) world: &'e Repository,
    pub(crate) directory: PathBuf,
}

impl Eyes<'_> {
    pub(crate) fn look(&self) -> (Hook, Option<Called>) {
        let owner = Owner::of(&self.directory);
        let husky = owner == Some(Owner::Husky);
        let own = self.directory.join("pre-push");
        let found = self.script(&own);
        let (path, file) = match &found {
            Script::File(file) if husky && file.runs == Runs::Yes => self.husky(),
            _ => (own, found),
        };
        let mut configured = settings::configured(self.world);
        let mut is_ours = match &file {
            Script::File(file) => match &file.author {
                Author::Tool { file, says, .. } => *says == Says::Calls && file.ends_with(LEGACY),
                author => author.is_us(),
            },
            _ => false,
        };
        let mut called = caller(&path, &file);
        for one in configured.iter_mut().filter(|one| one.is_ours) {
            // What `pushgate install --config` writes only passes on to a script.
            let script = one.command.strip_prefix("exec ").map(unquoted);
            if let Some(own) = script.map(PathBuf::from).filter(|path| path.is_absolute()) {
                let script = self.script(&own);
                is_ours |= matches!(&script, Script::File(file) if file.author.is_us());
                called = called.or_else(|| caller(&own, &script));
                one.script = Some((from_here(&own), script));
            } else {
                called = called.or_else(|| {
                    Some(answer::called(
                        Caller::Other,
                        &word(one.command.as_bytes())?,
                    ))
                });
            }
        }
        let hook = Hook {
            directory: from_here(&self.directory),
            setting: settings::hooks_path(self.world),
            husky,
            off: match owner {
                Some(Owner::Husky) => husky::off().map(|(setting, file)| Off {
                    setting: setting.to_owned(),
                    file: file.map(|path| from_here(&path)),
                }),
                Some(Owner::Lefthook) => {
                    let setting = lefthook::off(&self.directory, self.world);
                    setting.map(|setting| Off {
                        setting,
                        file: None,
                    })
                }
                _ => None,
            },
            kept: is_ours.then(|| self.kept()).flatten(),
            path: from_here(&path),
            file,
            configured,
            lefthook: Hooks::of(self.world).is_ok_and(|hooks| hooks.owner == Some(Owner::Lefthook)),
            no_install: self.no_install().map(|trouble| trouble.hints.clone()),
        };
        (hook, called)
    }

    /// Why `pushgate install` would not put the hook there.
    pub(crate) fn no_install(&self) -> Option<Undecided> {
        let hooks = match Hooks::of(self.world) {
            Ok(hooks) => hooks,
            Err(trouble) => return Some(trouble.into()),
        };
        let before = match hooks.before() {
            Ok(before) => before?,
            Err(trouble) => return Some(trouble.into()),
        };
        let is_foreign = matches!(hooks.found(), Ok(Found::Foreign));
        (is_foreign && !is_same(&hooks.hook, before)).then(|| {
            crate::gates::verdict::Trouble::TwoHooks {
                hook: hooks.hook.clone(),
                kept: before.to_owned(),
            }
            .into()
        })
    }

    /// husky's own hook runs that of the repository, by the shell.
    pub(crate) fn husky(&self) -> (PathBuf, Script) {
        let path = husky::script(&self.directory);
        let author = Author::Tool {
            name: "husky",
            file: from_here(&path),
            says: husky::says(&path),
        };
        let file = File {
            author,
            runs: Runs::Yes,
            interpreter: Interpreter::There,
        };
        (path, Script::File(file))
    }

    pub(crate) fn kept(&self) -> Option<(String, Script)> {
        let directory = self.directory.canonicalize().ok()?;
        let waits = [
            directory.parent()?.join(WAITING).join(NAME),
            self.directory.join(EARLIER_NAME),
        ];
        let path = waits
            .into_iter()
            .find(|path| path.symlink_metadata().is_ok())?;
        Some((from_here(&path), self.script(&path)))
    }
}

/// A word of the shell without the quotes around it.
pub(crate) fn unquoted(word: &str) -> &str {
    let inner = word
        .strip_prefix('\'')
        .and_then(|rest| rest.strip_suffix('\''));
    inner.filter(|inner| !inner.contains('\'')).unwrap_or(word)
}

/// Whom a hook calls.
pub(crate) fn caller(path: &Path, file: &Script) -> Option<Called> {
    let Script::File(File { author, .. }) = file else {
        return None;
    };
    let text = fs::read(path).ok()?;
    match author {
        Author::Us | Author::Earlier | Author::Newer | Author::Edited { calls: true } => {
            let path = script::program(&text)?.to_path_lossy().into_owned();
            Some(called(Caller::Ours, &Word::PathThenName(path)))
        }
        Author::Tool { says, .. } if *says == Says::Nothing => None,
        Author::Tool { name: "husky", .. } => Some(called(Caller::Husky, &word(&text)?)),
        Author::Somebody {
            calls: Call::Sure | Call::Unsure,
        } => Some(called(Caller::Other, &word(&text)?)),
        Author::Tool { file, .. } if file.ends_with(LEGACY) => {
            let text = fs::read(path.with_file_name(LEGACY)).ok()?;
            let path = script::program(&text)?.to_path_lossy().into_owned();
            Some(called(Caller::Ours, &Word::PathThenName(path)))
        }
        Author::Edited { calls: false }
        | Author::Tool { .. }
        | Author::HalfDeaf { .. }
        | Author::Somebody { .. } => None,
    }
}
