//! Recurrence rules (RFC 5545, 3.3.10): the crate `ical-rs` reads and expands them, by the clock on the wall.

use ical::recur::{IcalRecurDateTime, IcalRecurFreq, IcalRecurRule, expand::IcalRecurExpand};
use jiff::{ToSpan, civil::DateTime, tz::TimeZone};

use super::time::EventTime;

/// The parts of a rule that are read; any other would be left out in silence.
const PARTS: &str = "FREQ UNTIL COUNT INTERVAL BYSECOND BYMINUTE BYHOUR BYDAY BYMONTHDAY BYYEARDAY BYWEEKNO BYMONTH BYSETPOS WKST";

/// The wall-clock time that the crate counts seconds from.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// How often a day a rule may occur.
const MOST_TIMES: usize = 24;
/// Of a rule with a COUNT, which is followed from its start.
const MOST_COUNTED: u32 = 10_000;

/// How many values the lists of one rule may have together.
const MOST_VALUES: usize = 400;

/// How long after its start an occurrence is looked for.
const YEARS: i64 = 200;

/// A rule, and the last time for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    /// Its own `until` says nothing, and its `count` is not set.
    rule: IcalRecurRule,
    until: Option<EventTime>,
    /// The wall-clock time at which its COUNT is reached.
    counted: Option<DateTime>,
    /// How much of the work that one file may cause is this rule's.
    pub(super) weight: usize,
}

impl Repeat {
    /// Reads a rule of an event that starts there.
    pub(super) fn read(text: &str, start: &EventTime) -> Result<Self, String> {
        let wrong = |words: &str| Err(format!("`{text}` {words}"));
        let (mut rule, until) = parse(text)?;
        let times = [&rule.by_hour, &rule.by_minute, &rule.by_second];
        let times: usize = times.iter().map(|list| list.len().max(1)).product();
        let is_frequent = matches!(
            rule.freq,
            IcalRecurFreq::Hourly | IcalRecurFreq::Minutely | IcalRecurFreq::Secondly
        );
        if times > MOST_TIMES || is_frequent {
            return wrong(
                "may occur too often: write `FREQ=DAILY`, and BYHOUR for at most 24 times a day",
            );
        }
        if rule.count.is_some_and(|count| count > MOST_COUNTED) {
            return wrong("counts too far: write an UNTIL for the COUNT");
        }
        let values = rule.by_day.len()
            + rule.by_month_day.len()
            + rule.by_year_day.len()
            + rule.by_week_no.len()
            + rule.by_month.len()
            + rule.by_set_pos.len();
        if values > MOST_VALUES {
            return wrong("has too many values: write its days as RDATE");
        }
        if let Some(problem) = rule.problems().first() {
            return wrong(&format!("is not a rule: {problem}"));
        }
        let until = until
            .map(|value| EventTime::read(value, start.zone.clone()))
            .transpose()?;
        take_day(&mut rule, start.at);
        // What it costs to look for the days of a rule, beside one that comes once a year.
        let ends_soon = rule.count.is_some_and(|count| count < 366)
            || (until.as_ref()).is_some_and(|until| until.at < start.at.saturating_add(366.days()));
        let cost = match rule.freq {
            _ if !rule.by_week_no.is_empty() => 5,
            IcalRecurFreq::Daily if !ends_soon => 5,
            _ => 1 + values / 3,
        };
        // A COUNT is followed from the start of the event, once.
        let count = usize::try_from(rule.count.unwrap_or_default()).unwrap_or(usize::MAX);
        let years = usize::try_from(2035 - start.at.year()).unwrap_or_default();
        let counted = rule.count.map_or(0, |_| years / 30 + count / 50);
        let latest = start.at.saturating_add(YEARS.years());
        let Some(last) = expand(&rule, start.at, latest).take(count.max(1)).last() else {
            return wrong("never occurs: it names no day that exists");
        };
        Ok(Self {
            counted: rule.count.take().map(|_| last),
            rule,
            until,
            weight: counted.max(times * cost),
        })
    }

    /// Whether it has no last time.
    pub(super) fn is_endless(&self) -> bool {
        self.until.is_none() && self.counted.is_none()
    }

