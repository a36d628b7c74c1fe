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
#[expect(clippy::unnecessary_wraps, reason = "all such checks have one type")]
pub(crate) fn zone(context: &Context) -> Option<Finding> {
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
            return Some(finding.run(command));
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
    Some(Finding::ok("zone", times.join("; ")))
}

/// Whether the clock is behind what has happened already.
pub(crate) fn behind(opened: &Opened) -> Option<Finding> {
    let now = Timestamp::now();
    let ahead = |(what, at): (String, Timestamp)| {
        let by = Duration::try_from(at.duration_since(now)).ok()?;
        (by > TOLERANCE).then_some((by, what))
    };
    // The one that is furthest ahead says all.
    let (by, what) = past(opened).into_iter().filter_map(ahead).max()?;
    let by = span(by);
    let text = format!("{what} is {by} ahead of this clock, which may be slow");
    Some(
        Finding::warning("clock", text)
            .run("date -u")
            .run("sudo timedatectl set-ntp true"),
    )
}

/// What was committed and decided, and when.
fn past(opened: &Opened) -> Vec<(String, Timestamp)> {
    let world = &opened.world;
    let tracked = opened.trunk.iter().map(|trunk| {
        let name = format!("refs/remotes/{}/{}", trunk.remote, trunk.branch);
        (trunk.to_string(), name)
    });
    let committed = tracked.chain([("HEAD".to_owned(), "HEAD".to_owned())]);
    let committed = committed.filter_map(|(what, name)| {
        let commit = world.reference(&name).ok()??;
        let args = ["log", "-1", "--no-show-signature", "--format=%ct"];
        let args = args.into_iter().chain([commit.as_str(), "--"]);
        let said = world.git().run(args).ok()?;
        let seconds = std::str::from_utf8(said.line()).ok()?.parse().ok()?;
        let at = Timestamp::from_second(seconds).ok()?;
        Some((format!("the commit time of {what}"), at))
    });
    let entries = world.ledger().read().map(|contents| contents.entries);
    let last = entries.unwrap_or_default().iter().map(|one| one.at).max();
    let last = last.map(|at| ("the last line of the ledger".to_owned(), at));
    committed.chain(last).collect()
}
