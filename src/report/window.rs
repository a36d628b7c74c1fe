//! A window as a picture: rows of days, hours across, and beside a day what makes it another than the usual ones.

mod cells;

use std::mem;

use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};

use textwrap::core::display_width;

use self::cells::{
    CLOSED, Cell, DAY, MARGIN, OPEN, PARTLY, Piece, axis, cell_length, cells, civil, ticks,
};
use super::{BAD, DEEP, GOOD, PLAIN, Text, paint, prefixed};
use crate::{
    calendar::{ClosedBy, Rule, Window},
    gates::window::Answer,
    text::{day_and_time, span},
};

/// The days that are shown.
const DAYS: usize = 7;
/// The picture and its notes have no more lines than these, if they can.
const LINES: usize = 16;

/// What is drawn.
pub(crate) struct Picture<'p> {
    pub(crate) environment: &'p str,
    pub(crate) window: &'p Window,
    /// What holds at the moment that is asked about, whose day is the first.
    pub(crate) answer: &'p Answer,
    /// Whether that moment is now.
    pub(crate) is_now: bool,
    /// The zone of the person who reads.
    pub(crate) reader: &'p TimeZone,
    pub(crate) columns: usize,
    /// What is said above it.
    pub(crate) notes: &'p [String],
    /// Whether blocks can be shown.
    pub(crate) has_blocks: bool,
}

/// The rules of the week that begin on a day, and whether they open.
type Rules<'p> = Vec<(bool, &'p Rule)>;

/// What the picture says of a day.
struct Row {
    /// The hours over it, where they are not those over the days before.
    axis: String,
    day: String,
    cells: Vec<Cell>,
    /// What there is to say about it.
    words: Vec<String>,
}

/// What holds, in its colour.
pub(crate) fn state(answer: &Answer) -> Text {
    let words = paint(if answer.open { GOOD } else { BAD }, &answer.words);
    match answer.last.as_str() {
        "" => words,
        last => words + ", for pushes before " + last,
    }
}

