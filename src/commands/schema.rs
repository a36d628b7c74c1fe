//! `pushgate schema`: the JSON Schema of a policy; and the copy of it in the repository, for editors.

use std::{fs, io, path::PathBuf};

use super::Done;
use crate::{gates::verdict::Trouble, git::Real, policy::schema::schema, report};

/// In a linked work tree or a submodule nothing is below `.git`, and the policy is the team's: a path
/// that works here works nowhere else.
pub(super) const OUT_OF_REACH: &str = "schema: .git is a file here, so editors do not find what the first line names: \
     pushgate schema > pushgate.schema.json, commit it, and name it in that line";

pub(crate) fn run() -> Done {
    report::data(&text()).map_err(|error| Trouble::io("write to standard output", &error))?;
    Ok(0)
}

fn text() -> String {
    format!("{:#}\n", schema())
}

/// Writes the copy that the first line of a policy names. An editor does without it: what keeps it
/// from being written is only said.
pub(super) fn write_copy(world: &Real) {
    let path = copy(world);
    let directory = world.state_dir();
    if let Err(error) = fs::create_dir_all(directory).and_then(|()| fs::write(&path, text())) {
        report::warn(&format!(
            "editors have no schema: could not write {}: {error}",
            path.display()
        ));
    }
}

/// Takes it away, and the directory if it held nothing else.
pub(super) fn remove_copy(world: &Real) -> Result<(), Trouble> {
    let path = copy(world);
    match fs::remove_file(&path) {
        Err(error)
            if error.kind() != io::ErrorKind::NotFound
                && error.kind() != io::ErrorKind::NotADirectory =>
        {
            return Err(Trouble::io(format!("remove {}", path.display()), &error));
        }
        _ => {}
    }
    // It is only empty where nothing was ever decided.
    let _ = fs::remove_dir(world.state_dir());
    Ok(())
}

fn copy(world: &Real) -> PathBuf {
    world.state_dir().join("schema.json")
}
