//! Where a decision is written down: this clone's ledger, and the team's notes.

use crate::{
    gates::Undecided,
    git::{Repository, notes::LIMIT},
    memory::{ledger::Entry, record::Record},
};

pub(crate) trait Journal {
    /// Fails where no entry could be written.
    fn prepare(&self) -> Result<(), Undecided>;
    fn append(&self, entry: &Entry) -> Result<(), Undecided>;
    /// Adds records to the notes, and pushes these to a remote.
    fn remember(&self, records: &[Record], share: Option<&str>) -> Result<(), Undecided>;
}

impl Journal for Repository {
    fn prepare(&self) -> Result<(), Undecided> {
        Ok(self.ledger().prepare()?)
    }

    fn append(&self, entry: &Entry) -> Result<(), Undecided> {
        Ok(self.ledger().append(entry)?)
    }

    fn remember(&self, records: &[Record], share: Option<&str>) -> Result<(), Undecided> {
        self.notes().add(records)?;
        Ok(share.map_or(Ok(()), |remote| self.notes().push(remote, LIMIT))?)
    }
}
