//! What a person is told about a push.

use crate::gates::{Refusal, Undecided, verdict::Verdict};

/// One message about a push.
#[derive(Debug)]
pub(crate) enum Message {
    Line(String),
    /// A line that must not be missed.
    Warning(String),
    /// What the gates said about a target.
    Verdict(String, Box<Verdict>),
    /// The push was refused before any gate was asked.
    Refused(String, Refusal),
    /// Something could not be found out, so the push does not go.
    Undecided(String, Undecided),
}
