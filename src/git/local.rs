//! What the gates ask of the local repository: objects, ancestry, and whether the checkout is clean.

use std::{
    env,
    ffi::OsStr,
    fs::{self, Permissions},
    io,
    os::unix::{
        ffi::{OsStrExt, OsStringExt},
        fs::PermissionsExt,
    },
    path::Path,
    process::Command,
    thread,
};

use bstr::{BString, ByteSlice};
use jiff::Timestamp;

use super::{
    Repository,
    backend::Kind,
    command::{LOOKING, OF_THE_PUSH, is_possible, looking, must},
    files::{Files, damaged},
    objects::{commit_author, commit_headers},
};
use crate::{
    cure::command,
    file::{self, Kept},
    gates::{
        self, Object, Undecided,
        facts::{CheckedOut, Commit, Count, Difference, Mismatch, Relation},
        remote_tips::beside,
    },
    policy::detect::{self, Candidate},
    process::program::run,
    push::Oid,
};

impl gates::LocalRepository for Repository {
    fn object(&self, id: &Oid) -> Result<Object, Undecided> {
        let mut backend = self.backend();
        Ok(match backend.header(id)? {
            Some((Kind::Commit, _)) => {
                let bytes = backend.read(id)?;
                let (_, parents) = commit_headers(&bytes).ok_or_else(|| damaged(id))?;
                Object::Commit { parents }
            }
            Some((kind, _)) => Object::Other(kind.str()),
            None => Object::Missing,
        })
    }

    fn is_shallow(&self) -> bool {
        self.layout.is_shallow
    }

    fn local_branch(&self, name: &str) -> Result<Option<Oid>, Undecided> {
        self.reference(&format!("refs/heads/{name}"))
    }

    fn checked_out(&self, branch: &str) -> Result<CheckedOut, Undecided> {
        let name = format!("refs/heads/{branch}");
        if self.symbolic("HEAD")? == Some(name.clone()) {
            return Ok(CheckedOut::Here);
        }
        let list = self.git.must(["worktree", "list", "--porcelain"])?;
        let mut path = "".into();
        for line in list.stdout.lines() {
            if let Some(next) = line.strip_prefix(b"worktree ") {
                path = next.to_str_lossy();
            } else if line.strip_prefix(b"branch ") == Some(name.as_bytes()) {
                return Ok(CheckedOut::At(path.into_owned()));
            }
        }
        Ok(CheckedOut::Nowhere)
    }

    fn relation(&self, a: &Oid, b: &Oid, remote: &str) -> Result<Relation, Undecided> {
        let (ahead, behind) = (self.count(a, b, remote)?, self.count(b, a, remote)?);
        match (ahead.0, behind.0) {
            (0, _) => return Ok(Relation::Behind(behind)),
            (_, 0) => return Ok(Relation::Ahead(ahead)),
            // Where the history was cut off, a common past may lie beyond the cut.
            _ if self.is_shallow() => return Err(Undecided::shallow(b, remote)),
            _ => {}
        }
        let related = self.git.run(["merge-base", a.as_str(), b.as_str()])?;
        match related.code {
            Some(0) => Ok(Relation::Diverged { ahead, behind }),
            Some(1) => Ok(Relation::Unrelated),
            _ => {
                let command = format!("git merge-base {} {}", a.short(), b.short());
                Err(Undecided::not_run(&command, related.stderr))
            }
        }
    }

    fn same_content(&self, a: &Oid, b: &Oid) -> Result<bool, Undecided> {
        Ok(self.tree(a)? == self.tree(b)?)
    }

    fn difference(&self, old: &Oid, new: &Oid, remote: &str) -> Result<Difference, Undecided> {
        let range = format!("{old}...{new}");
        let log = self.git.run([
            "log",
            "--left-right",
            "--no-color",
            "--no-show-signature",
            "--format=%m%H%x00%an%x00%s",
            &range,
            "--",
        ])?;
        let mut difference = Difference::default();
        for line in log.stdout.lines() {
            let (side, fields) = line.split_at_checked(1).unwrap_or_default();
            let mut fields = fields.splitn(3, |b| *b == 0);
            let Some(id) = fields.next().and_then(Oid::parse) else {
                continue;
            };
            let mut text = || {
                fields
                    .next()
                    .unwrap_or_default()
                    .to_str_lossy()
                    .into_owned()
            };
            let commit = Commit {
                id,
                author: text(),
                subject: text(),
            };
            match side {
                b"<" => difference.takes.push(commit),
                _ => difference.brings.push(commit),
            }
        }
        // Where the history was cut off, the new commit may have them beyond the cut.
        if gates::LocalRepository::is_shallow(self) && !(log.is_ok() && difference.takes.is_empty())
        {
            return Err(Undecided::shallow(old, remote));
        }
        if !log.is_ok() {
            let command = format!("git log {}...{}", old.short(), new.short());
            return Err(Undecided::not_run(&command, log.stderr));
        }
        Ok(difference)
    }

