//! The sections of a policy: what each key takes, and the rules that hold between keys.

use std::collections::BTreeMap;
use std::iter::successors;

use jiff::SignedDuration;
use serde_yaml::Value;

use super::error::{Fault, advice, quoted};
use super::reader::{Item, SIGNOFF, STEP};
use super::values::{
    branch, command, is_calendar, length, limit, name, opening, pattern, people, relative_path,
    reuse, rule, variable, zone,
};
use super::{
    By, Ci, Commits, DeployRemote, Environment, Forge, In, On, Policy, Reason, Signoff, Step,
    Suite, Trunk, defaults,
};
use crate::calendar::{Holidays, Window};

/// The keys about a suite that runs here, which a CI has no use for.
const ONLY_HERE: [&str; 6] = ["run", "in", "env", "expect", "link", "interactive"];

/// The name of an environment that would be taken for something else.
const RESERVED: &str = "trunk";

/// Reads a policy and checks it as a whole.
pub(super) fn policy(root: Item<'_>, heroku: &[DeployRemote]) -> Result<Policy, Fault> {
    let mut keys = root.keys("the keys `trunk`, `suite`, `environments` and `share`")?;
    let mut policy = defaults::without_file(heroku);
    keys.read("trunk", &mut policy.trunk, trunk)?;
    keys.read("suite", &mut policy.suite, suite)?;
    if keys
        .get("environments")
        .is_some_and(|item| !item.value.is_null())
    {
        keys.read("environments", &mut policy.environments, environments)?;
    }
    keys.read("share", &mut policy.share, Item::flag)?;
    keys.end()?;
    Ok(policy)
}

fn trunk(item: Item<'_>) -> Result<Trunk, Fault> {
    let mut keys = item.keys("keys such as `branch`")?;
    let mut trunk = Trunk::default();
    keys.read("branch", &mut trunk.branch, |item| item.checked(branch))?;
    keys.read("remote", &mut trunk.remote, |item| item.checked(name))?;
    keys.end()?;
    Ok(trunk)
}

fn suite(item: Item<'_>) -> Result<Suite, Fault> {
    let mut keys = item.keys("keys such as `run`")?;
    let mut suite = Suite::default();
    let forges = [("github", Forge::Github), ("gitlab", Forge::Gitlab)];
    let pushes = [
        ("deploys", On::Deploys),
        ("trunk", On::Trunk),
        ("all", On::All),
    ];
    let places = [("checkout", In::Checkout), ("worktree", In::Worktree)];
    keys.read("run", &mut suite.steps, |item| {
        item.list()?
            .into_iter()
            .map(step)
            .collect::<Result<Vec<_>, _>>()
    })?;
    let (mut forge, mut checks) = (None, Vec::new());
    keys.read("ci", &mut forge, |item| item.word(&forges))?;
    keys.read("checks", &mut checks, |item| item.names(name))?;
    suite.ci = forge.map(|forge| Ci { forge, checks });
    keys.read("on", &mut suite.on, |item| item.word(&pushes))?;
    keys.read("in", &mut suite.place, |item| item.word(&places))?;
    keys.read("timeout", &mut suite.timeout, limit)?;
    keys.read("reuse", &mut suite.reuse, reuse)?;
    keys.read("env", &mut suite.env, |item| match item.value {
        Value::Sequence(_) => item.names(variable),
        _ => Err(item.wrong_type("a list such as `[RAILS_ENV]`")),
    })?;
    keys.read("expect", &mut suite.expect, |item| item.checked(pattern))?;
    keys.read("link", &mut suite.link, |item| item.names(relative_path))?;
    keys.read("interactive", &mut suite.interactive, Item::flag)?;
    keys.end()?;
    if suite.ci.is_some() {
        if let Some(item) = ONLY_HERE.iter().find_map(|key| keys.get(key)) {
            return Err(item.key_fault(format!(
                "{} is about a suite that runs here; with `ci` the CI is asked instead: remove one of them",
                quoted(item.key)
            )));
        }
        if keys.get("on").is_none() {
            suite.on = defaults::ON_WITH_CI;
        }
    } else if let Some(item) = keys.get("checks") {
        return Err(item.key_fault("`checks` needs `ci`"));
    }
    Ok(suite)
}

