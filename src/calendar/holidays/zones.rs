//! The time zones that a calendar names: its own, those of IANA, and those of Windows.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use jiff::{
    Timestamp,
    civil::DateTime,
    fmt::strtime::BrokenDownTime,
    tz::{Offset, TimeZone, TimeZoneTransition},
};

use super::{
    file::{Component, Problem, Property},
    repeat::Repeat,
    time::{EventTime, Length},
};
use crate::calendar::zone;

/// Changes of the clocks by a rule are followed from here on: programs let them begin in 1601.
const EARLIEST: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
/// And up to here.
const LATEST: DateTime = DateTime::constant(2101, 1, 1, 0, 0, 0, 0);
/// The most changes that the zones of one calendar may have.
const MOST_CHANGES: usize = 30_000;

/// The zones that a calendar defines (3.6.5); one is made when it is needed first.
pub(super) struct Zones<'c> {
    calendar: &'c Component,
    made: RefCell<HashMap<String, TimeZone>>,
    /// How many changes of the clocks they may have yet.
    left: Cell<usize>,
}

impl<'c> Zones<'c> {
    pub(super) fn of(calendar: &'c Component) -> Self {
        Self {
            calendar,
            made: RefCell::default(),
            left: Cell::new(MOST_CHANGES),
        }
    }

    /// The zone that the `TZID` of a property names, or else the calendar for all times without one.
    pub(super) fn named_by(&self, property: &Property) -> Result<Option<TimeZone>, Problem> {
        // A day has no zone, and UTC is one.
        let is_local = property.value.contains('T') && !property.value.ends_with(['Z', 'z']);
        let of_all = self.calendar.all("X-WR-TIMEZONE").next();
        let (name, property) = match (property.param("TZID"), of_all.filter(|_| is_local)) {
            (Some(name), _) => (name, property),
            (None, Some(of_all)) => (&*of_all.value, of_all),
            (None, None) => return Ok(None),
        };
        if let Some(zone) = self.made.borrow().get(name) {
            return Ok(Some(zone.clone()));
        }
        let is_it = |part: &&Component| {
            part.kind == "VTIMEZONE" && part.all("TZID").any(|one| one.value == name)
        };
        let zone = match (self.calendar.parts.iter().find(is_it), known(name)) {
            (Some(part), known) => define(part, known, &self.left)?,
            (None, Some(zone)) => zone,
            (None, None) => {
                let found = zone::named(name).map_err(|error| error.to_string());
                property.parse(|_| found)?
            }
        };
        self.made.borrow_mut().insert(name.to_owned(), zone.clone());
        Ok(Some(zone))
    }

    /// Reads the times of every property of a name, and how long each lasts; a period ends by itself (3.8.5.2).
    pub(super) fn dates(
        &self,
        component: &Component,
        name: &str,
        length: Length,
    ) -> Result<Vec<(EventTime, Length)>, Problem> {
        let mut dates = Vec::new();
        for property in component.all(name) {
            let zone = self.named_by(property)?;
            let time = |text: &str| EventTime::read(text, zone.clone());
            for text in property.value.split(',').map(str::trim) {
                dates.push(property.parse(|_| match text.split_once('/') {
                    None => Ok((time(text)?, length)),
                    Some((start, length)) if length.contains('P') => {
                        Ok((time(start)?, Length::read(length)?))
                    }
                    Some((start, end)) => {
                        let start = time(start)?;
                        let length = Length::between(&start, &time(end)?)?;
                        Ok((start, length))
                    }
                })?);
            }
        }
        Ok(dates)
    }
}

/// Finds a zone by its name in IANA's database or in Windows; programs put the name of a registry before it (3.2.19):
/// `/freeassociation.sourceforge.net/Europe/Madrid`, `tzone://Microsoft/Utc`.
fn known(name: &str) -> Option<TimeZone> {
    let is_registered = name.starts_with('/') || name.contains("://");
    let mut ends = name.match_indices('/').filter(|_| is_registered);
    let found = zone::in_database(name).or_else(|| zone::of_windows(name));
    found.or_else(|| ends.find_map(|(at, _)| zone::in_database(&name[at + 1..])))
}

