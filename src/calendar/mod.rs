//! Deploy windows: what the rules mean, whether one is open, and when it opens next.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

/// When an environment may be pushed to.
///
/// A window with no `open` rule is open whenever no `closed` rule closes it.
#[derive(Clone, Debug)]
pub struct Window {
    /// The zone whose wall clock the rules are written for.
    pub timezone: Zone,
    /// The rules that open the window; empty means always.
    pub open: Vec<Rule>,
    /// The rules that close it, whatever `open` says.
    pub closed: Vec<Rule>,
    /// How long it must stay open after the push.
    pub runway: SignedDuration,
}
