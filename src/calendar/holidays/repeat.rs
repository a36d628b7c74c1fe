//! Recurrence rules (RFC 5545, 3.3.10): calcard reads and expands them.

use calcard::{
    Entry, Parser,
    common::{PartialDateTime, timezone::Tz},
    icalendar::{
        ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarFrequency,
        ICalendarMonth, ICalendarProperty, ICalendarRecurrenceRule, ICalendarValue,
        dates::CalendarErrorType,
    },
};
use jiff::{ToSpan, civil::DateTime, tz::TimeZone};

use super::time::EventTime;

/// The wall-clock time that calcard counts from.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// How often a day a rule may occur.
const MOST_TIMES: usize = 24;
/// Of a rule with a COUNT, which is followed from its start.
const MOST_COUNTED: u32 = 10_000;

/// How long after its start.
const COUNTED_YEARS: i64 = 200;

/// A rule, and the last time for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeat {
    /// Its own `until` and `count` are not set.
    rule: ICalendarRecurrenceRule,
    until: Option<EventTime>,
    /// The wall-clock time at which its COUNT is reached.
    counted: Option<DateTime>,
    /// How much of the work that one file may cause is this rule's.
    pub(super) weight: usize,
}

impl Repeat {
    /// Reads a rule of an event that starts there.
    pub(super) fn read(text: &str, start: &EventTime) -> Result<Self, String> {
        let mut rule = parse(text)?;
        let wrong = |words: &str| Err(format!("`{text}` {words}"));
        let times = [&rule.byhour, &rule.byminute, &rule.bysecond];
        let times: usize = times.iter().map(|list| list.len().max(1)).product();
        if times > MOST_TIMES || rule.freq > ICalendarFrequency::Daily {
            return wrong(
                "may occur too often: write `FREQ=DAILY`, and BYHOUR for at most 24 times a day",
            );
        }
        if rule.count.is_some_and(|count| count > MOST_COUNTED) {
            return wrong("counts too far: write an UNTIL for the COUNT");
        }
        if rule.rscale.is_some() || rule.skip.is_some() {
            return wrong("goes by another calendar: write its days as RDATE");
        }
        let ordinal = rule.byday.iter().any(|day| day.ordwk.is_some());
        if ordinal && rule.freq > ICalendarFrequency::Monthly {
            return wrong("numbers its days: only `FREQ=MONTHLY` and `FREQ=YEARLY` can do so");
        }
        let until = text.split(';').find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.eq_ignore_ascii_case("UNTIL").then_some(value)
        });
        let until = until
            .map(|value| EventTime::read(value, start.zone.clone()))
            .transpose()?;
        if until.is_some() && rule.count.is_some() {
            return wrong("has an UNTIL and a COUNT: write one of them");
        }
        rule.until = None;
        take_day(&mut rule, start.at);
        let is_sparse = !rule.bymonth.is_empty() || !rule.byweekno.is_empty();
        // A COUNT is followed from the start of the event, once.
        let count = usize::try_from(rule.count.unwrap_or_default()).unwrap_or(usize::MAX);
        let years = usize::try_from(2035 - start.at.year()).unwrap_or_default();
        let counted = rule.count.map_or(0, |_| years / 30 + count / 50);
        // A rule that steps from day to day may look at many before it finds one.
        let is_rare = rule.freq == ICalendarFrequency::Daily
            && !(rule.bymonthday.is_empty()
                && rule.byyearday.is_empty()
                && rule.bysetpos.is_empty());
        let is_frequent = rule.freq == ICalendarFrequency::Daily
            || rule.byday.len() > 2
            || rule.byyearday.len() > 30
            || rule.bymonthday.len() > 2
            || rule.freq == ICalendarFrequency::Weekly && is_sparse;
        let cost = match (is_rare, rule.byweekno.len(), is_frequent) {
            (true, ..) => 100,
            (_, 3.., _) => 10,
            (.., true) if !rule.bysetpos.is_empty() => 5,
            (.., true) => 3,
            _ => 1,
        };
        if rule.count.is_some() {
            rule.until = Some(partial(start.at.saturating_add(COUNTED_YEARS.years())));
        }
        let found = expand(&rule, start.at, count.max(1));
        rule.until = None;
        let found = found.map_err(|why| format!("`{text}` is not a rule: {why}"))?;
        let Some(last) = found.last().copied() else {
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
        let mut rule = self.rule.clone();
        let from = skip(&rule, start.at, earliest);
        let last = last.min(latest).min(self.counted.unwrap_or(latest));
        if last < from {
            return Vec::new();
        }
        rule.until = Some(partial(last));
        expand(&rule, from, usize::MAX).unwrap_or_default()
    }
}

