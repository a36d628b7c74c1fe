//! What a person is told about a push.

use crate::gates::{Stop, verdict::Verdict};

/// One message about a push.
#[derive(Debug)]
pub(crate) enum Message {
    Line(String),
    /// A line that must not be missed.
    Warning(String),
    /// Why it is not recorded yet which earlier pushes arrived.
    Unsettled(Stop),
    /// What the gates said about a target.
    Verdict(String, Box<Verdict>),
    /// Why the push does not go, though no gate was asked.
    Stopped(String, Stop),
}
