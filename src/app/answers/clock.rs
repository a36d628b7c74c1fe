//! The clock and the time zone of this machine.

use jiff::{Timestamp, tz::TimeZone};

use crate::gates::{Clock, verdict::Trouble};

pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn zone(&self) -> Result<TimeZone, Trouble> {
        // `TimeZone::system` would silently be UTC where TZ names no zone.
        TimeZone::try_system().map_err(|error| Trouble::NoZone {
            words: vec![error.to_string()],
        })
    }
}