/// A command, or a map that has one.
fn step(item: Item<'_>) -> Result<Step, Fault> {
    let mut step = Step::default();
    match item.value {
        Value::String(_) => step.run = item.checked(command)?,
        Value::Mapping(_) => {
            let mut keys = item.keys(STEP)?;
            keys.read("name", &mut step.name, |item| item.checked(name))?;
            keys.read("run", &mut step.run, |item| item.checked(command))?;
            keys.read("timeout", &mut step.timeout, limit)?;
            keys.read("dir", &mut step.dir, |item| item.checked(relative_path))?;
            keys.read("parallel", &mut step.parallel, Item::flag)?;
            keys.end()?;
            if step.run.is_empty() {
                return Err(item.fault("missing key `run`"));
            }
        }
        _ => return Err(item.wrong_type(STEP)),
    }
    Ok(step)
}

fn environments(item: Item<'_>) -> Result<Vec<Environment>, Fault> {
    let entries = item.entries("the names of environments")?;
    let read = entries.into_iter().map(environment);
    let environments = read.collect::<Result<Vec<_>, _>>()?;
    check_claims(&environments, item)?;
    check_order(&environments, item)?;
    Ok(environments)
}

fn environment(item: Item<'_>) -> Result<Environment, Fault> {
    name(item.key).map_err(|why| item.invalid_key(&why))?;
    if item.key.eq_ignore_ascii_case(RESERVED) {
        let name = quoted(item.key);
        let message = format!("{name} is reserved; give the environment another name");
        return Err(item.key_fault(message));
    }
    let mut keys = item.keys("keys such as `remote`")?;
    let mut environment = Environment::named(item.key);
    let reasons = [
        ("required", Reason::Required),
        ("optional", Reason::Optional),
    ];
    keys.read("remote", &mut environment.remotes, |item| item.names(name))?;
    keys.read("app", &mut environment.apps, |item| item.names(name))?;
    let commits = [("trunk", Commits::Trunk), ("any", Commits::Any)];
    keys.read("from", &mut environment.from, |item| item.word(&commits))?;
    keys.read("after", &mut environment.after, |item| item.checked(name))?;
    keys.read("soak", &mut environment.soak, length)?;
    environment.signoff = defaults::signoff(environment.after.as_deref());
    keys.read("signoff", &mut environment.signoff, signoff)?;
    keys.read("window", &mut environment.window, window)?;
    keys.read("branch", &mut environment.branches, |item| {
        item.names(branch)
    })?;
    keys.read("reason", &mut environment.reason, |item| {
        item.word(&reasons)
    })?;
    keys.read("live", &mut environment.live, |item| item.checked(command))?;
    keys.end()?;
    if environment.after.is_none() {
        let signoff = keys
            .get("signoff")
            .filter(|_| environment.signoff.is_some());
        if let Some(item) = keys.get("soak").or(signoff) {
            let key = quoted(item.key);
            return Err(item.key_fault(format!(
                "{key} needs `after`, the environment where the commit must be first"
            )));
        }
    }
    Ok(environment)
}

/// Who has to sign off: a yes or no, a number of people, or a map.
fn signoff(item: Item<'_>) -> Result<Option<Signoff>, Fault> {
    let mut signoff = Signoff::default();
    match item.value {
        Value::Bool(false) => return Ok(None),
        Value::Bool(true) => {}
        Value::Mapping(_) => {
            let mut keys = item.keys(SIGNOFF)?;
            let whose = [("anyone", By::Anyone), ("another", By::Another)];
            keys.read("count", &mut signoff.people, |item| {
                people(item, "a number of people")
            })?;
            keys.read("by", &mut signoff.by, |item| item.word(&whose))?;
            keys.read("signed", &mut signoff.signed, Item::flag)?;
            keys.end()?;
        }
        _ => signoff.people = people(item, SIGNOFF)?,
    }
    Ok(Some(signoff))
}

fn window(item: Item<'_>) -> Result<Window, Fault> {
    let mut keys = item.keys("keys such as `closed`")?;
    let mut window = Window::default();
    keys.read("timezone", &mut window.timezone, |item| item.checked(zone))?;
    keys.read("open", &mut window.open, |item| {
        check_commas(item)?;
        let rules = item.list()?.into_iter();
        rules
            .map(|item| item.checked(opening))
            .collect::<Result<Vec<_>, _>>()
    })?;
    if let Some(closed) = keys.get("closed") {
        check_commas(closed)?;
        for item in closed.list()? {
            if item.value.as_str().is_some_and(is_calendar) {
                let path = item.checked(relative_path)?;
                window.holidays.push(Holidays::unread(path));
            } else {
                window.closed.push(item.checked(rule)?);
            }
        }
    }
    // A duration that was read is ten years at most.
    let runway =
        |item| length(item).map(|length| SignedDuration::try_from(length).unwrap_or_default());
    keys.read("runway", &mut window.runway, runway)?;
    keys.end()?;
    if window.is_always_open() {
        let why = "a window needs `open` or `closed`; without either it is always open";
        return Err(item.key_fault(why));
    }
    Ok(window)
}

