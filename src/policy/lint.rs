//! What a policy says that nobody can have meant: rules that do nothing, hours that never come.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use thiserror::Error;

use super::defaults::HerokuRemote;
use super::error::{Place, quoted};
use super::leaf::is_calendar;
use super::marks::{Kind, Node, Step};
use super::{Environment, Policy, PolicyError, load};
use crate::calendar::{Rule, Window, Zone};

/// Something odd, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted from 1 in characters.
    pub column: usize,
    /// What is odd.
    pub smell: Smell,
}

/// What can be odd about a policy that holds.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Smell {
    /// No hour passes every rule.
    #[error("the window of {} never opens{}", quoted(.environment), if *.runway { ": no hour passes all of its rules for the whole runway" } else { "" })]
    NeverOpens {
        /// The environment.
        environment: String,
        /// Whether it would without the runway.
        runway: bool,
    },
    /// A rule whose dates are over.
    #[error("{} is past; remove it", quoted(.rule))]
    Past {
        /// The rule.
        rule: String,
    },
    /// An `open` rule that opens nothing.
    #[error("{} opens nothing: {} closes all of it", quoted(.rule), .by.as_deref().map_or_else(|| "`closed`".to_owned(), quoted))]
    Contradiction {
        /// The rule.
        rule: String,
        /// The rule that closes it; `None` where it takes several.
        by: Option<String>,
    },
    /// A rule that changes nothing.
    #[error("{} changes nothing: {} covers it", quoted(.rule), quoted(.by))]
    Swallowed {
        /// The rule.
        rule: String,
        /// The rule that covers it.
        by: String,
    },
    /// A calendar that cannot be read, or closes nothing any more.
    #[error("{0}")]
    Calendar(String),
    /// The hours are those of whoever pushes.
    #[error("the hours of {} are by the clock of whoever pushes, another one for each; name a `timezone`", quoted(.environment))]
    LocalZone {
        /// The environment.
        environment: String,
    },
    /// An app that no environment has.
    #[error("the remote {} leads to the app {}, which is on no environment: pushes there are refused", quoted(.remote), quoted(.app))]
    UnnamedApp {
        /// The remote.
        remote: String,
        /// The app.
        app: String,
    },
}

impl Smell {
    /// Its name for programs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NeverOpens { .. } => "never-opens",
            Self::Past { .. } => "past",
            Self::Contradiction { .. } => "contradiction",
            Self::Swallowed { .. } => "swallowed",
            Self::Calendar(_) => "calendar",
            Self::LocalZone { .. } => "local-zone",
            Self::UnnamedApp { .. } => "unnamed-app",
        }
    }
}

/// What the findings depend on besides the file.
pub struct Here<'h> {
    /// The time.
    pub now: Timestamp,
    /// The zone of whoever asks.
    pub local: &'h TimeZone,
    /// The remotes that push to Heroku.
    pub heroku: &'h [HerokuRemote],
    /// Has the bytes of a calendar, or why not.
    pub read: &'h dyn Fn(&str) -> Result<Vec<u8>, String>,
}

/// Reads a policy and finds what is odd about it, in the order of the file.
pub fn lint(origin: &str, text: &[u8], here: &Here<'_>) -> Result<Vec<Finding>, PolicyError> {
    let (mut policy, tree) = load::load_with_places(origin, text)?;
    policy.read_holidays(here.read);
    let mut findings = Vec::new();
    let mut find = |place: Place, smell| {
        findings.push(Finding {
            line: place.line,
            column: place.column,
            smell,
        });
    };
    if let Some(tree) = &tree {
        for environment in &policy.environments {
            if !environment.window.is_always_open() {
                window(environment, tree, here, &mut find);
            }
        }
    }
    for remote in here.heroku.iter().filter(|one| is_unnamed(one, &policy)) {
        let place = tree
            .as_ref()
            .map_or(Place::START, |tree| tree.key(&["environments"]));
        let (remote, app) = (remote.name.clone(), remote.app.clone());
        find(place, Smell::UnnamedApp { remote, app });
    }
    findings.sort_by_key(|finding| (finding.line, finding.column));
    Ok(findings)
}

