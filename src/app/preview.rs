//! What a push would be told if it were made now: no override, and nothing is written.

use std::collections::BTreeSet;

use super::governing::Policies;
use crate::{
    gates::{
        self, World,
        route::Scene,
        verdict::{Trouble, Verdict},
    },
    git::Real,
    push::Push,
};

/// Asks the gates about a push of one branch; `world` answers them. `None`: nothing governs it.
pub fn foresee(push: &Push, real: &Real, world: &World<'_>) -> Result<Option<Verdict>, Trouble> {
    let destination = real.destination(push.url.as_ref());
    let scene = Scene {
        push,
        destination: &destination,
        remotes: real.remotes(),
        read: &|url| real.destination(url),
    };
    let policies = Policies::of(push, &scene, real)?;
    let governed = policies.cases(&scene, real, &mut Vec::new())?;
    let cases: Vec<_> = governed.into_iter().map(|one| one.case).collect();
    if cases.is_empty() {
        return Ok(None);
    }
    real.ledger().probe()?;
    Ok(gates::judge(&cases, &BTreeSet::new(), world).pop())
}
