//! The sign-offs of a commit that count.

use super::{stop::Stop, world::World};
use crate::{
    memory::record::{Event, Place, Record, names_a_person, who},
    policy::Signoff,
    push::Oid,
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
    /// Where those were made that are about an environment of this name in another place.
    pub(crate) elsewhere: Vec<String>,
}

impl SignOffs {
    /// Counts the sign-offs of a commit in these records; one by the `author`, if there is one, does not
    /// count. A person may have several addresses, which the mailmap joins.
    pub(crate) fn of(
        wanted: Signoff,
        author: Option<&str>,
        place: Place<'_>,
        (commit, records): (&Oid, &[Record]),
        world: &World<'_>,
    ) -> Result<Self, Stop> {
        let mut found = Self {
            people: Vec::new(),
            author: None,
            unverified: 0,
            elsewhere: Vec::new(),
        };
        let is_signoff = |record: &&Record| {
            record.environment == place.environment
                && matches!(record.event, Event::Signoff)
                && names_a_person(&record.by)
        };
        let all = records.iter().filter(is_signoff);
        let (here, elsewhere): (Vec<_>, Vec<_>) = all.partition(|record| record.is_at(place));
        found.elsewhere = (elsewhere.into_iter())
            .flat_map(|record| record.destinations.clone())
            .collect();
        found.elsewhere.sort();
        found.elsewhere.dedup();
        let by: Vec<_> = here.iter().map(|record| record.by.clone()).collect();
        let people = world.repository.mapped(&by, commit);
        let author = author.map(|author| one(author, commit, world));
        let mut verifications = 0;
        for (record, person) in here.into_iter().zip(people) {
            if found.people.iter().any(|one| who(one) == who(&person)) {
                continue;
            }
            if author
                .as_ref()
                .is_some_and(|author| who(author) == who(&person))
            {
                found.author = Some(person);
            } else if !wanted.signed {
                found.people.push(person);
            } else {
                verifications += 1;
                if verifications <= MOST_VERIFICATIONS && world.memory.is_verified(record)? {
                    found.people.push(person);
                } else {
                    found.unverified += 1;
                }
            }
        }
        Ok(found)
    }

    /// The person who pushes, if their sign-off would count and is not there yet.
    pub(crate) fn who_may_add(
        &self,
        author: Option<&str>,
        commit: &Oid,
        world: &World<'_>,
    ) -> Option<String> {
        let me = one(&world.repository.person(), commit, world);
        let is_me = |other: &str| who(other) == who(&me);
        let counted = self.people.iter().any(|one| is_me(one));
        let is_author = author.is_some_and(|author| is_me(&one(author, commit, world)));
        (names_a_person(&me) && !counted && !is_author).then_some(me)
    }
}

/// A person as the mailmap calls them.
fn one(person: &str, commit: &Oid, world: &World<'_>) -> String {
    let mut people = world.repository.mapped(&[person.to_owned()], commit);
    people.pop().unwrap_or_else(|| person.to_owned())
}
