//! What the hook costs a real `git push`, measured against the same push with other hooks.
//!
//! `cargo bench --bench pushes -- [--check] [--peers] [--rounds N]`
//!
//! All variants push one empty commit to a bare repository: on this disk, or through an sshd of their
//! own that is a round trip of 50 ms away. They take turns, each round in another order: what slows
//! the machine down slows them all. The figures are ratios within one run, for milliseconds do not
//! travel from one machine to the next. No push begins before what followed the last one has ended.
//! `--check` exits with 1 where a figure is missed. `--peers` installs other hook managers by npm
//! and pip into the target directory and measures them too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[path = "pushes/figure.rs"]
mod figure;
#[path = "pushes/past.rs"]
mod past;
#[path = "pushes/peers.rs"]
mod peers;
#[path = "pushes/relay.rs"]
mod relay;
#[path = "pushes/shop.rs"]
mod shop;
#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::{fs, process::ExitCode};

use figure::{Figure, typical};
use shop::{Push, Shop};
use support::PUSHGATE;

/// Fewer rounds prove nothing.
const ROUNDS: usize = 40;
/// A push to a server far away takes longer.
const FAR_ROUNDS: usize = 21;
/// Rounds that only warm the caches.
const WARM_UP: usize = 3;

/// The most memory that a process of ours may have, in megabytes.
const MOST_MEMORY: f64 = 10.0;
/// The largest that the program may be, in megabytes.
const LARGEST_PROGRAM: f64 = 8.0;
/// How much longer it may take in a repository that is large in one way or another.
const FLAT: f64 = 1.3;

/// The least that a hook can do.
const EXIT_0: &str = "#!/bin/sh\nexit 0\n";

/// What somebody would write by hand who wants the same: trunk's tip, for production staging's tip, too,
/// the hour, the suite.
const BY_HAND: &str = r#"#!/bin/sh
is_tip_of() {
  tip=$(git ls-remote "$1" refs/heads/master) || exit 1
  [ "$id" = "${tip%%[!0-9a-f]*}" ] || { echo "not the tip of $1's master" >&2; exit 1; }
}
while read -r _ id target _; do
  [ "$target" = refs/heads/master ] || continue
  is_tip_of origin
  [ "$1" != production ] || is_tip_of staging
  [ "$(date +%H)" -lt 24 ] || { echo "not now" >&2; exit 1; }
  sh -c true || exit 1
done
"#;

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("pushes: {why}");
            return ExitCode::from(2);
        }
    };
    if cfg!(debug_assertions) {
        eprintln!("pushes: a debug build measures nothing: cargo bench --bench pushes");
        return ExitCode::from(u8::from(options.check));
    }
    let mut figures = near(&options);
    figures.extend(far(options.rounds.min(FAR_ROUNDS)));
    let program = fs::read(PUSHGATE).unwrap();
    figures.push(Figure::size("program", program.len(), LARGEST_PROGRAM));
    // The names of the sections are the last but one thing in the file (elf(5)).
    let names = &program[program.len().saturating_sub(8 * 1024)..];
    let stripped = !names.windows(8).any(|name| name == b".symtab\0");
    figures.push(Figure::truth("program is stripped", stripped));

    println!();
    for figure in &figures {
        println!("{figure}");
    }
    let missed = figures.iter().any(|figure| !figure.is_kept);
    ExitCode::from(u8::from(options.check && missed))
}

