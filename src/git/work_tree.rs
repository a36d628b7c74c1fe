//! What differs between a work tree and the commit that it should be, whatever git was told about its files.

use std::{
    env,
    fs::{self, OpenOptions, Permissions},
    io,
    os::unix::{ffi::OsStringExt, fs::PermissionsExt},
    path::Path,
    process::Command,
};

use bstr::{BString, ByteSlice};
use regex_lite::Regex;

use super::{
    command::{OF_THE_PUSH, must},
    libgit2,
};
use crate::{file, gates::Stop, process::program::run, push::Oid};

/// Lists what differs from HEAD's tree, and HEAD.
pub(super) const STATUS: [&str; 8] = [
    "status",
    "--porcelain=v2",
    "--branch",
    "--no-ahead-behind",
    "-z",
    "--no-renames",
    "--untracked-files=normal",
    "--ignore-submodules=none",
];

/// HEAD, and the files of a work tree that differ from its tree, whatever git was told about them: by an index of
/// our own, which knows only what we saw the last time. git's own has flags (`assume-unchanged`, `skip-worktree`),
/// and calls a file unchanged that it wrote under another configuration, or with `git replace`.
///
/// `call` builds a call of git there; `index` is where it is kept.
pub(crate) fn differing(
    call: &dyn Fn() -> Command,
    top: &Path,
    index: Option<&Path>,
) -> Result<(Option<Oid>, Vec<BString>), Stop> {
    let failed = |error: io::Error| Stop::failed("make an index to look with", &error);
    // Where nothing of ours is yet, nothing is left behind.
    let place = index.and_then(Path::parent).filter(|place| place.is_dir());
    let place = place.map_or_else(env::temp_dir, Path::to_owned);
    let place = tempfile::Builder::new()
        .prefix(".index-")
        .tempdir_in(place)
        .map_err(failed)?;
    let own = place.path().join("index");
    // A copy would be younger, and git takes files for racy by the time of the index.
    let is_kept = index.is_some_and(|index| {
        file::open(index, OpenOptions::new().read(true)).is_ok() && fs::rename(index, &own).is_ok()
    });
    let git = |args: &[&str]| {
        let mut command = call();
        for plain in [
            "core.sparseCheckout",
            "core.splitIndex",
            "submodule.recurse",
        ] {
            command.args(["-c", &format!("{plain}=false")]);
        }
        command.args(args).env("GIT_INDEX_FILE", &own);
        command
    };
    let known = is_kept.then(|| run(&mut git(&STATUS))).transpose()?;
    let status = match known.filter(|known| known.is_ok() && !has_staged(&known.stdout)) {
        Some(known) => known,
        None => {
            // It keeps what was seen of files that are the same; a damaged one is made anew.
            if !is_kept || !run(&mut git(&["read-tree", "-m", "HEAD"]))?.is_ok() {
                let _ = fs::remove_file(&own);
                must(&mut git(&["read-tree", "HEAD"]))?;
            }
            must(&mut git(&STATUS))?
        }
    };
    let (head, mut files, changed) = status_records(&status.stdout);
    files.extend(changed);
    let submodules = match libgit2::submodules(&own) {
        Some(submodules) => submodules,
        None => {
            let listed = must(&mut git(&["ls-files", "--stage", "-z"]))?.stdout;
            let entries = listed.split(|b| *b == 0);
            let gitlinks = entries.filter(|entry| entry.starts_with(b"160000 "));
            let path = |entry: &[u8]| Some(entry.split_once_str("\t")?.1.into());
            gitlinks.filter_map(path).collect()
        }
    };
    for path in submodules {
        let within = in_submodule(call, &top.join(path.to_path_lossy()))?;
        let within = within
            .iter()
            .map(|file| [path.as_slice(), file].join(&b'/'));
        files.extend(within.map(BString::from));
    }
    if let Some(index) = index
        && let Ok(mode) = file::state_mode(index)
    {
        let _ = fs::set_permissions(&own, Permissions::from_mode(mode));
        // It only saves time.
        let _ = fs::rename(&own, index);
    }
    Ok((head, files))
}

