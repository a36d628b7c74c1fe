//! What running the suite costs: the worktree that is kept, and the output that is passed on.
//!
//! `cargo bench --bench suite -- [--check]`
//!
//! Ratios within one run, as in `pushes`. `--check` exits with 1 where a figure is missed.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    fs::{self, File},
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use support::{PUSHGATE, Ran, Sandbox};

const FILES: usize = 5_000;
const ROUNDS: usize = 9;
const OUTPUT: usize = 100_000_000;

fn main() -> ExitCode {
    let check = std::env::args().any(|arg| arg == "--check");
    if cfg!(debug_assertions) {
        eprintln!("suite: a debug build measures nothing: cargo bench --bench suite");
        return ExitCode::from(u8::from(check));
    }
    let (again, add) = worktree();
    let (passed_on, cat) = output();
    let figures = [
        (
            "second run in the worktree / git worktree add",
            again,
            add,
            0.1,
        ),
        ("100 MB passed on / through cat", passed_on, cat, 2.0),
    ];
    let mut missed = false;
    for (what, ours, theirs, limit) in figures {
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        let kept = ratio <= limit;
        missed |= !kept;
        let word = if kept { "ok    " } else { "MISSED" };
        println!("{word} {ratio:6.3} (at most {limit}) {what}: {ours:.1?} / {theirs:.1?}");
    }
    ExitCode::from(u8::from(check && missed))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn timed(command: &mut Command) -> Duration {
    let start = Instant::now();
    Ran::of(command).goes();
    start.elapsed()
}

/// A whole `pushgate check` that finds its worktree, beside what making one takes git alone.
fn worktree() -> (Duration, Duration) {
    let shop = Sandbox::bare().by_the_machines_clock();
    for index in 0..FILES {
        shop.write(
            &format!("d{}/f{index}", index % 100),
            &format!("{index}\n").repeat(200),
        );
    }
    shop.git(["add", "."]).goes();
    shop.policy("suite: {run: 'true', in: worktree, reuse: never}\n");
    shop.git(["push", "-q", "origin", "master"]).goes();
    let mut check = shop.command(PUSHGATE);
    check.args(["check", "trunk"]);
    Ran::of(&mut check).goes();
    let mut again = Vec::new();
    let mut add = Vec::new();
    for round in 0..ROUNDS {
        shop.commit_file("d0/f0", &format!("{round}\n"));
        again.push(timed(&mut check));
        let mut command = shop.command("git");
        add.push(timed(
            command.args(["worktree", "add", "-q", "--detach", "../made"]),
        ));
        shop.git(["worktree", "remove", "--force", "../made"])
            .goes();
    }
    (median(again), median(add))
}

/// How long a suite's 100 MB take through us, beside the same through `cat`, both into a file. The suite
/// itself takes the time; what a check costs beside it is measured in `pushes`.
///
/// A `cat` from file to file would pass nothing through: it has the kernel copy it.
fn output() -> (Duration, Duration) {
    const SUITE: &str = "date +%s%N >../began; cat ../text; date +%s%N >../ended";
    let shop = Sandbox::bare().by_the_machines_clock();
    let line = "a line of an ordinary suite, as long as they are, and no longer than that\n";
    fs::write(shop.path("text"), line.repeat(OUTPUT / line.len())).unwrap();
    shop.policy(&format!("suite: {{run: '{SUITE}', reuse: never}}\n"));
    shop.git(["push", "-q", "origin", "master"]).goes();
    let took = |command: &mut Command, sink: fn(&mut Command, Stdio)| {
        sink(command, File::create(shop.path("sink")).unwrap().into());
        assert!(command.status().unwrap().success());
        let nanoseconds = |name| fs::read_to_string(shop.path(name)).unwrap().trim().parse();
        let [began, ended]: [u64; 2] = ["began", "ended"].map(|name| nanoseconds(name).unwrap());
        Duration::from_nanos(ended - began)
    };
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..ROUNDS {
        let mut check = shop.command(PUSHGATE);
        check.args(["check", "trunk"]);
        ours.push(took(&mut check, |command, sink| {
            command.stderr(sink);
        }));
        // What the disk still has to do for the log is no part of the next round.
        fs::remove_dir_all(shop.path("app/.git/pushgate/logs")).unwrap();
        let mut cat = shop.command("sh");
        cat.args(["-c", &format!("{{ {SUITE}; }} | cat")]);
        theirs.push(took(&mut cat, |command, sink| {
            command.stdout(sink);
        }));
    }
    (median(ours), median(theirs))
}
