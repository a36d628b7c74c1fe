//! `pushgate check [ENV]`: the verdict as if trunk were pushed there now, without the push.

use std::slice;

use serde::Serialize;

use super::{
    Done, lint,
    local::{Local, names, no_commit, no_pipeline, unknown},
};
use crate::{
    app::{
        answers::PushRunner,
        decide::{Event, judge, unanswered},
        follow_up::catch_up,
        overrides::Overrides,
    },
    cli::Check,
    commands::Error,
    gates::{
        EnvironmentRemote, EnvironmentRemotes, Memory, Remotes, Stop,
        remote_tips::keep_deployed,
        verdict::{Contents, TrunkName},
    },
    git::{Repository, network},
    memory::ledger::Entry,
    policy::{Environment, FILE, Policy},
    process::signals,
    push::{Deploy, Oid, Push, Update},
    report,
    text::{did_you_mean, printable},
};

pub(crate) fn run(args: &Check) -> Done {
    if args.policy {
        return lint::run(args.json);
    }
    signals::watch();
    let world = Repository::open()?;
    let (code, entries) = match push(args, &world) {
        Ok(push) => {
            let overrides = Overrides::of_environment();
            let runner = PushRunner::new(&world, &report::Stderr, false, None);
            let mut pending = judge(&push, Event::Check, &world, &runner, overrides.as_ref());
            super::say_misspelt(&mut pending);
            report::messages(&pending.messages);
            let recorded = pending.record(None, &world);
            report::messages(&recorded.messages);
            (recorded.decision.exit_code(), recorded.entries)
        }
        Err(error) if args.json => {
            report::print(report::failure("check", &error));
            let code = error.decision().exit_code();
            (code, vec![(unanswered(error, &world), None)])
        }
        Err(error) => return Err(error),
    };
    if args.json {
        for (entry, contents) in entries {
            super::print_json(&Answer { entry, contents })?;
        }
    }
    Ok(signals::signal().map_or(code, |signal| 128 + signal))
}

/// What the ledger keeps of the verdict, and what would go out.
#[derive(Serialize)]
struct Answer {
    #[serde(flatten)]
    entry: Entry,
    contents: Option<Contents>,
}

/// The push that is asked about, as git would describe it to the hook.
fn push(args: &Check, world: &Repository) -> Result<Push, Error> {
    let named = args.environment.as_deref();
    let (source, commit) = source(named, args.commit.as_deref(), world)?;
    let policy = world.policy(Some(&commit))?.policy;
    catch_up(world, &policy, network::LIMIT)?;
    let trunk = world.trunk(&policy.trunk);
    let (name, push) = match named {
        Some("trunk") => ("trunk", to_trunk(&trunk?, &source, &commit, world)?),
        name => {
            let environment = environment(name, &policy)?;
            let of = world.remotes_of(environment);
            let next = PreviewedPush::of(&of, &source, &commit, trunk.as_ref().ok(), world, world)?;
            if next.goes_nowhere(&of) {
                if !did_you_mean(&of.expected, &of.known).is_empty() {
                    return Err(of.unknown());
                }
                let why = of.unknown().why;
                let deploy = of.deploy_by_command();
                report::warn(&format!("{why}: checked for {deploy}"));
            }
            (environment.name.as_str(), next.push)
        }
    };
    report::say(&format!(
        "checking {} ({}) for {name}",
        printable(source.strip_prefix("refs/heads/").unwrap_or(&source).into()),
        commit.short()
    ));
    Ok(push)
}

/// The revision that is named; else the tip of the local trunk branch, or HEAD for an environment that takes
/// any commit.
pub(super) fn source(
    named: Option<&str>,
    revision: Option<&str>,
    world: &Repository,
) -> Result<(String, Oid), Error> {
    if let Some(revision) = revision {
        let commit = world.revision(revision)?;
        let commit = commit.ok_or_else(|| no_commit(revision, world))?;
        return Ok((revision.to_owned(), commit));
    }
    let local = Local::of(world)?;
    if let Some(head) = &local.head {
        let own = world.policy(Some(head))?.policy;
        let mut policies = [&own, &local.loaded.policy].into_iter();
        let meant = policies.find_map(|policy| environment(named, policy).ok());
        if meant.is_some_and(Environment::takes_any) {
            let branch = world.symbolic("HEAD")?;
            return Ok((branch.unwrap_or_else(|| "HEAD".to_owned()), head.clone()));
        }
    }
    let trunk = local.trunk?;
    let branch = &trunk.branch;
    match (local.tip, local.head) {
        (Some(commit), _) => Ok((format!("refs/heads/{branch}"), commit)),
        (None, Some(_)) => {
            let meant = did_you_mean(branch, &names(world));
            let text = format!("there is no local branch `{branch}`, which is trunk{meant}");
            let other = format!("or name another: --commit, or `trunk.branch` in {FILE}");
            Err(Error::undecided(text)
                .cure("where the remote has it", [trunk.switch(false)])
                .hint(other))
        }
        (None, None) => Err(no_commit(branch, world)),
    }
}

