//! The sign-offs of a commit that count.

use super::{verdict::Stop, world::World};
use crate::{
    memory::record::{Event, Record, names_a_person, who},
    policy::Signoff,
};

/// Each verification starts a program, and a person who can push can write thousands of lines.
const MOST_VERIFICATIONS: usize = 64;

/// The sign-offs of one commit on one environment.
pub(crate) struct SignOffs {
    /// The people whose sign-offs count, each once.
    pub(crate) people: Vec<String>,
    /// The author, where their own sign-off is there and does not count.
    pub(crate) author: Option<String>,
    /// How many have a signature that could not be verified.
    pub(crate) unverified: usize,
}

impl SignOffs {
    /// Counts the sign-offs in these records; one by the `author`, if there is one, does not count.
    pub(crate) fn of(
        wanted: Signoff,
        author: Option<&str>,
        environment: &str,
        records: &[Record],
        world: &World<'_>,
    ) -> Result<Self, Stop> {
        let mut found = Self {
            people: Vec::new(),
            author: None,
            unverified: 0,
        };
        let here = records.iter().filter(|record| {
            record.environment == environment
                && matches!(record.event, Event::Signoff { .. })
                && names_a_person(&record.by)
        });
        let mut verifications = 0;
        for record in here {
            if found.people.iter().any(|one| record.is_by(one)) {
                continue;
            }
            if author.is_some_and(|author| record.is_by(author)) {
                found.author = Some(record.by.clone());
            } else if !wanted.signed {
                found.people.push(record.by.clone());
            } else {
                verifications += 1;
                if verifications <= MOST_VERIFICATIONS && world.memory.is_verified(record)? {
                    found.people.push(record.by.clone());
                } else {
                    found.unverified += 1;
                }
            }
        }
        Ok(found)
    }

    /// The person who pushes, if their sign-off would count and is not there yet.
    pub(crate) fn who_may_add(&self, author: Option<&str>, world: &World<'_>) -> Option<String> {
        let me = world.repository.person();
        let is_me = |other: &str| who(other) == who(&me);
        let counted = self.people.iter().any(|one| is_me(one));
        (names_a_person(&me) && !counted && !author.is_some_and(is_me)).then_some(me)
    }
}
