//! The promises, and what was measured of them.

use std::fmt;

/// A promise, and what was measured.
pub(crate) struct Figure {
    what: String,
    value: String,
    pub(crate) is_kept: bool,
}

impl Figure {
    pub(crate) fn ratio(what: &str, value: f64, limit: f64) -> Self {
        Self {
            what: what.to_owned(),
            value: format!("{value:.2} x (at most {limit:.2})"),
            is_kept: value <= limit,
        }
    }

    pub(crate) fn size(what: &str, bytes: usize, limit: f64) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a few million")]
        let value = bytes as f64 / 1e6;
        Self {
            what: what.to_owned(),
            value: format!("{value:.2} MB (at most {limit:.0})"),
            is_kept: value <= limit,
        }
    }

    pub(crate) fn truth(what: &str, is_kept: bool) -> Self {
        Self {
            what: what.to_owned(),
            value: if is_kept { "yes" } else { "no" }.to_owned(),
            is_kept,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_kept { "ok" } else { "MISSED" };
        write!(f, "{word:6}  {}: {}", self.what, self.value)
    }
}

/// The first, second or third quartile of some times; the least of them for 0.
pub(crate) fn quartile(times: &[f64], quarter: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[(times.len() - 1) * quarter / 4]
}

/// The mean of the middle half of some times. One that stalls does not count, and where many of them stall, as ssh
/// does for 40 ms that an acknowledgement may take, it does not jump from one to the other as a median does.
pub(crate) fn typical(times: &[f64]) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    let middle = &times[times.len() / 4..times.len() - times.len() / 4];
    #[allow(clippy::cast_precision_loss, reason = "there are few of them")]
    let count = middle.len() as f64;
    middle.iter().sum::<f64>() / count
}
