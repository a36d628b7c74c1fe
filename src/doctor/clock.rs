//! The time zone of this machine, and whether its clock can be right.

use std::{env, time::Duration};

use bstr::ByteSlice;
use jiff::Timestamp;

use super::{Finding, Found, Opened, Status};
use crate::{app::answers::SystemClock, calendar::Zone, gates::Clock};

/// Clocks that differ by less agree.
const TOLERANCE: Duration = Duration::from_mins(2);
/// The time here, and where a window goes by another.
pub(crate) fn zone(opened: &Opened) -> Found {
    let environments = opened.policy.environments.iter();
    let with_window = environments.filter(|one| !one.window.is_always_open());
    let mut windows = with_window.map(|one| (&one.name, &one.window.timezone));
    let zone = match SystemClock.zone() {
        Ok(zone) => zone,
        Err(error) => {
            let status = if windows.any(|(_, zone)| *zone == Zone::Local) {
                Status::Broken
            } else {
                Status::Warning
            };
            let command = match env::var_os("TZ") {
                Some(_) => "unset TZ",
                None => "sudo ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime",
            };
            let finding = Finding::error(error).run(command);
            return Ok(vec![Finding { status, ..finding }]);
        }
    };
    let now = Timestamp::now().to_zoned(zone.clone());
    let mut times = vec![now.strftime("%a %Y-%m-%d %H:%M %:Q").to_string()];
    for (environment, window) in windows {
        let there = now.with_time_zone(window.resolve(&zone));
        if there.datetime() != now.datetime() {
            let there = there.strftime("%a %H:%M");
            times.push(format!("{environment} goes by {window}, {there}"));
        }
    }
    Ok(vec![Finding::ok(times.join("; "))])
}

/// Whether the clock is behind what was committed or decided already.
pub(crate) fn behind(opened: &Opened) -> Found {
    let world = &opened.world;
    let newest = "for-each-ref --count=1 --sort=-committerdate";
    let format = "--format=%(committerdate:unix) %(refname:lstrip=2)";
    let said = world.git.run(newest.split(' ').chain([format]))?;
    let newest = said.line().to_str_lossy();
    let committed = newest.split_once(' ').and_then(|(seconds, name)| {
        let at = Timestamp::from_second(seconds.parse().ok()?).ok()?;
        Some((at, format!("the commit time of {name}")))
    });
    let contents = world.ledger().read().ok();
    let entries = contents.iter().flat_map(|contents| &contents.entries);
    let decided = entries.map(|one| (one.at, "the time of the ledger's last line".to_owned()));
    let last = decided.chain(committed).max();
    let finding = last.and_then(|(at, what)| {
        let by = Duration::try_from(at.duration_since(Timestamp::now())).ok()?;
        let at = at.strftime("%Y-%m-%d %H:%M UTC");
        let text = format!("{what} is {at}, ahead of this clock, which may be slow");
        let finding = Finding::warning(text).run("date -u");
        (by > TOLERANCE).then(|| finding.run("sudo timedatectl set-ntp true"))
    });
    Ok(finding.into_iter().collect())
}
