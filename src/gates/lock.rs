//! The gate `lock`: no other person has locked the environment.

use super::{
    facts::TrunkName,
    governed_push::GovernedPush,
    remote_tips::RemoteTips,
    stop::{Needs, Stop},
    verdict::GateResult,
    world::{LocalRepository, Remotes as _, World},
};
use crate::{
    cure::command,
    memory::{lock::State, record::who},
    policy::FILE,
    push::Oid,
};

pub(crate) fn ask(
    push: &GovernedPush<'_>,
    tips: &RemoteTips<'_>,
    world: &World<'_>,
    notes: &mut Vec<String>,
) -> GateResult {
    let Some(environment) = push.environment() else {
        return Ok(String::new());
    };
    let name = &environment.name;
    let mut locks = Vec::from_iter(world.memory.lock(name)?);
    if push.policy.shares() {
        let trunk = push.trunk.clone()?;
        let answer = tips.trunk_tip(&trunk, false)?;
        // Where the pushed commit has to be trunk's newest, it brings the rules.
        let calendars = environment.window.holidays.iter();
        let mut rules = vec![FILE];
        rules.extend(calendars.map(|one| one.path.as_str()));
        if environment.takes_any()
            && let Ok(tip) = &answer.commit
            && !(world.repository).has_same_files(&trunk, tip, &rules)?
        {
            return Err(other_rules(push, &trunk, tip));
        }
        for lock in answer.locks? {
            if lock.environment == *name {
                locks.push(lock);
            } else if push.policy.environment(&lock.environment).is_none() {
                // Its environment may have got another name.
                let sentence = lock.sentence(world.clock.now(), &world.clock.reader());
                notes.push(format!("{sentence}; the policy names no such environment"));
            }
        }
    }
    let (me, commits) = (world.repository.person(), push.commits());
    let commit = commits.first();
    let mut answer = "nobody has locked it".to_owned();
    for found in &locks {
        let (now, reader) = (world.clock.now(), world.clock.reader());
        let sentence = found.sentence(now, &reader);
        match found.state(now) {
            State::Over(_) => notes.push(sentence),
            State::Held(lock)
                if is_same_person(&lock.by, &me, commit.copied(), world.repository) =>
            {
                answer = format!("yours: {sentence}");
            }
            State::Held(_) => {
                let words = format!("ask them, then {}", push.again());
                let refusal = Stop::refused(sentence).hint(words);
                return Err(refusal.needing(Needs::Patience));
            }
            state @ (State::Ahead(_) | State::Damaged(_)) => {
                let then = format!("then {}", push.again());
                return Err(unclear(&state, sentence, name, &then));
            }
        }
    }
    Ok(answer)
}

/// Trunk's rules count, and this push was judged by older ones.
fn other_rules(push: &GovernedPush<'_>, trunk: &TrunkName, tip: &Oid) -> Stop {
    let why = format!("{trunk} has other rules now ({})", tip.short());
    let fetch = command(["git", "fetch", &trunk.remote]);
    Stop::undecided(why).cure(format!("get them, then {}", push.again()), [fetch])
}

/// A lock that cannot be read, or that begins in the future; `then`: what follows once it is gone.
pub(crate) fn unclear(state: &State<'_>, sentence: String, environment: &str, then: &str) -> Stop {
    let unlock = command(["pushgate", "unlock", environment]);
    let words = match state {
        State::Damaged(_) => format!("find out whose it is, remove it, {then}"),
        _ => format!("ask them; if its time is wrong, remove it, {then}"),
    };
    Stop::undecided(sentence).cure(words, [unlock])
}

/// Whether two names and addresses belong to one person, by the mailmap of a commit too.
pub(crate) fn is_same_person(
    one: &str,
    other: &str,
    commit: Option<&Oid>,
    repository: &dyn LocalRepository,
) -> bool {
    let mut both = vec![one.to_owned(), other.to_owned()];
    if let Some(commit) = commit {
        both = repository.mapped(&both, commit);
    }
    matches!(both.as_slice(), [one, other] if who(one) == who(other))
}
