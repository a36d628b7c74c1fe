//! What `pushgate install` and `pushgate uninstall` do to the team's script, which husky runs.

use std::{fs::remove_file, io, path::Path};

use super::{Done, Error, local::warn_of_crlf};
use crate::{
    file,
    git::Repository,
    hooks::{
        directory::{HooksDirectory, failed},
        from_top,
        husky::{LINES, call, installed, link, script, without_lines, write},
        script::Call,
    },
    report,
    text::shell_word,
};

/// A branch that was cut before the team's file called the gate has none.
pub(super) const EVERY_BRANCH: &str = "a branch without it has no gate: bring it to all of them, \
     or, with git 2.54 or newer, pushgate install --config";

/// Puts our lines first into the script.
pub(super) fn install(hooks: &HooksDirectory, repository: &Repository) -> Done {
    let path = script(&hooks.path);
    let old = match file::read_followed(&path) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed("read", &path)(error)),
    };
    let name = path.display();
    match old.as_deref().map_or(Call::Missing, call) {
        Call::AsWritten => report::say(&format!("{name} calls pushgate already")),
        Call::OwnWords | Call::Unclear(_) => report::say(&format!(
            "{name} calls pushgate already, by words of its own: leave them first"
        )),
        _ => {
            if let Some(target) = link(&path) {
                report::print_data(LINES)?;
                report::say(&format!(
                    "{name} is not changed: it is a link to {}: the lines above go first there",
                    target.display()
                ));
                report::hint("add the lines above by hand, then pushgate install");
                warn_of_crlf(&path, repository);
                return Ok(2);
            }
            write(&path, &installed(old))?;
            report::say(&format!("{name} begins with pushgate now"));
            say_committed(&path, repository);
            report::hint(EVERY_BRANCH);
        }
    }
    let runner = hooks.path.join("h");
    let is_set_up = runner.exists();
    if !is_set_up {
        report::warn(&format!(
            "husky is not set up in this clone ({} is missing), and calls nothing",
            from_top(&runner, repository).display()
        ));
        report::hint("npm install");
    }
    warn_of_crlf(&path, repository);
    Ok(u8::from(!is_set_up))
}

/// Takes our lines out of the script; `None`: it does not call the gate.
pub(super) fn uninstall(path: &Path, repository: &Repository) -> Result<Option<u8>, Error> {
    let text = file::read_followed(path).unwrap_or_default();
    let name = path.display();
    let left = |why: &str| {
        report::say(&format!("{name}{why}: left as it is"));
        Ok(Some(1))
    };
    match call(&text) {
        Call::Missing | Call::No => return Ok(None),
        Call::OwnWords | Call::Unclear(_) => return left(" calls pushgate by words of its own"),
        Call::AsWritten | Call::Changed | Call::Broken(_) => {}
    }
    if let Some(target) = link(path) {
        return left(&format!(": it is a link to {}", target.display()));
    }
    if let Some(others) = without_lines(&text) {
        write(path, &others)?;
        report::say(&format!("{name} is again what it was before"));
    } else {
        remove_file(path).map_err(failed("remove", path))?;
        report::say(&format!("removed {name}"));
    }
    say_committed(path, repository);
    Ok(Some(0))
}

/// A change of the team's file counts for the others once it is committed.
fn say_committed(path: &Path, repository: &Repository) {
    let path = from_top(path, repository);
    let word = shell_word(&path.to_string_lossy());
    report::say(&format!("it is the team's: git add {word} and commit it"));
}
