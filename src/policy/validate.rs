//! The rules that hold between keys, and the defaults of those that were not given.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;

use super::error::{Fault, Place, Problem};
use super::leaf::{Below, Branch, Closing, Length, Limit, Name, Opening, Pattern, Variable};
use super::marks::Node;
use super::raw::{RawEnvironment, RawPolicy, RawSignoff, RawStep, RawSuite, RawTrunk, RawWindow};
use super::{Ci, Environment, Policy, Step, Suite, Trunk, defaults};
use crate::calendar::{Holidays, Window};
use crate::text::nearest;

/// Environments that would be taken for something else.
const RESERVED: [&str; 1] = ["trunk"];

/// Checks a policy as a whole and fills in what it leaves out; the tree knows where each key stands.
pub(super) fn validate(raw: RawPolicy, tree: &Node) -> Result<Policy, Fault> {
    let mut environments = Vec::new();
    for (name, raw) in raw.environments {
        environments.push(environment(name, raw, tree)?);
    }
    let policy = Policy {
        trunk: trunk(raw.trunk.unwrap_or_default()),
        suite: suite(raw.suite.unwrap_or_default(), tree)?,
        environments,
        share: raw.share.unwrap_or(defaults::SHARE),
    };
    claims(&policy.environments, tree)?;
    order(&policy.environments, tree)?;
    Ok(policy)
}

fn trunk(raw: RawTrunk) -> Trunk {
    let standard = Trunk::default();
    Trunk {
        branch: raw.branch.map(|Branch(name)| name),
        remote: raw.remote.map_or(standard.remote, |Name(name)| name),
    }
}

fn suite(raw: RawSuite, tree: &Node) -> Result<Suite, Fault> {
    let standard = Suite::default();
    let ci = ci(&raw, tree)?;
    let on = ci.as_ref().map_or(standard.on, |_| defaults::ON_WITH_CI);
    let env: Vec<String> = texts(raw.env, |Variable(name)| name).unwrap_or_default();
    once(&env, &["suite", "env"], tree)?;
    let link: Vec<String> = texts(raw.link, |Below(path)| path).unwrap_or_default();
    once(&link, &["suite", "link"], tree)?;
    Ok(Suite {
        ci,
        steps: raw.run.unwrap_or_default().into_iter().map(step).collect(),
        on: raw.on.unwrap_or(on),
        place: raw.place.unwrap_or(standard.place),
        timeout: raw.timeout.map_or(standard.timeout, |Limit(time)| time),
        reuse: raw.reuse.unwrap_or(standard.reuse),
        env,
        expect: raw.expect.map(|Pattern(text)| text),
        link,
        interactive: raw.interactive.unwrap_or(standard.interactive),
    })
}

/// The CI that is asked, and no key beside it that says how to run something here.
fn ci(raw: &RawSuite, tree: &Node) -> Result<Option<Ci>, Fault> {
    let at = |key| tree.key(&["suite", key]);
    let Some(forge) = raw.ci else {
        return match raw.checks {
            Some(_) => Err(at("checks").fault(Problem::Needs {
                key: "checks",
                needs: "ci",
            })),
            None => Ok(None),
        };
    };
    let others = [
        ("run", raw.run.is_some()),
        ("in", raw.place.is_some()),
        ("env", raw.env.is_some()),
        ("expect", raw.expect.is_some()),
        ("link", raw.link.is_some()),
        ("interactive", raw.interactive.is_some()),
    ];
    if let Some((key, _)) = others.into_iter().find(|(_, given)| *given) {
        return Err(at(key).fault(Problem::NotWithCi { key }));
    }
    let names = raw.checks.iter().flatten().map(|Name(name)| name.clone());
    let checks: Vec<_> = names.collect();
    once(&checks, &["suite", "checks"], tree)?;
    Ok(Some(Ci { forge, checks }))
}

fn step(raw: RawStep) -> Step {
    Step {
        name: raw.name.map(|Name(name)| name),
        run: raw.run.0,
        timeout: raw.timeout.map(|Limit(time)| time),
        dir: raw.dir.map(|Below(path)| path),
        parallel: raw.parallel,
    }
}

fn environment(name: String, raw: RawEnvironment, tree: &Node) -> Result<Environment, Fault> {
    let at = |key| ["environments", name.as_str(), key];
    let place = tree.key(&["environments", &name]);
    if let Err(why) = Name::try_from(name.clone()) {
        let why = why.to_owned();
        return Err(place.fault(Problem::Invalid { text: name, why }));
    }
    if RESERVED.iter().any(|word| name.eq_ignore_ascii_case(word)) {
        return Err(place.fault(Problem::Reserved { name }));
    }

    let after = raw.after.map(|Name(after)| after);
    let alone = [
        ("soak", raw.soak.is_some()),
        ("signoff", matches!(raw.signoff, Some(RawSignoff(Some(_))))),
    ]
    .into_iter()
    .find(|(_, given)| *given && after.is_none());
    if let Some((key, _)) = alone {
        return Err(tree.key(&at(key)).fault(Problem::NeedsAfter { key }));
    }

    let remotes = texts(raw.remote, |Name(name)| name).unwrap_or_else(|| defaults::remotes(&name));
    let apps = texts(raw.app, |Name(name)| name).unwrap_or_default();
    let branches = texts(raw.branch, |Branch(name)| name).unwrap_or_else(defaults::branches);
    once(&remotes, &at("remote"), tree)?;
    once(&apps, &at("app"), tree)?;
    once(&branches, &at("branch"), tree)?;

    if let Some(raw) = &raw.window {
        let open = raw
            .open
            .iter()
            .flatten()
            .map(|Opening(rule)| rule.to_string());
        let closed = raw.closed.iter().flatten().map(|closing| match closing {
            Closing::Rule(rule) => rule.to_string(),
            Closing::Calendar(path) => path.clone(),
        });
        let (open, closed) = (open.collect(), closed.collect());
        for (key, texts) in [("open", open), ("closed", closed)] {
            let texts: Vec<String> = texts;
            if let Some(index) = cut_at_a_comma(&texts) {
                let path = ["environments", name.as_str(), "window", key];
                let text = texts[index].clone();
                let why = format!(
                    "a whole day, or cut off from `{text},{}`? quote that, or write `{text} 00:00-24:00`",
                    texts[index + 1]
                );
                return Err(tree
                    .value(&path, index)
                    .fault(Problem::Invalid { text, why }));
            }
        }
    }
    let window = match raw.window {
        Some(raw) => window(raw, tree.key(&at("window")))?,
        None => Window::default(),
    };
    Ok(Environment {
        remotes,
        apps,
        soak: raw.soak.map_or(defaults::SOAK, |Length(time)| time),
        signoff: raw.signoff.map_or_else(
            || defaults::signoff(after.as_deref()),
            |RawSignoff(who)| who,
        ),
        after,
        window,
        branches,
        reason: raw.reason.unwrap_or(defaults::REASON),
        name,
    })
}

