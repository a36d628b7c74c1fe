//! `pushgate unlock [ENV]`.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::{Locks, STUBBORN, now};
use crate::{
    app::{
        answers::SystemClock,
        sharing::{start_follow_up, write},
    },
    commands::{Done, Error},
    cure::command,
    gates::Clock,
    git::{locks::Change, pause},
    memory::{
        lock::{Found, REFS},
        record::{Event, Record},
    },
    report,
};

impl Locks<'_> {
    pub(super) fn unlock(&self, only: Option<&str>) -> Done {
        let mut names = match only {
            Some(name) => vec![name.to_owned()],
            None => self.pipeline()?,
        };
        let mut tries = 0;
        loop {
            let mut all = self.all()?;
            all.retain(|one| names.contains(&one.environment));
            let is_locked = |name: &&String| all.iter().any(|one| one.environment == **name);
            for name in names.iter().filter(|name| !is_locked(name)) {
                if tries == 0 {
                    self.must_know(name)?;
                    report::say(&format!("{name} is not locked"));
                } else {
                    report::say(&format!("{name} is unlocked: somebody else was faster"));
                }
            }
            let mut reasons = Vec::new();
            for is_local in [true, false] {
                let changes = all.iter().filter(|one| one.is_local == is_local);
                let changes: Vec<_> = changes.map(Change::removal).collect();
                let remote = self.remote.filter(|_| !is_local);
                let outcome = self.world.change_locks(remote, &changes)?;
                let mut gone = Vec::new();
                all.retain(|found| {
                    let is_done = found.is_local == is_local && outcome.names.contains(&found.name);
                    if is_done {
                        let (name, now) = (&found.environment, now());
                        let was = found.sentence(now, &SystemClock.reader());
                        report::say(&format!("{name} is unlocked; until then: {was}"));
                        let was = format!("until then: {}", found.recorded(now));
                        let at = SystemClock.now();
                        self.record("unlock", name, was.clone(), at);
                        gone.extend(self.unlocked(name, was, at));
                    }
                    !is_done
                });
                // Together, for each of them would be a commit of the notes.
                if let Err(error) = write(self.world, &gone, self.remote) {
                    report::warn(&error.in_one_line());
                }
                reasons.extend(outcome.reasons);
            }
            start_follow_up(self.world);
            if all.is_empty() {
                return Ok(0);
            }
            if tries == STUBBORN {
                return Err(self.not_let_go(&all, reasons));
            }
            names.retain(|name| all.iter().any(|one| one.environment == *name));
            tries += 1;
            pause(Instant::now() + Duration::from_secs(1));
        }
    }

    /// The server keeps these locks.
    fn not_let_go(&self, all: &[Found], reasons: Vec<String>) -> Error {
        let remote = self.remote.unwrap_or_default();
        let refs: Vec<_> = all.iter().map(|one| one.name.as_str()).collect();
        let why = format!("`{remote}` does not remove {}", refs.join(", "));
        let delete = ["git", "push", remote, "--delete"].into_iter().chain(refs);
        let words =
            format!("let the team delete {REFS}* there, or have a person with that right run this");
        (Error::undecided(why).details(reasons)).cure(words, [command(delete)])
    }

    /// Tells the team who took a lock away: its ref is gone.
    fn unlocked(&self, environment: &str, was: String, at: Timestamp) -> Option<Record> {
        let commit = self.local.tip.as_ref().or(self.local.head.as_ref())?;
        let of = (self.world).remotes_of(self.policy().environment(environment)?);
        Some(Record {
            words: Some(was),
            ..Record::new(at, &*self.me, of.place(), commit, Event::Unlock)
        })
    }
}
