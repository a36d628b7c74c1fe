//! The commented policy that `pushgate init` writes: `template.yml`, filled in.

use std::fmt::Write as _;

use super::defaults::{NIGHT, PRODUCTION, STAGING};
use super::detect::Detected;
use super::error::is_invisible;

/// The policy with every key there is. Where a line has nothing but a name in braces, lines are filled in.
const TEMPLATE: &str = include_str!("template.yml");

/// The widest line, for names of an ordinary length.
const WIDTH: usize = 80;

/// What `init` knows of the repository.
#[derive(Clone, Debug)]
pub struct InitFacts {
    pub trunk_branch: Option<String>,
    pub trunk_remote: String,
    pub suite: Detected,
    pub environments: Vec<InitEnvironment>,
}

/// A deployment target that `init` found.
#[derive(Clone, Debug)]
pub struct InitEnvironment {
    pub name: String,
    /// The remotes that push to it; empty: the one that has its name.
    pub remotes: Vec<String>,
    pub apps: Vec<String>,
    pub after: Option<String>,
}

impl InitEnvironment {
    /// Whether it has several apps only because no name says which of them are for staging.
    pub fn is_guess(&self) -> bool {
        self.name == PRODUCTION && self.apps.len() > 1
    }

    pub(crate) fn is_closed_at_night(&self) -> bool {
        self.after.is_some() || self.name == PRODUCTION
    }
}

/// Writes a policy that shows every key.
///
/// A key that is not set is commented out with a `#` that no space follows, so that removing every such `#`
/// leaves a policy, too (unless there is one environment alone, which can come after none). Like the
/// defaults without a file, it closes production, and whatever comes after another environment, at night.
pub fn render(facts: &InitFacts) -> String {
    let examples = examples();
    let (others, last, found) = match facts.environments.as_slice() {
        [others @ .., last] => (others, last, true),
        [] => (&examples[..1], &examples[1], false),
    };
    let before = others.last().map_or(STAGING, |other| other.name.as_str());
    let is_closed = found && last.is_closed_at_night();
    let branch = facts.trunk_branch.as_deref();

    let mut text = String::new();
    for line in TEMPLATE.lines() {
        let filled = match line.trim_start() {
            "{trunk.branch}" => vec![key(branch.is_some(), "branch", branch.unwrap_or("master"))],
            "{trunk.remote}" => vec![key(true, "remote", &facts.trunk_remote)],
            "{suite.run}" => suite(&facts.suite),
            "{others}" => others_lines(others, found),
            "{last}" => vec![section(found, &scalar(&last.name))],
            "{last.destinations}" => destinations(last, found),
            "{last.after}" => {
                let (is_set, after) = (found && last.after.is_some(), last.after.as_deref());
                vec![key(is_set, "after", after.unwrap_or(before))]
            }
            "{last.window}" => vec![section(is_closed, "window")],
            "{last.closed}" => vec![closed_at_night(is_closed)],
            _ => vec![line.trim_start().to_owned()],
        };
        let indent = line.len() - line.trim_start().len();
        for filled in filled {
            let indent = if filled.is_empty() { 0 } else { indent };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{:indent$}{filled}", "");
        }
    }
    text
}

fn examples() -> [InitEnvironment; 2] {
    let example = |name: &str, app: &str, after: Option<&str>| InitEnvironment {
        name: name.to_owned(),
        remotes: vec![name.to_owned()],
        apps: vec![app.to_owned()],
        after: after.map(str::to_owned),
    };
    [
        example(STAGING, "shop-staging", None),
        example(PRODUCTION, "shop", Some(STAGING)),
    ]
}

