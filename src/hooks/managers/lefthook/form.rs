//! The lines in the form of the file that they are for. Only YAML is edited; the others are for a person.

use serde_json::json;

use super::{HOOK, NAME};

/// The forms that lefthook reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Yaml,
    Json,
    Toml,
}

impl Form {
    /// Of a file, by its name.
    pub(crate) fn of(file: &str) -> Self {
        match file.rsplit_once('.') {
            Some((_, "toml")) => Self::Toml,
            Some((_, "json" | "jsonc")) => Self::Json,
            _ => Self::Yaml,
        }
    }
}

pub(crate) fn json(files: &str, run: &str, skip_lfs: bool) -> String {
    let job = json!({"name": NAME, "files": files, "run": run, "use_stdin": true});
    let mut all = json!({HOOK: {"jobs": [job]}});
    if skip_lfs {
        all["skip_lfs"] = true.into();
    }
    format!("{all:#}\n")
}

pub(crate) fn toml(files: &str, run: &str, skip_lfs: bool) -> String {
    let lfs = if skip_lfs {
        "# This line stands above all tables: pushgate has git-lfs upload what may go.\nskip_lfs = true\n\n"
    } else {
        ""
    };
    // The name of such a file needs no escape, and no line of ours has three quotes.
    format!(
        "{lfs}[[{HOOK}.jobs]]\nname = \"{NAME}\"\nfiles = \"{files}\"\nuse_stdin = true\nrun = '''\n{run}'''\n"
    )
}
