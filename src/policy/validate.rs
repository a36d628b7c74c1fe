//! The rules that hold between keys, and the defaults that depend on other keys.

use std::collections::{BTreeMap, BTreeSet};

use serde_yaml::Value;

use super::error::Problem;
use super::reader::Rejected;
use super::{Environment, Policy, Suite, defaults, values};

/// The name of an environment that would be taken for something else.
const RESERVED: &str = "trunk";

/// Checks a policy as a whole, and fills in the defaults that depend on other keys of its file.
pub(super) fn complete(mut policy: Policy, file: &Value) -> Result<Policy, Rejected> {
    for one in &mut policy.environments {
        let keys = &file["environments"][one.name.as_str()];
        environment(one, keys)?;
    }
    suite(&mut policy.suite, &file["suite"])?;
    check_claims(&policy.environments)?;
    check_order(&policy.environments)?;
    Ok(policy)
}

fn suite(suite: &mut Suite, keys: &Value) -> Result<(), Rejected> {
    let is_given = |key: &&str| keys.get(key).is_some();
    let reject = |key, problem| Err(Rejected::key(&["suite", key], problem));
    if suite.forge.is_none() && is_given(&"checks") {
        let (key, needs) = ("checks", "ci");
        return reject(key, Problem::Needs { key, needs });
    }
    if suite.forge.is_some() {
        let only_here = ["run", "in", "env", "expect", "link", "interactive"];
        if let Some(key) = only_here.into_iter().find(is_given) {
            return reject(key, Problem::NotWithCi { key });
        }
        if !is_given(&"on") {
            suite.on = defaults::ON_WITH_CI;
        }
    }
    check_once(&suite.checks, &["suite", "checks"])?;
    check_once(&suite.env, &["suite", "env"])?;
    check_once(&suite.link, &["suite", "link"])
}

fn environment(environment: &mut Environment, keys: &Value) -> Result<(), Rejected> {
    let name = environment.name.clone();
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
    let is_given = |key| keys.get(key).is_some();
    if !is_given("signoff") {
        environment.signoff = defaults::signoff(environment.after.as_deref());
    }
    if environment.after.is_none() {
        let given = [
            ("soak", is_given("soak")),
            ("signoff", environment.signoff.is_some()),
        ];
        if let Some((key, _)) = given.into_iter().find(|(_, given)| *given) {
            return Err(Rejected::key(&at(key), Problem::NeedsAfter { key }));
        }
    }
    if !is_given("remote") {
        environment.remotes = defaults::remotes(&name);
    }
    check_once(&environment.remotes, &at("remote"))?;
    check_once(&environment.apps, &at("app"))?;
    check_once(&environment.branches, &at("branch"))?;
    match keys.get("window") {
        Some(window) => check_window(window, &at("window")),
        None => Ok(()),
    }
}

fn check_window(keys: &Value, at: &[&str; 3]) -> Result<(), Rejected> {
    if keys.get("open").is_none() && keys.get("closed").is_none() {
        return Err(Rejected::key(at, Problem::NoRule));
    }
    check_commas(&keys["open"], at, "open")?;
    check_commas(&keys["closed"], at, "closed")
}

/// Refuses a rule that looks like the beginning of the next: `[Sat,Sun 10:00-12:00]` is two rules to YAML.
fn check_commas(rules: &Value, at: &[&str; 3], list: &str) -> Result<(), Rejected> {
    let rules = rules.as_sequence().into_iter().flatten();
    let rules: Vec<&str> = rules.filter_map(Value::as_str).map(str::trim).collect();
    let begins_with_days = |rule: &&str| rule.starts_with(|c: char| c.is_ascii_alphabetic());
    let is_cut = |pair: &[&str]| {
        pair.iter().all(begins_with_days) && !pair[0].contains(':') && pair[1].contains(':')
    };
    let Some(index) = rules.windows(2).position(is_cut) else {
        return Ok(());
    };
    let (text, next) = (rules[index].to_owned(), rules[index + 1]);
    let why = format!(
        "a whole day, or cut off from `{text},{next}`? quote that, or write `{text} 00:00-24:00`"
    );
    let path = [at.as_slice(), &[list]].concat();
    Err(Rejected::item(&path, index, Problem::Invalid { text, why }))
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
            let others = afters.keys().filter(|other| *other != name);
            return reject(Problem::UnknownEnvironment {
                name: (*after).to_owned(),
                known: others.map(ToString::to_string).collect(),
            });
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
