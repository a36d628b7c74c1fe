//! What is told over every transport: trunk moved on, staging comes first, then production.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use super::{Ran, Sandbox, tool};

/// Tells the whole story with somebody's way to call git; all that was printed meanwhile.
pub fn tell(
    shop: &Sandbox,
    staging: &str,
    production: &str,
    git: impl Fn(&[&str]) -> Ran,
) -> String {
    let mut printed = String::new();
    let mut keep = |ran: Ran| {
        printed.push_str(&ran.stdout);
        printed.push_str(&ran.stderr);
    };
    shop.commit("mine");
    keep(git(&["push", "origin", "master"]).goes());
    let newest = shop.colleague_pushes("origin", "theirs");
    let (before, target) = (shop.tip("staging", "master"), format!("{staging} master"));
    let ran = git(&["push", staging, "master"]).refused("trunk");
    keep(ran.says("master is 1 commit behind origin/master"));
    assert_eq!(shop.tip("staging", "master"), before, "{target}");
    keep(git(&["pull", "-q", "--ff-only", "origin", "master"]).goes());
    let ran = git(&["push", production, "master"]).refused("promotion");
    keep(ran.says(&format!(
        "staging has {}, not {}",
        &before[..7],
        &newest[..7]
    )));
    keep(
        git(&["push", staging, "master"])
            .goes()
            .says("push to staging ("),
    );
    assert_eq!(shop.tip("staging", "master"), newest);
    let ran = git(&["push", production, "master"]).goes();
    keep(ran.says(&format!("{} is live on staging", &newest[..7])));
    assert_eq!(shop.tip("production", "master"), newest);
    printed
}

/// Runs it, and says how long that took.
pub fn timed(run: impl FnOnce() -> Ran) -> (Ran, Duration) {
    let start = Instant::now();
    let ran = run();
    (ran, start.elapsed())
}

/// It took less than this.
#[track_caller]
pub fn took_less(took: Duration, seconds: u64, ran: &Ran) {
    assert!(took < Duration::from_secs(seconds), "{took:?}: {ran}");
}

/// Runs a command line in a terminal of its own; whatever is shown there is its standard error.
///
/// A prompt that appears there reads the end of the file.
pub fn in_terminal(shop: &Sandbox, line: &str) -> Ran {
    let mut command = shop.command(tool("script", "bsdutils"));
    command
        .env_remove("GIT_TERMINAL_PROMPT")
        .args(["-qec", line, "/dev/null"]);
    let ran = Ran::of(&mut command);
    Ran {
        stderr: ran.stdout.replace("\r\n", "\n"),
        stdout: String::new(),
        ..ran
    }
}

/// No file below this directory holds the text.
#[track_caller]
pub fn nowhere_in(directory: &Path, text: &str) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            nowhere_in(&path, text);
        } else {
            let bytes = fs::read(&path).unwrap();
            let holds = bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes());
            assert!(!holds, "`{text}` is in {}", path.display());
        }
    }
}
