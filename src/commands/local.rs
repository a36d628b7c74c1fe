//! What a command means where its arguments name nothing: the local trunk branch, and its policy.

pub(crate) use crate::app::local::Local;
use crate::{
    commands::Error,
    git::Repository,
    policy::{Environment, Policy},
};

/// The branches and the tags, each with its kind; of very many, the first.
pub(crate) fn revisions(world: &Repository) -> Vec<(String, &'static str)> {
    const KINDS: [(&str, &str); 3] = [
        ("refs/heads/", "branch"),
        ("refs/remotes/", "remote branch"),
        ("refs/tags/", "tag"),
    ];
    let places = KINDS.iter().map(|(place, _)| *place);
    let asked = ["for-each-ref", "--count=1000", "--format=%(refname)"];
    let Ok(said) = world.git().run(asked.into_iter().chain(places)) else {
        return Vec::new();
    };
    let refs = String::from_utf8_lossy(&said.stdout).into_owned();
    let named = refs.lines().filter_map(|name| {
        let (place, kind) = KINDS.iter().find(|(place, _)| name.starts_with(place))?;
        Some((name.strip_prefix(place)?.to_owned(), *kind))
    });
    named.collect()
}

/// This revision names no commit.
pub(crate) fn no_commit(revision: &str, world: &Repository) -> Error {
    Error::NoCommit {
        revision: revision.to_owned(),
        known: names(world),
    }
}

/// What there is that could be meant by a revision.
pub(crate) fn names(world: &Repository) -> Vec<String> {
    let named = revisions(world).into_iter();
    named.map(|(name, _)| name).collect()
}

/// The environment of this name.
pub(crate) fn named<'p>(name: &str, policy: &'p Policy) -> Result<&'p Environment, Error> {
    policy
        .environment(name)
        .ok_or_else(|| unknown(name, policy))
}

/// There is no such environment, but these.
pub(crate) fn unknown(name: &str, policy: &Policy) -> Error {
    let known = policy.environments.iter();
    Error::NoEnvironment {
        name: name.to_owned(),
        known: known.map(|environment| environment.name.clone()).collect(),
    }
}