/// What is measured where every remote is a repository on this disk.
#[allow(
    clippy::too_many_lines,
    reason = "the variants and the figures, one after the other"
)]
fn near(options: &Options) -> Vec<Figure> {
    let theirs = Shop::without_gate();
    let small = Shop::small();
    let [large_theirs, large] = [false, true].map(Shop::large);
    let decided = Shop::with_ledger();
    let remembered = Shop::remembered();
    let by_hand = Some(BY_HAND);
    let mut pushes = vec![
        Push::new(&theirs, "no hook", "production", None),
        Push::new(&theirs, "staging, hook by hand", "staging", by_hand),
        Push::new(&theirs, "production, hook by hand", "production", by_hand),
        Push::new(&theirs, "hook `exit 0`", "backup", Some(EXIT_0)),
        Push::ours(&small, "ungoverned", "backup"),
        Push::ours(&small, "staging, with a receipt", "staging"),
        Push::ours(&small, "production, with a receipt", "production"),
        Push::ours(&small, "staging, the suite runs", "staging").with_suite(),
        Push::ours(&small, "production, the suite runs", "production").with_suite(),
        Push::new(&large_theirs, "large: no hook", "production", None),
        Push::new(
            &large_theirs,
            "large: production, hook by hand",
            "production",
            by_hand,
        ),
        Push::ours(&large, "large: production", "production"),
        Push::ours(&decided, "huge ledger: production", "production"),
        Push::ours(&remembered, "many notes: production", "production"),
    ];
    let [none, staging_by_hand, production_by_hand] = [0, 1, 2];
    let [exit_0, ungoverned] = [3, 4];
    let [staging, production, staging_suite, production_suite] = [5, 6, 7, 8];
    let [large_none, large_by_hand, large_production] = [9, 10, 11];
    let [decided_production, remembered_production] = [12, 13];
    let first_peer = pushes.len();
    if options.peers {
        pushes.extend(peers::install(&theirs));
    }
    theirs.refuses(by_hand);
    small.refuses(None);
    measure(&mut pushes, WARM_UP, options.rounds);

    let time = |index: usize| pushes[index].typical();
    let mut figures = vec![
        Figure::ratio(
            "ungoverned / hook `exit 0`",
            time(ungoverned) / time(exit_0),
            1.25,
        ),
        Figure::ratio(
            "staging, with a receipt / hook by hand",
            time(staging) / time(staging_by_hand),
            1.4,
        ),
        Figure::ratio(
            "production, with a receipt / hook by hand",
            time(production) / time(production_by_hand),
            1.4,
        ),
        Figure::ratio(
            "staging, the suite runs / hook by hand",
            time(staging_suite) / time(staging_by_hand),
            1.6,
        ),
        Figure::ratio(
            "production, the suite runs / hook by hand",
            time(production_suite) / time(production_by_hand),
            1.6,
        ),
        // git itself reads every ref of both sides before it asks the hook: a whole push to a large
        // repository takes longer without any hook. So each production push is divided by the push
        // without one in a repository like it, and these two must be alike.
        Figure::ratio(
            "large: production / no hook, over small: production / no hook",
            (time(large_production) / time(large_none)) / (time(production) / time(none)),
            FLAT,
        ),
        Figure::ratio(
            "production: huge ledger / small",
            time(decided_production) / time(production),
            FLAT,
        ),
        Figure::ratio(
            "production: many notes / small",
            time(remembered_production) / time(production),
            FLAT,
        ),
    ];
    for push in &pushes[first_peer..] {
        let what = format!("staging, the suite runs / {}", push.name);
        let ratio = time(staging_suite) / push.typical();
        figures.push(Figure::ratio(&what, ratio, 1.0));
    }
    // What git's own part in a push hides: the growth of what a hook adds, ours beside theirs.
    let adds = |hook: usize, none: usize| time(hook) - time(none);
    println!(
        "\nfrom small to large, what a hook adds to a push to production grows from {:.1} to {:.1} ms; by hand, from {:.1} to {:.1} ms\n",
        adds(production, none),
        adds(large_production, large_none),
        adds(production_by_hand, none),
        adds(large_by_hand, large_none),
    );

    for command in ["status", "log"] {
        let mut times = [&small, &decided, &remembered].map(|shop| (shop, Vec::new()));
        for (shop, _) in &times {
            // All of them have just deployed to production.
            Push::ours(shop, "one more", "production").run();
        }
        for round in 0..WARM_UP + options.rounds {
            for (shop, times) in &mut times {
                let took = shop.looks(command);
                if round >= WARM_UP {
                    times.push(took);
                }
            }
        }
        let [little, decided, remembered] = times.map(|(_, times)| typical(&times));
        println!(
            "{command}: {little:.2} ms, huge ledger {decided:.2} ms, many notes {remembered:.2} ms"
        );
        for (name, time) in [("huge ledger", decided), ("many notes", remembered)] {
            let what = format!("{command}: {name} / small");
            figures.push(Figure::ratio(&what, time / little, FLAT));
        }
    }
    let memory = |what: &str, bytes| Figure::size(what, bytes, MOST_MEMORY);
    for (name, shop) in [
        ("small", &small),
        ("large", &large),
        ("huge ledger", &decided),
        ("many notes", &remembered),
    ] {
        figures.push(memory(&format!("memory of a push: {name}"), shop.peak()));
        for command in ["status", "log"] {
            let figure = memory(
                &format!("memory of {command}: {name}"),
                shop.peak_of(command),
            );
            figures.push(figure);
        }
    }
    figures
}

