//! The cells of a row, each an hour or a part of one.

use anstyle::{AnsiColor, Style};

use super::scale::{Piece, Scale};
use crate::report::{BAD, GOOD, LOUD};

const OPEN: Style = AnsiColor::Green.on_default();
const CLOSED: Style = AnsiColor::Red.on_default();

/// What a cell shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// The clocks go forward over it.
    Skipped,
    /// All of it is open.
    Open,
    /// All of it is closed.
    Closed,
    /// A part of it is closed.
    Partly,
    /// The moment that is asked about, when a push would go.
    Go,
    /// The same when it would not.
    NoGo,
    /// The runway after it.
    Runway,
    /// The runway where it meets a closed stretch.
    Blocked,
}

/// What the signs mean.
pub(super) const LEGEND: [(Cell, &str); 7] = [
    (Cell::Open, "open"),
    (Cell::Closed, "closed"),
    (Cell::Partly, "closed for a part"),
    (Cell::Go, "now"),
    (Cell::NoGo, "now"),
    (Cell::Runway, "runway"),
    (Cell::Blocked, "closed within the runway"),
];

impl Cell {
    /// Its sign; each is another, for those who see no colour.
    pub(super) fn glyph(self) -> char {
        match self {
            Self::Skipped => ' ',
            Self::Open => '.',
            Self::Closed => '#',
            Self::Partly => ':',
            Self::Go | Self::NoGo => '@',
            Self::Runway => '>',
            Self::Blocked => 'X',
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            Self::Skipped => Style::new(),
            Self::Open => OPEN,
            Self::Closed | Self::Partly => CLOSED,
            Self::Go => GOOD,
            Self::NoGo | Self::Blocked => BAD,
            Self::Runway => LOUD,
        }
    }
}

/// The moment that is asked about, and the runway after it.
pub(super) struct Runway {
    /// The moment, in civil seconds.
    pub(super) now: i64,
    /// Whether a push would go then.
    pub(super) is_open: bool,
    /// What the window is during the runway.
    pub(super) pieces: Vec<Piece>,
}

/// The cells of the day that begins at a midnight.
pub(super) fn of(pieces: &[Piece], runway: &Runway, midnight: i64, scale: Scale) -> Vec<Cell> {
    let starts = (midnight..).step_by(usize::try_from(scale.cell()).unwrap_or(1));
    starts
        .take(scale.cells)
        .map(|from| {
            let until = from + scale.cell();
            let (is_runway, is_blocked) = within(&runway.pieces, from, until);
            if (from..until).contains(&runway.now) {
                return if runway.is_open { Cell::Go } else { Cell::NoGo };
            }
            match within(pieces, from, until) {
                _ if is_blocked => Cell::Blocked,
                _ if is_runway => Cell::Runway,
                (true, true) => Cell::Partly,
                (true, false) => Cell::Open,
                (false, true) => Cell::Closed,
                (false, false) => Cell::Skipped,
            }
        })
        .collect()
}

/// Whether a part of a cell is open, and whether a part of it is closed.
fn within(pieces: &[Piece], from: i64, until: i64) -> (bool, bool) {
    let here = || (pieces.iter()).filter(|piece| piece.from < until && from < piece.until);
    (
        here().any(|piece| piece.why.is_none()),
        here().any(|piece| piece.why.is_some()),
    )
}

/// The cells in their colours.
pub(super) fn painted(cells: &[Cell]) -> String {
    let paint = |run: &[Cell]| {
        let style = run[0].style();
        let glyphs: String = run.iter().map(|cell| cell.glyph()).collect();
        format!("{style}{glyphs}{style:#}")
    };
    cells.chunk_by(|a, b| a == b).map(paint).collect()
}
