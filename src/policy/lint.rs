//! Finds rules of a policy that do nothing and windows that never open.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use thiserror::Error;

use super::defaults::HerokuRemote;
use super::error::{Place, quoted};
use super::load::load_with_places;
use super::values::is_calendar;
use super::yaml_tree::{Kind, Node};
use super::{Environment, Policy, PolicyError};
use crate::calendar::{Rule, Window, Zone};

/// A warning, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// Counted from 1.
    pub(crate) line: usize,
    /// Counted from 1, in characters.
    pub(crate) column: usize,
    pub(crate) warning: Warning,
}

/// What can be wrong with a policy that holds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Warning {
    #[error("the window of {} never opens{}", quoted(.environment), if *.runway { ": no hour passes all of its rules for the whole runway" } else { "" })]
    NeverOpens {
        environment: String,
        /// Whether it would open without the runway.
        runway: bool,
    },
    #[error("{} is past; remove it", quoted(.rule))]
    Past { rule: String },
    #[error("{} opens nothing: {} closes all of it", quoted(.rule), .by.as_deref().map_or_else(|| "`closed`".to_owned(), quoted))]
    Contradiction {
        rule: String,
        /// The rule that closes it; `None` where it takes several.
        by: Option<String>,
    },
    #[error("{} changes nothing: {} covers it", quoted(.rule), quoted(.by))]
    Covered { rule: String, by: String },
    /// A calendar that cannot be read, or closes nothing any more.
    #[error("{0}")]
    Calendar(String),
    #[error("the hours of {} are by the clock of whoever pushes, another one for each; name a `timezone`", quoted(.environment))]
    LocalZone { environment: String },
    #[error("the remote {} leads to the app {}, which is on no environment: pushes there are refused", quoted(.remote), quoted(.app))]
    UnnamedApp { remote: String, app: String },
}

impl Warning {
    /// Its name for programs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::NeverOpens { .. } => "never-opens",
            Self::Past { .. } => "past",
            Self::Contradiction { .. } => "contradiction",
            Self::Covered { .. } => "swallowed",
            Self::Calendar(_) => "calendar",
            Self::LocalZone { .. } => "local-zone",
            Self::UnnamedApp { .. } => "unnamed-app",
        }
    }
}

/// What the findings depend on besides the file.
pub(crate) struct Facts<'f> {
    pub(crate) now: Timestamp,
    pub(crate) local: &'f TimeZone,
    pub(crate) heroku: &'f [HerokuRemote],
    /// Has the bytes of a calendar, or why not.
    pub(crate) read: &'f dyn Fn(&str) -> Result<Vec<u8>, String>,
}

/// Reads a policy and returns what is wrong with it, in the order of the file.
pub(crate) fn lint(
    origin: &str,
    text: &[u8],
    facts: &Facts<'_>,
) -> Result<Vec<Finding>, PolicyError> {
    let (mut policy, places) = load_with_places(origin, text)?;
    policy.read_holidays(facts.read);
    let mut found: Vec<(Place, Warning)> = Vec::new();
    for environment in &policy.environments {
        if !environment.window.is_always_open() {
            lint_window(environment, &places, facts, &mut found);
        }
    }
    for remote in facts.heroku.iter().filter(|one| is_unnamed(one, &policy)) {
        let (remote, app) = (remote.name.clone(), remote.app.clone());
        let place = places.key_place(&["environments"]);
        found.push((place, Warning::UnnamedApp { remote, app }));
    }
    found.sort_by_key(|(place, _)| *place);
    let findings = found.into_iter().map(|(place, warning)| Finding {
        line: place.line,
        column: place.column,
        warning,
    });
    Ok(findings.collect())
}

/// Whether no environment governs a push there: its app is listed nowhere, and its name only where
/// other apps are.
fn is_unnamed(remote: &HerokuRemote, policy: &Policy) -> bool {
    let has_app =
        |one: &Environment| (one.apps.iter()).any(|app| app.eq_ignore_ascii_case(&remote.app));
    let has_name = |one: &Environment| one.apps.is_empty() && one.remotes.contains(&remote.name);
    !(policy.environments.iter()).any(|one| has_app(one) || has_name(one))
}