    /// The wall-clock times from a start on, those before `earliest` as far as they come by the way.
    pub(super) fn times(
        &self,
        start: &EventTime,
        earliest: DateTime,
        latest: DateTime,
        window: &TimeZone,
    ) -> Vec<DateTime> {
        let last = match &self.until {
            None => latest,
            Some(until) if until.is_date || start.is_date => until.day(window).at(23, 59, 59, 0),
            Some(until) => until
                .instant(window)
                .map_or(latest, |at| start.zone(window).to_datetime(at)),
        };
        let from = skip(&self.rule, start.at, earliest);
        let last = last.min(latest).min(self.counted.unwrap_or(latest));
        if last < from {
            return Vec::new();
        }
        expand(&self.rule, from, last).collect()
    }
}

/// Writes down the day that a rule without days has from its start, so that it can go on from elsewhere.
fn take_day(rule: &mut IcalRecurRule, start: DateTime) {
    let days = rule.by_week_no.len() + rule.by_year_day.len() + rule.by_month_day.len();
    let is_long = matches!(rule.freq, IcalRecurFreq::Yearly | IcalRecurFreq::Monthly);
    if !is_long || days + rule.by_day.len() > 0 {
        return;
    }
    if rule.freq == IcalRecurFreq::Yearly && rule.by_month.is_empty() {
        rule.by_month = vec![start.month().unsigned_abs()];
    }
    rule.by_month_day = vec![start.day()];
}

/// The last beginning of a period of the rule that is not after a time; no earlier one matters then.
fn skip(rule: &IcalRecurRule, start: DateTime, earliest: DateTime) -> DateTime {
    let interval = i64::from(rule.interval);
    let days = earliest.duration_since(start).as_hours() / 24;
    let years = i64::from(earliest.year() - start.year());
    let months = years * 12 + i64::from(earliest.month() - start.month());
    let (passed, unit, first) = match rule.freq {
        IcalRecurFreq::Yearly => (years, 1.year(), start.with().month(1).day(1).build()),
        IcalRecurFreq::Monthly => (months, 1.month(), start.with().day(1).build()),
        IcalRecurFreq::Weekly => (days / 7, 1.week(), Ok(start)),
        _ => (days, 1.day(), Ok(start)),
    };
    match (passed - passed % interval, first) {
        (1.., Ok(first)) => {
            let span = unit.checked_mul(passed - passed % interval);
            span.map_or(start, |span| first.saturating_add(span))
        }
        _ => start,
    }
}

/// Reads the text of a rule and finds its UNTIL, and refuses what the crate leaves out as RFC 5545 has it.
fn parse(text: &str) -> Result<(IcalRecurRule, Option<&str>), String> {
    let mut until = None;
    let mut known: Vec<_> = PARTS.split(' ').collect();
    // There may be a `;` at the end.
    for part in (text.split(';').map(str::trim)).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let place = (known.iter()).position(|known| known.eq_ignore_ascii_case(name.trim()));
        let unknown = || format!("`{part}` is not a part of a rule that is read here");
        if known.remove(place.ok_or_else(unknown)?) == "UNTIL" {
            until = Some(value.trim());
        }
    }
    let rule = IcalRecurRule::parse(text).map_err(|error| {
        format!(
            "`{text}` is not a rule ({error}): write one such as `FREQ=YEARLY` or `FREQ=WEEKLY;BYDAY=MO`"
        )
    })?;
    Ok((rule, until))
}

/// The wall-clock times of a rule, up to a last one.
fn expand(
    rule: &IcalRecurRule,
    start: DateTime,
    last: DateTime,
) -> impl Iterator<Item = DateTime> + use<> {
    let mut rule = rule.clone();
    rule.until = Some(wall(last));
    let times = IcalRecurExpand::new(rule, wall(start));
    times.filter_map(|at| EPOCH.checked_add(at.seconds().seconds()).ok())
}

/// The same time in the terms of the crate.
fn wall(at: DateTime) -> IcalRecurDateTime {
    IcalRecurDateTime::from_seconds(at.duration_since(EPOCH).as_secs())
}
