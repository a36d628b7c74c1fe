//! Where pushes go, and whether those places answer without asking a person.

use std::time::Duration;

use super::{
    Group, Line, State,
    facts::{Absent, Keepalive, Remote, Repository, Role},
};
use crate::{
    gates::verdict::{Trouble, TrunkName},
    text::{shell_word, span},
};

/// What git says of a server that wants a password.
pub(crate) const PASSWORD: [&str; 4] = [
    "terminal prompts disabled",
    "could not read username",
    "could not read password",
    "authentication failed",
];
/// A suite that takes longer may outlast an idle connection.
pub(crate) const LONG: Duration = Duration::from_mins(1);

pub(crate) fn judge(here: &Repository) -> Vec<Line> {
    let mut lines = Vec::new();
    match &here.trunk {
        Err(trouble) => lines.push(Line::trouble(
            Group::Remotes,
            "trunk",
            State::Broken,
            trouble,
        )),
        Ok(trunk)
            if !here
                .remotes
                .iter()
                .any(|remote| remote.name == trunk.remote) =>
        {
            let trouble = Trouble::NoTrunkRemote {
                remote: trunk.remote.clone(),
                known: (here.remotes.iter())
                    .map(|remote| remote.name.clone())
                    .collect(),
            };
            lines.push(Line::trouble(
                Group::Remotes,
                "trunk",
                State::Broken,
                &trouble,
            ));
        }
        Ok(_) => {}
    }
    for remote in &here.remotes {
        lines.push(one(remote, here));
    }
    if let Some(took) = here.suite.last_took.filter(|took| *took > LONG) {
        let mut told: Vec<&str> = Vec::new();
        let governed = here.remotes.iter().filter(|remote| is_governed(remote));
        for ssh in governed.filter_map(|remote| remote.keepalive.as_ref()) {
            if ssh.interval == 0 && !told.contains(&ssh.host.as_str()) {
                told.push(&ssh.host);
                lines.push(idle(ssh, took));
            }
        }
    }
    lines.extend(here.absent.iter().map(absent));
    lines
}

pub(crate) fn new(check: &'static str, state: State, text: impl Into<String>) -> Line {
    Line::new(Group::Remotes, check, state, text)
}

pub(crate) fn is_governed(remote: &Remote) -> bool {
    matches!(&remote.role, Ok(role) if role.trunk || role.environment.is_some())
}

pub(crate) fn one(remote: &Remote, here: &Repository) -> Line {
    let trunk = here.trunk.as_ref().ok();
    let Remote {
        name, destination, ..
    } = remote;
    let leads = if destination == name {
        name.clone()
    } else {
        format!("{name} ({destination})")
    };
    let role = match &remote.role {
        Ok(role) => role,
        Err(trouble) => {
            let line = Line::trouble(Group::Remotes, "remote", State::Broken, trouble);
            return Line {
                text: format!("{leads}: {}", line.text),
                ..line
            };
        }
    };
    let tips = match &remote.asked {
        Ok(tips) => tips,
        Err(trouble) => return silent(remote, &leads, trouble),
    };
    if let Some(trunk) = trunk.filter(|trunk| trunk.remote == *name)
        && !tips.contains(&trunk.branch)
    {
        let trouble = Trouble::NoTrunk(trunk.clone());
        let line = Line::trouble(Group::Remotes, "trunk", State::Broken, &trouble);
        return if here.has_commit {
            line
        } else {
            line.hint("commit first: there is nothing to push yet")
        };
    }
    if role.unknown_app {
        return new(
            "remote",
            State::Warning,
            format!("{leads} is on no environment: pushes there are refused"),
        )
        .hint("put the app on an environment of .pushgate.yml, or: pushgate init --stdout");
    }
    new("remote", State::Ok, format!("{leads}: {}", is(role, trunk)))
}

pub(crate) fn is(role: &Role, trunk: Option<&TrunkName>) -> String {
    let mut words = Vec::new();
    if role.trunk {
        words.push(match trunk {
            Some(trunk) => format!("its {} is trunk", trunk.branch),
            None => "trunk".to_owned(),
        });
    }
    if let Some(environment) = &role.environment {
        words.push(format!("deploys to {environment}"));
    }
    match words.as_slice() {
        [] => "not judged".to_owned(),
        _ => words.join(", "),
    }
}

/// A remote that does not answer, with what git said of it.
pub(crate) fn silent(remote: &Remote, leads: &str, trouble: &Trouble) -> Line {
    let state = if is_governed(remote) {
        State::Broken
    } else {
        State::Warning
    };
    let line =
        |what: &str| new("remote", state, format!("{leads} {what}")).detail(trouble.causes());
    let by_hand = format!("git ls-remote {}", shell_word(&remote.name));
    if let Trouble::NoAnswer { limit, .. } = trouble {
        return line(&format!("gave no answer within {} s", limit.as_secs()))
            .hint(format!("see that this answers: {by_hand}"));
    }
    let said = trouble.causes().join("\n").to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if says(&["host key verification failed"]) {
        return line("is a server whose key ssh does not know")
            .run(by_hand)
            .hint("and look at the key that it shows, once");
    }
    if says(&["permission denied"]) {
        return line("does not let ssh in without asking a person")
            .run("ssh-add")
            .run(by_hand);
    }
    if says(&PASSWORD) {
        let line = line("wants a password that git does not remember");
        return if remote.heroku {
            line.run("heroku login")
        } else {
            line.run("git config --global credential.helper cache")
                .run(by_hand)
                .hint("for more than a quarter of an hour: a helper of gitcredentials(7)")
        };
    }
    line("does not answer git").hint(format!("see that this answers: {by_hand}"))
}

pub(crate) fn idle(ssh: &Keepalive, took: Duration) -> Line {
    let text = format!(
        "the suite took {} last time, and ssh to {} sends no sign of life meanwhile: a server may hang up",
        span(took),
        ssh.host
    );
    let command = shell_word(&format!("{} -o ServerAliveInterval=30", ssh.ssh));
    let line = new("keepalive", State::Warning, text);
    if ssh.from_environment {
        line.run(format!("export GIT_SSH_COMMAND={command}"))
    } else {
        line.run(format!("git config core.sshCommand {command}"))
    }
}

pub(crate) fn absent(absent: &Absent) -> Line {
    let Absent {
        environment,
        remote,
        url,
        before,
    } = absent;
    let none = format!("no remote leads to {environment}");
    let line = match before {
        Some(before) => new(
            "environment",
            State::Broken,
            format!("{none}, where {before} asks whether the commit is live"),
        ),
        None => new(
            "environment",
            State::Warning,
            format!("{none}: a push to it by another name, or by its URL, is not judged here"),
        ),
    };
    let remote = shell_word(remote);
    match url {
        Some(url) => line.run(format!("git remote add {remote} {}", shell_word(url))),
        None => line.hint(format!("git remote add {remote} URL")),
    }
}
