//! The gate `target`: one known commit, no deletion, and nothing deployed that is unknown here.

use super::{
    governed_push::GovernedPush,
    route::Target,
    stop::{Needs, Stop},
    verdict::GateResult,
    world::{Object, World},
};
use crate::{cure::command, policy::FILE, push::Update, text::printable};

pub(crate) fn ask(push: &GovernedPush<'_>, world: &World<'_>) -> GateResult {
    if let Target::UnknownApp(platform) = push.target {
        let app = push.destination.brief();
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_./:~@".contains(c);
        return Err(if app.ends_with('/') || !app.chars().all(is_name) {
            let app = printable(app.as_bytes().into());
            Stop::refused(format!("no {platform} app can be called `{app}`"))
                .hint("push to the URL that the platform shows for the app")
        } else if push.written {
            Stop::refused(format!(
                "{platform} app `{app}` is on no environment of {FILE}"
            ))
            .hint(format!(
                "add `app: {app}` to its environment in {FILE}, and commit it"
            ))
        } else {
            let why =
                format!("`{app}` is a {platform} app, and no {FILE} says which environment it is");
            let words = format!("write {FILE}, look it over, and commit it");
            Stop::refused(why).cure(words, ["pushgate init"])
        });
    }
    let deleted = push.updates.iter().find(|update| update.commit.is_none());
    if let Some(branch) = deleted.and_then(|update| update.branch()) {
        let branch = printable(branch);
        let refusal = Stop::refused(format!(
            "`{branch}` deploys from here and may not be deleted"
        ));
        let hint = "leave it; to take the app down, use the platform's own tools";
        return Err(refusal.hint(hint));
    }
    if push.commits().len() > 1 {
        let names = push.updates.iter().filter_map(|update| {
            let commit = update.commit.as_ref()?.short();
            Some(format!("{commit} to `{}`", printable(update.name())))
        });
        let names = names.collect::<Vec<_>>().join(", ");
        let refusal = Stop::refused(format!("two commits for one place: {names}"));
        return Err(match branch_among_tags(push) {
            Some(refspec) => {
                let push = ["git", "push", "--no-follow-tags", &push.remote, &refspec];
                refusal.cure("push the branch without the tags", [command(push)])
            }
            None => refusal.hint("push one commit"),
        });
    }
    for update in &push.updates {
        check_objects(push, update, world)?;
    }
    let branches = push.updates.iter().map(|update| printable(update.name()));
    let branches: Vec<_> = branches.collect();
    Ok(format!("one commit, to {}", branches.join(" and ")))
}

/// The refspec of the one branch that is pushed, where tags are pushed with it (`push.followTags`).
fn branch_among_tags(push: &GovernedPush<'_>) -> Option<String> {
    let (tags, others): (Vec<_>, Vec<_>) =
        (push.updates.iter().copied()).partition(|one| one.tag().is_some());
    match (tags.as_slice(), others.as_slice()) {
        ([_, ..], [branch]) => {
            let refspec = [branch.source.as_slice(), &branch.target].join(&b':');
            Some(printable(refspec.as_slice().into()))
        }
        _ => None,
    }
}

/// What is pushed must be a commit; what it replaces must be known here.
fn check_objects(push: &GovernedPush<'_>, update: &Update, world: &World<'_>) -> Result<(), Stop> {
    let Some(commit) = &update.commit else {
        return Ok(());
    };
    if let Object::Other(kind) = world.repository.object(commit)? {
        let [source, target] =
            [&update.source, &update.target].map(|name| printable(name.as_ref()));
        let refusal = Stop::refused(format!(
            "`{source}` ({}) is a {kind}, not a commit",
            commit.short()
        ));
        return Err(if kind == "tag" {
            let refspec = format!("{source}^{{}}:{target}");
            let commands = [command(["git", "push", &push.remote, &refspec])];
            refusal.cure("push the commit that it names", commands)
        } else {
            refusal.hint("push a commit")
        });
    }
    let Some(deployed) = update
        .replaces
        .as_ref()
        .filter(|_| push.target != Target::Branch)
    else {
        return Ok(());
    };
    if world.repository.object(deployed)? != Object::Missing {
        return Ok(());
    }
    // git would refuse this too ("fetch first"), but only after the suite has run.
    Err(if world.repository.is_shallow() {
        // The commit may only be cut off: what is deployed comes from trunk.
        Stop::shallow(deployed, &push.policy.trunk.remote)
    } else {
        let (remote, id) = (&push.remote, deployed.short());
        let is_by_command = (push.push.deploy.as_ref()).is_some_and(|it| !it.command.is_empty());
        let (why, from) = match push.environment().filter(|_| is_by_command) {
            // What runs need not come from a remote.
            Some(environment) => (
                format!(
                    "{} runs {id}, which this repository does not have: somebody else deployed it",
                    environment.name
                ),
                "--all",
            ),
            None => (
                format!(
                    "`{remote}` has {id}, which this repository does not: somebody else pushed there"
                ),
                remote.as_str(),
            ),
        };
        let words = format!("fetch it, look at what is there, then {}", push.again());
        let fetch = command(["git", "fetch", from]);
        let refusal = Stop::refused(why).cure(words, [fetch]);
        refusal.needing(Needs::Live)
    })
}