fn suite(detected: &Detected) -> Vec<String> {
    let (notes, command) = match detected {
        Detected::Found(candidate) => {
            let notes = "One shell command, or a list of steps: each a command, or\n\
                         {name, run, timeout, dir, parallel}.";
            (notes.to_owned(), Some(candidate))
        }
        Detected::Several(candidates) => {
            let list = candidates.iter().map(|candidate| {
                format!(
                    "  {}  ({})\n",
                    plain(&candidate.command),
                    plain(&candidate.because)
                )
            });
            let notes = format!(
                "FIXME: say what runs your entire suite. These could be meant:\n{}\
                 To run them all, write a list: [first command, second command].",
                list.collect::<String>()
            );
            (notes, candidates.first())
        }
        Detected::None => {
            let notes = "FIXME: say what runs your entire suite; nothing was found. One shell\n\
                         command, or a list of steps: each a command, or {name, run, ...}.";
            (notes.to_owned(), None)
        }
    };
    let command = command.map_or("bin/test", |found| found.command.as_str());
    let is_set = matches!(detected, Detected::Found(_));
    let notes = notes.lines().map(|line| format!("# {line}"));
    notes.chain([key(is_set, "run", command)]).collect()
}

/// The environments before the last, with the keys that are known.
fn others_lines(environments: &[InitEnvironment], found: bool) -> Vec<String> {
    let mut lines = Vec::new();
    if !found {
        lines.push("# FIXME: no remote that deploys was found. For example:".to_owned());
    }
    for environment in environments {
        let mut keys = destinations(environment, found);
        let after = environment.after.as_deref();
        keys.extend(after.map(|after| key(found, "after", after)));
        if environment.is_closed_at_night() {
            keys.push(section(found, "window"));
            keys.push(format!("  {}", closed_at_night(found)));
        }
        lines.push(section(found, &scalar(&environment.name)));
        lines.extend(keys.into_iter().map(|line| format!("  {line}")));
        lines.push(String::new());
    }
    lines
}

fn destinations(environment: &InitEnvironment, found: bool) -> Vec<String> {
    let InitEnvironment { remotes, apps, .. } = environment;
    let mut lines = list(found, "remote", remotes, &environment.name);
    if environment.is_guess() {
        let guess = "# FIXME: nothing calls these apps staging: take out what is not production.";
        lines.push(guess.to_owned());
    }
    lines.extend(list(found, "app", apps, &environment.name));
    lines
}

/// One name as it is, several as a list, on one line where there is room; `example` where none is known.
fn list(found: bool, name: &str, values: &[String], example: &str) -> Vec<String> {
    let is_set = found && !values.is_empty();
    let values: Vec<String> = match values {
        [] => vec![scalar(example)],
        _ => values.iter().map(|value| scalar(value)).collect(),
    };
    let flow = format!("[{}]", values.join(", "));
    let (off, indent) = (off(is_set), "    ");
    if let [value] = values.as_slice() {
        vec![format!("{off}{name}: {value}")]
    } else if indent.len() + name.len() + ": ".len() + flow.chars().count() <= WIDTH {
        vec![format!("{off}{name}: {flow}")]
    } else {
        let items = values.iter().map(|value| format!("  {off}- {value}"));
        std::iter::once(section(is_set, name))
            .chain(items)
            .collect()
    }
}

/// The text with a `?` for each character that a comment cannot have.
fn plain(text: &str) -> String {
    let shown = |c: char| if is_plain(c) { c } else { '?' };
    text.chars().map(shown).collect()
}

fn section(is_set: bool, name: &str) -> String {
    format!("{}{name}:", off(is_set))
}

fn key(is_set: bool, name: &str, value: &str) -> String {
    format!("{}{name}: {}", off(is_set), scalar(value))
}

fn closed_at_night(is_set: bool) -> String {
    format!("{}closed: [\"{NIGHT}\"]", off(is_set))
}

fn off(is_set: bool) -> &'static str {
    if is_set { "" } else { "#" }
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
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        _ if is_plain(c) => c.to_string(),
        _ => format!("\\U{:08X}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

/// Whether a character can stand in a policy as it is.
fn is_plain(character: char) -> bool {
    !character.is_control() && !is_invisible(character)
}
