//! Where pushes go, and whether those places answer without asking a person.

use bstr::{BStr, ByteSlice};

use super::{
    context::{Opened, RemoteAnswer},
    finding::{Finding, Status},
};
use crate::{
    gates::{
        Undecided, remotes_of,
        route::{PushContext, Router},
    },
    git::network::LIMIT,
    policy::Environment,
    push::{
        Push,
        destination::{Platform, heroku_url},
        url::redact,
    },
    text::{printable, shell_word},
};

/// What git says of a server that wants a password.
const PASSWORD: [&str; 4] = [
    "terminal prompts disabled",
    "could not read username",
    "could not read password",
    "authentication failed",
];

/// Whether it is clear which remote and branch is trunk.
pub(crate) fn trunk(opened: &Opened) -> Vec<Finding> {
    let known: Vec<_> = opened.remotes.iter().map(label).collect();
    match &opened.trunk {
        Err(error) => vec![Finding::error("trunk", error.clone())],
        Ok(trunk) if known.contains(&trunk.remote) => Vec::new(),
        Ok(trunk) => {
            let missing = Undecided::no_trunk_remote(&trunk.remote, &known);
            vec![Finding::error("trunk", missing)]
        }
    }
}

/// What each remote is to the policy, and whether it answers.
pub(crate) fn each(opened: &Opened) -> Vec<Finding> {
    let remotes = opened.remotes.iter();
    remotes.map(|remote| one(remote, opened)).collect()
}

fn one(remote: &RemoteAnswer, opened: &Opened) -> Finding {
    let trunk = opened.trunk.as_ref().ok();
    let name = label(remote);
    let url = opened.world.remotes().push_url(remote.name.as_bstr());
    let url = url.unwrap_or_default();
    let destination = opened.world.destination(url.as_bstr());
    let place = destination.brief();
    let leads = if place == name {
        name.clone()
    } else {
        format!("{name} ({place})")
    };
    let role = match Role::of(remote, opened) {
        Ok(role) => role,
        Err(error) => {
            let finding = Finding::error("remote", error);
            let text = format!("{leads}: {}", finding.text);
            return Finding { text, ..finding };
        }
    };
    let refs = match &remote.refs {
        Ok(refs) => refs,
        Err(error) => {
            let is_heroku = destination.platform() == Some(Platform::Heroku);
            let wants_login = is_heroku && url.starts_with(b"http");
            let status = if role.is_governed() {
                Status::Broken
            } else {
                Status::Warning
            };
            return silent(&name, wants_login, error, |what| {
                Finding::new("remote", status, format!("{leads} {what}")).details(&error.details)
            });
        }
    };
    let has = |branch: &str| {
        let branch = format!("refs/heads/{branch}");
        refs.iter().any(|(name, _)| *name == branch)
    };
    if let Some(trunk) = trunk.filter(|it| it.remote == name && !has(&it.branch)) {
        let finding = Finding::error("trunk", Undecided::no_trunk(trunk));
        return match opened.commit {
            Some(_) => finding,
            None => finding.hint("commit first: there is nothing to push yet"),
        };
    }
    if role.unknown_app {
        let text = format!("{leads} is on no environment: pushes there are refused");
        let hint = "put the app on an environment of .pushgate.yml, or: pushgate init --stdout";
        return Finding::warning("remote", text).hint(hint);
    }
    let is_trunk = role.is_trunk.then(|| match trunk {
        Some(trunk) => format!("its {} is trunk", trunk.branch),
        None => "trunk".to_owned(),
    });
    let deploys = (role.environment.as_ref()).map(|name| format!("deploys to {name}"));
    let words: Vec<_> = is_trunk.into_iter().chain(deploys).collect();
    let words = match words.as_slice() {
        [] => "not judged".to_owned(),
        words => words.join(", "),
    };
    Finding::ok("remote", format!("{leads}: {words}"))
}

fn label(remote: &RemoteAnswer) -> String {
    redact(&printable(remote.name.as_bstr()))
}

/// What a remote is to the policy.
#[derive(Debug, Default)]
pub(super) struct Role {
    is_trunk: bool,
    /// The environment that a push there deploys to.
    environment: Option<String>,
    /// Whether it is a platform's app that no environment names.
    unknown_app: bool,
}

impl Role {
    pub(super) fn is_governed(&self) -> bool {
        self.is_trunk || self.environment.is_some()
    }

    /// Asks the gates about each place that a push to the remote goes to.
    pub(super) fn of(remote: &RemoteAnswer, opened: &Opened) -> Result<Self, Undecided> {
        let world = &opened.world;
        let mut role = Self::default();
        for url in world.remotes().push_urls(remote.name.as_bstr()) {
            let push = Push {
                remote: remote.name.clone(),
                url,
                updates: Vec::new(),
            };
            let read = |url: &BStr| world.destination(url);
            let context = PushContext::new(&push, world.remotes(), &read);
            let router = Router::new(&opened.policy, &context)?;
            role.is_trunk |= router.is_trunk;
            match router.environment {
                Some(environment) => role.environment = Some(environment.name.clone()),
                None => role.unknown_app |= router.platform.is_some(),
            }
        }
        Ok(role)
    }
}

/// A remote that does not answer, told by the words of git and ssh.
fn silent(
    name: &str,
    wants_login: bool,
    error: &Undecided,
    finding: impl Fn(&str) -> Finding,
) -> Finding {
    let by_hand = format!("git ls-remote {}", shell_word(name));
    let see = format!("see that this answers: {by_hand}");
    if error.details.is_empty() {
        let limit = LIMIT.as_secs();
        return finding(&format!("gave no answer within {limit} s")).hint(see);
    }
    let said = error.details.join("\n").to_lowercase();
    if said.contains("host key verification failed") {
        finding("is a server whose key ssh does not know")
            .run(by_hand)
            .hint("and look at the key that it shows, once")
    } else if said.contains("permission denied") {
        finding("does not let ssh in without asking a person")
            .run("ssh-add")
            .run(by_hand)
    } else if PASSWORD.iter().any(|words| said.contains(words)) {
        let finding = finding("wants a password that git does not remember");
        if wants_login {
            return finding.run("heroku login");
        }
        finding
            .run("git config --global credential.helper cache")
            .run(by_hand)
            .hint("for more than a quarter of an hour: a helper of gitcredentials(7)")
    } else {
        finding("does not answer git").hint(see)
    }
}

/// The environments that no remote leads to.
pub(crate) fn absent(opened: &Opened) -> Vec<Finding> {
    let environments = &opened.policy.environments;
    let read = |url: &BStr| opened.world.destination(url);
    let is_absent = |one: &&Environment| remotes_of(one, opened.world.remotes(), &read).is_empty();
    let finding = |one: &Environment| {
        let none = format!("no remote leads to {}", one.name);
        let is_next = |other: &&Environment| other.after.as_ref() == Some(&one.name);
        let finding = match environments.iter().find(is_next) {
            Some(next) => {
                let next = &next.name;
                let text = format!("{none}, where {next} asks whether the commit is live");
                Finding::broken("environment", text)
            }
            None => {
                let how = "a push to it by another name, or by its URL, is not judged here";
                Finding::warning("environment", format!("{none}: {how}"))
            }
        };
        let remote = shell_word(one.remotes.first().unwrap_or(&one.name));
        match one.heroku_apps().next() {
            Some(app) => {
                let url = shell_word(&heroku_url(app));
                finding.run(format!("git remote add {remote} {url}"))
            }
            None => finding.hint(format!("git remote add {remote} URL")),
        }
    };
    environments.iter().filter(is_absent).map(finding).collect()
}
