//! The zone whose wall clock a window's rules are written for.

use std::{fmt, str::FromStr};

use jiff::tz::{TimeZone, TimeZoneDatabase};
use strum::IntoEnumIterator;
use windows_timezones::WindowsTimezone;

use super::TextError;

/// The zone of a window: `local`, or the name of a zone of the IANA database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// The time zone of the machine that pushes.
    #[default]
    Local,
    /// A zone of the IANA database.
    Named(TimeZone),
}

impl Zone {
    /// Returns the zone; `local` is that of this machine.
    pub fn resolve(&self, local: &TimeZone) -> TimeZone {
        match self {
            Self::Local => local.clone(),
            Self::Named(zone) => zone.clone(),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Local => "local",
            Self::Named(zone) => zone.iana_name().unwrap_or_default(),
        })
    }
}

impl FromStr for Zone {
    type Err = TextError;

    /// Reads `local`, or the name of a zone.
    fn from_str(written: &str) -> Result<Self, TextError> {
        if written.trim().eq_ignore_ascii_case("local") {
            return Ok(Self::Local);
        }
        named(written).map(Self::Named)
    }
}

/// Finds a zone in the database within the program: it answers the same on every machine, and reading a policy touches
/// no disk.
pub(super) fn in_database(name: &str) -> Option<TimeZone> {
    let zone = TimeZoneDatabase::bundled().get(name.trim()).ok();
    zone.filter(|zone| !zone.is_unknown() && zone.iana_name().is_some())
}

/// Finds the zone that a name of Windows stands for: `Romance Standard Time`, `(UTC+01:00) Brussels, Copenhagen, Madrid,
/// Paris`.
pub(super) fn of_windows(name: &str) -> Option<TimeZone> {
    // In a list of Windows the difference from UTC stands before the cities.
    let cities = |text: &str| text.split_once(") ").map(|(_, cities)| cities.to_owned());
    let is_it = |zone: &WindowsTimezone| {
        let shown = zone.description();
        name == zone.name()
            || name == shown
            || name.starts_with('(') && cities(name) == cities(shown)
    };
    in_database(WindowsTimezone::iter().find(is_it)?.tzdb_id())
}

/// Finds a zone by its name in any case.
pub(super) fn named(written: &str) -> Result<TimeZone, TextError> {
    in_database(written).ok_or_else(|| {
        let wanted = written.trim();
        let known = of_windows(wanted).and_then(|zone| Some(zone.iana_name()?.to_owned()));
        let cure = match known.or_else(|| nearest(wanted)) {
            Some(nearest) => format!("; did you mean `{nearest}`?"),
            None => ": write an IANA name such as `Europe/Madrid`".to_owned(),
        };
        TextError(format!("`{wanted}` is not a time zone{cure}"))
    })
}

/// The zone whose name is nearest to a wrong one: a few letters differ, or the city is right and its continent is
/// missing or another one. Of those that are called by their hours, one letter more is half a day.
fn nearest(wanted: &str) -> Option<String> {
    let database = TimeZoneDatabase::bundled();
    let wanted = wanted.to_ascii_lowercase().replace(' ', "_");
    let names = database
        .available()
        .filter(|name| !name.as_str().contains(|c: char| c.is_ascii_digit()));
    let scored = names.filter_map(|name| {
        let known = name.as_str().to_ascii_lowercase();
        let whole = slips(&wanted, &known).map(|count| 2 * count);
        let part = slips(city(&wanted), city(&known)).map(|count| 2 * count + 3);
        let score = [whole, part].into_iter().flatten().min()?;
        Some((score, name.to_string()))
    });
    let (_, name) = scored.min()?;
    Some(name)
}

/// The last part of a zone's name.
fn city(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// In how many letters two words differ, where they are few for their length.
fn slips(wanted: &str, known: &str) -> Option<usize> {
    let count = strsim::damerau_levenshtein(wanted, known);
    (count <= wanted.len() / 4).then_some(count)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn shows(written: &str, shown: &str) {
        assert_eq!(written.parse::<Zone>().unwrap().to_string(), shown);
    }

    #[track_caller]
    fn refused(written: &str, suggested: Option<&str>) {
        let error = written.parse::<Zone>().unwrap_err().to_string();
        let cure = match suggested {
            Some(nearest) => format!("; did you mean `{nearest}`?"),
            None => ": write an IANA name such as `Europe/Madrid`".to_owned(),
        };
        assert_eq!(error, format!("`{written}` is not a time zone{cure}"));
    }

    #[test]
    fn a_name_is_found_in_any_case_and_shown_as_the_database_spells_it() {
        shows("Europe/Madrid", "Europe/Madrid");
        shows(" america/new_york ", "America/New_York");
        shows("utc", "UTC");
        shows("LOCAL", "local");
    }

    #[test]
    fn no_zone_is_suggested_by_its_hours() {
        for name in ["GMT+0100", "Etc/GMT+15", "GMT+1"] {
            let error = named(name).unwrap_err().to_string();
            assert!(error.ends_with("such as `Europe/Madrid`"), "{error}");
        }
    }

    #[test]
    fn an_unknown_name_suggests_the_nearest() {
        refused("Europe/Madird", Some("Europe/Madrid"));
        refused("Europe/Lisboa", Some("Europe/Lisbon"));
        refused("Madrid", Some("Europe/Madrid"));
        refused("New York", Some("America/New_York"));
        refused("America/Madrid", Some("Europe/Madrid"));
        refused("US/Easter", Some("US/Eastern"));
        refused("W. Europe Standard Time", Some("Europe/Berlin"));
        refused("PST", None);
        refused("+02:00", None);
        refused("", None);
        refused("Etc/Unknown", None);
    }

    #[test]
    fn local_is_the_zone_handed_in() {
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
        assert_eq!(Zone::default().resolve(&tokyo), tokyo);
        let madrid = "Europe/Madrid".parse::<Zone>().unwrap().resolve(&tokyo);
        assert_eq!(madrid.iana_name(), Some("Europe/Madrid"));
    }
}
