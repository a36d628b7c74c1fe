//! `pushgate deploy ENV [-- COMMAND...]`: judges, then pushes or runs the command, and records what is live.

mod by_command;
mod by_git;
mod carry_out;
mod plan;
mod target;

pub(super) use self::{
    plan::{Plan, say_contents},
    target::Target,
};
use super::{Done, Error, check::source, local::named};
use crate::{
    app::overrides::Overrides,
    cli::Deploy,
    git::Repository,
    process::{signals, terminal},
    push, report,
    text::printable,
};

pub(crate) fn run(args: &Deploy) -> Done {
    signals::watch();
    let world = Repository::open()?;
    let (name, revision) = (Some(args.environment.as_str()), args.commit.as_deref());
    let (source, commit) = source(name, revision, &world)?;
    let policy = world.policy(Some(&commit))?.policy;
    let environment = named(&args.environment, &policy)?;
    let of = world.remotes_of(environment);
    let trunk = world.trunk(&policy.trunk).ok();
    let overrides = Overrides::of_environment();
    let is_set = |flag: fn(&Overrides) -> bool| overrides.as_ref().is_ok_and(flag);
    let goes_back = is_set(|overrides| overrides.rollback);
    // What comes first is asked by a gate.
    let is_asked = !goes_back && !is_set(|overrides| overrides.off);
    let before = environment.after.as_deref().filter(|_| is_asked);
    let before = before.and_then(|name| policy.environment(name));
    let before = before.map(|before| world.remotes_of(before));
    let plan = Plan {
        world: &world,
        environment,
        of: &of,
        commit: &commit,
        source: &source,
        typed: push::Deploy {
            environment: args.environment.clone(),
            commit: args.commit.clone(),
            command: args.run.clone(),
            yes: args.yes,
            ..push::Deploy::default()
        },
        overrides,
        forces: args.yes || goes_back,
        is_told: false,
    };
    plan.must_be_possible()?;
    let (targets, _) = Target::all(&of, before.as_ref(), &policy, trunk.as_ref(), &world)?;
    plan.carry_out(targets, is_wanted)
}

/// Says what is deployed, and asks before a deploy to production or one that takes commits off.
fn is_wanted(plan: &mut Plan<'_>, targets: &[Target]) -> Result<bool, Error> {
    let (of, commit) = (plan.of, plan.commit);
    let source = plan.source;
    report::say(&format!(
        "deploying {} ({}) to {}",
        printable(source.strip_prefix("refs/heads/").unwrap_or(source).into()),
        commit.short(),
        of.environment
    ));
    let is_last = plan.environment.after.is_some() || of.environment == "production";
    let takes_away = !plan.forces && plan.takes_away(targets)?;
    let is_asked = (is_last || takes_away) && !plan.typed.yes;
    if !is_asked || !terminal::is_there() {
        return Ok(true);
    }
    for target in targets {
        if targets.len() > 1 {
            report::print(format_args!("  {}:\n", target.remote.destination));
        }
        say_contents(commit, target.live.as_ref(), &of.expected, plan.world);
    }
    let question = format!("Deploy {} to {}?", commit.short(), of.environment);
    if !terminal::confirm(&question)? {
        report::say("nothing was deployed");
        return Ok(false);
    }
    (plan.is_told, plan.forces) = (true, true);
    Ok(true)
}
