//! Where a deploy or a rollback goes: the remotes of the environment, and what is live there.

use std::slice;

use bstr::{BString, ByteSlice};

use super::super::{Error, check::deployed_branch};
use crate::{
    gates::{
        EnvironmentRemotes, Memory, Remotes,
        remote_tips::{RemoteTips, at_once},
        verdict::TrunkName,
    },
    git::{Repository, network::LIMIT},
    memory::record::Place,
    policy::Environment,
    push::Oid,
    report,
};

/// What one `git push` goes to, and what is live there: a remote, or one of its URLs where their branches differ.
pub(in crate::commands) struct Target {
    pub(in crate::commands) index: usize,
    /// The remote, or the URL, that git is told.
    pub(in crate::commands) remote: BString,
    /// The URLs that git pushes to then.
    pub(in crate::commands) urls: Vec<BString>,
    /// Where the first of them leads, as a record names it.
    pub(in crate::commands) destination: String,
    pub(in crate::commands) branch: String,
    /// What the branch has.
    pub(in crate::commands) git: Option<Oid>,
    /// What runs there: the same, unless a command says otherwise.
    pub(in crate::commands) live: Option<Oid>,
}

impl Target {
    pub(in crate::commands) fn all(
        environment: &Environment,
        of: &EnvironmentRemotes,
        tips: &RemoteTips<'_>,
        trunk: Option<&TrunkName>,
        world: &Repository,
    ) -> Result<Vec<Self>, Error> {
        let runs = match of.live.as_ref().map(|_| tips.running(of)) {
            // What is down cannot say what it runs, and has to be mended all the same.
            Some(Err(error)) => {
                let why = error.in_one_line();
                report::warn(&format!("{why}; what was deployed there last counts"));
                None
            }
            runs => runs.and_then(Result::ok),
        };
        let mut all = Vec::new();
        for index in 0..of.remotes.len() {
            let (remote, urls) = world.ways(of, index);
            let tips = match tips.live(of, index) {
                // Each of them is asked by itself below.
                Err(_) if urls.len() > 1 => Vec::new(),
                tips => tips?,
            };
            let deployed = of.deployed(&tips, trunk).cloned();
            let (branch, git) = match deployed {
                Some((branch, git)) if !of.is_remembered => (branch, Some(git)),
                last => {
                    let branch = deployed_branch(environment, trunk);
                    (branch, last.map(|(_, commit)| commit))
                }
            };
            for (remote, urls, git) in ways(remote, urls, &branch, git, world) {
                let url = urls.first().unwrap_or(&remote);
                let destination = world.destination(url.as_bstr()).to_string();
                let mut target = Self {
                    index,
                    remote,
                    urls,
                    destination,
                    branch: branch.clone(),
                    git,
                    live: runs.clone(),
                };
                if runs.is_none() {
                    target.live = world.runs_at(target.place(of), target.git.as_ref())?;
                }
                all.push(target);
            }
        }
        Ok(all)
    }

    pub(in crate::commands) fn place<'t>(&'t self, of: &'t EnvironmentRemotes) -> Place<'t> {
        Place {
            environment: &of.environment,
            destinations: slice::from_ref(&self.destination),
        }
    }
}

/// What git is told to push to, with the URLs that this means, and what the branch has there.
type Way = (BString, Vec<BString>, Option<Oid>);

/// The remote, or each of its URLs where the branch has other commits at some: git replaces no two commits by one
/// push. `git`: the tip where there is one URL.
fn ways(
    remote: BString,
    urls: Vec<BString>,
    branch: &str,
    git: Option<Oid>,
    world: &Repository,
) -> Vec<Way> {
    if urls.len() < 2 {
        return vec![(remote, urls, git)];
    }
    let name = format!("refs/heads/{branch}");
    let ask = |url: &BString| world.remote_tip(url.as_bstr(), &name, LIMIT);
    let (tips, ()) = at_once(&urls, ask, || ());
    // A place that does not answer holds the others up no more than it does in git.
    let known: Vec<_> = tips.iter().flatten().collect();
    let first = known.first().and_then(|tip| (*tip).clone());
    if known.len() == urls.len() && known.iter().all(|tip| **tip == first) {
        return vec![(remote, urls, first)];
    }
    let each = urls.into_iter().zip(tips);
    let each = each.map(|(url, tip)| {
        let tip = tip.unwrap_or_else(|error| {
            report::warn(&error.in_one_line());
            None
        });
        (world.typed(remote.as_bstr(), &url), vec![url], tip)
    });
    each.collect()
}
