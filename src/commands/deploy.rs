//! `pushgate deploy ENV [-- COMMAND...]`: judges, then pushes or runs the command, and records what is live.

mod carry_out;
mod plan;
mod target;

pub(super) use self::{
    plan::{Consent, Plan, say_contents},
    target::Target,
};
use super::{Done, Error, check::source, local::named};
use crate::{
    app::overrides::Overrides,
    cli::Deploy,
    gates::verdict::Decision,
    git::Repository,
    policy::Environment,
    process::{signals, terminal},
    report,
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
    let goes_back = overrides.as_ref().is_ok_and(|overrides| overrides.rollback);
    let mut plan = Plan {
        world: &world,
        of: &of,
        commit: &commit,
        source: &source,
        named: args.commit.as_deref(),
        command: &args.run,
        is_rollback: false,
        reason: None,
        overrides,
        forces: args.yes || goes_back || environment.takes_any(),
        consent: if args.yes {
            Consent::Beforehand
        } else {
            Consent::Missing
        },
    };
    plan.must_be_possible()?;
    let targets = Target::all(&of, &policy, trunk.as_ref(), &world)?;
    let targets = plan.without_done(targets)?;
    if targets.is_empty() {
        return Ok(0);
    }
    if let Some(code) = plan.refused_unasked(environment, &targets)? {
        return Ok(code);
    }
    report::say(&format!(
        "deploying {} ({}) to {}",
        printable(source.strip_prefix("refs/heads/").unwrap_or(&source).into()),
        commit.short(),
        environment.name
    ));
    let takes_away = !plan.forces && plan.takes_away(&targets)?;
    let is_asked = is_asked_about(environment) || takes_away;
    let is_asked = is_asked && !args.yes;
    if is_asked && terminal::is_there() {
        if !is_wanted(&plan, &targets)? {
            report::say("nothing was deployed");
            return Ok(Decision::Refused.exit_code());
        }
        (plan.consent, plan.forces) = (Consent::Given, true);
    }
    plan.carry_out(&targets, takes_away && !plan.forces)
}

/// Whether a person is asked before a deploy there: it is production, or comes after another.
fn is_asked_about(environment: &Environment) -> bool {
    environment.after.is_some() || environment.name == "production"
}

/// Says what goes out, and asks.
fn is_wanted(plan: &Plan<'_>, targets: &[Target]) -> Result<bool, Error> {
    let (of, commit) = (plan.of, plan.commit);
    for target in targets {
        if targets.len() > 1 {
            report::print(format_args!("  {}:\n", target.remote.destination));
        }
        say_contents(commit, target.live.as_ref(), &of.expected, plan.world);
    }
    let question = format!("Deploy {} to {}?", commit.short(), of.environment);
    terminal::confirm(&question)
}
