//! The scale of the picture, and the stretches that are drawn on it.

/// The seconds of a civil day.
pub(super) const DAY: i64 = 24 * 60 * 60;
/// The cells from one written hour to the next.
pub(super) const TICK: usize = 6;

/// How fine the picture is.
#[derive(Clone, Copy)]
pub(super) struct Scale {
    /// The cells of a day.
    pub(super) cells: usize,
    /// How a day is written before its row.
    pub(super) label: &'static str,
    /// How wide that is, with the space after it.
    pub(super) margin: usize,
}

impl Scale {
    /// The finest that has room; the coarsest is 19 columns wide.
    pub(super) fn of(columns: usize) -> Self {
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
    pub(super) fn cell(self) -> i64 {
        DAY / i64::try_from(self.cells).unwrap_or(1)
    }

    /// The seconds after midnight at which an hour is written.
    pub(super) fn ticks(self) -> impl Iterator<Item = i64> {
        let step = TICK * usize::try_from(self.cell()).unwrap_or(1);
        (0..DAY).step_by(step)
    }
}

/// A stretch by the clock on the wall.
pub(super) struct Piece {
    /// Its first civil second since 1970.
    pub(super) from: i64,
    /// The second after its last.
    pub(super) until: i64,
    /// Why it is closed; `None` where it is open.
    pub(super) why: Option<String>,
}