/// Whether a push there meets no environment: its app is listed nowhere, and its name only where
/// other apps are.
fn is_unnamed(remote: &HerokuRemote, policy: &Policy) -> bool {
    let has_app = |one: &Environment| {
        one.apps
            .iter()
            .any(|app| app.eq_ignore_ascii_case(&remote.app))
    };
    let has_name = |one: &Environment| one.apps.is_empty() && one.remotes.contains(&remote.name);
    !policy
        .environments
        .iter()
        .any(|one| has_app(one) || has_name(one))
}

fn window(
    environment: &Environment,
    tree: &Node,
    here: &Here<'_>,
    find: &mut impl FnMut(Place, Smell),
) {
    let name = &environment.name;
    let at = |key| ["environments", name.as_str(), "window", key];
    let key = tree.key(&at("timezone")[..3]);
    let (_, closed) = tree.follow(at("closed").map(Step::Key));
    for (holidays, place) in environment.window.holidays.iter().zip(items(closed, true)) {
        let zone = environment.window.timezone.resolve(here.local);
        let error = holidays.error().map(ToString::to_string);
        if let Some(words) = error.or_else(|| holidays.shortage(here.now, &zone)) {
            find(place, Smell::Calendar(words));
        }
    }
    // What cannot be read closes everything, which is no fault of the rules.
    let mut window = environment.window.clone();
    window
        .holidays
        .retain(|holidays| holidays.error().is_none());
    let window = &window;
    if window.timezone == Zone::Local {
        let place = tree.value(&at("timezone"), 0);
        let environment = name.clone();
        find(place, Smell::LocalZone { environment });
    }
    if never_opens(window, here) {
        let still = Window {
            runway: SignedDuration::ZERO,
            ..window.clone()
        };
        let (environment, runway) = (name.clone(), !never_opens(&still, here));
        find(
            key,
            Smell::NeverOpens {
                environment,
                runway,
            },
        );
    }
    for (list, rules) in [("open", &window.open), ("closed", &window.closed)] {
        let (_, node) = tree.follow(at(list).map(Step::Key));
        let standing: Vec<_> = rules.iter().zip(items(node, false)).collect();
        for (index, (rule, place)) in standing.iter().enumerate() {
            let text = rule.to_string();
            if window.is_over(rule, here.now, here.local) {
                find(*place, Smell::Past { rule: text });
                continue;
            }
            if let Some(by) = swallower(&standing, index) {
                find(*place, Smell::Swallowed { rule: text, by });
            }
            if list == "open"
                && let Some(smell) = contradiction(window, rule, here)
            {
                find(*place, smell);
            }
        }
    }
}

fn never_opens(window: &Window, here: &Here<'_>) -> bool {
    let checked = window.check(here.now, here.local);
    checked.is_err_and(|closed| closed.reopens.is_none())
}

/// The places of the calendars, or of the rules, of a list.
fn items(node: &Node, calendars: bool) -> Vec<Place> {
    let items = match &node.kind {
        Kind::List(items) => items.as_slice(),
        Kind::Scalar(_) | Kind::Map(_) => std::slice::from_ref(node),
    };
    let is_wanted = |item: &&Node| match &item.kind {
        Kind::Scalar(text) => is_calendar(text) == calendars,
        Kind::List(_) | Kind::Map(_) => false,
    };
    items
        .iter()
        .filter(is_wanted)
        .map(|item| item.place)
        .collect()
}

/// The rule of the same list that covers this one; of two that say the same, the first stays.
fn swallower(rules: &[(&Rule, Place)], index: usize) -> Option<String> {
    let (rule, _) = rules[index];
    let covers = |(other, (by, _)): &(usize, &(&Rule, Place))| {
        *other != index && by.swallows(rule) && (*other < index || !rule.swallows(by))
    };
    let (_, (by, _)) = rules.iter().enumerate().find(covers)?;
    Some(by.to_string())
}

/// Whether `closed` leaves nothing of an `open` rule.
fn contradiction(window: &Window, rule: &Rule, here: &Here<'_>) -> Option<Smell> {
    let alone = Window {
        open: vec![rule.clone()],
        runway: SignedDuration::ZERO,
        ..window.clone()
    };
    let by = window.closed.iter().find(|closed| closed.swallows(rule));
    (by.is_some() || never_opens(&alone, here)).then(|| Smell::Contradiction {
        rule: rule.to_string(),
        by: by.map(ToString::to_string),
    })
}
