//! Whether the files of a work tree are those of a commit, whatever git was told about them.

use std::{
    env,
    ffi::OsStr,
    fs::{self, OpenOptions, Permissions},
    io,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::PermissionsExt,
    },
    path::Path,
    process::Command,
};

use bstr::{BString, ByteSlice};

use super::{
    Repository,
    command::{LOOKING, OF_THE_PUSH, is_possible, looking, must},
    libgit2,
};
use crate::{
    cure::command,
    file::{self, Kept},
    gates::{Undecided, facts::Mismatch},
    process::program::run,
    push::Oid,
};

/// Lists what differs from HEAD's tree, and HEAD.
const STATUS: [&str; 8] = [
    "status",
    "--porcelain=v2",
    "--branch",
    "--no-ahead-behind",
    "-z",
    "--no-renames",
    "--untracked-files=normal",
    "--ignore-submodules=none",
];

/// Switches off the attributes of the user alone; those of the clone cannot be.
pub(crate) const WITHOUT_ATTRIBUTES: [&str; 2] = ["-c", "core.attributesFile=/dev/null"];

impl Repository {
    /// How the checkout differs from a commit's tree; `None` if it does not.
    pub(super) fn mismatch(&self, commit: &Oid) -> Result<Option<Mismatch>, Undecided> {
        let top = self.work_tree().ok_or_else(Undecided::bare)?;
        let options: Vec<_> = looking(self.kept()).collect();
        let call = || self.git.command(&options);
        let is_same = |head: &Option<Oid>| match head {
            Some(head) => Ok(head == commit || self.tree(head)? == self.tree(commit)?),
            None => Ok::<_, Undecided>(false),
        };
        let own_index = self.state_dir().join("index");
        let seen = match rewritten(&call, self.common_dir())? {
            // Our own index would keep that they look unchanged.
            files if !files.is_empty() => Ok((None, files)),
            _ => differing(&call, top, Some(&own_index)),
        };
        if let Ok((head, files)) = &seen
            && files.is_empty()
            && is_same(head)?
        {
            return Ok(None);
        }
        // What git itself says of it tells how a person sees it.
        let status = must(call().args(STATUS))?;
        let (head, changed, submodules) = status_records(&status.stdout);
        if !is_same(&head)? {
            return Ok(Some(Mismatch::OtherTree { head }));
        }
        if !changed.is_empty() {
            let first = self.unseen(&status.stdout)?;
            let files = [changed, submodules].concat();
            return Ok(Some(Mismatch::Changed { files, first }));
        }
        if !submodules.is_empty() {
            return Ok(Some(Mismatch::Submodules(submodules)));
        }
        let (_, hidden) = seen?;
        Ok((!hidden.is_empty()).then_some(Mismatch::Hidden(hidden)))
    }

    /// What the file system keeps; not tried where git was told nothing else.
    fn kept(&self) -> Kept {
        let mut of_files = LOOKING
            .into_iter()
            .filter(|(name, _)| !is_possible(name, Kept::default()));
        if of_files.any(|setting| self.is_set_otherwise(setting)) {
            Kept::within(self.common_dir())
        } else {
            Kept::default()
        }
    }

    /// Whether git's configuration has another value; one and the same may be spelled in several ways.
    fn is_set_otherwise(&self, (name, value): (&str, &str)) -> bool {
        let configured = self.config(&name.to_ascii_lowercase());
        configured.is_some_and(|configured| configured != value)
    }

    /// The commands after which the user's own git sees the changes, too, that we saw.
    fn unseen(&self, records: &[u8]) -> Result<Vec<String>, Undecided> {
        let mut first = Vec::new();
        // `1`, the state, a submodule's state, three modes, HEAD's object.
        for record in records
            .split(|b| *b == 0)
            .filter(|one| one.starts_with(b"1 "))
        {
            let id = record.splitn(8, |b| *b == b' ').nth(6).and_then(Oid::parse);
            if let Some(id) = id
                && self.reference(&format!("refs/replace/{id}"))?.is_some()
            {
                first.push(command(["git", "replace", "-d", id.as_str()]));
            }
        }
        let as_usual = ["status", "--porcelain", "--untracked-files=normal"];
        if first.is_empty() && run(&mut self.git.plain(as_usual))?.stdout.is_empty() {
            let settings = LOOKING.into_iter();
            let blind = settings.filter(|setting| self.is_set_otherwise(*setting));
            first.extend(blind.map(|(name, value)| command(["git", "config", name, value])));
        }
        Ok(first)
    }
}

/// HEAD, and the files of a work tree that differ from its tree, whatever git was told about them: by an index of
/// our own, which knows only what we saw the last time. git's own has flags (`assume-unchanged`, `skip-worktree`),
/// and calls a file unchanged that it wrote under another configuration, or with `git replace`.
///
/// `call` builds a call of git there; `index` is where it is kept.
pub(crate) fn differing(
    call: &dyn Fn() -> Command,
    top: &Path,
    index: Option<&Path>,
) -> Result<(Option<Oid>, Vec<BString>), Undecided> {
    let failed = |error: io::Error| Undecided::failed("make an index to look with", &error);
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
        command.args(WITHOUT_ATTRIBUTES).args(args);
        command.env("GIT_INDEX_FILE", &own);
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
fn in_submodule(call: &dyn Fn() -> Command, top: &Path) -> Result<Vec<BString>, Undecided> {
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
) -> Result<Vec<BString>, Undecided> {
    const WRITING: [&[u8]; 6] = [
        b"filter",
        b"text",
        b"eol",
        b"crlf",
        b"ident",
        b"working-tree-encoding",
    ];
    let text = file::read_followed(common_dir.join("info/attributes")).unwrap_or_default();
    let pattern = |line: &[u8]| {
        let mut words = line
            .split(u8::is_ascii_whitespace)
            .filter(|word| !word.is_empty());
        let pattern = words.next().filter(|word| !word.starts_with(b"#"))?;
        let name = |word: &[u8]| word.split(|b| *b == b'=').next().map(<[u8]>::to_vec);
        let writes = words.any(|word| name(word).is_some_and(|name| WRITING.contains(&&*name)));
        // A macro may stand for it in any line, and a quoted pattern is not read.
        let is_plain = !pattern.starts_with(b"[attr]") && !pattern.starts_with(b"\"");
        let pattern = if is_plain { pattern } else { b"*" };
        writes.then(|| OsStr::from_bytes(pattern).to_owned())
    };
    let patterns: Vec<_> = text.lines().filter_map(pattern).collect();
    if patterns.is_empty() {
        return Ok(Vec::new());
    }
    let mut list = call();
    list.args(["ls-files", "-z", "--cached", "--ignored"]);
    for pattern in patterns {
        list.arg("--exclude").arg(pattern);
    }
    let listed = must(&mut list)?.stdout;
    let files = listed.split(|b| *b == 0).filter(|file| !file.is_empty());
    Ok(files.map(BString::from).collect())
}

/// HEAD, the changed paths, and the submodules in which something has changed, as git-status(1) prints them
/// in its porcelain format 2 with `-z`.
fn status_records(output: &[u8]) -> (Option<Oid>, Vec<BString>, Vec<BString>) {
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