/// Whether an index has other files than HEAD's tree, by git-status(1) in its porcelain format 2 with `-z`.
fn has_staged(status: &[u8]) -> bool {
    let mut records = status.split(|b| *b == 0);
    records.any(|record| {
        matches!(record, [b'1', b' ', staged, ..] if *staged != b'.') || record.starts_with(b"u ")
    })
}

/// The files of a submodule that differ from what it has checked out, or are of no repository.
fn in_submodule(call: &dyn Fn() -> Command, top: &Path) -> Result<Vec<BString>, Stop> {
    if top.join(".git").symlink_metadata().is_err() {
        let files = top.read_dir().into_iter().flatten().flatten();
        return Ok(files
            .map(|file| file.file_name().into_vec().into())
            .collect());
    }
    let call = || {
        let mut command = call();
        command.current_dir(top);
        for name in OF_THE_PUSH {
            command.env_remove(name);
        }
        command
    };
    differing(&call, top, None).map(|(_, files)| files)
}

/// The files that the attributes of this clone alone have git write otherwise than the commit has them
/// (gitattributes(5)).
pub(crate) fn rewritten(
    call: &dyn Fn() -> Command,
    common_dir: &Path,
) -> Result<Vec<BString>, Stop> {
    // The pattern of a line with an attribute by which git writes a file otherwise.
    const WRITES: &str = r"(?m)^[ \t]*([^#\s]\S*)[ \t](?:.*[ \t])?(?:filter|text|eol|crlf|ident|working-tree-encoding)(?:[=\s]|$)";
    let path = common_dir.join("info/attributes");
    let failed = |error| Stop::failed(format_args!("read {}", path.display()), &error);
    let writes = Regex::new(WRITES).map_err(failed)?;
    let text = file::read_followed(&path).unwrap_or_default();
    let text = text.to_str_lossy();
    let mut list = call();
    list.args(["ls-files", "-z", "--cached", "--ignored"]);
    let mut patterns = writes
        .captures_iter(&text)
        .map(|line| line[1].to_owned())
        .peekable();
    if patterns.peek().is_none() {
        return Ok(Vec::new());
    }
    for pattern in patterns {
        // A macro may stand for it in any line, and a quoted pattern is not read.
        let is_plain = !pattern.starts_with("[attr]") && !pattern.starts_with('"');
        list.args(["--exclude", if is_plain { &pattern } else { "*" }]);
    }
    let listed = must(&mut list)?.stdout;
    let files = listed.split(|b| *b == 0).filter(|file| !file.is_empty());
    Ok(files.map(BString::from).collect())
}

/// HEAD, the changed paths, and the submodules in which something has changed, as git-status(1) prints them
/// in its porcelain format 2 with `-z`.
pub(super) fn status_records(output: &[u8]) -> (Option<Oid>, Vec<BString>, Vec<BString>) {
    let mut head = None;
    let (mut changed, mut submodules) = (Vec::new(), Vec::new());
    let records = output.split(|b| *b == 0);
    for record in records.filter(|record| !record.is_empty()) {
        let field = |number| record.splitn(number + 1, |b| *b == b' ').nth(number);
        match record[0] {
            b'#' => {
                let id = record.strip_prefix(b"# branch.oid ").and_then(Oid::parse);
                head = head.or(id);
            }
            // `S`, and what differs in it: its commit, its files, its untracked files.
            b'1' if field(2).is_some_and(|state| state.starts_with(b"S") && state != b"S...") => {
                submodules.extend(field(8).map(BString::from));
            }
            b'1' => changed.extend(field(8).map(BString::from)),
            b'u' => changed.extend(field(10).map(BString::from)),
            _ => changed.extend(record.get(2..).map(BString::from)),
        }
    }
    (head, changed, submodules)
}
