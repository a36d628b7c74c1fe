//! The time here, whose it is, and whether it can be true.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::{Group, Line, State, facts::Clock};
use crate::{calendar::Zone, text::span};

/// Clocks that differ by less agree.
pub(crate) const TOLERANCE: Duration = Duration::from_mins(2);

pub(crate) fn judge(clock: &Clock) -> Vec<Line> {
    let mut lines = Vec::new();
    match &clock.zone {
        Ok(zone) => lines.push(reads(clock, zone)),
        Err(trouble) => {
            let matters = clock.windows.iter().any(|(_, zone)| *zone == Zone::Local);
            let state = if matters {
                State::Broken
            } else {
                State::Warning
            };
            let line = Line::trouble(Group::Clock, "zone", state, trouble);
            lines.push(match &clock.variable {
                Some(_) => line.run("unset TZ"),
                None => line.run("sudo ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime"),
            });
        }
    }
    // The one that is furthest ahead says all.
    let ahead = |(what, at): &(String, jiff::Timestamp)| {
        let by = Duration::try_from(at.duration_since(clock.now)).ok()?;
        (by > TOLERANCE).then(|| (by, what.clone()))
    };
    if let Some((by, what)) = clock.past.iter().filter_map(ahead).max() {
        let text = format!(
            "{what} is {} ahead of this clock, which may be slow",
            span(by)
        );
        lines.push(
            Line::new(Group::Clock, "clock", State::Warning, text)
                .run("date -u")
                .run("sudo timedatectl set-ntp true"),
        );
    }
    lines
}

pub(crate) fn reads(clock: &Clock, zone: &TimeZone) -> Line {
    let now = clock.now.to_zoned(zone.clone());
    let name = zone
        .iana_name()
        .map_or_else(|| now.strftime("%:z").to_string(), str::to_owned);
    let mut text = format!("{} {name}", now.strftime("%a %Y-%m-%d %H:%M"));
    let mut others: Vec<String> = Vec::new();
    for (environment, window) in &clock.windows {
        let there = clock.now.to_zoned(window.resolve(zone));
        if there.datetime() != now.datetime() {
            let there = there.strftime("%a %H:%M");
            others.push(format!("{environment} goes by {window}, {there}"));
        }
    }
    if !others.is_empty() {
        text = format!("{text}; {}", others.join("; "));
    }
    Line::new(Group::Clock, "zone", State::Ok, text)
}
