//! A window as a picture: rows of days, hours across, under each closed stretch its reason.

use anstyle::{AnsiColor, Style};
use jiff::{
    SignedDuration, Timestamp, ToSpan,
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};
use textwrap::core::display_width;

use super::{BAD, DEEP, GOOD, LOUD, PLAIN, Text, paint, text::between_words};
use crate::{
    calendar::Window,
    gates::window::Answer,
    text::{day_and_time, span},
};

/// The days that are shown.
const DAYS: usize = 7;
/// The seconds of a civil day.
const DAY: i64 = 24 * 60 * 60;
/// The cells from one written hour to the next.
const TICK: usize = 6;

/// An hour or a part of one: its sign, which is another for each meaning, for those who see no colour; its
/// colour; and what it means.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cell(char, Style, &'static str);

const OPEN: Cell = Cell('.', AnsiColor::Green.on_default(), "open");
const CLOSED: Cell = Cell('#', AnsiColor::Red.on_default(), "closed");
const PARTLY: Cell = Cell(':', AnsiColor::Red.on_default(), "closed for a part");
/// The moment that is asked about, when a push would go.
const GO: Cell = Cell('@', GOOD, "now");
/// The same when it would not.
const NO_GO: Cell = Cell('@', BAD, "now");
const RUNWAY: Cell = Cell('>', LOUD, "runway");
const BLOCKED: Cell = Cell('X', BAD, "closed within the runway");
/// The clocks go forward over it.
const SKIPPED: Cell = Cell(' ', Style::new(), "");

const LEGEND: [Cell; 7] = [OPEN, CLOSED, PARTLY, GO, NO_GO, RUNWAY, BLOCKED];

/// What is drawn.
pub(crate) struct Picture<'p> {
    pub(crate) environment: &'p str,
    pub(crate) window: &'p Window,
    /// What holds at the moment that is asked about, whose day is the first.
    pub(crate) answer: &'p Answer,
    /// The zone of the person who reads.
    pub(crate) reader: &'p TimeZone,
    pub(crate) columns: usize,
}

/// How fine the picture is.
#[derive(Clone, Copy)]
struct Scale {
    /// The cells of a day.
    cells: usize,
    /// How a day is written before its row.
    label: &'static str,
    /// How wide that is, with the space after it.
    margin: usize,
}

/// A stretch by the clock on the wall.
struct Piece {
    /// Its first civil second since 1970.
    from: i64,
    /// The second after its last.
    until: i64,
    /// Why it is closed; `None` where it is open.
    why: Option<String>,
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
        let mut text = Text::from(scale.axis("", &shown));
        let mut used = Vec::new();
        for date in now.date().series(1.day()).take(DAYS) {
            let start = |date: Date| Some(date.to_zoned(zone.clone()).ok()?.timestamp());
            let next = date.tomorrow().ok().and_then(start);
            // The calendar ends with the year 9999.
            let (Some(from), Some(until)) = (start(date), next) else {
                break;
            };
            let here = self.hours_here(date, scale, &zone);
            if here != shown {
                text += scale.axis("here", &here);
                shown = here;
            }
            let midnight = civil(date.into());
            let pieces = self.pieces(from, until, &zone);
            let cells = cells(&pieces, &runway, now_cell, midnight, scale);
            let (day, margin) = (date.strftime(scale.label).to_string(), scale.margin);
            text += Text::from(format_args!("{day:<margin$}")) + painted(&cells) + "\n";
            let mut reasons = reasons(&pieces, midnight, scale);
            reasons.extend(change(until.duration_since(from)).map(|words| (0, words)));
            text += under(&reasons, margin, self.columns);
            used.extend(cells);
        }
        (text, used)
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
                why: stretch.closed.map(|by| by.to_string()),
            }
        });
        pieces.collect()
    }

    /// What the signs mean, as far as they are used.
    fn legend(&self, used: &[Cell]) -> Text {
        let mut text = Text::default();
        for Cell(sign, style, meaning) in LEGEND.iter().filter(|cell| used.contains(cell)) {
            if !text.is_empty() {
                text += "   ";
            }
            text += paint(*style, sign) + " " + meaning;
        }
        if !self.window.runway.is_zero() {
            let runway = span(self.window.runway.unsigned_abs());
            text += format_args!("   (runway {runway})");
        }
        text + "\n"
    }
}

impl Scale {
    /// The finest that has room; the coarsest is 19 columns wide.
    fn of(columns: usize) -> Self {
        let (cells, label, margin) = match columns {
            66.. => (48, "%a %Y-%m-%d", 16),
            36.. => (24, "%a %m-%d", 11),
            _ => (12, "%a %d", 7),
        };
        Self {
            cells,
            label,
            margin,
        }
    }