fn to_trunk(
    trunk: &TrunkName,
    source: &str,
    commit: &Oid,
    world: &Repository,
) -> Result<Push, Error> {
    let urls = world.remotes().push_urls(trunk.remote.as_bytes());
    let first = urls.first().cloned();
    let url = first.ok_or_else(|| world.no_such_remote(&trunk.remote))?;
    let (remote, branch) = (trunk.remote.as_str(), &trunk.branch);
    let mut tips = world.branches_at(remote.into(), &urls, slice::from_ref(branch))?;
    let tip = tips.pop().map(|(_, tip)| tip);
    let update = Update::of_branch(source, commit, branch, tip);
    Ok(Push {
        remote: remote.into(),
        url,
        updates: vec![update],
        deploy: None,
        is_dry: false,
    })
}

/// The one that is named, else the first of the pipeline: one of trunk's commits that nothing comes before.
fn environment<'p>(name: Option<&str>, policy: &'p Policy) -> Result<&'p Environment, Error> {
    match name {
        Some(name) => {
            let named = policy.environment(name);
            named.ok_or_else(|| unknown(name, policy, Some("trunk")))
        }
        None => {
            let mut first = (policy.environments.iter()).filter(|one| one.after.is_none());
            let of_trunk = first.clone().find(|one| !one.takes_any());
            let chosen = of_trunk.or_else(|| first.next());
            chosen.ok_or_else(|| no_pipeline().cure("or ask about trunk", ["pushgate check trunk"]))
        }
    }
}

/// The next push of a commit to an environment, as git would describe it to the hook.
pub(super) struct PreviewedPush<'o> {
    pub(super) push: Push,
    /// The first remote that does not have the commit yet; the first of all where each has it.
    pub(super) remote: &'o EnvironmentRemote,
    /// What its branch has.
    pub(super) old: Option<Oid>,
}

impl<'o> PreviewedPush<'o> {
    pub(super) fn of(
        of: &'o EnvironmentRemotes,
        source: &str,
        commit: &Oid,
        trunk: Option<&TrunkName>,
        remotes: &dyn Remotes,
        memory: &dyn Memory,
    ) -> Result<Self, Stop> {
        let mut next = None;
        for remote in &of.remotes {
            let mut tips = remotes.live(of, remote)?;
            // Where nothing tells which branch is live, the push goes to trunk's.
            if let Err(stop) = keep_deployed(of, remote, &mut tips, memory)
                && !stop.is_refusal()
            {
                return Err(stop);
            }
            let branch = of.next_branch(&tips, trunk).to_owned();
            // What is remembered is of no branch.
            tips.retain(|(name, _)| of.is_remembered || *name == branch);
            // One of its URLs may be behind, or have nothing yet.
            let other = tips.iter().find(|(_, tip)| tip != commit);
            let is_everywhere = tips.len() >= remote.urls.len().max(1);
            let old = match other {
                Some((_, tip)) => Some(tip.clone()),
                None => is_everywhere.then(|| commit.clone()),
            };
            if old.as_ref() != Some(commit) {
                next = Some((remote, branch, old));
                break;
            }
            next.get_or_insert((remote, branch, old));
        }
        let (remote, branch, old) = next.ok_or_else(|| of.unknown())?;
        let by_command = || Deploy {
            environment: of.environment.clone(),
            command: vec!["COMMAND".into()],
            ..Deploy::default()
        };
        let push = Push {
            remote: remote.name.clone(),
            url: remote.url().clone(),
            updates: vec![Update::of_branch(source, commit, &branch, old.clone())],
            deploy: of.is_remembered.then(by_command),
            is_dry: false,
        };
        Ok(Self { push, remote, old })
    }

    /// Whether no remote leads there, and nothing tells what is live.
    pub(super) fn goes_nowhere(&self, of: &EnvironmentRemotes) -> bool {
        self.old.is_none() && of.is_remembered && of.live.is_none()
    }
}
