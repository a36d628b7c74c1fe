//! A window as a picture: rows of days, hours across, under each closed stretch its reason.

mod cells;
mod reasons;
mod scale;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use self::{
    cells::{Cell, Runway},
    scale::{DAY, Piece, Scale, TICK},
};
use super::{BAD, GOOD, PLAIN, wrap};
use crate::{
    calendar::{Stretch, Window},
    gates::refusal::window,
    text::{self, span},
};

/// The days that are shown.
const DAYS: usize = 7;

/// What is drawn.
pub(crate) struct Picture<'p> {
    /// The name of the environment.
    pub(crate) environment: &'p str,
    /// Its window.
    pub(crate) window: &'p Window,
    /// The moment that is asked about; its day is the first.
    pub(crate) at: Timestamp,
    /// The zone of the person who reads.
    pub(crate) reader: &'p TimeZone,
    /// How wide the picture may be.
    pub(crate) columns: usize,
}

impl Picture<'_> {
    /// Draws it.
    pub(crate) fn draw(&self) -> String {
        let text = wrap(&self.headline(), self.columns);
        if self.window.is_always_open() {
            return text;
        }
        let (days, used) = self.days();
        text + "\n" + &days + "\n" + &wrap(&self.legend(&used), self.columns)
    }

    /// What holds at the moment, as a verdict would say it.
    fn headline(&self) -> String {
        let zone = self.window.timezone.resolve(self.reader);
        let moment = |at| text::day_and_time(at, &zone, self.reader);
        let now = moment(self.at);
        let (style, state) = match self.window.check(self.at, self.reader) {
            Ok(()) => (
                GOOD,
                match self.window.open_until(self.at, self.reader) {
                    None => "always open".to_owned(),
                    Some(until) => format!("open until {}", moment(until)),
                },
            ),
            Err(closed) => {
                let reader = self.reader.clone();
                let closed = Box::new(closed);
                (BAD, window::Refusal { closed, reader }.explain().why)
            }
        };
        let environment = self.environment;
        format!("{PLAIN}{environment}{PLAIN:#}, {now}: {style}{state}{style:#}\n")
    }

    /// The rows, and the cells that they use.
    fn days(&self) -> (String, Vec<Cell>) {
        let zone = self.window.timezone.resolve(self.reader);
        let scale = Scale::of(self.columns);
        let runway = self.runway(&zone);
        let own: Vec<String> = scale
            .ticks()
            .map(|tick| hour(tick / 60 % (24 * 60)))
            .collect();
        let mut text = axis(scale, "", &own);
        let (mut shown, mut used) = (own.clone(), Vec::new());
        let first = self.at.to_zoned(zone.clone()).date();
        for date in first.series(1.day()).take(DAYS) {
            // The calendar ends with the year 9999.
            let Some((from, until)) = bounds(date, &zone) else {
                break;
            };
            let here = self.hours_here(date, scale, &zone);
            if here != shown {
                text += &axis(scale, "here", &here);
                shown = here;
            }
            let midnight = civil(date.into());
            let pieces = self.pieces(from, until, &zone);
            let cells = cells::of(&pieces, &runway, midnight, scale);
            text += &row(date, scale, &cells);
            let mut reasons = reasons::of(&pieces, midnight, scale);
            reasons.extend(change(until.duration_since(from)).map(|words| (0, words)));
            text += &reasons::under(&reasons, scale.margin, self.columns);
            used.extend(cells);
        }
        (text, used)
    }

    /// The hours of the reader at the hours of the window on a day.
    fn hours_here(&self, date: Date, scale: Scale, zone: &TimeZone) -> Vec<String> {
        let at = |tick: i64| {
            let there =
                date.to_datetime(jiff::civil::Time::midnight()) + SignedDuration::from_secs(tick);
            let there = there.to_zoned(zone.clone()).ok()?;
            let here = there.with_time_zone(self.reader.clone());
            Some(i64::from(here.hour()) * 60 + i64::from(here.minute()))
        };
        scale
            .ticks()
            .map(|tick| at(tick).map_or_else(String::new, hour))
            .collect()
    }

    fn pieces(&self, from: Timestamp, until: Timestamp, zone: &TimeZone) -> Vec<Piece> {
        let piece = |stretch: Stretch| {
            let from = civil(stretch.from.to_zoned(zone.clone()).datetime());
            Piece {
                from,
                until: from + stretch.until.duration_since(stretch.from).as_secs(),
                why: stretch.closed.map(|by| by.to_string()),
            }
        };
        let stretches = self.window.stretches(from, until, self.reader);
        stretches.into_iter().map(piece).collect()
    }

    fn runway(&self, zone: &TimeZone) -> Runway {
        let end = self.at.checked_add(self.window.runway);
        Runway {
            now: civil(self.at.to_zoned(zone.clone()).datetime()),
            is_open: self.window.check(self.at, self.reader).is_ok(),
            pieces: self.pieces(self.at, end.unwrap_or(Timestamp::MAX), zone),
        }
    }

    /// What the signs mean, as far as they are used.
    fn legend(&self, used: &[Cell]) -> String {
        let mut text = String::new();
        for (cell, words) in cells::LEGEND {
            if used.contains(&cell) {
                let style = cell.style();
                text += &format!("{style}{}{style:#} {words}   ", cell.glyph());
            }
        }
        if !self.window.runway.is_zero() {
            text += &format!("(runway {})", span(self.window.runway.unsigned_abs()));
        }
        format!("{}\n", text.trim_end())
    }
}

/// The instants at which a day begins and has ended.
fn bounds(date: Date, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let start = |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp());
    Some((start(date)?, start(date.tomorrow().ok()?)?))
}

/// The civil second since 1970 that a wall-clock time is in.
fn civil(at: DateTime) -> i64 {
    at.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0))
        .as_secs()
}

/// Minutes after midnight, as short as they can be said.
fn hour(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (hour, 0) => format!("{hour:02}"),
        (hour, minute) => format!("{hour:02}:{minute:02}"),
    }
}

/// The hours over the rows.
fn axis(scale: Scale, name: &str, hours: &[String]) -> String {
    let mut text = format!("{name:<margin$}", margin = scale.margin);
    for hour in hours {
        text += &format!("{hour:<TICK$}");
    }
    format!("{}\n", text.trim_end())
}

fn row(date: Date, scale: Scale, cells: &[Cell]) -> String {
    let day = date.strftime(scale.label).to_string();
    let cells = cells::painted(cells);
    format!("{day:<margin$}{cells}\n", margin = scale.margin)
}

/// What is odd about a day of this length.
fn change(length: SignedDuration) -> Option<String> {
    let odd = length.as_secs() - DAY;
    let back = if odd < 0 { "forward" } else { "back" };
    (odd != 0).then(|| {
        let by = span(SignedDuration::from_secs(odd).unsigned_abs());
        format!("the clocks go {back} by {by}")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
mod tests;
