//! `pushgate check [ENV]`: the verdict as if trunk were pushed there now, without the push.

use bstr::{BString, ByteSlice};
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
        EnvironmentRemotes, Remotes, Stop,
        remote_tips::Tips,
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
            let decided = pending.decide(None);
            let recorded = decided.record(&world);
            report::messages(&recorded.messages);
            (recorded.exit_code, decided.entries)
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
    let mut deploy = None;
    let (name, (remote, url, branch), live) = match named {
        Some("trunk") => {
            let way = to_trunk(&world.trunk(&policy.trunk)?, world)?;
            let mut tips = world.branches_at(way.0.as_bstr(), std::slice::from_ref(&way.2))?;
            ("trunk", way, tips.pop().map(|(_, tip)| tip))
        }
        name => {
            let environment = environment(name, &policy)?;
            let of = world.remotes_of(environment);
            let (index, tips) = first_without(&commit, &of, world);
            let way = to_environment(environment, &of, index, &policy, world);
            deploy = deploy_by_command(&of);
            let tips = tips?;
            if tips.is_empty() && of.is_remembered && of.live.is_none() {
                if !did_you_mean(&of.expected, &of.known).is_empty() {
                    return Err(of.unknown());
                }
                let why = of.unknown().why;
                let deploy = of.deploy_by_command();
                report::warn(&format!("{why}: checked for {deploy}"));
            }
            let live = of.replaced(&way.2, tips);
            (environment.name.as_str(), way, live)
        }
    };
    report::say(&format!(
        "checking {} ({}) for {name}",
        printable(source.strip_prefix("refs/heads/").unwrap_or(&source).into()),
        commit.short()
    ));
    Ok(Push {
        remote,
        url,
        deploy,
        updates: vec![Update::Set {
            source: source.into(),
            commit,
            target: format!("refs/heads/{branch}").into(),
            replaces: live,
        }],
    })
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

fn to_trunk(trunk: &TrunkName, world: &Repository) -> Result<(BString, BString, String), Error> {
    let url = world.remotes().push_url(trunk.remote.as_bytes());
    let url = url.ok_or_else(|| world.no_such_remote(&trunk.remote))?;
    Ok((trunk.remote.clone().into(), url, trunk.branch.clone()))
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

/// The first remote of an environment that does not have a commit yet, and its tips; the first of all where each
/// has it.
pub(super) fn first_without(
    commit: &Oid,
    of: &EnvironmentRemotes,
    remotes: &dyn Remotes,
) -> (usize, Result<Tips, Stop>) {
    let has = |tips: &Result<Tips, _>| {
        let tips = tips.as_ref();
        tips.is_ok_and(|tips| tips.iter().any(|(_, tip)| tip == commit))
    };
    let first = remotes.live(of, 0);
    if !has(&first) {
        return (0, first);
    }
    let others = (1..of.remotes.len()).map(|index| (index, remotes.live(of, index)));
    let mut others = others.skip_while(|(_, tips)| has(tips));
    others.next().unwrap_or((0, first))
}

/// A remote that leads to an environment, or the URL of its app, and the branch that deploys there.
pub(super) fn to_environment(
    environment: &Environment,
    of: &EnvironmentRemotes,
    index: usize,
    policy: &Policy,
    world: &Repository,
) -> (BString, BString, String) {
    let (remote, urls) = world.ways(of, index);
    let url = urls.into_iter().next();
    let url = url.unwrap_or_else(|| remote.clone());
    let branch = deployed_branch(environment, world.trunk(&policy.trunk).ok().as_ref());
    (remote, url, branch)
}

/// Trunk's own branch where that deploys there, else the first that does.
pub(super) fn deployed_branch(environment: &Environment, trunk: Option<&TrunkName>) -> String {
    let trunk = trunk.map(|trunk| trunk.branch.clone());
    trunk
        .filter(|branch| environment.deploys(branch.as_bytes().as_bstr(), None))
        .or_else(|| environment.branches.first().cloned())
        .unwrap_or_else(|| "master".to_owned())
}

/// What a person types to deploy where no remote leads.
pub(super) fn deploy_by_command(of: &EnvironmentRemotes) -> Option<Deploy> {
    of.is_remembered.then(|| Deploy {
        environment: of.environment.clone(),
        commit: None,
        command: vec!["COMMAND".into()],
        is_rollback: false,
        reason: None,
        yes: false,
    })
}
