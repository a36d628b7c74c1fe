//! The time zone of this machine, and whether its clock can be right.

use std::{env, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use super::{
    context::{Context, Opened},
    finding::{Finding, Status},
};
use crate::{calendar::Zone, policy::Environment, text::span};

/// Clocks that differ by less agree.
const TOLERANCE: Duration = Duration::from_mins(2);

/// The time here, and where a window goes by another.
pub(crate) fn zone(context: &Context) -> Vec<Finding> {
    let environments = context
        .opened()
        .map(|opened| opened.policy.environments.iter());
    let has_window = |one: &&Environment| !one.window.is_always_open();
    let windows = (environments.into_iter().flatten()).filter(has_window);
    let mut windows = windows.map(|one| (&one.name, &one.window.timezone));
    let zone = match TimeZone::try_system() {
        Ok(zone) => zone,
        Err(error) => {
            let status = if windows.any(|(_, zone)| *zone == Zone::Local) {
                Status::Broken
            } else {
                Status::Warning
            };
            let text = "the time zone of this machine cannot be told";
            let finding = Finding::new("zone", status, text).details(&[error.to_string()]);
            let command = match env::var_os("TZ") {
                Some(_) => "unset TZ",
                None => "sudo ln -sf /usr/share/zoneinfo/Etc/UTC /etc/localtime",
            };
            return vec![finding.run(command)];
        }
    };
    let now = Timestamp::now().to_zoned(zone.clone());
    let name = zone.iana_name().map(str::to_owned);
    let name = name.unwrap_or_else(|| now.strftime("%:z").to_string());
    let mut times = vec![format!("{} {name}", now.strftime("%a %Y-%m-%d %H:%M"))];
    for (environment, window) in windows {
        let there = now.with_time_zone(window.resolve(&zone));
        if there.datetime() != now.datetime() {
            let there = there.strftime("%a %H:%M");
            times.push(format!("{environment} goes by {window}, {there}"));
        }
    }
    vec![Finding::ok("zone", times.join("; "))]
}

/// Whether the clock is behind what was committed or decided already.
pub(crate) fn behind(opened: &Opened) -> Vec<Finding> {
    let world = &opened.world;
    let tracked = opened.trunk.iter().map(|trunk| {
        let name = format!("refs/remotes/{}/{}", trunk.remote, trunk.branch);
        (trunk.to_string(), name)
    });
    let commits = tracked.chain([("HEAD".to_owned(), "HEAD".to_owned())]);
    let committed = commits.filter_map(|(what, name)| {
        let args = "log -1 --no-show-signature --format=%ct".split(' ');
        let said = world.git().run(args.chain([name.as_str(), "--"])).ok()?;
        let seconds = std::str::from_utf8(said.line()).ok()?.parse().ok()?;
        let at = Timestamp::from_second(seconds).ok()?;
        Some((format!("the commit time of {what}"), at))
    });
    let decided = world.ledger().read().ok().into_iter();
    let decided = decided
        .flat_map(|contents| contents.entries)
        .map(|one| one.at);
    let decided = decided
        .max()
        .map(|at| ("the last line of the ledger".to_owned(), at));
    let now = Timestamp::now();
    let ahead = committed.chain(decided).filter_map(|(what, at)| {
        let by = Duration::try_from(at.duration_since(now)).ok()?;
        (by > TOLERANCE).then_some((by, what))
    });
    // The one that is furthest ahead says all.
    let finding = ahead.max().map(|(by, what)| {
        let by = span(by);
        let text = format!("{what} is {by} ahead of this clock, which may be slow");
        Finding::warning("clock", text)
            .run("date -u")
            .run("sudo timedatectl set-ntp true")
    });
    finding.into_iter().collect()
}