/// Refuses a rule that looks like the beginning of the next: `[Sat,Sun 10:00-12:00]` is two rules to YAML.
fn check_commas(rules: Item<'_>) -> Result<(), Fault> {
    let begins_with_days =
        |rule: &str| !is_calendar(rule) && rule.starts_with(|c: char| c.is_ascii_alphabetic());
    for pair in rules.list()?.windows(2) {
        let [Some(rule), Some(next)] = [pair[0], pair[1]].map(|item| item.value.as_str()) else {
            continue;
        };
        let is_suspect = begins_with_days(rule)
            && begins_with_days(next)
            && !rule.contains(':')
            && next.contains(':');
        // Two that are quoted, or on lines of their own, were never one.
        if is_suspect && rules.source.has(&format!("{rule},{next}")) {
            let cure = format!("quote that, or write `{rule} 00:00-24:00`");
            let why = format!("a whole day, or cut off from `{rule},{next}`? {cure}");
            return Err(pair[0].invalid(&why));
        }
    }
    Ok(())
}

/// Refuses a remote or an app that two environments have: a destination belongs to one.
fn check_claims(environments: &[Environment], all: Item<'_>) -> Result<(), Fault> {
    let mut owners = BTreeMap::new();
    for environment in environments {
        let remotes = environment.remotes.iter();
        let remotes = remotes.map(|remote| ("remote", remote, remote.clone()));
        // The platforms' names for apps know no case.
        let apps = environment.apps.iter();
        let apps = apps.map(|app| ("app", app, app.to_lowercase()));
        for (what, name, folded) in remotes.chain(apps) {
            let owner = *owners.entry((what, folded)).or_insert(&environment.name);
            if *owner == environment.name {
                continue;
            }
            let message = format!(
                "{what} {} belongs to {} already; a destination has one environment",
                quoted(name),
                quoted(owner)
            );
            let item = all.inside(&environment.name);
            let mut claims = item.inside(what).items().into_iter();
            return Err(match claims.find(|one| one.value == name.as_str()) {
                Some(claim) => claim.fault(message),
                // It is the default.
                None => item.key_fault(message),
            });
        }
    }
    Ok(())
}

/// Refuses an `after` that leads nowhere, or back to where it began.
fn check_order(environments: &[Environment], all: Item<'_>) -> Result<(), Fault> {
    let names = environments.iter().map(|one| one.name.as_str());
    let afters = environments
        .iter()
        .filter_map(|one| Some((one.name.as_str(), one.after.as_deref()?)));
    let afters: BTreeMap<&str, &str> = afters.collect();
    for (name, after) in &afters {
        let fault = |message| Err(all.inside(name).inside("after").fault(message));
        let Some(before) = environments.iter().find(|one| one.name == *after) else {
            let others: Vec<_> = names.filter(|other| other != name).collect();
            let advice = match others.as_slice() {
                [] => "; the policy has no other".to_owned(),
                others => advice(after, others),
            };
            return fault(format!("unknown environment {}{advice}", quoted(after)));
        };
        if before.takes_any() {
            let after = quoted(after);
            return fault(format!(
                "{after} takes any commit (`from: any`), so nothing can come after it"
            ));
        }
        // A circle without this environment never ends; it is found from one of its own.
        let way = successors(Some(*name), |name| afters.get(name).copied());
        let way: Vec<&str> = way.take(afters.len() + 1).collect();
        if let Some(end) = way.iter().skip(1).position(|other| other == name) {
            let links = way[..end + 2].windows(2);
            let links =
                links.map(|pair| format!("{} is after {}", quoted(pair[0]), quoted(pair[1])));
            let (name, links) = (quoted(name), links.collect::<Vec<_>>().join(", "));
            return fault(format!("{name} can never be pushed to: {links}"));
        }
    }
    Ok(())
}
