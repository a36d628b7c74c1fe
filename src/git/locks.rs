//! The refs of locks, here and on trunk's remote: changed only where they are still what they were.

use bstr::ByteSlice;

use super::{
    Repository,
    backend::Kind,
    command::{NO_HOOKS, must},
    network::LIMIT,
    push::reasons,
};
use crate::{
    gates::Stop,
    memory::lock::{Found, LIMIT as MOST, Lock, REFS},
    process::program::run_with_input,
    push::{Oid, url::label},
};

/// A change of one ref.
pub(crate) struct Change {
    pub(crate) name: String,
    /// What it must lead to now; `None` where it must not exist.
    pub(crate) from: Option<Oid>,
    /// `None`: it is removed.
    pub(crate) to: Option<Oid>,
}

impl Change {
    pub(crate) fn removal(found: &Found) -> Self {
        Self {
            name: found.name.clone(),
            from: Some(found.id.clone()),
            to: None,
        }
    }

    /// The ids as git's commands take them; empty where there is no ref.
    fn ids(&self) -> [&str; 2] {
        [&self.from, &self.to].map(|id| id.as_ref().map_or("", Oid::as_str))
    }
}

/// What came of changes.
#[derive(Debug, Default)]
pub(crate) struct Changed {
    /// The refs that were changed.
    pub(crate) names: Vec<String>,
    /// Why others were not: the server's words.
    pub(crate) reasons: Vec<String>,
}

impl Repository {
    /// All locks that only this clone knows.
    pub(crate) fn local_locks(&self) -> Result<Vec<Found>, Stop> {
        let format = "--format=%(objectname) %(refname)";
        let listed = self.git.must(["for-each-ref", format, REFS])?;
        let found = |line: &[u8]| {
            let (id, name) = line.split_once_str(" ")?;
            Some(self.lock_at(name.to_str().ok()?, &Oid::parse(id)?, true))
        };
        Ok(listed.stdout.lines().filter_map(found).collect())
    }

    /// What a ref of a lock leads to.
    pub(crate) fn lock_at(&self, name: &str, id: &Oid, is_local: bool) -> Found {
        let header = self.backend().header(id);
        let text = match header {
            Ok(Some((Kind::Blob, size))) if size > MOST => Err(format!("it has {size} bytes")),
            Ok(Some((Kind::Blob, _))) => self.read(id).map_err(|error| error.in_one_line()),
            Ok(Some((kind, _))) => Err(format!("it is a {}, not a file", kind.str())),
            Ok(None) => Err(format!("its object {} is not here", id.short())),
            Err(error) => Err(error.in_one_line()),
        };
        Found::new(name, id, is_local, text)
    }

    /// Writes the file of a lock.
    pub(crate) fn write_lock(&self, lock: &Lock) -> Result<Oid, Stop> {
        let failed = |reason: &dyn std::fmt::Display| Stop::failed("write the lock", reason);
        let text = serde_json::to_vec(lock).map_err(|error| failed(&error))?;
        let mut command = self.git.command(["hash-object", "-w", "--stdin"]);
        let output = run_with_input(&mut command, &text)?;
        let id = Oid::parse(output.line()).filter(|_| output.is_ok());
        id.ok_or_else(|| failed(&output.stderr.join("; ")))
    }

    /// Changes refs of a remote, or of this clone.
    pub(crate) fn change_locks(
        &self,
        remote: Option<&str>,
        changes: &[Change],
    ) -> Result<Changed, Stop> {
        match remote {
            _ if changes.is_empty() => Ok(Changed::default()),
            Some(remote) => self.push_locks(remote, changes),
            None => self.update_locks(changes),
        }
    }

    fn update_locks(&self, changes: &[Change]) -> Result<Changed, Stop> {
        let mut done = Changed::default();
        for change in changes {
            let (name, [old, new]) = (change.name.as_str(), change.ids());
            let mut command = self.git.command(NO_HOOKS);
            match &change.to {
                Some(_) => command.args(["update-ref", name, new, old]),
                None => command.args(["update-ref", "-d", name, old]),
            };
            must(&mut command)?;
            done.names.push(name.to_owned());
        }
        Ok(done)
    }

    /// Changes them in one push, which no hook here judges.
    fn push_locks(&self, remote: &str, changes: &[Change]) -> Result<Changed, Stop> {
        let lease = |change: &Change| {
            let [old, _] = change.ids();
            format!("--force-with-lease={}:{old}", change.name)
        };
        let refspec = |change: &Change| {
            let [_, new] = change.ids();
            format!("{new}:{}", change.name)
        };
        let leases: Vec<_> = changes.iter().map(lease).collect();
        let refspecs: Vec<_> = changes.iter().map(refspec).collect();
        let output = match self.network(LIMIT).push(remote, &leases, &refspecs) {
            Ok(output) => output,
            // It may have changed them all the same: only its answer was late, or was lost.
            Err(error) => return self.changed_meanwhile(remote, changes).ok_or(error),
        };
        // FLAG, a tab, FROM:TO, a tab, words (git-push(1), "OUTPUT").
        let told = |line: &[u8]| {
            let mut fields = line.split(|b| *b == b'\t');
            let (flag, refs) = (fields.next()?, fields.next()?);
            let (_, name) = refs.rsplit_once_str(":")?;
            Some((flag != b"!", name.to_str().ok()?.to_owned()))
        };
        let told: Vec<_> = output.stdout.lines().filter_map(told).collect();
        if told.is_empty() && !output.is_ok() {
            let label = label(remote.into());
            let mut failed = Stop::unreachable(&label, output.stderr);
            failed.why = format!("could not change the locks on `{label}`");
            return self.changed_meanwhile(remote, changes).ok_or(failed);
        }
        let names = told.into_iter().filter(|(is_done, _)| *is_done);
        Ok(Changed {
            names: names.map(|(_, name)| name).collect(),
            reasons: reasons(&output),
        })
    }

    /// The changes that a remote has made which did not answer; `None` where it has made none, or cannot tell.
    fn changed_meanwhile(&self, remote: &str, changes: &[Change]) -> Option<Changed> {
        let url = self.fetch_url(remote).ok()?;
        let all = format!("{REFS}*");
        let network = self.network(LIMIT);
        let tips = network.list(Some(remote.into()), url.as_ref(), &[&all]);
        let tips = tips.ok()?;
        let is_made = |change: &&Change| {
            let tip = tips.iter().find(|(name, _)| *name == change.name);
            tip.map(|(_, id)| id) == change.to.as_ref()
        };
        let names = changes.iter().filter(is_made).map(|one| one.name.clone());
        let names: Vec<_> = names.collect();
        (!names.is_empty()).then(|| Changed {
            names,
            reasons: Vec::new(),
        })
    }
}
