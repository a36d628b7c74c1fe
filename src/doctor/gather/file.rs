//! A hook as a file: whether it runs, by what, and whose it is.

use std::{env, fs, os::unix::fs::PermissionsExt, path::Path};

use bstr::ByteSlice;
use nix::unistd::{AccessFlags, access};

use super::hook::Eyes;
use crate::{
    doctor::{
        context::from_here,
        script::{self, Author, Call, File, Interpreter, Runs, Says, Script},
    },
    hooks::{
        files::{self, LEGACY, Owner, hook_for},
        managers::{lefthook, pre_commit},
    },
    text::printable,
};

impl Eyes<'_> {
    pub(crate) fn script(&self, path: &Path) -> Script {
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

    pub(crate) fn author(&self, text: &[u8]) -> Author {
        let ours = hook_for("".as_ref());
        let (this, here) = (script::version(&ours), script::version(text));
        match files::author(text) {
            files::Author::Us if here == this => Author::Us,
            files::Author::Us => Author::Earlier,
            files::Author::UsAndSomebody if here > this => Author::Newer,
            files::Author::UsAndSomebody => Author::Edited {
                calls: script::passes_on(text),
            },
            files::Author::Somebody => match script::call(text, false) {
                Call::No => {
                    let calls = Call::No;
                    self.tool(text).unwrap_or(Author::Somebody { calls })
                }
                calls => Author::Somebody { calls },
            },
        }
    }

    /// The tool that wrote a hook, and what its file says of us.
    pub(crate) fn tool(&self, text: &[u8]) -> Option<Author> {
        let top = self.world.work_tree()?;
        let owner = Owner::of_hook(text);
        let author = |name, path: &Path, says| Author::Tool {
            name,
            file: from_here(path),
            says,
        };
        Some(match owner {
            Owner::Lefthook => {
                let says = lefthook::says(&self.directory, self.world);
                author(owner.name(), &lefthook::config(top), says)
            }
            Owner::Prek | Owner::PreCommit => {
                let (legacy, config) =
                    (self.directory.join(LEGACY), pre_commit::config(owner, top));
                if is_gate(&legacy) {
                    author(owner.name(), &legacy, Says::Calls)
                } else {
                    match pre_commit::says(&config) {
                        Says::Calls => {
                            let (name, file) = (owner.name(), from_here(&config));
                            Author::HalfDeaf { name, file }
                        }
                        says => author(owner.name(), &config, says),
                    }
                }
            }
            _ if text.contains_str("overcommit") => {
                let config = top.join(".overcommit.yml");
                let text = fs::read(&config).unwrap_or_default();
                let says = if script::mentions(&text) {
                    Says::Calls
                } else {
                    Says::Nothing
                };
                author("overcommit", &config, says)
            }
            _ => return None,
        })
    }
}

/// Whether what pre-commit and prek run first, with all that git said, is the gate, and can be run.
pub(crate) fn is_gate(legacy: &Path) -> bool {
    let text = fs::read(legacy).unwrap_or_default();
    let is_run = access(legacy, AccessFlags::X_OK).is_ok();
    is_run && (script::version(&text).is_some() || script::calls(&text))
}

/// Whether the first line names something that is there.
pub(crate) fn interpreter(text: &[u8]) -> Interpreter {
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
