//! Tells what is waited for, once that takes longer than a moment: questions of several threads together.

use std::{
    collections::BTreeSet,
    sync::{Mutex, OnceLock},
    time::{Duration, Instant},
};

use super::lock;

/// An answer that takes longer is waited for.
const MOMENT: Duration = Duration::from_secs(1);

/// Shows what is waited for: who has not answered yet, and those of them who were not told of before.
type Listener = fn(open: &BTreeSet<String>, new: &BTreeSet<String>);

static LISTENER: OnceLock<Listener> = OnceLock::new();

static WAITS: Mutex<Waits> = Mutex::new(Waits {
    open: Vec::new(),
    told: BTreeSet::new(),
});

struct Waits {
    /// Who has not answered yet, and since when.
    open: Vec<(String, Instant)>,
    told: BTreeSet<String>,
}

impl Waits {
    /// Tells of the questions that have been open for this long.
    fn tell(&mut self, listener: Listener, age: Duration) {
        let old = self.open.iter().filter(|one| one.1.elapsed() >= age);
        let open: BTreeSet<_> = old.map(|one| one.0.clone()).collect();
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
    question: (String, Instant),
    is_told: bool,
}

impl Wait {
    pub(super) fn begin(whom: &str) -> Self {
        let question = (whom.to_owned(), Instant::now());
        lock(&WAITS).open.push(question.clone());
        Self {
            question,
            is_told: false,
        }
    }

    /// Called several times a second.
    pub(super) fn tick(&mut self) {
        if let Some(listener) = LISTENER.get()
            && !self.is_told
            && self.question.1.elapsed() >= MOMENT
        {
            self.is_told = true;
            // What was asked at about the same time is told with it.
            lock(&WAITS).tell(*listener, MOMENT / 2);
        }
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        let mut waits = lock(&WAITS);
        let at = waits.open.iter().position(|one| *one == self.question);
        at.map(|at| waits.open.swap_remove(at));
        if let (Some(listener), true) = (LISTENER.get(), self.is_told) {
            waits.tell(*listener, MOMENT);
        }
    }
}
