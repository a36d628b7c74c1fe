//! The rules that hold between keys, and the defaults of those that were not given.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::durations::{Length, Limit};
use super::error::Problem;
use super::raw::{RawEnvironment, RawPolicy, RawSignoff, RawStep, RawSuite, RawTrunk, RawWindow};
use super::reader::Rejected;
use super::values::{self, Closing, Opening, Several};
use super::{Ci, Environment, Policy, Step, Suite, Trunk, defaults};
use crate::calendar::{Holidays, Window};

/// The name of an environment that would be taken for something else.
const RESERVED: &str = "trunk";

/// Checks a policy as a whole and fills in what it leaves out.
pub(super) fn validate(raw: RawPolicy) -> Result<Policy, Rejected> {
    let environments = raw.environments.0.into_iter();
    let policy = Policy {
        environments: environments
            .map(|(name, raw)| environment(name, raw))
            .collect::<Result<_, _>>()?,
        trunk: trunk(raw.trunk),
        suite: suite(raw.suite)?,
        share: raw.share.unwrap_or(defaults::SHARE),
    };
    check_claims(&policy.environments)?;
    check_order(&policy.environments)?;
    Ok(policy)
}

fn trunk(raw: RawTrunk) -> Trunk {
    let standard = Trunk::default();
    Trunk {
        branch: raw.branch.map(String::from),
        remote: raw.remote.map_or(standard.remote, String::from),
    }
}

fn suite(raw: RawSuite) -> Result<Suite, Rejected> {
    let standard = Suite::default();
    check_ci(&raw)?;
    let checks = texts(raw.checks).unwrap_or_default();
    let env = texts(raw.env).unwrap_or_default();
    let link = texts(raw.link).unwrap_or_default();
    check_once(&checks, &["suite", "checks"])?;
    check_once(&env, &["suite", "env"])?;
    check_once(&link, &["suite", "link"])?;
    let steps = raw.run.map_or_else(Vec::new, |Several(steps)| steps);
    let on = raw.ci.map_or(standard.on, |_| defaults::ON_WITH_CI);
    Ok(Suite {
        ci: raw.ci.map(|forge| Ci { forge, checks }),
        steps: steps.into_iter().map(step).collect(),
        on: raw.on.unwrap_or(on),
        place: raw.place.unwrap_or(standard.place),
        timeout: raw.timeout.map_or(standard.timeout, |Limit(time)| time),
        reuse: raw.reuse.unwrap_or(standard.reuse),
        env,
        expect: raw.expect.map(String::from),
        link,
        interactive: raw.interactive.unwrap_or(standard.interactive),
    })
}

/// Refuses keys that say how to run something here beside a CI that is asked instead.
fn check_ci(raw: &RawSuite) -> Result<(), Rejected> {
    let reject = |key, problem| Err(Rejected::key(&["suite", key], problem));
    if raw.ci.is_none() {
        let (key, needs) = ("checks", "ci");
        return match raw.checks {
            Some(_) => reject(key, Problem::Needs { key, needs }),
            None => Ok(()),
        };
    }
    let others = [
        ("run", raw.run.is_some()),
        ("in", raw.place.is_some()),
        ("env", raw.env.is_some()),
        ("expect", raw.expect.is_some()),
        ("link", raw.link.is_some()),
        ("interactive", raw.interactive.is_some()),
    ];
    match others.into_iter().find(|(_, given)| *given) {
        Some((key, _)) => reject(key, Problem::NotWithCi { key }),
        None => Ok(()),
    }
}

fn step(RawStep(raw): RawStep) -> Step {
    Step {
        name: raw.name.map(String::from),
        run: raw.run.into(),
        timeout: raw.timeout.map(|Limit(time)| time),
        dir: raw.dir.map(String::from),
        parallel: raw.parallel,
    }
}

fn environment(name: String, raw: RawEnvironment) -> Result<Environment, Rejected> {
    let reject = |problem| Err(Rejected::key(&["environments", &name], problem));
    if let Err(why) = values::name(&name) {
        let text = name.clone();
        return reject(Problem::Invalid { text, why });
    }
    if name.eq_ignore_ascii_case(RESERVED) {
        let name = name.clone();
        return reject(Problem::Reserved { name });
    }
    let at = |key| ["environments", name.as_str(), key];
    let after = raw.after.map(String::from);
    let needs_after = [
        ("soak", raw.soak.is_some()),
        ("signoff", matches!(raw.signoff, Some(RawSignoff(Some(_))))),
    ];
    if let Some((key, _)) = needs_after.into_iter().find(|(_, given)| *given)
        && after.is_none()
    {
        return Err(Rejected::key(&at(key), Problem::NeedsAfter { key }));
    }

    let remotes = texts(raw.remote).unwrap_or_else(|| defaults::remotes(&name));
    let apps = texts(raw.app).unwrap_or_default();
    let branches = texts(raw.branch).unwrap_or_else(defaults::branches);
    check_once(&remotes, &at("remote"))?;
    check_once(&apps, &at("app"))?;
    check_once(&branches, &at("branch"))?;
    let window = raw.window.map(|raw| window(raw, &at("window")));
    Ok(Environment {
        remotes,
        apps,
        soak: raw.soak.map_or(defaults::SOAK, |Length(time)| time),
        signoff: raw.signoff.map_or_else(
            || defaults::signoff(after.as_deref()),
            |RawSignoff(signoff)| signoff,
        ),
        after,
        window: window.transpose()?.unwrap_or_default(),
        branches,
        reason: raw.reason.unwrap_or(defaults::REASON),
        name,
    })
}