    fn checkout(&self, commit: &Oid) -> Result<Option<Mismatch>, Undecided> {
        let top = self.work_tree().ok_or_else(Undecided::bare)?;
        let options: Vec<_> = looking(self.kept()).collect();
        let call = || self.git.command(&options);
        // At once, they take half of the time.
        let own_index = self.state_dir().join("index");
        let look = || match rewritten(&call, self.common_dir())? {
            // Our own index would keep that they look unchanged.
            files if !files.is_empty() => Ok(files),
            _ => differing(&call, top, Some(&own_index)),
        };
        let (status, hidden) = thread::scope(|scope| {
            let hidden = beside(scope, &look);
            (must(call().args(STATUS)), hidden())
        });
        let status = status?;
        let (head, changed, submodules) = status_records(&status.stdout);
        let same = match &head {
            Some(head) => head == commit || self.tree(head)? == self.tree(commit)?,
            None => false,
        };
        if !same {
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
        let hidden = hidden?;
        Ok((!hidden.is_empty()).then_some(Mismatch::Hidden(hidden)))
    }

    fn detect(&self, commit: &Oid) -> Result<Vec<Candidate>, Undecided> {
        self.tree(commit)?;
        let repository = self;
        Ok(detect::suite(&Files { repository, commit }))
    }

    fn author(&self, commit: &Oid) -> Result<String, Undecided> {
        let author = commit_author(&self.read(commit)?);
        author.ok_or_else(|| damaged(commit))
    }

    fn committed_at(&self, commit: &Oid) -> Result<Option<Timestamp>, Undecided> {
        let bytes = self.read(commit)?;
        let mut headers = bytes.lines().take_while(|line| !line.is_empty());
        let committer = headers.find_map(|line| line.strip_prefix(b"committer "));
        let seconds = committer.and_then(|line| line.rsplitn_str(3, " ").nth(1));
        let seconds = seconds.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        Ok(seconds.and_then(|seconds| Timestamp::from_second(seconds).ok()))
    }

    fn person(&self) -> String {
        self.identity()
    }

    fn mapped(&self, people: &[String], commit: &Oid) -> Vec<String> {
        Repository::mapped(self, people, commit)
    }
}

impl Repository {
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

    /// Counts the commits that `from` has and `without` lacks.
    fn count(&self, from: &Oid, without: &Oid, remote: &str) -> Result<Count, Undecided> {
        let most = format!("--max-count={}", Count::MOST + 1);
        let without_it = format!("^{without}");
        let args = [
            "rev-list",
            "--count",
            &most,
            from.as_str(),
            &without_it,
            "--",
        ];
        let output = self.git.run(args)?;
        let count = (output.line().to_str().ok()).and_then(|text| text.parse().ok());
        match count.filter(|_| output.is_ok()) {
            Some(count) => Ok(Count(count)),
            None if gates::LocalRepository::is_shallow(self) => {
                Err(Undecided::shallow(without, remote))
            }
            None => {
                let command = format!("git rev-list {} ^{}", from.short(), without.short());
                Err(Undecided::not_run(&command, output.stderr))
            }
        }
    }
}

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

/// The files of a work tree that differ from HEAD's tree, whatever git was told about them: by an index of our
/// own, which knows only what we saw the last time. git's own has flags (`assume-unchanged`, `skip-worktree`), and
/// calls a file unchanged that it wrote under another configuration, or with `git replace`.
///
/// `call` builds a call of git there; `index` is where it is kept.
pub(crate) fn differing(
    call: &dyn Fn() -> Command,
    top: &Path,
    index: Option<&Path>,
) -> Result<Vec<BString>, Undecided> {
    let failed = |error: io::Error| Undecided::failed("make an index to look with", &error);
    // Where nothing of ours is yet, nothing is left behind.
    let place = index.and_then(Path::parent).filter(|place| place.is_dir());
    let place = place.map_or_else(env::temp_dir, Path::to_owned);
    let place = tempfile::Builder::new()
        .prefix(".index-")
        .tempdir_in(place)
        .map_err(failed)?;
    let own = place.path().join("index");
    if let Some(Ok(bytes)) = index.map(file::read) {
        fs::write(&own, bytes).map_err(failed)?;
    }
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
    // It keeps what was seen of files that are the same; a damaged one is made anew.
    if !run(&mut git(&["read-tree", "-m", "HEAD"]))?.is_ok() {
        let _ = fs::remove_file(&own);
        must(&mut git(&["read-tree", "HEAD"]))?;
    }
    let status = must(&mut git(&STATUS))?;
    let (_, mut files, submodules) = status_records(&status.stdout);
    files.extend(submodules);
    let listed = must(&mut git(&["ls-files", "--stage", "-z"]))?;
    let entries = listed.stdout.split(|b| *b == 0);
    for submodule in entries.filter(|entry| entry.starts_with(b"160000 ")) {
        let path = submodule.splitn_str(2, "\t").nth(1).unwrap_or_default();
        let within = in_submodule(call, &top.join(path.to_path_lossy()))?;
        files.extend(within.iter().map(|file| [path, file].join(&b'/').into()));
    }
    if let Some(index) = index
        && let Ok(mode) = file::state_mode(index)
    {
        let _ = fs::set_permissions(&own, Permissions::from_mode(mode));
        // It only saves time.
        let _ = fs::rename(&own, index);
    }
    Ok(files)
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
    differing(&call, top, None)
}

/// Switches off the attributes of the user alone; those of the clone cannot be.
pub(crate) const WITHOUT_ATTRIBUTES: [&str; 2] = ["-c", "core.attributesFile=/dev/null"];

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