/// Writes down the day that a rule without days has from its start, so that it can go on from elsewhere.
fn take_day(rule: &mut ICalendarRecurrenceRule, start: DateTime) {
    let has_days = !(rule.byweekno.is_empty()
        && rule.byyearday.is_empty()
        && rule.bymonthday.is_empty()
        && rule.byday.is_empty());
    if has_days || rule.freq > ICalendarFrequency::Monthly {
        return;
    }
    if rule.freq == ICalendarFrequency::Yearly && rule.bymonth.is_empty() {
        let month = u8::try_from(start.month()).unwrap_or_default();
        rule.bymonth = vec![ICalendarMonth::new(month, false)];
    }
    rule.bymonthday = vec![start.day()];
}

/// The last beginning of a period of the rule that is not after a time; no earlier one matters then.
fn skip(rule: &ICalendarRecurrenceRule, start: DateTime, earliest: DateTime) -> DateTime {
    let interval = i64::from(rule.interval.unwrap_or(1));
    let days = earliest.duration_since(start).as_hours() / 24;
    if days <= 0 {
        return start;
    }
    let years = i64::from(earliest.year() - start.year());
    let months = years * 12 + i64::from(earliest.month() - start.month());
    let (passed, unit, first) = match rule.freq {
        ICalendarFrequency::Yearly => (years, 1.year(), start.with().month(1).day(1).build()),
        ICalendarFrequency::Monthly => (months, 1.month(), start.with().day(1).build()),
        ICalendarFrequency::Weekly => (days / 7, 1.week(), Ok(start)),
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

/// Reads the text of a rule strictly: what calcard skips or cuts is missing when it is written again.
fn parse(text: &str) -> Result<ICalendarRecurrenceRule, String> {
    let calendar = format!("BEGIN:VEVENT\nRRULE:{text}\nEND:VEVENT\n");
    let value = match Parser::new(&calendar).entry() {
        Entry::ICalendar(read) => read.components.into_iter().next(),
        _ => None,
    };
    let value = value.and_then(|event| event.entries.into_iter().next()?.values.pop());
    let Some(ICalendarValue::RecurrenceRule(rule)) = value else {
        return Err(format!(
            "`{text}` is not a rule: write one such as `FREQ=YEARLY` or `FREQ=WEEKLY;BYDAY=MO`"
        ));
    };
    let known = rule.to_string();
    for part in text
        .split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (name, values) = part.split_once('=').unwrap_or((part, ""));
        let plain = |value: &str| {
            let digits = value.trim_start_matches('+');
            let short = digits.trim_start_matches('0');
            if short.is_empty() { digits } else { short }.to_ascii_uppercase()
        };
        let values = values.split(',').map(plain).collect::<Vec<_>>().join(",");
        let plain = format!("{}={values}", name.to_ascii_uppercase());
        let is_until = plain.starts_with("UNTIL=");
        if !is_until && !known.split(';').any(|known| known == plain) {
            return Err(format!(
                "`{part}` is not a part of a rule that is read here"
            ));
        }
    }
    Ok(*rule)
}

/// The wall-clock times of a rule, which calcard takes for times without a zone.
fn expand(
    rule: &ICalendarRecurrenceRule,
    start: DateTime,
    most: usize,
) -> Result<Vec<DateTime>, String> {
    let calendar = ICalendar {
        components: vec![ICalendarComponent {
            component_type: ICalendarComponentType::VEvent,
            entries: vec![
                ICalendarEntry::new(ICalendarProperty::Dtstart).with_value(partial(start)),
                ICalendarEntry::new(ICalendarProperty::Rrule).with_value(rule.clone()),
            ],
            component_ids: Vec::new(),
        }],
    };
    let found = calendar.expand_dates(Tz::Floating, most);
    if let Some(CalendarErrorType::RRule(error)) = found.errors.first().map(|one| &one.error) {
        return Err(error.to_string());
    }
    let times = found.events.iter().filter_map(|event| {
        let seconds = event.start.timestamp();
        EPOCH.checked_add(seconds.seconds()).ok()
    });
    Ok(times.collect())
}

fn partial(at: DateTime) -> PartialDateTime {
    PartialDateTime::from_naive_timestamp(at.duration_since(EPOCH).as_secs())
}
