//! The commented policy that `pushgate init` writes.

use std::fmt::Write as _;

use super::defaults::{NIGHT, PRODUCTION, STAGING};
use super::detect::Detected;

/// The widest line, for names of an ordinary length.
const WIDTH: usize = 80;

/// What tells an editor's YAML language server where the schema is: beside the ledger, so that it is
/// there without a network, and is that of the program that judges.
const MODELINE: &str = "yaml-language-server: $schema=.git/pushgate/schema.json";

/// What `init` knows of the repository.
#[derive(Clone, Debug)]
pub struct InitFacts {
    /// Trunk's branch, where it is known.
    pub trunk_branch: Option<String>,
    /// Trunk's remote.
    pub trunk_remote: String,
    /// What runs the tests.
    pub suite: Detected,
    /// The deployment targets.
    pub environments: Vec<InitEnvironment>,
}

/// A deployment target that `init` found.
#[derive(Clone, Debug)]
pub struct InitEnvironment {
    /// Its name.
    pub name: String,
    /// The remotes that push to it; empty: the one that has its name.
    pub remotes: Vec<String>,
    /// The apps that it is.
    pub apps: Vec<String>,
    /// The environment that comes before it.
    pub after: Option<String>,
}

impl InitEnvironment {
    /// Whether it has several apps only because nothing calls them anything else.
    pub fn is_guess(&self) -> bool {
        self.name == PRODUCTION && self.apps.len() > 1
    }
}

/// Writes a policy that shows every key.
///
/// A key that is not set is commented out with a `#` that no space follows, so that taking every such `#`
/// away leaves a policy, too (unless there is one environment alone, which can come after none). Like the
/// defaults without a file, it closes production, and whatever comes after another environment, at night.
pub fn render(facts: &InitFacts) -> String {
    let mut page = Page::default();
    page.note(0, MODELINE);
    page.note(
        0,
        "The policy of pushgate: what a push must answer before it goes through.",
    );
    page.note(
        0,
        "It is read from the pushed commit, so commit what you change.",
    );
    page.note(0, "`#key` is not set, and shows its default or an example.");
    page.blank();
    trunk(&mut page, facts);
    page.blank();
    suite(&mut page, &facts.suite);
    page.blank();
    environments(&mut page, &facts.environments);
    page.blank();
    page.note(
        0,
        "Whether sign-offs and deployments are shared with the team, as git notes on",
    );
    page.note(0, "trunk's remote.");
    page.key(0, false, "share", "true");
    page.text
}

fn trunk(page: &mut Page, facts: &InitFacts) {
    page.note(0, "Where deploys come from.");
    page.section(0, true, "trunk");
    page.note(
        1,
        "Default: the branch that the remote's HEAD names, else master or main.",
    );
    let branch = facts.trunk_branch.as_deref();
    page.key(
        1,
        branch.is_some(),
        "branch",
        &scalar(branch.unwrap_or("master")),
    );
    page.key(1, true, "remote", &scalar(&facts.trunk_remote));
}

