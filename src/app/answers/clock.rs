//! The clock and the time zone of this machine.

use jiff::{Timestamp, tz::TimeZone};

use crate::gates::{Clock, Undecided};

pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn zone(&self) -> Result<TimeZone, Undecided> {
        // `TimeZone::system` would silently be UTC where TZ names no zone.
        TimeZone::try_system().map_err(|error| {
            Undecided::new("the time zone of this machine cannot be told").detail(error.to_string())
        })
    }
}
