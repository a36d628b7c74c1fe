//! Tells what is waited for, once that takes longer than a moment: questions of several threads together.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// An answer that takes longer is waited for.
const MOMENT: Duration = Duration::from_secs(1);

/// Shows what is waited for: who has not answered yet, and those of them who were not told of before.
type Listener = fn(&BTreeSet<String>, &BTreeSet<String>);

static LISTENER: OnceLock<Listener> = OnceLock::new();

#[derive(Default)]
struct Waits {
    open: Vec<Arc<Question>>,
    told: BTreeSet<String>,
}

static WAITS: Mutex<Waits> = Mutex::new(Waits {
    open: Vec::new(),
    told: BTreeSet::new(),
});

fn waits() -> MutexGuard<'static, Waits> {
    WAITS.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Question {
    whom: String,
    since: Instant,
}

impl Waits {
    /// Tells of the questions that have been open for this long.
    fn tell(&mut self, listener: Listener, age: Duration) {
        let old = self.open.iter().filter(|one| one.since.elapsed() >= age);
        let open: BTreeSet<_> = old.map(|one| one.whom.clone()).collect();
        let new = open.difference(&self.told).cloned().collect();
        self.told.extend(open.iter().cloned());
        listener(&open, &new);
    }
}

/// Has this process tell its waits.
pub(crate) fn listen(listener: Listener) {
    let _ = LISTENER.set(listener);
}

/// A question that is open until this is dropped.
pub(super) struct Wait {
    question: Arc<Question>,
    is_told: bool,
}

impl Wait {
    pub(super) fn begin(whom: &str) -> Self {
        let question = Arc::new(Question {
            whom: whom.to_owned(),
            since: Instant::now(),
        });
        waits().open.push(Arc::clone(&question));
        Self {
            question,
            is_told: false,
        }
    }

    /// Called several times a second.
    pub(super) fn tick(&mut self) {
        if let Some(listener) = LISTENER.get()
            && !self.is_told
            && self.question.since.elapsed() >= MOMENT
        {
            self.is_told = true;
            // What was asked at about the same time is told with it.
            waits().tell(*listener, MOMENT / 2);
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waits = waits();
        waits.open.retain(|one| !Arc::ptr_eq(one, &self.question));
        if let (Some(listener), true) = (LISTENER.get(), self.is_told) {
            waits.tell(*listener, MOMENT);
        }
    }
}
