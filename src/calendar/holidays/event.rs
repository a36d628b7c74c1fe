//! An event, and when it takes place.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{
    file::{Component, Problem},
    repeat::Repeat,
    time::{EventTime, Length},
    zones::Zones,
};
use crate::text::{cut, is_odd};

/// The most rules of one file; each may have to be followed for years.
pub(super) const MOST_RULES: usize = 200;
/// The longest name that is shown, in characters.
const LONGEST: usize = 60;

/// An event that may come again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) name: String,
    /// Empty where there is none.
    pub(super) uid: String,
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
        let Some(fewer) = left.checked_sub(weight) else {
            return property.problem(format!(
                "more than {MOST_RULES} rules in one file; one with a BYHOUR, a COUNT or many days counts as several"
            ));
        };
        *left = fewer;
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
            (Some(length), None) => length,
            (None, Some(end)) => {
                Length::between(&start, &end).or_else(|words| component.problem(words))?
            }
            // It ends when it begins (3.6.1).
            (None, None) => Length::default(),
        };
        // A day lasts a day (3.6.1), even where a feed of official holidays gives the day itself as its end.
        let is_day = start.is_date && length == Length::default();
        let length = if is_day { Length::DAY } else { length };
        if let Some(replaces) = component.once("RECURRENCE-ID")?
            && replaces.param("RANGE").is_some()
        {
            return replaces.problem(
                "a change of this and all later occurrences is not read here; write a series of its own for them",
            );
        }
        let text = |name| {
            let property = component.once(name)?;
            Ok(property.map_or("", |property| property.value.as_str()))
        };
        Ok(Self {
            name: title(text("SUMMARY")?),
            uid: text("UID")?.to_owned(),
            replaces: time("RECURRENCE-ID")?,
            is_cancelled: text("STATUS")?.eq_ignore_ascii_case("CANCELLED"),
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

    /// Its occurrences between two instants, in no order.
    pub(super) fn spans<'e>(
        &'e self,
        zone: &'e TimeZone,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + 'e {
        let clock = self.start.zone(zone);
        // A day more on either side: clocks differ by less.
        let day = SignedDuration::from_hours(24);
        let longest = self.length.most().saturating_add(day);
        let earliest = clock.to_datetime(from).saturating_sub(longest);
        let latest = clock.to_datetime(until).saturating_add(day);
        let repeated = (self.rules.iter())
            .flat_map(move |rule| rule.times(&self.start, earliest, latest, zone))
            .map(|at| (self.start.with(at), self.length));
        let (days, instants): (Vec<_>, Vec<_>) =
            (self.without.iter()).partition(|one| one.is_date || self.start.is_date);
        let days: HashSet<_> = days.into_iter().map(|one| one.day(zone)).collect();
        let instants = instants.into_iter().map(|one| one.instant(zone));
        let instants: HashSet<_> = instants.collect();
        std::iter::once((self.start.clone(), self.length))
            .chain(self.dates.iter().cloned())
            .chain(repeated)
            .filter(move |(at, _)| !days.contains(&at.at.date()))
            .filter_map(move |(at, length)| {
                let begins = at.instant(zone);
                (!instants.contains(&begins)).then_some((begins?, length.end(&at, zone)?))
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
        return "an event without a name".to_owned();
    }
    cut(&name, LONGEST, "…")
}
