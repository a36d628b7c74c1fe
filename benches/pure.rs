//! What the pure parts cost: no process, no disk, no network. `cargo bench --bench pure`

#![allow(clippy::unwrap_used)]

use std::{fmt::Write, path::PathBuf};

use bstr::{BStr, BString};
use divan::{Bencher, black_box};
use jiff::{Timestamp, tz::TimeZone};
use pushgate::{
    calendar::Window,
    gates::route::{PushContext, Router},
    policy::{Policy, load},
    push::{Push, destination::Reader, parse, remotes::Remotes},
};

const POLICY: &[u8] = b"\
trunk: {branch: master}
suite:
  run: [bin/lint, {name: tests, run: bin/rails test, timeout: 20m}]
environments:
  staging: {app: shop-staging}
  production:
    app: [shop, shop-eu]
    after: staging
    window:
      timezone: Europe/Madrid
      open: [Mon-Thu 09:00-16:00, Fri 09:00-12:00]
      closed: [22:00-07:00, 2026-12-24..2027-01-02]
      runway: 1h
    reason: required
";

/// A Thursday at noon in Madrid, and the evening before the holidays.
const OPEN: &str = "2026-11-19T11:00:00Z";
const CLOSED: &str = "2026-12-23T21:00:00Z";

fn main() {
    divan::main();
}

fn lines(count: usize) -> String {
    let mut text = String::new();
    for number in 1..=count {
        let (new, old) = (format!("{number:040x}"), "0".repeat(40));
        writeln!(
            text,
            "refs/heads/topic/{number} {new} refs/heads/topic/{number} {old}"
        )
        .unwrap();
    }
    text
}

fn policy() -> Policy {
    load(".pushgate.yml", POLICY, &[]).unwrap()
}

fn reader() -> Reader {
    Reader {
        directory: PathBuf::from("/work"),
        heroku_hosts: Vec::new(),
    }
}

#[divan::bench(args = [1, 5_000])]
fn ref_lines(bencher: Bencher<'_, '_>, count: usize) {
    let text = lines(count);
    bencher.bench(|| parse(black_box(text.as_bytes())).unwrap());
}

#[divan::bench(args = [
    "https://user:key@git.heroku.com/shop.git",
    "git@github.com:team/shop.git",
    "ssh://dokku@deploy.example:2222/shop",
    "../shop.git",
])]
fn url(bencher: Bencher<'_, '_>, url: &str) {
    let reader = reader();
    bencher.bench(|| reader.read(BStr::new(black_box(url))));
}

#[divan::bench]
fn policy_file() -> Policy {
    load(".pushgate.yml", black_box(POLICY), &[]).unwrap()
}

/// Whether it is open; where it is closed, when it opens next.
#[divan::bench(args = [OPEN, CLOSED])]
fn window(bencher: Bencher<'_, '_>, now: &str) {
    let policy = policy();
    let window: &Window = &policy.environment("production").unwrap().window;
    let now: Timestamp = now.parse().unwrap();
    bencher.bench(|| window.check(black_box(now), &TimeZone::UTC));
}

/// Which environment every ref of a push goes to.
#[divan::bench(args = [1, 5_000])]
fn routing(bencher: Bencher<'_, '_>, count: usize) {
    let (policy, reader) = (policy(), reader());
    let config: Vec<(BString, BString)> = [
        ("remote.origin.url", "git@github.com:team/shop.git"),
        (
            "remote.staging.url",
            "https://git.heroku.com/shop-staging.git",
        ),
        ("remote.production.url", "https://git.heroku.com/shop.git"),
    ]
    .map(|(key, value)| (key.into(), value.into()))
    .into();
    let remotes = Remotes::from_config(&config);
    let url = BStr::new("https://git.heroku.com/shop.git");
    let push = Push {
        deploy: None,
        is_dry: false,
        remote: "production".into(),
        url: url.into(),
        updates: parse(lines(count).as_bytes()).unwrap(),
    };
    bencher.bench(|| {
        let read = |url: &_| reader.read(url);
        let scene = PushContext::new(black_box(&push), &remotes, &read);
        let site = Router::new(&policy, &scene).unwrap();
        for update in &push.updates {
            black_box(site.route(update, &policy, Some("master")));
        }
    });
}
