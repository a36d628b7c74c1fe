//! What is written down of a push, once it is known what becomes of it: the ledger, and what the team
//! remembers.

use std::mem;

use super::{Judgement, Said};
use crate::{
    gates::verdict::{Decision, Trouble},
    git::Real,
};

impl Judgement {
    /// What would have gone does not: something that is no gate stopped it.
    pub fn stopped(&mut self, by: &str, why: &str) {
        for entry in &mut self.entries {
            entry.stopped(by, why);
        }
        self.nothing_went();
    }

    /// Writes it down, and gives what there is to say about that. A push of which no trace can be kept
    /// does not go, unless the gate stands aside for it.
    pub fn settle(&mut self, world: &Real) -> Vec<Said> {
        let mut said = Vec::new();
        let ledger = world.ledger();
        for entry in &self.entries {
            let Err(trouble) = ledger.append(entry).map_err(Trouble::from) else {
                continue;
            };
            if self.is_off || self.decision.exit_code() != 0 {
                said.push(Said::Loud(trouble.in_one_line()));
            } else {
                let what = format!("push to {}", entry.destination);
                said.push(Said::Undecided(what, trouble));
                self.decision = Decision::Undecided;
            }
        }
        if self.decision.exit_code() != 0 {
            self.nothing_went();
        }
        for memory in mem::take(&mut self.memories) {
            said.extend(memory.keep(world));
        }
        said
    }

    pub(crate) fn nothing_went(&mut self) {
        for memory in &mut self.memories {
            memory.nothing_went();
        }
    }
}