fn window(raw: RawWindow, at: &[&str; 3]) -> Result<Window, Rejected> {
    if raw.open.is_none() && raw.closed.is_none() {
        return Err(Rejected::key(at, Problem::NoRule));
    }
    let open = raw.open.map_or_else(Vec::new, |Several(rules)| rules);
    let closed = raw.closed.map_or_else(Vec::new, |Several(rules)| rules);
    let mut window = Window {
        timezone: raw.timezone.unwrap_or_default(),
        open: open.into_iter().map(|Opening(rule)| rule).collect(),
        // A duration that was read is ten years at most.
        runway: SignedDuration::try_from(raw.runway.map_or(defaults::RUNWAY, |Length(time)| time))
            .unwrap_or(SignedDuration::MAX),
        ..Window::default()
    };
    let texts: Vec<_> = window.open.iter().map(ToString::to_string).collect();
    check_commas(&texts, at, "open")?;
    let mut texts = Vec::new();
    for closing in closed {
        match closing {
            Closing::Rule(rule) => {
                texts.push(rule.to_string());
                window.closed.push(rule);
            }
            Closing::Calendar(path) => {
                texts.push(path.clone());
                window.holidays.push(Holidays::unread(path));
            }
        }
    }
    check_commas(&texts, at, "closed")?;
    Ok(window)
}

/// Refuses a rule that looks like the beginning of the next: `[Sat,Sun 10:00-12:00]` is two rules to YAML.
fn check_commas(rules: &[String], at: &[&str; 3], list: &str) -> Result<(), Rejected> {
    let begins_with_days = |rule: &String| rule.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_cut = |pair: &[String]| {
        pair.iter().all(begins_with_days) && !pair[0].contains(':') && pair[1].contains(':')
    };
    let Some(index) = rules.windows(2).position(is_cut) else {
        return Ok(());
    };
    let (text, next) = (rules[index].clone(), &rules[index + 1]);
    let why = format!(
        "a whole day, or cut off from `{text},{next}`? quote that, or write `{text} 00:00-24:00`"
    );
    let path = [at.as_slice(), &[list]].concat();
    Err(Rejected::item(&path, index, Problem::Invalid { text, why }))
}

fn texts<T: Into<String>, const ONE: bool>(items: Option<Several<T, ONE>>) -> Option<Vec<String>> {
    items.map(|Several(items)| items.into_iter().map(Into::into).collect())
}

/// Refuses an item that its list has twice.
fn check_once(items: &[String], path: &[&str]) -> Result<(), Rejected> {
    let mut seen = BTreeSet::new();
    match items.iter().position(|item| !seen.insert(item)) {
        Some(index) => {
            let text = items[index].clone();
            Err(Rejected::item(path, index, Problem::ListedTwice { text }))
        }
        None => Ok(()),
    }
}

/// Refuses a remote or an app that two environments have: a destination belongs to one.
fn check_claims(environments: &[Environment]) -> Result<(), Rejected> {
    let mut owners: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for environment in environments {
        // The platforms' names for apps know no case.
        let remotes = (environment.remotes.iter().enumerate())
            .map(|(index, name)| ("remote", index, name, name.clone()));
        let apps = (environment.apps.iter().enumerate())
            .map(|(index, name)| ("app", index, name, name.to_lowercase()));
        for (what, index, name, folded) in remotes.chain(apps) {
            let owner = *owners.entry((what, folded)).or_insert(&environment.name);
            if owner != environment.name {
                let (name, owner) = (name.clone(), owner.to_owned());
                let path = ["environments", environment.name.as_str(), what];
                let problem = Problem::Claimed { what, name, owner };
                return Err(Rejected::item(&path, index, problem));
            }
        }
    }
    Ok(())
}

/// Refuses an `after` that leads nowhere, or back to where it began.
fn check_order(environments: &[Environment]) -> Result<(), Rejected> {
    let afters: BTreeMap<&str, Option<&str>> = environments
        .iter()
        .map(|environment| (environment.name.as_str(), environment.after.as_deref()))
        .collect();
    for (name, after) in &afters {
        let Some(after) = after else { continue };
        let reject = |problem| Err(Rejected::value(&["environments", name, "after"], problem));
        if !afters.contains_key(after) {
            let others = afters.keys().filter(|other| *other != name).copied();
            let others: Vec<_> = others.collect();
            return reject(Problem::unknown_environment(after, &others));
        }
        if let Some(names) = circle(&afters, name) {
            return reject(Problem::Cycle { names });
        }
    }
    Ok(())
}

/// The environments on the way from this one back to itself, if its `after` leads there.
fn circle(afters: &BTreeMap<&str, Option<&str>>, start: &str) -> Option<Vec<String>> {
    let mut names = vec![start.to_owned()];
    let mut next = afters.get(start).copied().flatten();
    // A circle without this environment never ends; it is found from one of its own.
    while let Some(name) = next.filter(|_| names.len() <= afters.len()) {
        if name == start {
            return Some(names);
        }
        names.push(name.to_owned());
        next = afters.get(name).copied().flatten();
    }
    None
}
