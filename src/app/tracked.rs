//! The moves of remote-tracking refs, as far as they tell what was live where the remotes lead now.

use std::path::PathBuf;

use bstr::BStr;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::answers::SystemClock;
use crate::{
    file,
    gates::{Clock, EnvironmentRemote, EnvironmentRemotes, Stop},
    git::{Moved, Repository},
    memory::{
        open_push::Tracking,
        record::{Deployed, Event, Judged, Place, Record},
    },
    push::{Oid, destination::is_one_place},
};

/// A tracking ref as it was when its reflog was searched for pushes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LookedAt {
    #[serde(flatten)]
    pub(super) tracking: Tracking,
    /// When it moved last: the reflog of a branch that is deleted begins anew.
    pub(super) last: Option<Timestamp>,
    /// Where its remote led, as a record names it.
    destination: Option<String>,
    /// When that was found to have changed: older moves tell of another place.
    since: Option<Timestamp>,
}

/// The last move of a tracking ref away from a commit, as the record of who came across what was there then. The order
/// of the moves tells it: no two clocks are compared.
pub(super) fn departure(moves: &[Moved], place: Place<'_>, commit: &Oid) -> Option<Record> {
    let mut pairs = moves.windows(2).rev();
    let left = pairs.find(|pair| pair[0].commit == *commit && pair[1].commit != *commit)?;
    let event = Event::Deployed(Deployed {
        replaces: Some(commit.clone()),
        seen: true,
        ..Deployed::new(Judged::Unjudged)
    });
    let other = &left[1];
    Some(Record::new(
        other.at,
        &*other.by,
        place,
        &other.commit,
        event,
    ))
}

impl Repository {
    /// The refs that git moves when a push to a remote of an environment has arrived, each with those of its
    /// moves, oldest first, that tell of the place where the remote leads now.
    pub(super) fn tracked(
        &self,
        of: &EnvironmentRemotes,
        remote: &EnvironmentRemote,
    ) -> Result<Vec<(LookedAt, Vec<Moved>)>, Stop> {
        let is_there = |place: &str| is_one_place(place, &remote.destination);
        let is_fetched = self.is_fetched_from(remote.name.as_ref(), is_there);
        let before = self.looked_at();
        let mut tracked = Vec::new();
        for branch in &of.branches {
            let branch = format!("refs/heads/{branch}");
            let Some(name) = self.tracking_ref(remote.name.as_ref(), branch.as_str().into()) else {
                continue;
            };
            let before = before.iter().find(|one| one.tracking.name == name);
            let since = match before.and_then(|one| one.destination.as_deref()) {
                Some(place) if !is_there(place) => Some(SystemClock.now()),
                _ => before.and_then(|one| one.since),
            };
            let mut moves = self.moves(&name)?;
            moves.reverse();
            moves.retain(|one| {
                since.is_none_or(|since| one.at > since) && (is_fetched || one.is_push())
            });
            let tracking = Tracking {
                tip: moves.last().map(|moved| moved.commit.clone()),
                moves: moves.len(),
                name,
            };
            let last = moves.last().map(|moved| moved.at);
            let destination = Some(remote.destination.clone());
            let now = LookedAt {
                tracking,
                last,
                destination,
                since,
            };
            tracked.push((now, moves));
        }
        Ok(tracked)
    }

    /// The same moves of all remotes of an environment, each with the place where they happened.
    pub(super) fn moves_of<'e>(
        &self,
        of: &'e EnvironmentRemotes,
    ) -> Result<Vec<(Place<'e>, Vec<Moved>)>, Stop> {
        let mut all = Vec::new();
        for remote in &of.remotes {
            let tracked = self.tracked(of, remote)?.into_iter();
            all.extend(tracked.map(|(_, moves)| (of.place_of(remote), moves)));
        }
        Ok(all)
    }

    /// Whether a tracking ref of a remote, as far as is known, has always been one of this place.
    pub(super) fn tells_of(&self, name: &str, remote: &BStr, place: Place<'_>) -> bool {
        let is_there = |one: &str| {
            place
                .destinations
                .iter()
                .any(|other| is_one_place(one, other))
        };
        let looked_at = self
            .looked_at()
            .into_iter()
            .find(|one| one.tracking.name == name);
        self.is_fetched_from(remote, is_there)
            && looked_at.is_none_or(|one| {
                one.since.is_none() && one.destination.as_deref().is_none_or(is_there)
            })
    }

    /// Whether a remote is fetched from a place. What is fetched from elsewhere, a mirror of the code say, need not be
    /// live.
    fn is_fetched_from(&self, remote: &BStr, is_there: impl Fn(&str) -> bool) -> bool {
        let url = self.remotes().fetch_url(remote);
        url.is_none_or(|url| is_there(&self.destination(url.as_ref()).to_string()))
    }

    /// The remotes that lead to an environment though the policy does not name them.
    pub(super) fn unnamed_remotes(&self, of: &EnvironmentRemotes) -> Vec<EnvironmentRemote> {
        let is_named = |name: &&BStr| of.remotes.iter().any(|one| one.name == **name);
        let others = self.remotes().names().filter(|name| !is_named(name));
        let remote = |name: &BStr| {
            let urls = self.remotes().pushed_urls(name);
            EnvironmentRemote::new(name.into(), urls, &|url| self.destination(url))
        };
        let leads_there = |one: &EnvironmentRemote| {
            let mut there = of.destinations.iter();
            there.any(|there| is_one_place(there, &one.destination))
        };
        others.map(remote).filter(leads_there).collect()
    }

    /// What the last search left. Without it, whole reflogs are searched, and every move in them counts.
    pub(super) fn looked_at(&self) -> Vec<LookedAt> {
        file::read_json(&self.looked_at_path()).unwrap_or_default()
    }

    pub(super) fn looked_at_path(&self) -> PathBuf {
        self.state_dir().join("reflogs.json")
    }
}
