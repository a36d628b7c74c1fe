//! The commented policy that `pushgate init` writes: `template.yml`, filled in.

use super::Environment;
use super::defaults::{NIGHT, PRODUCTION, STAGING};
use super::detect::Candidate;
use super::error::harmless;

/// The policy with every key there is. Where a line has nothing but a name in braces, lines are filled in; a line that
/// begins with `{if ...}` is only there if this is so.
const TEMPLATE: &str = include_str!("template.yml");

/// The widest line, for names of an ordinary length.
const WIDTH: usize = 80;

/// What `init` knows of the repository.
#[derive(Clone, Debug)]
pub struct InitFacts {
    pub trunk_branch: Option<String>,
    pub trunk_remote: String,
    pub suite: Vec<Candidate>,
    /// With the remotes, apps, `after` and hours that were found; empty: two are shown as examples.
    pub environments: Vec<Environment>,
}

/// Whether an environment has several apps only because no name says which of them are for staging.
pub(crate) fn is_guess(environment: &Environment) -> bool {
    environment.name == PRODUCTION && environment.apps.len() > 1
}

pub(crate) fn is_closed_at_night(environment: &Environment) -> bool {
    !environment.window.closed.is_empty()
}

/// Writes a policy that shows every key.
///
/// A key that is not set is commented out with a `#` that no space follows, so that removing every such `#`
/// leaves a policy, too (unless there is one environment alone, which can come after none).
pub fn render(facts: &InitFacts) -> String {
    let examples = examples();
    let is_found = !facts.environments.is_empty();
    let (others, last) = match facts.environments.as_slice() {
        [others @ .., last] => (others, last),
        [] => (&examples[..1], &examples[1]),
    };
    let before = others.last().map_or(STAGING, |other| &other.name);
    let shown = |lines: Vec<String>| lines.iter().map(|line| off(!is_found, line)).collect();
    let is_closed = is_found && is_closed_at_night(last);
    let branch = facts.trunk_branch.as_deref();

    let conditions = [
        ("{if one command} ", facts.suite.len() == 1),
        ("{if several commands} ", facts.suite.len() > 1),
        ("{if no command} ", facts.suite.is_empty()),
        ("{if no environment} ", !is_found),
    ];

    let mut text = String::new();
    for line in TEMPLATE.lines() {
        let (indent, line) = line.split_at(line.len() - line.trim_start().len());
        let condition = conditions
            .iter()
            .find(|(condition, _)| line.starts_with(condition));
        let line = match condition {
            Some((_, false)) => continue,
            Some((condition, true)) => &line[condition.len()..],
            None => line,
        };
        let filled = match line {
            "{trunk.branch}" => vec![key("branch", branch, "master")],
            "{trunk.remote}" => vec![format!("remote: {}", scalar(&facts.trunk_remote))],
            "{suite.candidates}" => facts.suite.iter().map(comment).collect(),
            "{suite.run}" => match facts.suite.as_slice() {
                [only] => vec![key("run", Some(&only.command), "")],
                [first, ..] => vec![key("run", None, &first.command)],
                [] => vec![key("run", None, "bin/test")],
            },
            "{others}" => shown(others.iter().flat_map(brief).collect()),
            "{last}" => shown(vec![format!("{}:", scalar(&last.name))]),
            "{last.destinations}" => shown(destinations(last)),
            "{last.after}" => shown(vec![key("after", last.after.as_deref(), before)]),
            "{last.window}" => vec![off(!is_closed, "window:")],
            "{last.closed}" => vec![off(!is_closed, &closed())],
            _ => vec![line.to_owned()],
        };
        for filled in filled {
            let line = format!("{indent}{filled}");
            text.extend([line.trim_end(), "\n"]);
        }
    }
    text
}

fn examples() -> [Environment; 2] {
    let staging = Environment {
        apps: vec!["shop-staging".to_owned()],
        ..Environment::named(STAGING)
    };
    let production = Environment {
        apps: vec!["shop".to_owned()],
        after: Some(STAGING.to_owned()),
        ..Environment::named(PRODUCTION)
    };
    [staging, production]
}

fn comment(candidate: &Candidate) -> String {
    let plain = |text: &str| text.chars().map(harmless).collect::<String>();
    let (command, because) = (plain(&candidate.command), plain(&candidate.because));
    format!("#   {command}  ({because})")
}

/// An environment with nothing but what is known of it.
fn brief(environment: &Environment) -> Vec<String> {
    let mut lines = vec![format!("{}:", scalar(&environment.name))];
    let mut add = |line: String| lines.push(format!("  {line}"));
    destinations(environment).into_iter().for_each(&mut add);
    if let Some(after) = &environment.after {
        add(key("after", Some(after), after));
    }
    if is_closed_at_night(environment) {
        add("window:".to_owned());
        add(format!("  {}", closed()));
    }
    lines.push(String::new());
    lines
}

fn destinations(environment: &Environment) -> Vec<String> {
    let Environment {
        name,
        remotes,
        apps,
        ..
    } = environment;
    let mut lines = list("remote", remotes, name);
    if is_guess(environment) {
        let guess = "# FIXME: nothing calls these apps staging: take out what is not production.";
        lines.push(guess.to_owned());
    }
    lines.extend(list("app", apps, name));
    lines
}

fn closed() -> String {
    format!("closed: [\"{NIGHT}\"]")
}

/// One name as it is, several as a list, on one line where there is room; `example` where none is known.
fn list(name: &str, values: &[String], example: &str) -> Vec<String> {
    let values: Vec<String> = values.iter().map(|value| scalar(value)).collect();
    let flow = format!("{name}: [{}]", values.join(", "));
    match values.as_slice() {
        [] => vec![key(name, None, example)],
        [value] => vec![format!("{name}: {value}")],
        _ if "    ".len() + flow.chars().count() <= WIDTH => vec![flow],
        _ => {
            let items = values.iter().map(|value| format!("  - {value}"));
            std::iter::once(format!("{name}:")).chain(items).collect()
        }
    }
}

/// A key with its value, or commented out with an example where it has none.
fn key(name: &str, value: Option<&str>, example: &str) -> String {
    let line = format!("{name}: {}", scalar(value.unwrap_or(example)));
    off(value.is_none(), &line)
}

/// Comments a key out, unless it is a comment or is to be set.
fn off(is_off: bool, line: &str) -> String {
    let key = line.trim_start();
    if !is_off || key.is_empty() || key.starts_with('#') {
        return line.to_owned();
    }
    format!("{}#{key}", &line[..line.len() - key.len()])
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
        _ if harmless(c) == c => c.to_string(),
        _ => format!("\\U{:08X}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}
