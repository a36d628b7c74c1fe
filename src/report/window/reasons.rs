//! Why a stretch is closed, written under it.

use textwrap::core::display_width;

use super::scale::{DAY, Piece, Scale};
use crate::report::between_words;

/// A reason, and the cell that it is written under.
pub(super) type Reason = (usize, String);

/// The reasons of a day, each under the first cell of its stretch.
pub(super) fn of(pieces: &[Piece], midnight: i64, scale: Scale) -> Vec<Reason> {
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
pub(super) fn under(reasons: &[Reason], margin: usize, columns: usize) -> String {
    let room = columns.saturating_sub(margin).max(1);
    let mut lines: Vec<String> = Vec::new();
    let mut placed: Vec<(usize, &str)> = Vec::new();
    for (cell, words) in reasons {
        let parts = wrapped(words, room);
        let widest = parts.iter().map(|part| display_width(part)).max();
        let column = (*cell).min(room - widest.unwrap_or(0).min(room));
        if placed.contains(&(column, words)) {
            continue;
        }
        placed.push((column, words));
        let has_room = |line: &String| match column {
            0 => line.is_empty(),
            _ => display_width(line) < column,
        };
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

/// A reason in as many lines as it needs.
fn wrapped(words: &str, room: usize) -> Vec<String> {
    let lines = textwrap::wrap(words, between_words(room));
    lines.into_iter().map(Into::into).collect()
}