fn suite(page: &mut Page, detected: &Detected) {
    page.note(0, "The entire test run.");
    page.section(0, true, "suite");
    match detected {
        Detected::Found(candidate) => {
            page.note(
                1,
                "One shell command, or a list of steps: each a command, or",
            );
            page.note(1, "{name, run, timeout, dir, parallel}.");
            page.key(1, true, "run", &scalar(&candidate.command));
        }
        Detected::Several(candidates) => {
            page.note(
                1,
                "FIXME: say what runs your entire suite. These could be meant:",
            );
            for candidate in candidates {
                let line = format!("  {}  ({})", candidate.command, candidate.because);
                page.note(1, &line);
            }
            page.note(
                1,
                "To run them all, write a list: [first command, second command].",
            );
            let first = candidates
                .first()
                .map_or("bin/test", |first| first.command.as_str());
            page.key(1, false, "run", &scalar(first));
        }
        Detected::None => {
            page.note(
                1,
                "FIXME: say what runs your entire suite; nothing was found. One shell",
            );
            page.note(
                1,
                "command, or a list of steps: each a command, or {name, run, ...}.",
            );
            page.key(1, false, "run", "bin/test");
        }
    }
    page.note(
        1,
        "Which pushes need it: deploys; trunk (those, and pushes to trunk); all.",
    );
    page.key(1, false, "on", "trunk");
    page.note(
        1,
        "checkout: here, with nothing uncommitted; worktree: in a clean copy.",
    );
    page.key(1, false, "in", "checkout");
    page.note(1, "The limit for the whole run.");
    page.key(1, false, "timeout", "30m");
    page.note(
        1,
        "How long a pass counts for the same files; `never` runs it each time.",
    );
    page.key(1, false, "reuse", "24h");
    page.note(1, "Variables that a pass depends on; none by default.");
    page.key(1, false, "env", "[RAILS_ENV]");
    page.note(
        1,
        "A regular expression that the output must match: some test ran.",
    );
    page.key(1, false, "expect", "'[1-9][0-9]* examples?, 0 failures'");
    page.note(1, "Ignored files of the checkout that a worktree needs.");
    page.key(1, false, "link", "[.env]");
    page.note(
        1,
        "Whether the suite gets the terminal, to ask something on it.",
    );
    page.key(1, false, "interactive", "false");
}

fn environments(page: &mut Page, found: &[InitEnvironment]) {
    page.note(0, "Where pushes deploy to.");
    page.section(0, true, "environments");
    let Some((last, others)) = found.split_last() else {
        page.note(1, "FIXME: no remote that deploys was found. For example:");
        let example = |name: &str, app: &str, after: Option<&str>| InitEnvironment {
            name: name.to_owned(),
            remotes: vec![name.to_owned()],
            apps: vec![app.to_owned()],
            after: after.map(str::to_owned),
        };
        short(page, false, &example(STAGING, "shop-staging", None));
        page.blank();
        whole(
            page,
            false,
            &example(PRODUCTION, "shop", Some(STAGING)),
            STAGING,
        );
        return;
    };
    for environment in others {
        short(page, true, environment);
        page.blank();
    }
    let before = others.last().map_or(STAGING, |other| other.name.as_str());
    whole(page, true, last, before);
}

/// An environment with the keys that are known.
fn short(page: &mut Page, live: bool, environment: &InitEnvironment) {
    page.section(1, live, &scalar(&environment.name));
    destinations(page, live, environment);
    if let Some(after) = &environment.after {
        page.key(2, live, "after", &scalar(after));
    }
    if is_closed_at_night(environment) {
        page.section(2, live, "window");
        page.key(3, live, "closed", &night());
    }
}

/// An environment with every key there is.
fn whole(page: &mut Page, live: bool, environment: &InitEnvironment, before: &str) {
    page.section(1, live, &scalar(&environment.name));
    page.note(
        2,
        "A remote or a list, and a Heroku app or a list: the app counts, whatever",
    );
    page.note(2, "the remote is called.");
    destinations(page, live, environment);
    page.note(
        2,
        "The commit must be live there first; for so long; and signed off by",
    );
    page.note(
        2,
        "someone who tried it: true, false, a number of people, or",
    );
    page.note(2, "{count: 1, by: another, signed: true}.");
    let after = environment.after.as_deref();
    let is_after = live && after.is_some();
    page.key(2, is_after, "after", &scalar(after.unwrap_or(before)));
    page.key(2, false, "soak", "0");
    page.key(2, false, "signoff", "true");
    let closed = live && is_closed_at_night(environment);
    page.note(
        2,
        "When a push may go. Quote the times: some readers of YAML take 22:00 for",
    );
    page.note(2, "a number.");
    page.section(2, closed, "window");
    page.note(
        3,
        "An IANA name such as Europe/Madrid; local: the pusher's own clock.",
    );
    page.key(3, false, "timezone", "local");
    page.note(
        3,
        "Default: always. Days and times as here; also days or dates alone:",
    );
    page.note(3, "\"Sat,Sun\", \"2026-12-24..2027-01-02\".");
    page.key(
        3,
        false,
        "open",
        "[\"Mon-Thu 09:00-16:00\", \"Fri 09:00-12:00\"]",
    );
    page.note(3, "Wins over open.");
    page.key(3, closed, "closed", &night());
    page.note(
        3,
        "How long it must stay open after the push, so that someone is around.",
    );
    page.key(3, false, "runway", "0");
    page.note(2, "The branches that deploy.");
    page.key(2, false, "branch", "[main, master]");
    page.note(2, "Whether an override must say why: required or optional.");
    page.key(2, false, "reason", "optional");
}

