//! Since when pushes are judged: in this clone, and at a place.

use std::fs;

use bstr::ByteSlice;
use jiff::Timestamp;

use crate::{
    gates::{LocalRepository, Stop},
    git::Repository,
    hooks::{directory::HooksDirectory, gate::is_gated},
    memory::record::Place,
    policy::{FILE, Policy, defaults},
    push::Oid,
};

/// When the policy of what is checked out began to name a place: what went there before was free to go. `None`
/// where that is not known, or the built-in policy names it.
pub(super) fn named_since(
    repository: &Repository,
    place: Place<'_>,
) -> Result<Option<Timestamp>, Stop> {
    let names = |policy: &Policy| {
        let of = policy
            .environments
            .iter()
            .map(|one| repository.remotes_of(one));
        of.into_iter().any(|of| of.place().overlaps(place))
    };
    if names(&defaults::without_file(&repository.heroku_remotes())) {
        return Ok(None);
    }
    let file = format!(":/{FILE}");
    let log = ["log", "--format=%H", "HEAD", "--", &file];
    let log = repository.git.run(log)?;
    let mut since = None;
    for id in log.stdout.lines().filter_map(Oid::parse) {
        // One that cannot be read names nothing, and takes nothing away.
        let Ok(loaded) = repository.policy(Some(&id)) else {
            continue;
        };
        if !names(&loaded.policy) {
            break;
        }
        since = repository.committed_at(&id)?;
    }
    Ok(since)
}

pub(super) fn is_younger(repository: &Repository, commit: &Oid, gate: Option<Timestamp>) -> bool {
    let made = repository.committed_at(commit).ok().flatten();
    made.zip(gate).is_some_and(|(made, gate)| made > gate)
}

/// When the gate came to this clone: since then pushes are judged; `None`: never.
pub(super) fn gate_since(repository: &Repository) -> Option<Timestamp> {
    let hook = HooksDirectory::of(repository).ok();
    // The file of a hook for all repositories is as old as its package.
    let hook = hook.filter(|hooks| hooks.hook.starts_with(repository.common_dir()));
    let written = hook.and_then(|hooks| fs::metadata(hooks.hook).ok()?.modified().ok());
    let written = written.filter(|_| is_gated(repository) == Some(true));
    // A hook may have been written anew; not every file system knows when a directory was made.
    let state = fs::metadata(repository.state_dir()).ok();
    let made = state.and_then(|directory| directory.created().ok());
    let since = written.into_iter().chain(made).min()?;
    let first = repository.ledger().first().ok().flatten();
    Timestamp::try_from(since)
        .ok()
        .into_iter()
        .chain(first)
        .min()
}
