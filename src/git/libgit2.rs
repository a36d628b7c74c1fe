//! The local questions answered by libgit2: no process, two milliseconds for all of them.

use std::{
    env,
    path::{Path, PathBuf},
};

use bstr::{BString, ByteSlice};
use git2::{ConfigLevel, ErrorCode, Index, Repository};
use jiff::Timestamp;

use super::{
    backend::{Backend, Kind, Layout},
    reflog::Moved,
};
use crate::{
    gates::Stop,
    push::{Oid, remotes::Entry},
};

/// The paths of the submodules that an index has; `None` where libgit2 cannot read it.
pub(super) fn submodules(index: &Path) -> Option<Vec<BString>> {
    const GITLINK: u32 = 0o160_000;
    let index = Index::open(index).ok().filter(|index| !index.is_empty())?;
    let entries = index.iter().filter(|entry| entry.mode == GITLINK);
    Some(entries.map(|entry| entry.path.into()).collect())
}

pub(super) struct Libgit2(Repository);

impl Libgit2 {
    /// Opens the repository that the environment and the directory name; `None` where libgit2
    /// cannot, or where it is known to answer otherwise than git: it does not see what `git -c` says, and does not
    /// read what git 3 makes by default (SHA-256, reftable).
    pub(super) fn open() -> Option<(Box<dyn Backend>, Layout)> {
        const ONLY_GIT: [&str; 2] = ["GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"];
        if ONLY_GIT.iter().any(|name| env::var_os(name).is_some()) {
            return None;
        }
        let work_tree = env::var_os("GIT_WORK_TREE").map(PathBuf::from);
        // libgit2 takes a relative one from the git directory, git from where it was called.
        if work_tree.as_ref().is_some_and(|tree| tree.is_relative()) {
            return None;
        }
        let repository = Repository::open_from_env().ok()?;
        // With GIT_DIR set and no work tree named, git takes the current directory.
        let is_named = env::var_os("GIT_DIR").is_some();
        if is_named && work_tree.is_none() && !repository.is_worktree() {
            return None;
        }
        let absolute = |path: &Path| path.canonicalize().ok();
        let layout = Layout {
            common_dir: absolute(repository.commondir())?,
            work_tree: match repository.workdir() {
                Some(path) => Some(absolute(path)?),
                None => None,
            },
            is_shallow: repository.is_shallow(),
        };
        let found = Box::new(Self(repository));
        // libgit2 does not follow `includeIf "hasconfig:..."`, and not always
        // `includeIf "onbranch:..."` where HEAD is detached.
        let unread = [&b"includeif.hasconfig:"[..], b"includeif.onbranch:"];
        let complete = (found.config().ok()?.iter())
            .all(|(key, _)| !unread.iter().any(|start| key.starts_with(start)));
        complete.then_some((found, layout))
    }
}

fn failed(what: &str, error: &git2::Error) -> Stop {
    Stop::failed(what, &error.message())
}

fn found<T>(what: &str, result: Result<T, git2::Error>) -> Result<Option<T>, Stop> {
    // No ref has an invalid name.
    let absent = [
        ErrorCode::NotFound,
        ErrorCode::UnbornBranch,
        ErrorCode::InvalidSpec,
    ];
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if absent.contains(&error.code()) => Ok(None),
        Err(error) => Err(failed(what, &error)),
    }
}

impl Backend for Libgit2 {
    fn config(&self) -> Result<Vec<Entry>, Stop> {
        let failed = |error: git2::Error| failed("read git's configuration", &error);
        let mut config = self.0.config().map_err(failed)?;
        let config = config.snapshot().map_err(failed)?;
        // GIT_CONFIG_GLOBAL stands for both of a user's files (git(1)); libgit2 takes it for one.
        let no_xdg = env::var_os("GIT_CONFIG_GLOBAL").is_some();
        let mut all = Vec::new();
        let mut entries = config.entries(None).map_err(failed)?;
        while let Some(entry) = entries.next() {
            let entry = entry.map_err(failed)?;
            if entry.level() == ConfigLevel::XDG && no_xdg {
                continue;
            }
            let value = if entry.has_value() {
                entry.value_bytes()
            } else {
                b"true"
            };
            all.push((entry.name_bytes().into(), value.into()));
        }
        Ok(all)
    }

    fn reference(&mut self, name: &str) -> Result<Option<Oid>, Stop> {
        let what = format!("read `{name}`");
        let id = found(&what, self.0.refname_to_id(name))?;
        Ok(id.and_then(|id| Oid::parse(id.to_string().as_bytes())))
    }

    fn symbolic(&mut self, name: &str) -> Result<Option<String>, Stop> {
        let what = format!("read `{name}`");
        let reference = found(&what, self.0.find_reference(name))?;
        let target = reference
            .as_ref()
            .and_then(|one| one.symbolic_target_bytes());
        Ok(target.map(|target| target.to_str_lossy().into_owned()))
    }

    fn moves(&mut self, name: &str) -> Result<Vec<Moved>, Stop> {
        let failed = |error: git2::Error| failed(&format!("read the reflog of `{name}`"), &error);
        // libgit2 would make a reflog where there is none, and git then goes on writing it.
        if !self.0.reference_has_log(name).map_err(failed)? {
            return Ok(Vec::new());
        }
        let reflog = self.0.reflog(name).map_err(failed)?;
        let moved = |entry: git2::ReflogEntry<'_>| {
            let by = entry.committer();
            let (name, mail) = (by.name_bytes().as_bstr(), by.email_bytes().as_bstr());
            Some(Moved {
                at: Timestamp::from_second(by.when().seconds()).ok()?,
                commit: Oid::parse(entry.id_new().to_string().as_bytes())?,
                how: entry.message_bytes().unwrap_or_default().into(),
                by: format!("{name} <{mail}>"),
            })
        };
        Ok(reflog.iter().filter_map(moved).collect())
    }

    fn header(&mut self, id: &Oid) -> Result<Option<(Kind, usize)>, Stop> {
        // It knows no long id.
        let Ok(oid) = git2::Oid::from_str(id.as_str()) else {
            return Ok(None);
        };
        let what = format!("read {}", id.short());
        let odb = self.0.odb();
        let header = found(&what, odb.and_then(|odb| odb.read_header(oid)))?;
        Ok(header.map(|(size, kind)| (kind, size)))
    }

    fn read(&mut self, id: &Oid) -> Result<Option<Vec<u8>>, Stop> {
        // It knows no long id.
        let Ok(oid) = git2::Oid::from_str(id.as_str()) else {
            return Ok(None);
        };
        let read = || Ok(self.0.odb()?.read(oid)?.data().to_owned());
        found(&format!("read {}", id.short()), read())
    }
}
