//! Every remote: where it leads, what that is to the policy, and whether it answers.

use std::{collections::BTreeSet, thread};

use bstr::{BStr, BString, ByteSlice};

use crate::{
    doctor::facts::{Absent, Notes, Remote, Role},
    gates::{
        remotes_of,
        route::{PushContext, Route, Router, Target},
        verdict::{Trouble, TrunkName},
    },
    git::{Real, notes},
    policy::Policy,
    push::{
        Oid, Push, Update,
        destination::{Destination, Platform, heroku_url},
        url::redact,
    },
    text::printable,
};

/// What the remotes said.
pub(crate) struct Heard {
    pub(crate) remotes: Vec<Remote>,
    pub(crate) absent: Vec<Absent>,
    /// Whether trunk's remote has answered.
    trunk: bool,
    /// The tip of the team's notes there.
    notes: Option<Oid>,
}

/// Asks them all at once.
pub(crate) fn ask(world: &Real, policy: &Policy, trunk: Option<&TrunkName>) -> Heard {
    let names: Vec<BString> = world.remotes().names().map(BString::from).collect();
    let refs = refs(policy, trunk);
    let refs: Vec<&str> = refs.iter().map(String::as_str).collect();
    let answers: Vec<_> = thread::scope(|scope| {
        let ask = |name: &BString| {
            let (name, refs) = (name.clone(), refs.as_slice());
            scope.spawn(move || {
                let url = url(world, &name);
                (
                    world.reach(name.as_bstr(), refs),
                    world.keepalive(url.as_bstr()),
                )
            })
        };
        let asked: Vec<_> = names.iter().map(ask).collect();
        let join = |one: thread::ScopedJoinHandle<'_, _>| {
            one.join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        asked.into_iter().map(join).collect()
    });
    let (mut is_heard, mut notes) = (false, None);
    let remotes = names.iter().zip(answers).map(|(name, (tips, keepalive))| {
        if let (Some(trunk), Ok(tips)) = (trunk, &tips)
            && *name == trunk.remote
        {
            let theirs = tips.iter().find(|(name, _)| name == notes::REF);
            notes = theirs.map(|(_, tip)| tip.clone());
            is_heard = true;
        }
        let destination = world.destination(url(world, name).as_bstr());
        let branch = |(name, _): (String, Oid)| name.strip_prefix("refs/heads/").map(str::to_owned);
        Remote {
            name: redact(&printable(name.as_bstr())),
            role: role(world, policy, trunk, name.as_bstr()),
            heroku: destination.platform() == Some(Platform::Heroku)
                && url(world, name).starts_with(b"http"),
            destination: destination.brief(),
            asked: tips.map(|tips| tips.into_iter().filter_map(branch).collect()),
            keepalive,
        }
    });
    Heard {
        remotes: remotes.collect(),
        absent: absent(world, policy),
        trunk: is_heard,
        notes,
    }
}

/// Where a push to a remote goes, the first of several places.
pub(crate) fn url(world: &Real, name: &BString) -> BString {
    world.remotes().push_url(name).unwrap_or_default()
}

/// What is asked for: trunk, the notes, and every branch that deploys.
pub(crate) fn refs(policy: &Policy, trunk: Option<&TrunkName>) -> BTreeSet<String> {
    let deployed = policy.environments.iter().flat_map(|one| &one.branches);
    let branches = deployed.chain(trunk.map(|trunk| &trunk.branch));
    let mut refs: BTreeSet<_> = branches
        .map(|branch| format!("refs/heads/{branch}"))
        .collect();
    refs.insert(notes::REF.to_owned());
    refs
}

/// What the gate takes the places of a remote for.
pub(crate) fn role(
    world: &Real,
    policy: &Policy,
    trunk: Option<&TrunkName>,
    name: &BStr,
) -> Result<Role, Trouble> {
    let mut role = Role::default();
    let mut branches: BTreeSet<&str> = (policy.environments.iter())
        .flat_map(|one| one.branches.iter().map(String::as_str))
        .collect();
    let trunk = trunk.map(|trunk| trunk.branch.as_str());
    branches.extend(trunk);
    branches.extend(["master", "main"]);
    for url in world.remotes().push_urls(name) {
        let push = Push {
            remote: name.into(),
            url,
            updates: Vec::new(),
        };
        let destination: Destination = world.destination(push.url.as_bstr());
        let scene = PushContext {
            push: &push,
            destination: &destination,
            remotes: world.remotes(),
            read: &|url| world.destination(url),
        };
        let site = Router::new(policy, &scene)?;
        role.trunk |= site.is_trunk;
        for update in branches.iter().filter_map(|branch| to(branch)) {
            match site.route(&update, policy, trunk) {
                Route::Governed(Target::Environment(name)) => {
                    role.environment = Some(name.to_owned());
                }
                Route::DeploysNothing(one) => {
                    role.environment.get_or_insert_with(|| one.name.clone());
                }
                Route::Governed(Target::UnknownApp(_)) => role.unknown_app = true,
                Route::Governed(Target::Trunk | Target::Branch) | Route::Free => {}
            }
        }
    }
    Ok(role)
}

/// A push of something to a branch.
pub(crate) fn to(branch: &str) -> Option<Update> {
    Some(Update::Set {
        source: branch.into(),
        commit: Oid::parse(&[b'1'; 40])?,
        target: format!("refs/heads/{branch}").into(),
        replaces: None,
    })
}

/// The environments that no remote leads to.
pub(crate) fn absent(world: &Real, policy: &Policy) -> Vec<Absent> {
    let read = |url: &BStr| world.destination(url);
    let is_absent =
        |one: &&crate::policy::Environment| remotes_of(one, world.remotes(), &read).is_empty();
    let known = policy.environments.iter().filter(is_absent);
    known
        .map(|one| {
            let after =
                |other: &&crate::policy::Environment| other.after.as_ref() == Some(&one.name);
            let before = policy.environments.iter().find(after);
            Absent {
                environment: one.name.clone(),
                remote: one.remotes.first().unwrap_or(&one.name).clone(),
                url: one.heroku_apps().next().map(heroku_url),
                before: before.map(|one| one.name.clone()),
            }
        })
        .collect()
}

/// How the team's notes here stand to those on trunk's remote.
pub(crate) fn notes(world: &Real, heard: &Heard) -> Option<Notes> {
    let ours = world.reference(notes::REF).ok()?;
    Some(match (ours, &heard.notes) {
        (None, None) if !heard.trunk => return None,
        (None, None) => Notes::None,
        (None, Some(_)) => Notes::Never,
        (Some(_), None) => Notes::Here,
        (Some(ours), Some(theirs)) => {
            let args = [
                "merge-base",
                "--is-ancestor",
                theirs.as_str(),
                ours.as_str(),
            ];
            match world.git().run(args) {
                Ok(said) if said.is_ok() => Notes::Here,
                _ => Notes::Newer,
            }
        }
    })
}
