//! Walks the open and closed stretches of a window along the line of instants.
//!
//! Whether an instant is open depends on nothing but the wall clock of that instant in the
//! window's zone. Rules begin and end on whole minutes and offsets are whole seconds, so the
//! answer is the same throughout a second of the line: seconds since 1970 are enough. Between two
//! transitions of the zone the wall clock runs evenly, and edges map to instants by subtraction.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    ClosedBy, Window,
    holidays::{self, EventSpan},
    seconds::{floor, instant},
};

/// A walk along the line of instants, forward only.
pub(super) struct Walk<'a> {
    window: &'a Window,
    zone: &'a TimeZone,
    events: Vec<EventSpan<'a>>,
    second: i64,
    limit: i64,
    /// The offset of the zone from UTC, and until when it holds.
    offset: (i64, i64),
}

/// What closes a window from one second up to another; `None` where it is open.
pub(super) struct Step {
    pub(super) from: i64,
    pub(super) until: i64,
    pub(super) closed: Option<ClosedBy>,
}

impl<'a> Walk<'a> {
    /// A walk from a second up to a limit, which is not part of it.
    pub(super) fn new(window: &'a Window, zone: &'a TimeZone, from: i64, limit: i64) -> Self {
        Self {
            window,
            zone,
            events: holidays::spans(&window.holidays, zone, from, limit),
            second: from,
            limit: limit.min(floor(Timestamp::MAX) + 1),
            // Already over, so the first step reads the zone.
            offset: (0, i64::MIN),
        }
    }

    /// What closes the window at a second, and up to which second, at least the next.
    fn at(&mut self, second: i64) -> (Option<ClosedBy>, i64) {
        if second >= self.offset.1 {
            let at = instant(second);
            let change = self.zone.following(at).next();
            let until = change.map_or(i64::MAX, |change| floor(change.timestamp()));
            self.offset = (i64::from(self.zone.to_offset(at).seconds()), until);
        }
        let (offset, evenly_until) = self.offset;
        let (by_rules, until) = by_rules(self.window, second + offset);
        let until = until.saturating_sub(offset);
        let begun = self.events.partition_point(|event| event.from <= second);
        let event = self.events[..begun]
            .last()
            .filter(|event| second < event.until);
        let (closed, until) = match (event, by_rules) {
            // Of a rule and an event that both hold, the one that holds longest.
            (Some(event), Some(ClosedBy::Rule(rule))) if event.until <= until => {
                (Some(ClosedBy::Rule(rule)), until)
            }
            (Some(event), _) => (Some(event.closed_by()), event.until),
            // A rule that closes goes on closing when an event begins.
            (None, Some(ClosedBy::Rule(rule))) => (Some(ClosedBy::Rule(rule)), until),
            (None, closed) => {
                let next = self.events.get(begun).map_or(i64::MAX, |event| event.from);
                (closed, until.min(next))
            }
        };
        (closed, until.min(evenly_until))
    }
}

impl Iterator for Walk<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let from = self.second;
        if from >= self.limit {
            return None;
        }
        let (closed, until) = self.at(from);
        self.second = until;
        Some(Step {
            from,
            until,
            closed,
        })
    }
}

/// What the rules say of one second of the wall clock, and up to which one, in wall-clock seconds.
fn by_rules(window: &Window, civil: i64) -> (Option<ClosedBy>, i64) {
    let holding = |rule| Some((rule, super::Rule::holds_until(rule, civil)?));
    let mut closed = None;
    for (rule, end) in window.closed.iter().filter_map(holding) {
        if closed.is_none_or(|(_, longest)| end > longest) {
            closed = Some((rule, end));
        }
    }
    if let Some((rule, end)) = closed {
        return (Some(ClosedBy::Rule(rule.clone())), end);
    }
    let next = |rules: &[super::Rule]| {
        let starts = rules.iter().map(|rule| rule.next_start(civil));
        starts.min().unwrap_or(i64::MAX)
    };
    // From there on, a `closed` rule is the better reason.
    let edge = next(&window.closed);
    match window
        .open
        .iter()
        .filter_map(|rule| rule.holds_until(civil))
        .max()
    {
        Some(end) => (None, end.min(edge)),
        None if window.open.is_empty() => (None, edge),
        None => (Some(ClosedBy::OutsideOpen), next(&window.open).min(edge)),
    }
}
