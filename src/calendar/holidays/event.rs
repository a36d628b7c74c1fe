//! An event, and when it takes place.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

use super::{
    file::{Component, Problem},
    repeat::Repeat,
    time::{EventTime, Length},
    zones::Zones,
};
use crate::{
    calendar::seconds,
    text::{cut, is_odd},
};

/// The most rules of one file; each may have to be followed for years.
pub(super) const MOST_RULES: usize = 200;
/// The longest name that is shown, in characters.
const LONGEST: usize = 60;
/// The name of an event that has none.
const NAMELESS: &str = "an event without a name";

/// An event that may come again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) uid: Option<String>,
    /// The time that this event replaces of the series with its UID.
    pub(super) replaces: Option<EventTime>,
    pub(super) is_cancelled: bool,
    /// When it begins for the first time.
    start: EventTime,
    length: Length,
    rules: Vec<Repeat>,
    /// Further times at which it takes place, and how long.
    dates: Vec<(EventTime, Length)>,
    /// The times at which it does not.
    pub(super) without: Vec<EventTime>,
}

/// Reads the recurrence rules of what starts there, as long as some are `left` to the file.
fn repeats(
    component: &Component,
    start: &EventTime,
    length: Length,
    left: &mut usize,
) -> Result<Vec<Repeat>, Problem> {
    let mut rules = Vec::new();
    for property in component.all("RRULE") {
        let rule = property.parse(|text| Repeat::read(text, start))?;
        // All that has begun within its length may last still; half a year of it costs as much again.
        let halves = usize::try_from(length.most().as_hours() / (24 * 180)).unwrap_or(usize::MAX);
        let weight = rule.weight.saturating_mul(1 + halves);
        *left = match left.checked_sub(weight) {
            Some(left) => left,
            None => {
                return property.problem(format!(
                    "more than {MOST_RULES} rules in one file; one with a BYHOUR, a COUNT or many days counts as several"
                ));
            }
        };
        rules.push(rule);
    }
    Ok(rules)
}

impl Event {
    /// Reads a VEVENT (3.6.1), as long as some rules are `left` to the file.
    pub(super) fn read(
        component: &Component,
        zones: &Zones<'_>,
        left: &mut usize,
    ) -> Result<Self, Problem> {
        let time = |name| {
            let Some(property) = component.once(name)? else {
                return Ok(None);
            };
            let zone = zones.named_by(property)?;
            let time = property.parse(|text| EventTime::read(text, zone))?;
            if time.at.year() < 1900 {
                return property.problem(format!("`{}` lies before 1900", property.value));
            }
            Ok(Some(time))
        };
        let Some(start) = time("DTSTART")? else {
            return component.problem("the event has no DTSTART");
        };
        if let Some(rule) = component.once("EXRULE")? {
            return rule.problem("EXRULE is not read here; write EXDATE");
        }
        let duration = component.once("DURATION")?;
        let duration = duration
            .map(|property| property.parse(Length::read))
            .transpose()?;
        let length = match (duration, time("DTEND")?) {
            (Some(_), Some(_)) => {
                return component.problem("the event has a DTEND and a DURATION");
            }
            // As a DTEND that is equal to DTSTART, which programs write for one day.
            (Some(length), None) if start.is_date && length == Length::default() => Length::DAY,
            (Some(length), None) => length,
            (None, Some(end)) => match Length::between(&start, &end) {
                Ok(length) => length,
                Err(words) => return component.problem(words),
            },
            (None, None) if start.is_date => Length::DAY,
            // It ends when it begins (3.6.1).
            (None, None) => Length::default(),
        };
        if let Some(replaces) = component.once("RECURRENCE-ID")?
            && replaces.param("RANGE").is_some()
        {
            return replaces.problem(
                "a change of this and all later occurrences is not read here; write a series of its own for them",
            );
        }
        let text = |name| {
            Ok(component
                .once(name)?
                .map(|property| property.value.as_str()))
        };
        let status = text("STATUS")?.unwrap_or_default();
        Ok(Self {
            name: title(text("SUMMARY")?.unwrap_or_default()),
            uid: text("UID")?.map(str::to_owned),
            replaces: time("RECURRENCE-ID")?,
            is_cancelled: status.eq_ignore_ascii_case("CANCELLED"),
            rules: repeats(component, &start, length, left)?,
            dates: zones.dates(component, "RDATE", length)?,
            without: (zones.dates(component, "EXDATE", length)?.into_iter())
                .map(|(time, _)| time)
                .collect(),
            start,
            length,
        })
    }

    pub(super) fn comes_again(&self) -> bool {
        !self.rules.is_empty() || !self.dates.is_empty()
    }

    /// Its occurrences between two seconds, in no order.
    pub(super) fn spans<'e>(
        &'e self,
        zone: &'e TimeZone,
        from: i64,
        until: i64,
    ) -> impl Iterator<Item = (i64, i64)> + 'e {
        let clock = self.start.zone(zone);
        let civil = |second: i64| clock.to_datetime(seconds::instant(second));
        // A day more on either side: clocks differ by less.
        let day = SignedDuration::from_hours(24);
        let earliest = civil(from)
            .saturating_sub(self.length.most())
            .saturating_sub(day);
        let latest = civil(until).saturating_add(day);
        let repeated = (self.rules.iter())
            .flat_map(move |rule| rule.times(&self.start, earliest, latest, zone))
            .filter(move |at| *at >= earliest)
            .map(|at| (self.start.with(at), self.length));
        let is_day = |one: &EventTime| one.is_date || self.start.is_date;
        let days: HashSet<Date> = (self.without.iter().filter(|one| is_day(one)))
            .map(|one| one.day(zone))
            .collect();
        let instants: HashSet<Timestamp> = (self.without.iter().filter(|one| !is_day(one)))
            .filter_map(|one| one.instant(zone))
            .collect();
        std::iter::once((self.start.clone(), self.length))
            .chain(self.dates.iter().cloned())
            .chain(repeated)
            .filter(move |(at, _)| !days.contains(&at.at.date()))
            .filter_map(move |(at, length)| {
                let begins = at.instant(zone).filter(|at| !instants.contains(at))?;
                let ends = length.end(&at, zone)?;
                Some((seconds::floor(begins), seconds::ceil(ends)))
            })
            .filter(move |(begins, ends)| *begins <= until && *ends > from)
    }
}

/// A name as it can be shown on one line (RFC 5545, 3.3.11 has its escapes).
fn title(text: &str) -> String {
    let mut name = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '\\' => chars.next().filter(|c| !matches!(c, 'n' | 'N')),
            _ => Some(c),
        };
        name.push(c.filter(|c| !is_odd(*c)).unwrap_or(' '));
    }
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return NAMELESS.to_owned();
    }
    cut(&name, LONGEST, "…")
}
