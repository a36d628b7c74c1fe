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
    let asked = ["for-each-ref", "--count=1000", "--format=%(refname)"];
    let places = KINDS.iter().map(|(place, _)| *place);
    let Ok(said) = world.git().run(asked.into_iter().chain(places)) else {
        return Vec::new();
    };
    let refs = String::from_utf8_lossy(&said.stdout);
    let named = refs.lines().filter_map(|name| {
        let stripped =
            |(place, kind): &(&str, _)| Some((name.strip_prefix(place)?.to_owned(), *kind));
        KINDS.iter().find_map(stripped)
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
    let environment = policy.environment(name);
    environment.ok_or_else(|| unknown(name, policy, None))
}

/// There is no such environment, but these and `other`.
pub(crate) fn unknown(name: &str, policy: &Policy, other: Option<&str>) -> Error {
    let known = policy.environments.iter().map(|one| one.name.as_str());
    Error::NoEnvironment {
        name: name.to_owned(),
        known: known.chain(other).map(str::to_owned).collect(),
    }
}
