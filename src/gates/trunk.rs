//! The gate `trunk`: what is pushed is trunk's newest commit, or takes nothing off trunk itself.

use super::{
    facts::{CheckedOut, Commit, Count, Relation, TrunkName},
    governed_push::GovernedPush,
    remote_tips::RemoteTips,
    rollback,
    stop::{Needs, Stop},
    verdict::GateResult,
    world::{Object, Remotes as _, World},
};
use crate::{
    cure::command,
    policy::FILE,
    push::{Oid, Update},
    text::printable,
};

pub(crate) fn ask(
    push: &GovernedPush<'_>,
    commit: &Oid,
    tips: &RemoteTips<'_>,
    is_rollback: bool,
    world: &World<'_>,
) -> GateResult {
    let trunk = push.trunk.clone()?;
    if let Some(update) = push.moves_trunk() {
        // Trunk's tip stands on the hook's standard input: no remote has to be asked.
        return must_keep(push, update, &trunk, world);
    }
    let tip = tips.trunk_tip(&trunk, false)?.commit?;
    if *commit != tip {
        return not_the_tip(push, commit, &tip, &trunk, is_rollback, world);
    }
    Ok(format!("{} is {trunk}", commit.short()))
}

/// A push to trunk itself must keep every commit that is there.
fn must_keep(
    push: &GovernedPush<'_>,
    update: &Update,
    trunk: &TrunkName,
    world: &World<'_>,
) -> GateResult {
    let Some(commit) = &update.commit else {
        return Ok("deleted".to_owned());
    };
    let Some(old) = &update.replaces else {
        // The server may have renamed it: where the policy names it, it is new unless it has been there.
        let is_named = push.policy.trunk.branch.is_some();
        let may_be_renamed = !is_named || world.repository.has_been_there(trunk)?;
        let asked = may_be_renamed.then(|| world.remotes.default_branch(&trunk.remote));
        return match asked.transpose()?.flatten() {
            Some(to) if to != trunk.branch => {
                let local = world.repository.local_branch(&trunk.branch)?;
                Err(Stop::renamed_trunk(trunk, &to, local.is_some()))
            }
            _ => Ok(format!("{trunk} is new")),
        };
    };
    if commit == old {
        return Ok(format!("{} is {trunk}", commit.short()));
    }
    if !follows(commit, old, world)? {
        let difference = world.repository.difference(old, commit, &trunk.remote)?;
        if !difference.takes.is_empty() {
            return drops(push, commit, &difference.takes, trunk, world);
        }
    }
    Ok(format!("{} follows {}", commit.short(), old.short()))
}

/// Whether `old` is a parent of `new`: the common case, told from the commit alone.
fn follows(new: &Oid, old: &Oid, world: &World<'_>) -> Result<bool, Stop> {
    let object = world.repository.object(new)?;
    Ok(matches!(object, Object::Commit { parents } if parents.contains(old)))
}

/// The local trunk branch, which the commands that fix a push begin with.
struct LocalTrunk<'t> {
    trunk: &'t TrunkName,
    tip: Option<Oid>,
    checked_out: CheckedOut,
}

impl<'t> LocalTrunk<'t> {
    fn of(trunk: &'t TrunkName, world: &World<'_>) -> Result<Self, Stop> {
        Ok(Self {
            trunk,
            tip: world.repository.local_branch(&trunk.branch)?,
            checked_out: world.repository.checked_out(&trunk.branch)?,
        })
    }

    fn is_at(&self, commit: &Oid) -> bool {
        self.tip.as_ref() == Some(commit)
    }

    /// Checks it out, where something else is.
    fn switch(&self) -> Option<String> {
        match &self.checked_out {
            CheckedOut::Here => None,
            CheckedOut::At(path) => Some(command(["cd", path])),
            CheckedOut::Nowhere => Some(self.trunk.switch(self.tip.is_some())),
        }
    }

    fn pull(&self, how: &str) -> String {
        command(["git", "pull", how, &self.trunk.remote, &self.trunk.branch])
    }

    fn push(&self) -> String {
        command(["git", "push", &self.trunk.remote, &self.trunk.branch])
    }
}

/// Refuses a forced push that would take commits off trunk.
fn drops(
    push: &GovernedPush<'_>,
    commit: &Oid,
    lost: &[Commit],
    trunk: &TrunkName,
    world: &World<'_>,
) -> GateResult {
    let (local, id) = (LocalTrunk::of(trunk, world)?, commit.short());
    let mut why = format!("{id} would take {} off {trunk}:", Count(lost.len()));
    for line in Commit::lines(lost, Commit::LISTED) {
        why += &format!("\n    {line}");
    }
    let refusal = Stop::refused(why);
    let switch = local.switch().into_iter();
    Err(if local.is_at(commit) {
        let words = format!(
            "keep them, then {}; to undo one, git revert it",
            push.again()
        );
        refusal.cure(words, switch.chain([local.pull("--rebase")]))
    } else {
        let merge = command(["git", "merge", id]);
        let commands = [local.pull("--ff-only"), merge, local.push()];
        refusal.cure("keep them", switch.chain(commands))
    })
}

