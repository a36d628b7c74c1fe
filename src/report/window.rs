//! A window as a picture: rows of days, hours across, and beside a day what makes it another than the usual ones.

mod cells;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};

use textwrap::core::display_width;

use self::cells::{Cell, DAY, GO, LEGEND, MARGIN, NO_GO, Piece, Scale, cells, civil};
use super::{BAD, DEEP, GOOD, PLAIN, Text, paint};
use crate::{
    calendar::{ClosedBy, Rule, Window},
    gates::window::Answer,
    text::{day_and_time, span},
};

/// The days that are shown.
const DAYS: usize = 7;

/// What is drawn.
pub(crate) struct Picture<'p> {
    pub(crate) environment: &'p str,
    pub(crate) window: &'p Window,
    /// What holds at the moment that is asked about, whose day is the first.
    pub(crate) answer: &'p Answer,
    /// The zone of the person who reads.
    pub(crate) reader: &'p TimeZone,
    pub(crate) columns: usize,
    /// Whether blocks can be shown.
    pub(crate) has_blocks: bool,
}

/// What holds, in its colour.
pub(crate) fn state(answer: &Answer) -> Text {
    paint(if answer.open { GOOD } else { BAD }, &answer.words)
}

impl Picture<'_> {
    pub(crate) fn draw(&self) -> Text {
        let text = self.headline().wrap(self.columns, DEEP);
        if self.window.is_always_open() {
            return text;
        }
        let (days, used) = self.days();
        text + "\n" + days + "\n" + self.legend(&used).wrap(self.columns, DEEP)
    }

    /// What holds at the moment, as a verdict would say it.
    fn headline(&self) -> Text {
        let zone = self.window.timezone.resolve(self.reader);
        let now = day_and_time(self.answer.at, &zone, self.reader);
        let environment = paint(PLAIN, self.environment);
        environment + format_args!(", {now}: ") + state(self.answer) + "\n"
    }

    /// The rows, and the cells that they use.
    fn days(&self) -> (Text, Vec<Cell>) {
        let zone = self.window.timezone.resolve(self.reader);
        let scale = Scale::of(self.columns);
        let end = self.answer.at.checked_add(self.window.runway);
        let runway = self.pieces(self.answer.at, end.unwrap_or(Timestamp::MAX), &zone);
        let now = self.answer.at.to_zoned(zone.clone()).datetime();
        let is_open = self.answer.open;
        let now_cell = (civil(now), if is_open { GO } else { NO_GO });
        let mut shown: Vec<_> = scale.ticks().map(|tick| hour(tick / 60)).collect();
        let month = now.date().strftime("%Y-%m").to_string();
        let mut text = Text::from(Scale::axis(&month, &shown));
        let mut used = Vec::new();
        let usual = self.usual();
        for date in self.dates() {
            let start = |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp());
            let next = date.tomorrow().ok().and_then(start);
            // The calendar ends with the year 9999.
            let (Some(from), Some(until)) = (start(date), next) else {
                break;
            };
            let here = self.hours_here(date, scale, &zone);
            if here != shown {
                text += Scale::axis("here", &here);
                shown = here;
            }
            let midnight = civil(date.into());
            let pieces = self.pieces(from, until, &zone);
            let cells = cells(&pieces, &runway, now_cell, midnight, scale);
            let day = date.strftime("%a %d").to_string();
            text += Text::from(format_args!("{day:<MARGIN$}")) + self.painted(&cells);
            let mut words = Vec::from_iter(change(until.duration_since(from)));
            let closing: Vec<_> = pieces.iter().map(dated).collect();
            words.extend(closing.iter().flatten().cloned());
            words.dedup();
            if closing.iter().any(Option::is_none) {
                words.extend(self.unusual(date, &usual));
            }
            text += self.beside(&words, scale);
            used.extend(cells);
        }
        (text, used)
    }

    fn dates(&self) -> impl Iterator<Item = Date> + use<> {
        let zone = self.window.timezone.resolve(self.reader);
        let first = self.answer.at.to_zoned(zone).date();
        first.series(1.day()).take(DAYS)
    }

    /// The rules of the week that begin on a date, with whether they open.
    fn weekly(&self, date: Date) -> Vec<(bool, &Rule)> {
        let opens = self.window.open.iter().map(|rule| (true, rule));
        let closes = self.window.closed.iter().map(|rule| (false, rule));
        let all = opens.chain(closes);
        all.filter(|(_, rule)| rule.is_on(date) == Some(true))
            .collect()
    }

    /// The rules of the most days.
    fn usual(&self) -> Vec<(bool, &Rule)> {
        let days: Vec<_> = self.dates().map(|date| self.weekly(date)).collect();
        let count = |rules: &Vec<_>| days.iter().filter(|other| *other == rules).count();
        let most = days.iter().rev().max_by_key(|rules| count(rules));
        most.cloned().unwrap_or_default()
    }

    /// How the rules of a day differ from the usual ones.
    fn unusual(&self, date: Date, usual: &[(bool, &Rule)]) -> Vec<String> {
        let rules = self.weekly(date);
        let is_new = |rule: &&(bool, &Rule)| !usual.contains(rule);
        let opens = |rules: &[(bool, &Rule)]| rules.iter().any(|(opens, _)| *opens);
        let mut words: Vec<_> = rules.iter().filter(is_new).map(said).collect();
        if opens(usual) && !opens(&rules) {
            words.push("no open hours".to_owned());
        }
        words
    }

    /// Ends a row with what there is to say beside it, as far as it has room there, and below it.
    fn beside(&self, words: &[String], scale: Scale) -> Text {
        let room = (self.columns).saturating_sub(MARGIN + scale.cells + 2);
        let fits = |count: &usize| display_width(&words[..*count].join(", ")) <= room;
        let count = (0..=words.len()).rev().find(fits).unwrap_or(0);
        let (beside, below) = words.split_at(count);
        let mut text = Text::default();
        if !beside.is_empty() {
            text = Text::from("  ") + beside.join(", ");
        }
        text += "\n";
        if !below.is_empty() {
            let room = self.columns.saturating_sub(MARGIN);
            text += format!("{:MARGIN$}", "");
            text += Text::from(below.join(", ")).cut(room) + "\n";
        }
        text
    }

    /// The hours of the reader at the hours of the window on a day.
    fn hours_here(&self, date: Date, scale: Scale, zone: &TimeZone) -> Vec<String> {
        let here = |tick: i64| {
            let there = date.to_datetime(Time::midnight()) + SignedDuration::from_secs(tick);
            let there = there.to_zoned(zone.clone()).ok()?;
            let here = there.with_time_zone(self.reader.clone());
            Some(hour(i64::from(here.hour()) * 60 + i64::from(here.minute())))
        };
        let hours = scale.ticks().map(here);
        hours.map(Option::unwrap_or_default).collect()
    }

    fn pieces(&self, from: Timestamp, until: Timestamp, zone: &TimeZone) -> Vec<Piece> {
        let stretches = self.window.stretches(from, until, self.reader).into_iter();
        let pieces = stretches.map(|stretch| {
            let from = civil(stretch.from.to_zoned(zone.clone()).datetime());
            Piece {
                from,
                until: from + stretch.until.duration_since(stretch.from).as_secs(),
                by: stretch.closed,
            }
        });
        pieces.collect()
    }

    /// What the signs mean, as far as they are used, and what holds on most days.
    fn legend(&self, used: &[Cell]) -> Text {
        let mut text = Text::default();
        for cell in LEGEND.iter().filter(|cell| used.contains(cell)) {
            if !text.is_empty() {
                text += "   ";
            }
            text += self.painted(&[*cell]) + " " + cell.3;
        }
        if !self.window.runway.is_zero() {
            let runway = span(self.window.runway.unsigned_abs());
            text += format_args!("   (runway {runway})");
        }
        text += "\n";
        let usual: Vec<_> = self.usual().iter().map(said).collect();
        if !usual.is_empty() {
            let days = Text::from("most days: ") + usual.join(", ");
            text += days.cut(self.columns) + "\n";
        }
        text
    }

    /// The cells in their colours.
    fn painted(&self, cells: &[Cell]) -> Text {
        let paint = |run: &[Cell]| {
            let Cell(sign, block, style, _) = run[0];
            let sign = if self.has_blocks { block } else { sign };
            paint(style, sign.to_string().repeat(run.len()))
        };
        cells.chunk_by(|a, b| a == b).map(paint).collect()
    }
}

/// A rule of the week, and whether it opens.
fn said((opens, rule): &(bool, &Rule)) -> String {
    let what = if *opens { "open" } else { "closed" };
    format!("{what} {rule}")
}

/// The dates or the event that close a piece of a day.
fn dated(piece: &Piece) -> Option<String> {
    match &piece.by {
        Some(ClosedBy::Event { name, .. }) => Some(name.clone()),
        Some(ClosedBy::Rule(rule)) if rule.is_on(Date::ZERO).is_none() => Some(rule.to_string()),
        _ => None,
    }
}

/// Minutes after midnight, as short as they can be said.
fn hour(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (hour, 0) => format!("{hour:02}"),
        (hour, minute) => format!("{hour:02}:{minute:02}"),
    }
}

/// What is odd about a day of this length.
fn change(length: SignedDuration) -> Option<String> {
    let odd = length.as_secs() - DAY;
    let back = if odd < 0 { "forward" } else { "back" };
    (odd != 0).then(|| {
        let by = span(SignedDuration::from_secs(odd).unsigned_abs());
        format!("clocks go {back} {by}")
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
mod tests;