fn window(raw: RawWindow, place: Place) -> Result<Window, Fault> {
    if raw.open.is_none() && raw.closed.is_none() {
        return Err(place.fault(Problem::NoRule));
    }
    let runway: Duration = raw.runway.map_or(defaults::RUNWAY, |Length(time)| time);
    let open = raw.open.unwrap_or_default();
    let (mut closed, mut holidays) = (Vec::new(), Vec::new());
    for closing in raw.closed.unwrap_or_default() {
        match closing {
            Closing::Rule(rule) => closed.push(rule),
            Closing::Calendar(path) => holidays.push(Holidays::unread(path)),
        }
    }
    Ok(Window {
        timezone: raw.timezone.unwrap_or_default(),
        open: open.into_iter().map(|Opening(rule)| rule).collect(),
        closed,
        holidays,
        // A duration that was read is ten years at most.
        runway: SignedDuration::try_from(runway).unwrap_or(SignedDuration::MAX),
    })
}

/// The rule that looks like the beginning of the next: `[Sat,Sun 10:00-12:00]` is two rules to YAML.
fn cut_at_a_comma(rules: &[String]) -> Option<usize> {
    let begins_with_days = |rule: &String| rule.starts_with(|c: char| c.is_ascii_alphabetic());
    let pair = |pair: &[String]| {
        pair.iter().all(begins_with_days) && !pair[0].contains(':') && pair[1].contains(':')
    };
    rules.windows(2).position(pair)
}

fn texts<T>(items: Option<Vec<T>>, text: fn(T) -> String) -> Option<Vec<String>> {
    items.map(|items| items.into_iter().map(text).collect())
}

/// Refuses an item that its list has twice.
fn once(items: &[String], path: &[&str], tree: &Node) -> Result<(), Fault> {
    let mut seen = BTreeSet::new();
    match items.iter().position(|item| !seen.insert(item)) {
        Some(index) => {
            let text = items[index].clone();
            Err(tree.value(path, index).fault(Problem::ListedTwice { text }))
        }
        None => Ok(()),
    }
}

/// Refuses a remote or an app that two environments have: a destination belongs to one.
fn claims(environments: &[Environment], tree: &Node) -> Result<(), Fault> {
    let mut owners: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for environment in environments {
        for (what, names) in [("remote", &environment.remotes), ("app", &environment.apps)] {
            for (index, name) in names.iter().enumerate() {
                // The platforms' names for apps know no case.
                let folded = if what == "app" {
                    name.to_lowercase()
                } else {
                    name.clone()
                };
                let owner = owners.entry((what, folded)).or_insert(&environment.name);
                if *owner != environment.name {
                    let path = ["environments", environment.name.as_str(), what];
                    return Err(tree.value(&path, index).fault(Problem::Claimed {
                        what,
                        name: name.clone(),
                        owner: (*owner).to_owned(),
                    }));
                }
            }
        }
    }
    Ok(())
}

/// Refuses an `after` that leads nowhere, or back to where it began.
fn order(environments: &[Environment], tree: &Node) -> Result<(), Fault> {
    let afters: BTreeMap<&str, Option<&str>> = environments
        .iter()
        .map(|environment| (environment.name.as_str(), environment.after.as_deref()))
        .collect();
    for (name, after) in &afters {
        let Some(after) = after else { continue };
        let place = tree.value(&["environments", name, "after"], 0);
        if !afters.contains_key(after) {
            let others = afters.keys().filter(|other| *other != name).copied();
            return Err(place.fault(Problem::UnknownEnvironment {
                name: (*after).to_owned(),
                nearest: nearest(after, others.clone()).map(str::to_owned),
                known: others.map(str::to_owned).collect(),
            }));
        }
        if let Some(names) = circle(&afters, name) {
            return Err(place.fault(Problem::Cycle { names }));
        }
    }
    Ok(())
}

/// The environments on the way from this one back to itself, if its `after` leads there.
fn circle(afters: &BTreeMap<&str, Option<&str>>, start: &str) -> Option<Vec<String>> {
    let mut names = vec![start.to_owned()];
    let mut next = afters.get(start).copied().flatten();
    // A circle that does not come by here never ends; it is found from one of its own.
    while let Some(name) = next.filter(|_| names.len() <= afters.len()) {
        if name == start {
            return Some(names);
        }
        names.push(name.to_owned());
        next = afters.get(name).copied().flatten();
    }
    None
}
