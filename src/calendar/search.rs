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

/// What closes a window up to a second; `None` where it is open.
struct Stretch<'a> {
    closed: Option<By<'a>>,
    end: i64,
}

/// What closes a window: [`ClosedBy`] as long as the walk lasts.
#[derive(Clone, Copy)]
pub(super) enum By<'a> {
    Rule(&'a Rule),
    Event(Span<'a>),
    OutsideOpen,
}

impl By<'_> {
    pub(super) fn to_owned(self) -> ClosedBy {
        match self {
            Self::Rule(rule) => ClosedBy::Rule(rule.clone()),
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
        self.first(from, limit, |stretch| stretch.closed)
    }

    /// Finds the first open second from `from` on and before `limit`; `from` is always tested.
    pub(super) fn first_open(&mut self, from: i64, limit: i64) -> Option<i64> {
        let open = |stretch: &Stretch<'_>| stretch.closed.is_none().then_some(());
        let (second, ()) = self.first(from, limit, open)?;
        Some(second)
    }

    fn first<T>(
        &mut self,
        mut second: i64,
        limit: i64,
        wanted: impl Fn(&Stretch<'a>) -> Option<T>,
    ) -> Option<(i64, T)> {
        loop {
            let stretch = self.stretch(second);
            if let Some(found) = wanted(&stretch) {
                return Some((second, found));
            }
            second = stretch.end;
            if second >= limit || second > floor(Timestamp::MAX) {
                return None;
            }
        }
    }

    /// What closes the window at `second`, and up to which second, at least the next.
    pub(super) fn at(&mut self, second: i64) -> (i64, Option<ClosedBy>) {
        let Stretch { closed, end } = self.stretch(second);
        (end, closed.map(By::to_owned))
    }

    fn stretch(&mut self, second: i64) -> Stretch<'a> {
        if second >= self.piece.end {
            self.piece = Piece::at(self.zone, second);
        }
        let Piece { offset, end } = self.piece;
        let civil = by_rules(self.window, second + offset);
        let end_by_rules = civil.end.saturating_sub(offset);
        let (closed, until) = match (self.events.at(second), civil.closed) {
            // Of a rule and an event that both hold, the one that holds longest.
            (Some(event), Some(By::Rule(rule))) if event.until <= end_by_rules => {
                (Some(By::Rule(rule)), end_by_rules)
            }
            (Some(event), _) => (Some(By::Event(event)), event.until),
            // A rule that closes goes on closing when an event begins.
            (None, Some(By::Rule(rule))) => (Some(By::Rule(rule)), end_by_rules),
            (None, closed) => (closed, end_by_rules.min(self.events.next(second))),
        };
        let end = until.min(end);
        Stretch { closed, end }
    }
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
    let (closed, end) = if let Some((rule, end)) = closed {
        (Some(By::Rule(rule)), end)
    } else if window.open.is_empty() {
        (None, edge)
    } else {
        let held = window.open.iter().filter_map(|r| r.holds_until(civil));
        let opens = window.open.iter().map(|r| r.next_start(civil));
        match held.max() {
            Some(end) => (None, end.min(edge)),
            // From there on, a `closed` rule is the better reason.
            None => (
                Some(By::OutsideOpen),
                opens.min().unwrap_or(i64::MAX).min(edge),
            ),
        }
    };
    Stretch { closed, end }
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
