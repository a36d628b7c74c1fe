//! The lengths of time of a policy.

use std::fmt;
use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use super::Reuse;
use crate::text::nearest;

/// The `reuse` with which the suite runs each time.
const NEVER: &str = "never";

/// The longest duration that is accepted: ten years.
const LONGEST: Duration = Duration::from_hours(10 * 365 * 24);

/// Reads a length of time, zero included, for `deserialize_with`.
pub(super) fn length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = deserializer.deserialize_any(TextOrNumber("a duration such as `30m`"))?;
    parse(&text).map_err(D::Error::custom)
}

/// Reads a length of time that is not zero, for `deserialize_with`.
pub(super) fn limit<'de, D, V>(deserializer: D) -> Result<V, D::Error>
where
    D: Deserializer<'de>,
    V: From<Duration>,
{
    let length = length(deserializer)?;
    if length.is_zero() {
        return Err(D::Error::custom("a limit of no time lets nothing finish"));
    }
    Ok(length.into())
}

impl<'de> Deserialize<'de> for Reuse {
    /// Reads `never`, or a length of time; no time at all is never.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = TextOrNumber("a duration such as `24h`, or `never`");
        let text = deserializer.deserialize_any(expected)?;
        if text == NEVER {
            return Ok(Self::Never);
        }
        if nearest(&text, [NEVER]).is_some() {
            return Err(D::Error::unknown_variant(&text, &[NEVER]));
        }
        let length = parse(&text).map_err(D::Error::custom)?;
        Ok(if length.is_zero() {
            Self::Never
        } else {
            Self::For(length)
        })
    }
}

/// Reads a text or a number as text; has the words for what the key takes.
struct TextOrNumber(&'static str);

impl Visitor<'_> for TextOrNumber {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
}

/// Reads a length of time in jiff's friendly form; a day is 24 hours, a week seven days.
fn parse(text: &str) -> Result<Duration, &'static str> {
    const EXAMPLES: &str = "not a duration; write one such as `30m`, `1h 30m` or `24h`";
    const TOO_LONG: &str = "longer than ten years";

    let text = text.trim();
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.parse::<f64>().is_ok() {
        return Err(if text.starts_with('-') {
            "a duration must not be negative"
        } else {
            "a duration needs a unit, such as `30s`, `30m` or `24h`"
        });
    }
    let span: Span = text.parse().map_err(|_| EXAMPLES)?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err("a month or a year has no fixed length; write days or hours");
    }
    let length = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| TOO_LONG)?;
    // No time at all has no sign of its own.
    if length.is_negative() || text.starts_with('-') || text.ends_with("ago") {
        return Err("a duration must not be negative");
    }
    let length = Duration::try_from(length).map_err(|_| TOO_LONG)?;
    if length > LONGEST {
        Err(TOO_LONG)
    } else {
        Ok(length)
    }
}
