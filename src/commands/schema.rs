//! `pushgate schema`: the JSON Schema of a policy; and its copy in the repository, for editors.

use std::{fs, io::ErrorKind, path::PathBuf};

use super::{Done, Error, print_machine_data};
use crate::{file, git::Repository, policy::schema::schema, report};

/// What to do in a linked work tree or a submodule: nothing is below `.git` there, and the policy belongs to
/// the team: a path that works here works nowhere else.
pub(super) const OUT_OF_REACH: &str = "schema: .git is a file here, so editors do not find what the first line names: \
     pushgate schema > pushgate.schema.json, commit it, and name it in that line";

pub(crate) fn run() -> Done {
    print_machine_data(&text())?;
    Ok(0)
}

fn text() -> String {
    format!("{:#}\n", schema())
}

/// Writes the copy that the first line of a policy names; only warns where it cannot be written.
pub(super) fn write_copy(world: &Repository) {
    let path = copy(world);
    let made = file::state_directory(&world.state_dir());
    let write = |()| file::replace_state(&path, text().as_bytes());
    let written = made.and_then(write);
    if let Err(error) = written {
        let path = path.display();
        report::warn(&format!(
            "editors have no schema: could not write {path}: {error}"
        ));
    }
}

/// Removes the copy, and its directory if that held nothing else.
pub(super) fn remove_copy(world: &Repository) -> Result<(), Error> {
    let path = copy(world);
    if let Err(error) = fs::remove_file(&path)
        && !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
    {
        return Err(Error::failed(format!("remove {}", path.display()), &error));
    }
    // It is only empty where nothing was ever decided.
    let _ = fs::remove_dir(world.state_dir());
    Ok(())
}

fn copy(world: &Repository) -> PathBuf {
    world.state_dir().join("schema.json")
}