impl Picture<'_> {
    pub(crate) fn draw(&self) -> Text {
        let text = self.headline().wrap(self.columns, DEEP);
        if self.window.is_always_open() {
            return text;
        }
        let days = self.days();
        let usual = usual(&days);
        let rows = self.rows(&days, &usual);
        let used: Vec<_> = rows.iter().flat_map(|row| row.cells.clone()).collect();
        let signs = self.signs(&used).wrap(self.columns, DEEP);
        let lines = |text: &Text| text.as_str().lines().count();
        let axes: usize = rows.iter().map(|row| row.axis.lines().count()).sum();
        let notes = (self.notes.iter()).map(|note| prefixed(note).wrap(self.columns, DEEP));
        let notes: usize = notes.map(|note| lines(&note)).sum();
        let taken = notes + lines(&text) + axes + rows.len() + lines(&signs);
        let mut usual_words = Text::default();
        // The rows show it, too.
        if taken < LINES && !usual.is_empty() {
            let is_each = days.iter().all(|(_, rules)| *rules == usual);
            let which = if is_each { "each day" } else { "most days" };
            let usual: Vec<_> = usual.iter().map(said).collect();
            let words = Text::from(which) + ": " + usual.join(", ");
            usual_words = words.cut(self.columns) + "\n";
        }
        let mut spare = LINES.saturating_sub(taken + lines(&usual_words));
        let rows: Text = rows.iter().map(|row| self.row(row, &mut spare)).collect();
        let gap = if spare < 2 { "" } else { "\n" };
        text + gap + rows + gap + signs + usual_words
    }

    fn zone(&self) -> TimeZone {
        self.window.timezone.resolve(self.reader)
    }

    /// What holds at the moment, as a verdict would say it.
    fn headline(&self) -> Text {
        let now = day_and_time(self.answer.at, &self.zone(), self.reader);
        let environment = paint(PLAIN, self.environment);
        environment + format_args!(", {now}: ") + state(self.answer) + "\n"
    }

    /// The days that are shown, with their rules.
    fn days(&self) -> Vec<(Date, Rules<'_>)> {
        let opens = self.window.open.iter().map(|rule| (true, rule));
        let closes = self.window.closed.iter().map(|rule| (false, rule));
        let all: Rules<'_> = opens.chain(closes).collect();
        let rules = |date| {
            let of_day = all
                .iter()
                .filter(|(_, rule)| rule.is_on(date) == Some(true));
            (date, of_day.copied().collect())
        };
        let first = self.answer.at.to_zoned(self.zone()).date();
        first.series(1.day()).take(DAYS).map(rules).collect()
    }

    /// A row for each day.
    fn rows(&self, days: &[(Date, Rules<'_>)], usual: &Rules<'_>) -> Vec<Row> {
        let (zone, cell_length) = (self.zone(), cell_length(self.columns));
        let now = self.answer.at.to_zoned(zone.clone()).datetime();
        let now_cell = (civil(now), self.now());
        let mut shown: Vec<_> = ticks(cell_length).map(|tick| hour(tick / 60)).collect();
        let mut above = axis(&now.strftime("%Y-%m").to_string(), &shown);
        let mut rows = Vec::new();
        let opens = |rules: &Rules<'_>| rules.iter().any(|(opens, _)| *opens);
        for (date, rules) in days {
            let start = |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp());
            let next = date.tomorrow().ok().and_then(start);
            // The calendar ends with the year 9999.
            let (Some(from), Some(until)) = (start(*date), next) else {
                break;
            };
            let here = self.hours_here(*date, cell_length, &zone);
            if here != shown {
                above += &axis("here", &here);
                shown = here;
            }
            let pieces = self.pieces(from, until, &zone);
            let mut words = Vec::from_iter(change(until.duration_since(from)));
            let closing: Vec<_> = pieces.iter().map(dated).collect();
            words.extend(closing.iter().flatten().cloned());
            words.dedup();
            if closing.iter().any(Option::is_none) {
                let unusual = rules.iter().filter(|rule| !usual.contains(rule));
                words.extend(unusual.map(said));
                if opens(usual) && !opens(rules) {
                    words.push("no open hours".to_owned());
                }
            }
            rows.push(Row {
                axis: mem::take(&mut above),
                day: date.strftime("%a %d").to_string(),
                cells: cells(&pieces, now_cell, civil((*date).into()), cell_length),
                words,
            });
        }
        rows
    }

    /// A row with what there is to say beside it: what has no room there stands below, or is cut where the picture
    /// has no line to spare.
    fn row(&self, row: &Row, spare: &mut usize) -> Text {
        let start = Text::from(&row.axis) + format_args!("{:<MARGIN$}", row.day);
        let text = start + self.painted(&row.cells);
        let room = (self.columns).saturating_sub(MARGIN + row.cells.len() + 2);
        let all = row.words.join(", ");
        if *spare == 0 && room >= MARGIN && !all.is_empty() {
            return text + "  " + Text::from(all).cut(room) + "\n";
        }
        let fits = |count: &usize| display_width(&row.words[..*count].join(", ")) <= room;
        let count = (0..=row.words.len()).rev().find(fits).unwrap_or(0);
        let (beside, below) = row.words.split_at(count);
        let gap = if beside.is_empty() { "" } else { "  " };
        let text = text + gap + beside.join(", ") + "\n";
        if below.is_empty() {
            return text;
        }
        *spare = spare.saturating_sub(1);
        let room = self.columns.saturating_sub(MARGIN);
        text + format_args!("{:MARGIN$}", "") + Text::from(below.join(", ")).cut(room) + "\n"
    }

    /// The hours of the reader at the hours of the window on a day.
    fn hours_here(&self, date: Date, cell_length: i64, zone: &TimeZone) -> Vec<String> {
        let here = |tick: i64| {
            let there = date.to_datetime(Time::midnight()) + SignedDuration::from_secs(tick);
            let there = there.to_zoned(zone.clone()).ok()?;
            let here = there.with_time_zone(self.reader.clone());
            Some(hour(i64::from(here.hour()) * 60 + i64::from(here.minute())))
        };
        let hours = ticks(cell_length).map(here);
        hours.map(Option::unwrap_or_default).collect()
    }

    /// The pieces of a day by what a push would get then: closed as long before a closed time as the runway is.
    fn pieces(&self, from: Timestamp, until: Timestamp, zone: &TimeZone) -> Vec<Piece> {
        let runway = self.window.runway;
        let end = until.checked_add(runway).unwrap_or(Timestamp::MAX);
        let stretches = self.window.stretches(from, end, self.reader).into_iter();
        let mut last = Timestamp::MAX;
        let mut pieces = Vec::new();
        for stretch in stretches.rev() {
            let mut add = |from: Timestamp, to: Timestamp, by| {
                let to = to.min(until);
                if from < to {
                    let from_civil = civil(from.to_zoned(zone.clone()).datetime());
                    pieces.push(Piece {
                        from: from_civil,
                        until: from_civil + to.duration_since(from).as_secs(),
                        by,
                    });
                }
            };
            if stretch.closed.is_some() {
                last = stretch.from.checked_sub(runway).unwrap_or(Timestamp::MIN);
                add(stretch.from, stretch.until, stretch.closed);
            } else {
                let last = last.clamp(stretch.from, stretch.until);
                add(last, stretch.until, Some(ClosedBy::OutsideOpen));
                add(stretch.from, last, None);
            }
        }
        pieces.reverse();
        pieces
    }

    /// What the signs mean, as far as they are used.
    fn signs(&self, used: &[Cell]) -> Text {
        let mut text = Text::default();
        let all = [OPEN, CLOSED, PARTLY, self.now()];
        for cell in all.into_iter().filter(|cell| used.contains(cell)) {
            if !text.is_empty() {
                text += "   ";
            }
            text += self.painted(&[cell]) + " " + cell.3;
            if cell == CLOSED && !self.window.runway.is_zero() {
                let runway = span(self.window.runway.unsigned_abs());
                text += format_args!(", or within the runway of {runway}");
            }
        }
        text + "\n"
    }

    /// The moment that is asked about, in the colour of what a push would get then.
    fn now(&self) -> Cell {
        let style = if self.answer.open { GOOD } else { BAD };
        Cell('@', '@', style, if self.is_now { "now" } else { "then" })
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

/// The rules of the most days.
fn usual<'p>(days: &[(Date, Rules<'p>)]) -> Rules<'p> {
    let count = |rules: &Rules<'_>| days.iter().filter(|(_, other)| other == rules).count();
    let most = days.iter().rev().max_by_key(|(_, rules)| count(rules));
    most.map(|(_, rules)| rules.clone()).unwrap_or_default()
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