    /// The seconds of a cell.
    fn cell(self) -> i64 {
        DAY / i64::try_from(self.cells).unwrap_or(1)
    }

    /// The seconds after midnight at which an hour is written.
    fn ticks(self) -> impl Iterator<Item = i64> {
        let step = TICK * usize::try_from(self.cell()).unwrap_or(1);
        (0..DAY).step_by(step)
    }

    /// The hours over the rows.
    fn axis(self, name: &str, hours: &[String]) -> String {
        let mut line = format!("{name:<margin$}", margin = self.margin);
        for hour in hours {
            line += &format!("{hour:<TICK$}");
        }
        line.trim_end().to_owned() + "\n"
    }
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

/// What is odd about a day of this length.
fn change(length: SignedDuration) -> Option<String> {
    let odd = length.as_secs() - DAY;
    let back = if odd < 0 { "forward" } else { "back" };
    (odd != 0).then(|| {
        let by = span(SignedDuration::from_secs(odd).unsigned_abs());
        format!("the clocks go {back} by {by}")
    })
}

/// The cells of the day that begins at a midnight; `now` has the civil second that is asked about.
fn cells(
    pieces: &[Piece],
    runway: &[Piece],
    now: (i64, Cell),
    midnight: i64,
    scale: Scale,
) -> Vec<Cell> {
    let cell = |index| {
        let from = midnight + index * scale.cell();
        let until = from + scale.cell();
        if (from..until).contains(&now.0) {
            return now.1;
        }
        // Whether a part of the cell is open, and whether a part of it is closed.
        let within = |pieces: &[Piece]| {
            let here = |piece: &&Piece| piece.from < until && from < piece.until;
            let is_open = |piece: &Piece| piece.why.is_none();
            let here = || pieces.iter().filter(here);
            (here().any(is_open), !here().all(is_open))
        };
        match (within(runway), within(pieces)) {
            ((_, true), _) => BLOCKED,
            ((true, _), _) => RUNWAY,
            (_, (true, true)) => PARTLY,
            (_, (true, false)) => OPEN,
            (_, (false, true)) => CLOSED,
            (_, (false, false)) => SKIPPED,
        }
    };
    (0..DAY / scale.cell()).map(cell).collect()
}

/// The cells in their colours.
fn painted(cells: &[Cell]) -> Text {
    let paint = |run: &[Cell]| {
        let Cell(_, style, _) = run[0];
        let signs: String = run.iter().map(|Cell(sign, ..)| sign).collect();
        paint(style, signs)
    };
    cells.chunk_by(|a, b| a == b).map(paint).collect()
}

/// The reasons why stretches of a day are closed, each with the first cell of its stretch.
fn reasons(pieces: &[Piece], midnight: i64, scale: Scale) -> Vec<(usize, String)> {
    let mut closed: Vec<(i64, i64, &str)> = Vec::new();
    for piece in pieces {
        let Some(why) = piece.why.as_deref() else {
            continue;
        };
        match closed.last_mut() {
            // A change of the clocks splits a stretch, and one that comes twice overlaps itself.
            Some((_, until, same)) if *same == why && piece.from <= *until => {
                *until = piece.until.max(*until);
            }
            _ => closed.push((piece.from, piece.until, why)),
        }
    }
    let cell = |from: i64| usize::try_from((from - midnight).clamp(0, DAY - 1) / scale.cell());
    (closed.into_iter())
        .map(|(from, _, why)| (cell(from).unwrap_or_default(), why.to_owned()))
        .collect()
}

/// The lines under a row.
///
/// A reason stands as far left as it must to have room, and where another is in its way, a line
/// further down; the same in the same place is written once.
fn under(reasons: &[(usize, String)], margin: usize, columns: usize) -> String {
    let room = columns.saturating_sub(margin).max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut placed: Vec<(usize, &str)> = Vec::new();
    for (cell, words) in reasons {
        let parts = textwrap::wrap(words, between_words(room));
        let widest = parts.iter().map(|part| display_width(part)).max();
        let column = (*cell).min(room - widest.unwrap_or(0).min(room));
        if placed.contains(&(column, words)) {
            continue;
        }
        placed.push((column, words));
        let has_room = |line: &String| line.is_empty() || display_width(line) < column;
        let index = match parts.len() {
            1 => lines.iter().position(has_room).unwrap_or(lines.len()),
            _ => lines.len(),
        };
        for (index, part) in (index..).zip(parts) {
            if index == lines.len() {
                lines.push(String::new());
            }
            let line = &mut lines[index];
            *line += &" ".repeat(column - display_width(line));
            *line += &part;
        }
    }
    let margin = " ".repeat(margin);
    let lines = lines.iter().map(|line| format!("{margin}{line}\n"));
    lines.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by it")]
mod tests;