/// Makes the zone of a VTIMEZONE; `known` is what its name stands for elsewhere.
fn define(
    definition: &Component,
    known: Option<TimeZone>,
    left: &Cell<usize>,
) -> Result<TimeZone, Problem> {
    // When, the offset from then on, and the one before.
    let mut changes: Vec<(Timestamp, Offset, Offset)> = Vec::new();
    let mut is_endless = definition.parts.len() == 1;
    for observance in &definition.parts {
        let offset = |name| match observance.once(name)? {
            Some(property) => property.parse(offset),
            None => observance.problem(&format!("the time zone has no {name}")),
        };
        let (before, after) = (offset("TZOFFSETFROM")?, offset("TZOFFSETTO")?);
        let Some(start) = observance.once("DTSTART")? else {
            return observance.problem("the time zone has no DTSTART");
        };
        let start = EventTime {
            zone: Some(before.to_time_zone()),
            ..start.parse(|text| EventTime::read(text, None))?
        };
        let mut times = vec![start.at];
        let dates = Zones::of(observance).dates(observance, "RDATE", Length::default())?;
        times.extend(dates.iter().map(|(date, _)| date.at));
        let mut weight = 1;
        if let Some(rule) = observance.once("RRULE")? {
            let rule = rule.parse(|text| Repeat::read(text, &start))?;
            is_endless |= rule.is_endless();
            weight = rule.weight;
            times.extend(rule.times(&start, EARLIEST, LATEST, &TimeZone::UTC));
        }
        // A rule that names few days takes as long to follow.
        match left.get().checked_sub(times.len().max(100) + 150 * weight) {
            Some(fewer) => left.set(fewer),
            None => return observance.problem("the clocks of the time zone change too often"),
        }
        let instants = times
            .iter()
            .filter_map(|at| start.with(*at).instant(&TimeZone::UTC));
        changes.extend(instants.map(|at| (at, after, before)));
    }
    changes.sort_unstable();
    changes.dedup_by_key(|(at, ..)| *at);
    let Some(&(last, offset, _)) = changes.last() else {
        return definition.problem("the time zone has neither STANDARD nor DAYLIGHT");
    };
    // Programs list the changes of a few years one by one; the others are those that the name stands for.
    if let (false, Some(zone)) = (is_endless, known) {
        let is_near = |change: &TimeZoneTransition<'_>| {
            change.offset().to_datetime(change.timestamp()) < LATEST
        };
        let later = zone.following(last).take_while(is_near);
        changes.extend(later.map(|change| (change.timestamp(), change.offset(), offset)));
    }
    let zone = tzif(&changes).and_then(|file| TimeZone::tzif("", &file).ok());
    let words = "the time zone is too intricate to be read here";
    zone.map_or_else(|| definition.problem(words), Ok)
}

/// Reads an offset from UTC: `+0100`, `-053000`.
fn offset(text: &str) -> Result<Offset, String> {
    let read = BrokenDownTime::parse("%z", text).ok();
    read.and_then(|read| read.offset())
        .ok_or_else(|| format!("`{text}` is not an offset from UTC: write `+0100`"))
}

/// Writes changes of the clocks as a file of the time zone database, version 2 (RFC 9636); `None` where they have more
/// offsets than such a file can.
fn tzif(changes: &[(Timestamp, Offset, Offset)]) -> Option<Vec<u8>> {
    let mut offsets = vec![changes.first()?.2];
    let mut indexes = Vec::new();
    for (_, offset, _) in changes {
        let known = offsets.iter().position(|known| known == offset);
        indexes.push(u8::try_from(known.unwrap_or(offsets.len())).ok()?);
        if known.is_none() {
            offsets.push(*offset);
        }
    }
    // Readers of version 1 get no change; both versions have one offset at least, and one empty name.
    let mut file = Vec::new();
    for (count, offsets) in [(0, &offsets[..1]), (changes.len(), &offsets[..])] {
        file.extend(b"TZif2");
        file.extend([0; 15]);
        for count in [0, 0, 0, count, offsets.len(), 1] {
            file.extend(u32::try_from(count).ok()?.to_be_bytes());
        }
        for (at, ..) in &changes[..count] {
            file.extend(at.as_second().to_be_bytes());
        }
        file.extend(&indexes[..count]);
        for offset in offsets {
            file.extend(offset.seconds().to_be_bytes());
            // No summer time; the name at 0.
            file.extend([0, 0]);
        }
        file.push(0);
    }
    // What holds after the last change is its offset.
    file.extend(b"\n\n");
    Some(file)
}

#[cfg(test)]
mod tests {
    use super::known;

    #[test]
    fn the_name_of_a_registry_may_stand_before_a_zone() {
        let name = |text: &str| known(text).and_then(|zone| Some(zone.iana_name()?.to_owned()));
        for (text, expected) in [
            (
                "/freeassociation.sourceforge.net/Europe/Madrid",
                Some("Europe/Madrid"),
            ),
            (
                "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Salta",
                Some("America/Argentina/Salta"),
            ),
            ("/Europe/Madrid", Some("Europe/Madrid")),
            ("tzone://Microsoft/Utc", Some("UTC")),
            ("tzone://Microsoft/Custom", None),
            ("Nowhere/Europe/Madrid", None),
        ] {
            assert_eq!(name(text).as_deref(), expected, "{text}");
        }
    }
}
