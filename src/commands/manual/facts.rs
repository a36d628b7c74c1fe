//! The variables and the files that the pages name, and the commands that they matter to.

use crate::app::overrides::{AFTER, REASON, SKIP, SWITCH};

/// A variable or a file.
#[derive(Debug)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    /// The commands on whose pages it stands; it is always on that of pushgate.
    pub(super) commands: &'static [&'static str],
}

const fn fact(
    name: &'static str,
    meaning: &'static str,
    commands: &'static [&'static str],
) -> Fact {
    Fact {
        name,
        meaning,
        commands,
    }
}

const JUDGES: &[&str] = &["check"];
const SHOWS: &[&str] = &["window", "log", "status"];

pub(super) const ENVIRONMENT: [Fact; 10] = [
    fact(
        SWITCH,
        "With `off` (also `0`, `false`, `no`), the gate stands aside for this push, loudly.",
        JUDGES,
    ),
    fact(
        SKIP,
        "Gates that are not asked, with commas between them: `window,suite`. The others still decide.",
        JUDGES,
    ),
    fact(
        REASON,
        "Why: recorded with either of them, and demanded where the policy says `reason: required`.",
        JUDGES,
    ),
    fact(
        "PUSHGATE_RUNNING",
        "Set for the suite: the repository that is tested. A push from inside its own suite is refused.",
        &[],
    ),
    fact(
        AFTER,
        "Set for the hook that runs after the gates: hooks that call each other in a circle are refused.",
        &[],
    ),
    fact(
        "HEROKU_HOST, HEROKU_GIT_HOST",
        "Other hosts that are Heroku's, as its own command line has it.",
        &["init"],
    ),
    fact(
        "TZ",
        "The clock of whoever reads, and of windows in the zone `local`.",
        SHOWS,
    ),
    fact(
        "XDG_CACHE_HOME",
        "Where the clean copies for `in: worktree` are; default: ~/.cache.",
        &["uninstall"],
    ),
    fact("NO_COLOR", "No colour, whatever the terminal.", SHOWS),
    fact(
        "CLICOLOR_FORCE",
        "Colour, even where there is no terminal.",
        SHOWS,
    ),
];

pub(super) const FILES: [Fact; 8] = [
    fact(
        ".pushgate.yml",
        "The policy, at the top of the repository. It is read from the pushed commit.",
        &["init", "check", "window", "status"],
    ),
    fact(
        ".git/hooks/pre-push",
        "The hook, or where core.hooksPath leads.",
        &["install", "uninstall"],
    ),
    fact(
        ".git/.pushgate-hooks/pre-push",
        "The hook that was there before. It runs after the gates have passed.",
        &["install", "uninstall"],
    ),
    fact(
        ".git/pushgate/ledger.jsonl",
        "What was decided: one JSON object a line.",
        &["check", "log", "uninstall"],
    ),
    fact(
        ".git/pushgate/logs/",
        "The whole output of the last twenty runs of the suite.",
        &["check"],
    ),
    fact(
        ".git/pushgate/schema.json",
        "The JSON Schema of the policy, for editors.",
        &["init", "install", "uninstall", "schema"],
    ),
    fact(
        "refs/notes/pushgate",
        "Sign-offs and deployments, as git notes, shared through trunk's remote.",
        &["approve", "log", "status"],
    ),
    fact(
        "~/.cache/pushgate/",
        "The clean copies for `in: worktree`.",
        &["uninstall"],
    ),
];
