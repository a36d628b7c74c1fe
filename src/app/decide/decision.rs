//! The decision about a push: made once, after the gates and after the hook that runs behind them,
//! and before it is written down.

use strum::IntoStaticStr;

use super::{journal::Journal, part::Part};
use crate::{
    app::message::Message,
    gates::{
        Stop,
        verdict::{Contents, Decision},
    },
    memory::ledger::{Entry, GateEntry},
};

/// Why a push is judged; the ledger calls it so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(crate) enum Event {
    #[default]
    Push,
    /// `pushgate deploy` and `pushgate rollback`, which push themselves or run a command that deploys.
    Deploy,
    /// `pushgate check`: nothing is pushed.
    Check,
}

impl Event {
    pub(super) fn name(self) -> &'static str {
        self.into()
    }
}

/// A push that the overrides and the gates have spoken about, and that is not decided yet.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    /// The messages to the person who pushes, in this order.
    pub(crate) messages: Vec<Message>,
    /// The targets that were judged; none where nothing governs the push.
    pub(super) parts: Vec<Part>,
    /// `PUSHGATE=off`: the push goes even where no trace of it can be kept.
    pub(super) is_off: bool,
    /// No entry can be written.
    pub(super) has_no_ledger: bool,
    pub(super) event: Event,
}

/// Something that is no gate ended the push.
#[derive(Debug)]
pub(crate) struct Stopped {
    /// The ledger's word for it.
    pub(crate) by: &'static str,
    pub(crate) why: String,
}

impl Pending {
    /// Has it written down that a variable means nothing.
    pub(crate) fn note_misspelt(&mut self, why: &str) {
        for part in &mut self.parts {
            let entry = GateEntry::new("override", "ignored", why);
            part.entry.gates.push(entry);
        }
    }

    /// Whether a gate was asked, or an override stood in for it.
    pub(crate) fn is_governed(&self) -> bool {
        !self.parts.is_empty()
    }

    /// What the overrides and the gates say: one target that stops the push stops all of it.
    fn verdict(&self) -> Decision {
        if self.has_no_ledger {
            return Decision::Undecided;
        }
        let parts = self.parts.iter().map(|part| part.decision);
        parts.max().unwrap_or(Decision::Go)
    }

    /// The exit code, if nothing else stops the push.
    pub(crate) fn exit_code(&self) -> u8 {
        self.verdict().exit_code()
    }

    /// Makes the decision, writes it into the ledger, and has the arrival of a push looked for.
    ///
    /// A push of which no trace can be kept does not go, unless `PUSHGATE=off`.
    pub(crate) fn record(mut self, stopped: Option<Stopped>, journal: &dyn Journal) -> Recorded {
        let verdict = self.verdict();
        let stopped = stopped.filter(|_| verdict.permits());
        let decision = match stopped {
            Some(_) => Decision::Refused,
            None => verdict,
        };
        let goes = decision.permits() && self.event != Event::Check;
        let mut entries = Vec::new();
        for part in &mut self.parts {
            part.open.retain(|_| goes);
            // Where another target stopped the push, this one did not go, and was not refused.
            if part.decision.permits() != verdict.permits() {
                continue;
            }
            let mut entry = part.entry.clone();
            if let Some(stopped) = &stopped {
                let refused = Decision::Refused.name();
                refused.clone_into(&mut entry.verdict);
                let gate = GateEntry::new(stopped.by, refused, &stopped.why);
                entry.gates.push(gate);
            }
            entries.push((entry, part.contents.take()));
        }
        let mut messages = Vec::new();
        let mut recorded = decision;
        let mut failed = |destination: &str, error: Stop| {
            if self.is_off || !decision.permits() {
                messages.push(Message::Warning(error.in_one_line()));
            } else {
                let what = format!("push to {destination}");
                messages.push(Message::Stopped(what, error));
                recorded = Decision::Undecided;
            }
        };
        for (entry, _) in &entries {
            if let Err(error) = journal.append(entry) {
                failed(&entry.destination, error);
            }
        }
        for part in &self.parts {
            for open in &part.open {
                if let Err(error) = journal.open(open) {
                    failed(&part.entry.destination, error);
                }
            }
        }
        for part in &self.parts {
            if let Some((environment, commit)) = &part.found
                && let Err(error) = journal.found(environment, commit, part.share.as_deref())
            {
                let why = error.in_one_line();
                messages.push(Message::Line(format!("note: {why}")));
            }
        }
        // A deploy looks itself whether it arrived.
        if self.event != Event::Deploy {
            journal.follow_up();
        }
        Recorded {
            decision: recorded,
            entries,
            messages,
        }
    }
}

/// A decision, and what came of writing it down.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// Undecided, too, where a push that may go could not be written down.
    pub(crate) decision: Decision,
    /// The ledger's entries, one for each target that was judged, and what goes out there.
    pub(crate) entries: Vec<(Entry, Option<Contents>)>,
    pub(crate) messages: Vec<Message>,
}