/// How the pushed commit and trunk's tip differ; a rollback may go back to any commit of trunk.
fn not_the_tip(
    push: &GovernedPush<'_>,
    commit: &Oid,
    tip: &Oid,
    trunk: &TrunkName,
    is_rollback: bool,
    world: &World<'_>,
) -> GateResult {
    let local = LocalTrunk::of(trunk, world)?;
    let relation = world.repository.relation(commit, tip, &trunk.remote)?;
    let (remote, branch, id) = (&trunk.remote, &trunk.branch, commit.short());
    let is_trunk_branch = local.is_at(commit);
    let pushed = if is_trunk_branch { branch } else { id };
    let tips = format!("(you push {id}, {remote} has {})", tip.short());
    let switch = local.switch().into_iter();
    let deploy = push.newest(trunk);
    let refusal = match relation {
        Relation::Behind(_) if is_rollback => return Ok(rollback::PASSES.to_owned()),
        Relation::Behind(by) => {
            let refusal = Stop::refused(format!("{pushed} is {by} behind {trunk} {tips}"));
            let pull = local.pull("--ff-only");
            if local.is_at(tip) {
                refusal.cure("push the newest", [deploy])
            } else if is_trunk_branch {
                let words = format!("get the newest, then {}", push.again());
                refusal.cure(words, switch.chain([pull]))
            } else {
                let commands = switch.chain([pull, deploy]);
                refusal.cure("get the newest, and push it", commands)
            }
        }
        Relation::Ahead(by) if is_trunk_branch => {
            let words = format!("push it there first, then {}", push.again());
            Stop::refused(format!("{pushed} is {by} ahead of {trunk} {tips}"))
                .cure(words, [local.push()])
        }
        Relation::Diverged { ahead, behind } if is_trunk_branch => {
            let why = format!(
                "{pushed} and {trunk} have diverged: {ahead} only here, {behind} only there {tips}"
            );
            let words = format!("join them (or merge), run the tests, then {}", push.again());
            let commands = [local.pull("--rebase"), local.push()];
            Stop::refused(why).cure(words, switch.chain(commands))
        }
        Relation::Ahead(ahead) | Relation::Diverged { ahead, .. } => {
            let (work, tip_id) = (work(push, commit), tip.short());
            let why = format!(
                "{id} is not on {trunk}: {ahead} of it never merged ({remote} has {tip_id})"
            );
            let mut commands: Vec<_> = switch.collect();
            if !local.is_at(tip) {
                commands.push(local.pull("--ff-only"));
            }
            commands.extend([command(["git", "merge", &work]), local.push(), deploy]);
            Stop::refused(why).cure(
                "merge it first, run the tests, and push the merge",
                commands,
            )
        }
        // A merge of it would put a second root into trunk: `git subtree split` makes such commits.
        Relation::Unrelated => {
            let tip = tip.short();
            let why = format!(
                "{id} shares no history with {trunk} ({tip}), and cannot become a part of it"
            );
            Stop::refused(why).cure("push the newest", [deploy])
        }
    };
    Err(match relation {
        // It becomes trunk's newest as it is.
        Relation::Ahead(_) if is_trunk_branch => refusal,
        _ => refusal.needing(Needs::OtherCommit),
    })
}

/// The branch that is pushed, as `git merge` knows it. `HEAD` names another commit once trunk is checked out.
fn work(push: &GovernedPush<'_>, commit: &Oid) -> String {
    let is_it = |one: &&&Update| one.commit.as_ref() == Some(commit);
    let mut pushed = push.updates.iter().filter(is_it);
    let branch = pushed.find_map(|one| one.source.strip_prefix(b"refs/heads/"));
    branch.map_or(commit.short().to_owned(), |name| printable(name.into()))
}

impl Stop {
    /// Trunk's branch has another name on the server now; `is_here`: this clone has one of the old name.
    pub(crate) fn renamed_trunk(trunk: &TrunkName, to: &str, is_here: bool) -> Self {
        let TrunkName { remote, branch } = trunk;
        let rename = is_here.then(|| command(["git", "branch", "-m", branch, to]));
        let follow = [
            command(["git", "fetch", remote]),
            command(["git", "remote", "set-head", remote, "--auto"]),
        ];
        Self::undecided(format!(
            "`{trunk}` does not exist: the branch of {remote} is `{to}`"
        ))
        .cure(
            "follow it, then try again",
            follow.into_iter().chain(rename),
        )
        .hint(format!("where {FILE} names it: set `trunk.branch: {to}`"))
    }
}
