//! The line of instants in whole seconds since 1970, on which windows are computed.

use jiff::Timestamp;

/// How far ahead an answer is looked for: five years, leap days included.
pub(super) const HORIZON: i64 = 5 * 366 * 24 * 60 * 60;

/// The instant at which a second begins, or the end of time that is nearest to it.
pub(super) fn instant(second: i64) -> Timestamp {
    let nearest = if second < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    };
    Timestamp::from_second(second).unwrap_or(nearest)
}

/// The second that an instant is in. (`as_second` rounds towards 1970.)
pub(super) fn floor(at: Timestamp) -> i64 {
    at.as_second() - i64::from(at.subsec_nanosecond() < 0)
}

/// The first second that begins at or after an instant.
pub(super) fn ceil(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}
