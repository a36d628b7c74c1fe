//! The gate `lock`: no other person has locked the environment.

use super::{
    governed_push::GovernedPush,
    remote_tips::RemoteTips,
    stop::{Needs, Stop},
    verdict::GateResult,
    world::{LocalRepository, Remotes as _, World},
};
use crate::{
    cure::command,
    memory::{lock::State, record::who},
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
        let all = tips.trunk_tip(&push.trunk.clone()?, false)?.locks;
        locks.extend(all.into_iter().filter(|lock| lock.environment == *name));
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
            State::Damaged(_) => {
                return Err(damaged(sentence, name, &format!("then {}", push.again())));
            }
        }
    }
    Ok(answer)
}

/// A lock that cannot be read; `then`: what follows once it is gone.
pub(crate) fn damaged(sentence: String, environment: &str, then: &str) -> Stop {
    let unlock = command(["pushgate", "unlock", environment]);
    let words = format!("find out whose it is, remove it, {then}");
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