/// What is measured where every remote is reached through ssh, on a long way.
fn far(rounds: usize) -> Vec<Figure> {
    println!("\nthrough ssh, 25 ms in each direction");
    let theirs = Shop::far(false);
    let ours = Shop::far(true);
    let by_hand = Some(BY_HAND);
    let mut trunk = vec![
        Push::new(&theirs, "trunk, no hook", "origin", None),
        Push::ours(&ours, "trunk", "origin"),
    ];
    // One connection differs from the next by more than the hook takes.
    measure(&mut trunk, 1, 4 * rounds);
    let mut pushes = vec![
        Push::new(&theirs, "staging, hook by hand", "staging", by_hand),
        Push::ours(&ours, "staging", "staging"),
        Push::ours(&ours, "staging, after a colleague's sign-off", "staging").after_colleague(),
        Push::new(&theirs, "production, hook by hand", "production", by_hand),
        Push::ours(&ours, "production", "production"),
        Push::ours(
            &ours,
            "production, after a colleague's sign-off",
            "production",
        )
        .after_colleague(),
    ];
    measure(&mut pushes, 1, rounds);
    let beside = |pushes: &[Push<'_>], push: usize, other: usize, limit: f64| {
        let (push, other) = (&pushes[push], &pushes[other]);
        let what = format!("ssh: {} / {}", push.name, other.name);
        Figure::ratio(&what, push.typical() / other.typical(), limit)
    };
    vec![
        beside(&trunk, 1, 0, 1.02),
        beside(&pushes, 1, 0, 1.05),
        beside(&pushes, 2, 0, 1.05),
        beside(&pushes, 4, 3, 0.75),
        beside(&pushes, 5, 3, 0.75),
    ]
}

/// Lets the pushes take turns, and prints how long each of them takes.
fn measure(pushes: &mut [Push<'_>], warm_up: usize, rounds: usize) {
    for round in 0..warm_up + rounds {
        if round == warm_up {
            for push in &mut *pushes {
                push.times.clear();
                push.connections.clear();
            }
        }
        for turn in 0..pushes.len() {
            // Forth and back, so that nobody always comes after the same neighbour.
            let turn = if round % 2 == 0 {
                turn
            } else {
                pushes.len() - 1 - turn
            };
            let index = (round + turn) % pushes.len();
            pushes[index].run();
        }
    }
    let git = pushes[0].shop.sandbox.ask(["--version"]);
    println!("{rounds} rounds, {git}\n\n  typical      least   median  quarters        push");
    for push in pushes {
        let [least, low, middle, high] = [0, 1, 2, 3].map(|quarter| push.quartile(quarter));
        println!(
            "{:6.2} ms  {least:6.2}  {middle:6.2}  {low:6.2} {high:6.2} ms  {}{}",
            push.typical(),
            push.name,
            push.opened()
        );
    }
}

/// What the command line asks for.
struct Options {
    check: bool,
    peers: bool,
    rounds: usize,
}

impl Options {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            check: false,
            peers: false,
            rounds: ROUNDS,
        };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--check" => options.check = true,
                "--peers" => options.peers = true,
                "--rounds" => {
                    let rounds = args.next().and_then(|rounds| rounds.parse().ok());
                    options.rounds = rounds
                        .filter(|rounds| *rounds > 0)
                        .ok_or("--rounds needs a number")?;
                }
                // `cargo bench` says so to every program that it runs.
                "--bench" => {}
                other => return Err(format!("`{other}` is not known")),
            }
        }
        if options.check && options.rounds < ROUNDS {
            return Err(format!("--check needs at least {ROUNDS} rounds"));
        }
        Ok(options)
    }
}