fn destinations(page: &mut Page, live: bool, environment: &InitEnvironment) {
    let name = std::slice::from_ref(&environment.name);
    let known = !environment.remotes.is_empty();
    page.list(
        2,
        live && known,
        "remote",
        if known { &environment.remotes } else { name },
    );
    let known = !environment.apps.is_empty();
    if environment.is_guess() {
        page.note(
            2,
            "FIXME: nothing calls these apps staging: take out what is not production.",
        );
    }
    page.list(
        2,
        live && known,
        "app",
        if known { &environment.apps } else { name },
    );
}

fn is_closed_at_night(environment: &InitEnvironment) -> bool {
    environment.after.is_some() || environment.name == PRODUCTION
}

fn night() -> String {
    format!("[\"{NIGHT}\"]")
}

/// The text so far.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn blank(&mut self) {
        self.text.push('\n');
    }

    fn note(&mut self, level: usize, text: &str) {
        // What a comment quotes must not end it.
        let text: String = text
            .chars()
            .map(|c| if is_plain(c) { c } else { '?' })
            .collect();
        self.line(level, true, &format!("# {text}"));
    }

    fn section(&mut self, level: usize, live: bool, key: &str) {
        self.line(level, live, &format!("{key}:"));
    }

    fn key(&mut self, level: usize, live: bool, key: &str, value: &str) {
        self.line(level, live, &format!("{key}: {value}"));
    }

    /// One name as it is, several as a list, on one line where there is room.
    fn list(&mut self, level: usize, live: bool, key: &str, names: &[String]) {
        let names: Vec<String> = names.iter().map(|name| scalar(name)).collect();
        let flow = format!("[{}]", names.join(", "));
        if let [name] = names.as_slice() {
            self.key(level, live, key, name);
        } else if level * 2 + key.len() + ": ".len() + flow.chars().count() <= WIDTH {
            self.key(level, live, key, &flow);
        } else {
            self.section(level, live, key);
            for name in &names {
                self.line(level + 1, live, &format!("- {name}"));
            }
        }
    }

    fn line(&mut self, level: usize, live: bool, text: &str) {
        let off = if live { "" } else { "#" };
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{:1$}{off}{text}", "", level * 2);
    }
}

/// Writes text so that every reader of YAML takes it for that text, with quotes where it needs them.
fn scalar(text: &str) -> String {
    const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

    let is_safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-' | ' ');
    let begins_well = text.starts_with(|c: char| c.is_ascii_alphabetic()) || text.starts_with("./");
    let is_word = WORDS.iter().any(|word| text.eq_ignore_ascii_case(word));
    if begins_well && text.chars().all(is_safe) && !text.ends_with(' ') && !is_word {
        return text.to_owned();
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            _ if is_plain(character) => quoted.push(character),
            // Writing to a string cannot fail.
            _ => _ = write!(quoted, "\\U{:08X}", u32::from(character)),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character can stand in a policy as it is.
fn is_plain(character: char) -> bool {
    !character.is_control() && !super::error::is_invisible(character)
}
