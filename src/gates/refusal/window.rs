//! Why the gate `window` refuses.

use jiff::tz::TimeZone;

use crate::{
    calendar::{Closed, ClosedBy},
    gates::refusal::Explanation,
    policy::FILE,
    text::{clock, day_and_time},
};

/// The window is closed, or closes within the runway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub closed: Box<Closed>,
    /// The time zone of the person who pushes.
    pub reader: TimeZone,
}

impl Refusal {
    pub(crate) fn explain(&self) -> Explanation {
        let Self { closed, reader } = self;
        let at = || clock(closed.at, &closed.zone, reader);
        let why = match (&closed.by, closed.within_runway) {
            (by @ (ClosedBy::Rule(_) | ClosedBy::Event { .. }), false) => format!("closed by {by}"),
            (by @ (ClosedBy::Rule(_) | ClosedBy::Event { .. }), true) => {
                format!("{by} closes it at {}, within the runway", at())
            }
            (ClosedBy::OutsideOpen, false) => "outside the open hours".to_owned(),
            (ClosedBy::OutsideOpen, true) => {
                format!("the open hours end at {}, within the runway", at())
            }
        };
        match closed.reopens {
            Some(next) => Explanation::new(
                format!("{why}; opens {}", day_and_time(next, &closed.zone, reader)),
                [
                    "push again then",
                    "if it cannot wait: PUSHGATE_SKIP=window PUSHGATE_REASON=\"why\" before the same git push",
                ],
            ),
            None => Explanation::new(
                format!("{why}; it never opens"),
                [format!(
                    "fix the window in {FILE}: no hour passes all of its rules"
                )],
            ),
        }
    }
}
