//! Walks the open and closed stretches of a window along the line of instants.
//!
//! Whether an instant is open depends on nothing but the wall clock of that instant in the
//! window's zone. Rules begin and end on whole minutes and offsets are whole seconds, so the
//! answer is the same throughout a second of the line: seconds since 1970 are enough. Between two
//! transitions of the zone the wall clock runs evenly, and edges map to instants by subtraction.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    ClosedBy, Window,
    holidays::{EventSpans, Span},
    rule::Rule,
    seconds::{floor, instant},
};

/// A walk along the line of instants, forward only.
pub(super) struct Scan<'a> {
    window: &'a Window,
    zone: &'a TimeZone,
    events: &'a EventSpans<'a>,
    piece: Piece,
}

/// A stretch of instants during which the zone's offset does not change.
struct Piece {
    offset: i64,
    end: i64,
}

/// Whether a window is open, up to a second.
struct Stretch<'a> {
    state: State<'a>,
    end: i64,
}

/// Whether a window is open, and if not, what closes it.
enum State<'a> {
    Open,
    Closed(By<'a>),
}

/// What closes a window: [`ClosedBy`] as long as the walk lasts.
pub(super) enum By<'a> {
    Rule(&'a Rule),
    Event(Span<'a>),
    OutsideOpen,
}

impl By<'_> {
    pub(super) fn to_owned(&self) -> ClosedBy {
        match self {
            Self::Rule(rule) => ClosedBy::Rule((*rule).clone()),
            Self::Event(span) => ClosedBy::Event {
                name: span.name.to_owned(),
                calendar: span.calendar.to_owned(),
            },
            Self::OutsideOpen => ClosedBy::OutsideOpen,
        }
    }
}

impl<'a> Scan<'a> {
    pub(super) fn new(window: &'a Window, zone: &'a TimeZone, events: &'a EventSpans<'a>) -> Self {
        // Already over, so the first question reads the zone.
        let piece = Piece {
            offset: 0,
            end: i64::MIN,
        };
        Self {
            window,
            zone,
            events,
            piece,
        }
    }

    /// Finds the first closed second from `from` on and before `limit`; `from` is always tested.
    pub(super) fn first_closed(&mut self, from: i64, limit: i64) -> Option<(i64, By<'a>)> {
        let mut second = from;
        loop {
            let stretch = self.stretch(second);
            if let State::Closed(by) = stretch.state {
                return Some((second, by));
            }
            second = next(&stretch, limit)?;
        }
    }

    /// Finds the first open second from `from` on and before `limit`; `from` is always tested.
    pub(super) fn first_open(&mut self, from: i64, limit: i64) -> Option<i64> {
        let mut second = from;
        loop {
            let stretch = self.stretch(second);
            if matches!(stretch.state, State::Open) {
                return Some(second);
            }
            second = next(&stretch, limit)?;
        }
    }

    /// What closes the window at `second`, and up to which second, at least the next.
    pub(super) fn at(&mut self, second: i64) -> (i64, Option<ClosedBy>) {
        let stretch = self.stretch(second);
        let closed = match stretch.state {
            State::Open => None,
            State::Closed(by) => Some(by.to_owned()),
        };
        (stretch.end, closed)
    }

    fn stretch(&mut self, second: i64) -> Stretch<'a> {
        if second >= self.piece.end {
            self.piece = Piece::at(self.zone, second);
        }
        let Piece { offset, end } = self.piece;
        let civil = by_rules(self.window, second + offset);
        let end_by_rules = civil.end.saturating_sub(offset);
        match (self.events.at(second), civil.state) {
            // Of a rule and an event that both hold, the one that holds longest.
            (Some(event), State::Open | State::Closed(By::OutsideOpen)) => closed_by(event, end),
            (Some(event), _) if event.until > end_by_rules => closed_by(event, end),
            (Some(_), state) => Stretch {
                state,
                end: end_by_rules.min(end),
            },
            (None, state) => Stretch {
                // A rule that closes goes on closing when an event begins.
                end: match state {
                    State::Closed(By::Rule(_)) => end_by_rules,
                    _ => end_by_rules.min(self.events.next(second)),
                }
                .min(end),
                state,
            },
        }
    }
}

/// A stretch that an event closes.
fn closed_by(event: Span<'_>, end: i64) -> Stretch<'_> {
    Stretch {
        end: event.until.min(end),
        state: State::Closed(By::Event(event)),
    }
}

/// The second after `stretch`, unless that is at the limit or beyond the last instant.
fn next(stretch: &Stretch<'_>, limit: i64) -> Option<i64> {
    (stretch.end < limit && stretch.end <= floor(Timestamp::MAX)).then_some(stretch.end)
}

/// What the rules say of one second of the wall clock, and up to which one, in wall-clock seconds.
fn by_rules(window: &Window, civil: i64) -> Stretch<'_> {
    let mut closed: Option<(&Rule, i64)> = None;
    let mut edge = i64::MAX; // where the next `closed` rule begins
    for rule in &window.closed {
        match rule.holds_until(civil) {
            Some(end) if closed.is_none_or(|(_, longest)| end > longest) => {
                closed = Some((rule, end));
            }
            Some(_) => {}
            None => edge = edge.min(rule.next_start(civil)),
        }
    }
    if let Some((rule, end)) = closed {
        let state = State::Closed(By::Rule(rule));
        return Stretch { state, end };
    }
    if window.open.is_empty() {
        let state = State::Open;
        return Stretch { state, end: edge };
    }
    let held = window.open.iter().filter_map(|r| r.holds_until(civil));
    if let Some(end) = held.max() {
        let state = State::Open;
        let end = end.min(edge);
        return Stretch { state, end };
    }
    let opens = window.open.iter().map(|r| r.next_start(civil)).min();
    Stretch {
        state: State::Closed(By::OutsideOpen),
        // From there on, a `closed` rule is the better reason.
        end: opens.unwrap_or(i64::MAX).min(edge),
    }
}

impl Piece {
    fn at(zone: &TimeZone, second: i64) -> Self {
        let at = instant(second);
        let end = zone.following(at).next();
        Self {
            offset: i64::from(zone.to_offset(at).seconds()),
            end: end.map_or(i64::MAX, |transition| floor(transition.timestamp())),
        }
    }
}
