//! The cells of a day in a picture of a window.

use anstyle::{AnsiColor, Style};
use jiff::civil::DateTime;

use crate::calendar::ClosedBy;

/// The columns before the hours.
pub(super) const MARGIN: usize = 8;

/// The seconds of a civil day.
pub(super) const DAY: i64 = 24 * 60 * 60;
/// The cells from one written hour to the next.
pub(super) const TICK: usize = 6;

/// An hour or a part of one: its sign, which is another for each meaning, for those who see no colour; the same
/// where the locale has blocks; its colour; and what it means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Cell(
    pub(super) char,
    pub(super) char,
    pub(super) Style,
    pub(super) &'static str,
);

pub(super) const OPEN: Cell = Cell('.', '\u{2591}', AnsiColor::Green.on_default(), "open");
pub(super) const CLOSED: Cell = Cell('#', '\u{2588}', AnsiColor::Red.on_default(), "closed");
pub(super) const PARTLY: Cell = Cell(
    ':',
    '\u{2592}',
    AnsiColor::Red.on_default(),
    "closed for a part",
);
/// The clocks go forward over it.
pub(super) const SKIPPED: Cell = Cell(' ', ' ', Style::new(), "");

/// A stretch by the clock on the wall.
pub(super) struct Piece {
    /// Its first civil second since 1970.
    pub(super) from: i64,
    /// The second after its last.
    pub(super) until: i64,
    /// What closes it; `None` where it is open.
    pub(super) by: Option<ClosedBy>,
}

/// The seconds of a cell, as few as there is room for; the coarsest picture is 20 columns wide.
pub(super) fn cell_length(columns: usize) -> i64 {
    match columns {
        58.. => DAY / 48,
        36.. => DAY / 24,
        _ => DAY / 12,
    }
}

/// The seconds after midnight at which an hour is written.
pub(super) fn ticks(cell_length: i64) -> impl Iterator<Item = i64> {
    let step = TICK * usize::try_from(cell_length).unwrap_or(1);
    (0..DAY).step_by(step)
}

/// The hours over the rows.
pub(super) fn axis(name: &str, hours: &[String]) -> String {
    let mut line = format!("{name:<MARGIN$}");
    for hour in hours {
        line += &format!("{hour:<TICK$}");
    }
    line.trim_end().to_owned() + "\n"
}

/// The civil second since 1970 that a wall-clock time is in.
pub(super) fn civil(at: DateTime) -> i64 {
    at.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0))
        .as_secs()
}

/// The cells of the day that begins at a midnight; `now` has the civil second that is asked about.
pub(super) fn cells(
    pieces: &[Piece],
    now: (i64, Cell),
    midnight: i64,
    cell_length: i64,
) -> Vec<Cell> {
    let cell = |index| {
        let from = midnight + index * cell_length;
        let until = from + cell_length;
        if (from..until).contains(&now.0) {
            return now.1;
        }
        let here = |piece: &&Piece| piece.from < until && from < piece.until;
        let here = pieces.iter().filter(here);
        let is_open: Vec<_> = here.map(|piece| piece.by.is_none()).collect();
        match (is_open.contains(&true), is_open.contains(&false)) {
            (true, true) => PARTLY,
            (true, false) => OPEN,
            (false, true) => CLOSED,
            (false, false) => SKIPPED,
        }
    };
    (0..DAY / cell_length).map(cell).collect()
}
