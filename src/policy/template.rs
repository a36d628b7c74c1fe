//! The commented policy that `pushgate init` writes: `template.yml`, filled in.

use serde_yaml::{Mapping, Value};

use super::Environment;
use super::defaults::{PRODUCTION, STAGING};
use super::detect::Candidate;
use super::error::harmless;

/// The policy with every key there is. Where a line has nothing but a name in braces, lines are filled in; a line that
/// begins with `{if ...}` is only there if this is so.
const TEMPLATE: &str = include_str!("template.yml");

/// What `init` knows of the repository, and of the machine.
#[derive(Clone, Debug)]
pub struct InitFacts {
    pub trunk_branch: Option<String>,
    pub trunk_remote: String,
    pub suite: Vec<Candidate>,
    /// With the remotes, apps, `after` and hours that were found; empty: the template's examples are shown.
    pub environments: Vec<Environment>,
    /// The IANA name of the machine's time zone.
    pub timezone: Option<String>,
}

/// Whether an environment has several apps only because no name says which of them are for staging.
pub(crate) fn is_guess(environment: &Environment) -> bool {
    environment.name == PRODUCTION && environment.apps.len() > 1
}

/// Writes a policy that shows every key.
///
/// A key that is not set is commented out with a `#` that no space follows, so that removing every such `#`
/// leaves a policy, too (unless there is one environment alone, which can come after none).
pub fn render(facts: &InitFacts) -> String {
    let found = &facts.environments;
    let last = found.last();
    let has_window = last.is_some_and(|last| !last.window.is_always_open());
    let before = found.iter().rev().nth(1).map_or(STAGING, |one| &one.name);
    let after = last.filter(|last| last.after.is_none());
    let after = after.map(|_| set("after", before, false));
    let conditions = [
        ("{if one command}", facts.suite.len() == 1),
        ("{if several commands}", facts.suite.len() > 1),
        ("{if no command}", facts.suite.is_empty()),
        ("{if no environment}", found.is_empty()),
        ("{if a guess}", found.iter().any(is_guess)),
        ("{if no window}", !has_window),
        ("{if no timezone}", !has_window || facts.timezone.is_none()),
        ("{if no after}", after.is_some()),
    ];
    let branch = facts.trunk_branch.as_deref();
    let timezone = facts.timezone.as_deref().unwrap_or("local");
    let candidates = facts.suite.iter().filter(|_| facts.suite.len() > 1);
    let fillings = [
        (
            "{branch}",
            set("branch", branch.unwrap_or("master"), branch.is_some()),
        ),
        ("{remote}", set("remote", &facts.trunk_remote, true)),
        ("{candidates}", candidates.map(comment).collect()),
        (
            "{run}",
            match facts.suite.first() {
                Some(first) => set("run", &first.command, facts.suite.len() == 1),
                None => set("run", "bin/test", false),
            },
        ),
        ("{timezone}", set("timezone", timezone, false)),
        ("{environments}", written(found, facts.timezone.as_deref())),
        ("{after}", after.unwrap_or_default()),
    ];

    let mut text = String::new();
    for line in TEMPLATE.lines() {
        let condition = (conditions.iter()).find(|(condition, _)| line.starts_with(condition));
        let line = match condition {
            Some((_, false)) => continue,
            Some((condition, true)) => &line[condition.len()..],
            None => line,
        };
        let (indent, place) = line.split_at(line.len() - line.trim_start().len());
        match fillings.iter().find(|(name, _)| *name == place) {
            Some((_, lines)) => text.extend(lines.lines().flat_map(|line| [indent, line, "\n"])),
            None => text.extend([line, "\n"]),
        }
    }
    text
}

fn comment(candidate: &Candidate) -> String {
    let plain = |text: &str| text.chars().map(harmless).collect::<String>();
    let (command, because) = (plain(&candidate.command), plain(&candidate.because));
    format!("#   {command}  ({because})\n")
}

/// A key with its value, or commented out.
fn set(key: &str, value: &str, is_set: bool) -> String {
    let line = yaml(&Mapping::from_iter([(key.into(), value.into())]));
    if is_set { line } else { format!("#{line}") }
}

/// The environments with nothing but what is known of them; the window comes last, for the template to go on with.
fn written(environments: &[Environment], timezone: Option<&str>) -> String {
    if environments.is_empty() {
        // YAML would have `{}`.
        return String::new();
    }
    let entry = |environment: &Environment| {
        let mut keys = Mapping::new();
        let mut add = |key: &str, values: &[String]| match values {
            [] => {}
            [one] => drop(keys.insert(key.into(), one.as_str().into())),
            several => drop(keys.insert(key.into(), several.into())),
        };
        add("remote", &environment.remotes);
        add("app", &environment.apps);
        add("after", environment.after.as_slice());
        if !environment.window.is_always_open() {
            let closed = environment.window.closed.iter().map(ToString::to_string);
            let zone = timezone.map(|zone| ("timezone".into(), zone.into()));
            let closed = ("closed".into(), closed.collect::<Vec<_>>().into());
            let window = zone.into_iter().chain([closed]).collect::<Mapping>();
            keys.insert("window".into(), window.into());
        }
        (environment.name.as_str().into(), Value::from(keys))
    };
    yaml(&environments.iter().map(entry).collect())
}

fn yaml(keys: &Mapping) -> String {
    // What is written here has no value that YAML lacks.
    serde_yaml::to_string(keys).unwrap_or_default()
}
