//! Where a deploy or a rollback goes: the remotes of the environment, and what is live there.

use bstr::{BString, ByteSlice};

use super::super::Error;
use crate::{
    app::follow_up::catch_up,
    gates::{
        EnvironmentRemote, EnvironmentRemotes, Remotes,
        remote_tips::{RemoteTips, keep_deployed},
        verdict::TrunkName,
    },
    git::{Repository, network::LIMIT},
    policy::Policy,
    push::Oid,
    report,
};

/// What one `git push` goes to, and what is live there: a remote, or one of its URLs where their branches differ.
pub(in crate::commands) struct Target {
    pub(in crate::commands) remote: EnvironmentRemote,
    pub(in crate::commands) branch: String,
    /// What the branch has.
    pub(in crate::commands) git: Option<Oid>,
    /// What runs there: the same, unless a command says otherwise.
    pub(in crate::commands) live: Option<Oid>,
}

impl Target {
    /// Asks all remotes of an environment, and what was recorded of it; `before`: the environment whose live commit
    /// the gates will ask for, which is asked beside them. Also trunk's tip, where its remote has told it.
    pub(in crate::commands) fn all(
        of: &EnvironmentRemotes,
        before: Option<&EnvironmentRemotes>,
        policy: &Policy,
        trunk: Option<&TrunkName>,
        world: &Repository,
    ) -> Result<(Vec<Self>, Option<Oid>), Error> {
        // git replaces no two commits by one push: each URL is asked by itself.
        let by_remote = of.remotes.iter().map(|remote| by_url(remote, world));
        let by_remote: Vec<_> = by_remote.collect();
        let by_url = EnvironmentRemotes {
            remotes: by_remote.concat(),
            ..of.clone()
        };
        // What a command tells counts, whatever git has.
        let live = before.filter(|one| one.live.is_none());
        let live: Vec<_> = live.into_iter().chain([&by_url]).collect();
        let runs: Vec<_> = before.into_iter().chain([&by_url]).collect();
        let tips = RemoteTips::ask(world, trunk, policy.shares(), &live, &runs);
        catch_up(world, policy, LIMIT)?;
        let runs = match tips.running(of) {
            // What is down cannot say what it runs, and has to be mended all the same.
            Some(Err(error)) => {
                let why = error.in_one_line();
                report::warn(&format!("{why}; what was deployed there last counts"));
                None
            }
            runs => runs.and_then(Result::ok),
        };
        let mut all = Vec::new();
        for (remote, urls) in of.remotes.iter().zip(by_remote) {
            let (mut targets, mut is_one) = (Vec::<Self>::new(), true);
            for url in urls {
                let mut tips = match tips.live(of, &url) {
                    // A place that does not answer holds the others up no more than it does in git.
                    Err(error) if remote.urls.len() > 1 => {
                        report::warn(&error.in_one_line());
                        is_one = false;
                        Vec::new()
                    }
                    tips => tips?,
                };
                if let Err(error) = keep_deployed(of, &url, &mut tips, world) {
                    report::warn(&error.why);
                }
                let deployed = of.deployed(&tips, trunk);
                let branch = of.next_branch(&tips, trunk).to_owned();
                let git = deployed.map(|(_, commit)| commit.clone());
                let live = match &runs {
                    None => world.runs(of.place_of(&url), git.as_ref())?,
                    runs => runs.clone(),
                };
                let first = targets.first();
                is_one &= first.is_none_or(|one| one.git == git && one.branch == branch);
                targets.push(Self {
                    remote: url,
                    branch,
                    git,
                    live,
                });
            }
            if is_one {
                targets.truncate(1);
                let one = targets.iter_mut();
                one.for_each(|one| one.remote = remote.clone());
            }
            all.extend(targets);
        }
        let tip = tips
            .trunk()
            .and_then(|tip| tip.as_ref().ok()?.commit.as_ref().ok());
        Ok((all, tip.cloned()))
    }
}

/// Each URL of a remote by itself, by what git is told to push there alone.
fn by_url(remote: &EnvironmentRemote, world: &Repository) -> Vec<EnvironmentRemote> {
    let [_, _, ..] = remote.urls.as_slice() else {
        return vec![remote.clone()];
    };
    let alone = |url: &BString| {
        let name = world.typed(remote.name.as_bstr(), url);
        EnvironmentRemote::new(name, vec![url.clone()], &|url| world.destination(url))
    };
    remote.urls.iter().map(alone).collect()
}
