//! The commented policy that `pushgate init` writes: `template.yml`, filled in.

use super::Environment;
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

    let mut text = String::new();
    for line in TEMPLATE.lines() {
        let filled = match line.trim_start() {
            "{trunk.branch}" => vec![key("branch", branch, "master")],
            "{trunk.remote}" => vec![format!("remote: {}", scalar(&facts.trunk_remote))],
            "{suite.run}" => suite(&facts.suite),
            "{no environments}" if is_found => continue,
            "{no environments}" => {
                vec!["# FIXME: no remote that deploys was found. For example:".to_owned()]
            }
            "{others}" => shown(others.iter().flat_map(brief).collect()),
            "{last}" => shown(vec![format!("{}:", scalar(&last.name))]),
            "{last.destinations}" => shown(destinations(last)),
            "{last.after}" => shown(vec![key("after", last.after.as_deref(), before)]),
            "{last.window}" => vec![off(!is_closed, "window:")],
            "{last.closed}" => vec![off(!is_closed, &closed())],
            _ => vec![line.trim_start().to_owned()],
        };
        let indent = &line[..line.len() - line.trim_start().len()];
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

fn suite(detected: &Detected) -> Vec<String> {
    let (notes, found, example) = match detected {
        Detected::Found(candidate) => {
            let notes = "One shell command, or a list of steps: each a command, or\n\
                         {name, run, timeout, dir, parallel}.";
            (notes.to_owned(), Some(candidate.command.as_str()), "")
        }
        Detected::Several(candidates) => {
            let list = candidates.iter().map(|candidate| {
                let (command, because) = (plain(&candidate.command), plain(&candidate.because));
                format!("  {command}  ({because})\n")
            });
            let notes = format!(
                "FIXME: say what runs your entire suite. These could be meant:\n{}\
                 To run them all, write a list: [first command, second command].",
                list.collect::<String>()
            );
            (notes, None, candidates[0].command.as_str())
        }
        Detected::None => {
            let notes = "FIXME: say what runs your entire suite; nothing was found. One shell\n\
                         command, or a list of steps: each a command, or {name, run, ...}.";
            (notes.to_owned(), None, "bin/test")
        }
    };
    let notes = notes.lines().map(|line| format!("# {line}"));
    notes.chain([key("run", found, example)]).collect()
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

/// The text with a `?` for each character that a comment cannot have.
fn plain(text: &str) -> String {
    let shown = |c: char| if is_plain(c) { c } else { '?' };
    text.chars().map(shown).collect()
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
