//! Walks the open and closed stretches of a window along the line of instants.
//!
//! Whether an instant is open depends on nothing but the wall clock of that instant in the
//! window's zone. Rules begin and end on whole minutes and offsets are whole seconds, so the
//! answer is the same throughout a second. Between two transitions of the zone the wall clock
//! runs evenly, and edges map to instants by subtraction.

use std::iter;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    ClosedBy, Rule, Stretch, Window,
    holidays::{self, EventSpan},
};

/// Stretches, each of which begins where the one before it ends.
pub(super) type Stretches<'a> = Box<dyn Iterator<Item = Stretch> + 'a>;

/// The stretches from an instant up to another, which is not part of them.
pub(super) fn walk<'a>(
    window: &'a Window,
    zone: &'a TimeZone,
    from: Timestamp,
    end: Timestamp,
) -> Stretches<'a> {
    let events = holidays::spans(&window.holidays, zone, from, end);
    // The offset of the zone from UTC, and until when it holds.
    let (mut offset, mut evenly_until) = (0, from);
    let mut at = from;
    Box::new(iter::from_fn(move || {
        let from = at;
        (from < end).then(|| {
            if from >= evenly_until {
                let change = zone.following(from).next();
                evenly_until = change.map_or(Timestamp::MAX, |change| change.timestamp());
                offset = zone.to_offset(from).seconds().into();
            }
            let (closed, until) = closing(window, &events, from, offset);
            at = until.min(evenly_until).min(end);
            Stretch {
                from,
                until: at,
                closed,
            }
        })
    }))
}

/// What closes the window at an instant, and up to which later one if the offset of the zone does not change.
fn closing<'a>(
    window: &'a Window,
    events: &[EventSpan<'_>],
    at: Timestamp,
    offset: i64,
) -> (Option<ClosedBy>, Timestamp) {
    // Before 1970, `as_second` is the second after.
    let second = at.as_second() - i64::from(at.subsec_nanosecond() < 0);
    let civil = second + offset;
    let instant = |civil: i64| {
        let second = civil.saturating_sub(offset);
        Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
    };
    let holding = |rule: &'a Rule| Some((instant(rule.holds_until(civil)?), rule));
    let next = |rules: &[Rule]| {
        let starts = rules.iter().map(|rule| rule.next_start(civil));
        starts.min().map_or(Timestamp::MAX, instant)
    };
    let begun = events.partition_point(|event| event.from <= at);
    let (begun, coming) = events.split_at(begun);
    let event = begun.last().filter(|event| at < event.until);
    let event = event.map(|event| {
        let (name, calendar) = (event.name.to_owned(), event.calendar.path.clone());
        (event.until, ClosedBy::Event { name, calendar })
    });
    let Window { open, closed, .. } = window;
    let rules = closed.iter().rev().filter_map(holding);
    let rules = rules.map(|(until, rule)| (until, ClosedBy::Rule(rule.clone())));
    // Of all that hold, the one that holds longest; of those, the first rule.
    let all = event.into_iter().chain(rules);
    if let Some((until, by)) = all.max_by_key(|(until, _)| *until) {
        return (Some(by), until);
    }
    // What closes is a better reason than what does not open.
    let edge = next(closed);
    let edge = coming.first().map_or(edge, |event| edge.min(event.from));
    let opened = open.iter().filter_map(holding).map(|(until, _)| until);
    match opened.max() {
        Some(until) => (None, until.min(edge)),
        None if open.is_empty() => (None, edge),
        None => (Some(ClosedBy::OutsideOpen), next(open).min(edge)),
    }
}