fn lint_window(
    environment: &Environment,
    places: &Node,
    facts: &Facts<'_>,
    found: &mut Vec<(Place, Warning)>,
) {
    let name = &environment.name;
    let at = |key| ["environments", name.as_str(), "window", key];
    let closed = places.value(&at("closed"));
    for (holidays, place) in environment.window.holidays.iter().zip(items(closed, true)) {
        let zone = environment.window.timezone.resolve(facts.local);
        let error = holidays.error().map(ToString::to_string);
        if let Some(words) = error.or_else(|| holidays.shortage(facts.now, &zone)) {
            found.push((place, Warning::Calendar(words)));
        }
    }
    // A calendar that cannot be read closes everything, which is no fault of the rules.
    let mut window = environment.window.clone();
    (window.holidays).retain(|holidays| holidays.error().is_none());
    let window = &window;
    let key = places.key_place(&at("timezone")[..3]);
    if window.timezone == Zone::Local {
        let zone = places.value(&at("timezone"));
        let environment = name.clone();
        let place = zone.map_or(key, |zone| zone.place);
        found.push((place, Warning::LocalZone { environment }));
    }
    if never_opens(window, facts) {
        let without_runway = Window {
            runway: SignedDuration::ZERO,
            ..window.clone()
        };
        let warning = Warning::NeverOpens {
            environment: name.clone(),
            runway: !never_opens(&without_runway, facts),
        };
        found.push((key, warning));
    }
    for (list, rules) in [("open", &window.open), ("closed", &window.closed)] {
        let places = items(places.value(&at(list)), false);
        let current: Vec<_> = rules.iter().zip(places).collect();
        for (index, (rule, place)) in current.iter().enumerate() {
            let text = rule.to_string();
            if window.is_over(rule, facts.now, facts.local) {
                found.push((*place, Warning::Past { rule: text }));
                continue;
            }
            if let Some(by) = covering(&current, index) {
                found.push((*place, Warning::Covered { rule: text, by }));
            }
            if list == "open" {
                let warning = contradiction(window, rule, facts);
                found.extend(warning.map(|warning| (*place, warning)));
            }
        }
    }
}

fn never_opens(window: &Window, facts: &Facts<'_>) -> bool {
    let checked = window.check(facts.now, facts.local);
    checked.is_err_and(|closed| closed.reopens.is_none())
}

/// The places of the calendars, or of the rules, of a list.
fn items(node: Option<&Node>, calendars: bool) -> Vec<Place> {
    let items = match node {
        Some(Node {
            kind: Kind::List(items),
            ..
        }) => items.as_slice(),
        one => one.map(std::slice::from_ref).unwrap_or_default(),
    };
    let is_wanted =
        |item: &&Node| matches!(&item.kind, Kind::Scalar(text) if is_calendar(text) == calendars);
    let wanted = items.iter().filter(is_wanted);
    wanted.map(|item| item.place).collect()
}

/// The rule of the same list that covers this one; of two that say the same, the first stays.
fn covering(rules: &[(&Rule, Place)], index: usize) -> Option<String> {
    let (rule, _) = rules[index];
    let covers = |(other, (by, _)): &(usize, &(&Rule, Place))| {
        *other != index && by.includes(rule) && (*other < index || !rule.includes(by))
    };
    let (_, (by, _)) = rules.iter().enumerate().find(covers)?;
    Some(by.to_string())
}

/// Whether `closed` leaves nothing of an `open` rule.
fn contradiction(window: &Window, rule: &Rule, facts: &Facts<'_>) -> Option<Warning> {
    let alone = Window {
        open: vec![rule.clone()],
        runway: SignedDuration::ZERO,
        ..window.clone()
    };
    let by = window.closed.iter().find(|closed| closed.includes(rule));
    (by.is_some() || never_opens(&alone, facts)).then(|| Warning::Contradiction {
        rule: rule.to_string(),
        by: by.map(ToString::to_string),
    })
}
