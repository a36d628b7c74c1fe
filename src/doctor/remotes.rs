//! Where pushes go, and whether those places answer without asking a person.

use std::{env, process::Command, time::Duration};

use bstr::{BStr, ByteSlice};

use super::{Finding, Found, LIMIT, Opened, RemoteAnswer, Status, suite};
use crate::{
    cure::{Cure, command},
    gates::{
        EnvironmentRemotes, LocalRepository, Memory as _, Object, Remotes, Stop,
        remote_tips::at_once,
        remotes_of,
        route::{PushContext, Router},
    },
    git::network::LIMIT as GIT_LIMIT,
    policy::{Environment, FILE},
    process::{SH, program::run_within},
    push::{
        Push,
        destination::{Platform, heroku_url},
        url::{label, ssh_call},
    },
    text::{shell_word, span},
};

/// A suite that takes longer may outlast an idle connection.
const LONG: Duration = Duration::from_mins(1);

/// Which remote is trunk's, what each is to the policy, and whether it answers.
pub(crate) fn each(opened: &Opened) -> Found {
    let known: Vec<_> = opened
        .remotes
        .iter()
        .map(|one| label(one.name.as_bstr()))
        .collect();
    let error = match &opened.trunk {
        Err(error) => Some(error.clone()),
        Ok(trunk) if known.contains(&trunk.remote) => None,
        Ok(trunk) => Some(Stop::no_trunk_remote(&trunk.remote, &known)),
    };
    let trunk = error.map(Finding::error);
    let all = opened.remotes.iter().map(|remote| one(remote, opened));
    Ok(trunk.into_iter().chain(all).collect())
}

fn one(remote: &RemoteAnswer, opened: &Opened) -> Finding {
    let name = label(remote.name.as_bstr());
    let url = opened.world.remotes().push_url(remote.name.as_bstr());
    let url = url.unwrap_or_default();
    let destination = opened.world.destination(url.as_bstr());
    let leads = match destination.brief() {
        place if place == name => place,
        place => format!("{name} ({place})"),
    };
    let role = match Role::of(remote, opened) {
        Ok(role) => role,
        Err(error) => {
            let finding = Finding::error(error);
            let text = format!("{leads}: {}", finding.text);
            return Finding { text, ..finding };
        }
    };
    let has_trunk = match &remote.tips {
        Ok(tips) => !tips.is_empty(),
        Err(error) => {
            let status = if role.is_governed() {
                Status::Broken
            } else {
                Status::Warning
            };
            let is_heroku = destination.platform() == Some(Platform::Heroku);
            let wants_login = is_heroku && url.starts_with(b"http");
            let (what, cures) = silent(&name, wants_login, error);
            let finding = Finding::new(status, format!("{leads} {what}"));
            return finding.details(&error.details).cures(cures);
        }
    };
    let trunk = opened.trunk.iter().find(|trunk| trunk.remote == name);
    if let Some(trunk) = trunk.filter(|_| !has_trunk) {
        let local = opened.world.local_branch(&trunk.branch);
        // Before the first commit no branch is there.
        let is_here = opened.commit.is_none() || matches!(local, Ok(Some(_)));
        let finding = Finding::error(Stop::no_trunk(trunk, is_here));
        return match opened.commit {
            Some(_) => finding,
            None => finding.hint("commit first: there is nothing to push yet"),
        };
    }
    if role.unknown_app {
        let text = format!("{leads} is on no environment: pushes there are refused");
        let hint = "put the app on an environment of .pushgate.yml, or: pushgate init --stdout";
        return Finding::warning(text).hint(hint);
    }
    let is_trunk = role.is_trunk.then(|| match trunk {
        Some(trunk) => format!("its {} is trunk", trunk.branch),
        None => "trunk".to_owned(),
    });
    let deploys = role.environment.map(|name| format!("deploys to {name}"));
    let words: Vec<_> = is_trunk.into_iter().chain(deploys).collect();
    let words = match words.as_slice() {
        [] => "not judged".to_owned(),
        words => words.join(", "),
    };
    Finding::ok(format!("{leads}: {words}"))
}

/// What a remote is to the policy.
#[derive(Debug, Default)]
struct Role {
    is_trunk: bool,
    /// The environment that a push there deploys to.
    environment: Option<String>,
    /// Whether it is a platform's app that no environment names.
    unknown_app: bool,
}

impl Role {
    fn is_governed(&self) -> bool {
        self.is_trunk || self.environment.is_some()
    }

    /// Asks the gates about each place that a push to the remote goes to.
    fn of(remote: &RemoteAnswer, opened: &Opened) -> Result<Self, Stop> {
        let world = &opened.world;
        let mut role = Self::default();
        for url in world.remotes().push_urls(remote.name.as_bstr()) {
            let push = Push {
                remote: remote.name.clone(),
                url,
                updates: Vec::new(),
                deploy: None,
                is_dry: false,
            };
            let read = |url: &BStr| world.destination(url);
            let context = PushContext::new(&push, world.remotes(), &read);
            let own = Router::new(&opened.policy, &context)?;
            role.unknown_app |= own.environment.is_none() && own.platform.is_some();
            let team = opened.trunk_policy.as_ref();
            let team = team.map(|policy| Router::new(policy, &context));
            for router in team.transpose()?.into_iter().chain([own]) {
                role.is_trunk |= router.is_trunk;
                let name = router
                    .environment
                    .map(|environment| environment.name.clone());
                role.environment = name.or(role.environment);
            }
        }
        Ok(role)
    }
}

/// What is the matter with a remote that does not answer, by the words of git and ssh, and what to run.
fn silent(name: &str, wants_login: bool, error: &Stop) -> (String, Vec<Cure>) {
    let said = error.details.join("\n").to_lowercase();
    let says = |words: &str| said.contains(words);
    let no_answer = format!("gave no answer within {} s", GIT_LIMIT.as_secs());
    let (what, first) = if error.details.is_empty() {
        (no_answer.as_str(), None)
    } else if says("host key verification failed") {
        ("is a server whose key ssh does not know", None)
    } else if says("permission denied") {
        let what = "does not let ssh in without asking a person";
        (what, Some(("let the agent hold your key", "ssh-add")))
    } else if says("terminal prompts disabled") || says("authentication failed") {
        let what = "wants a password that git does not remember";
        if wants_login {
            return (what.to_owned(), vec![Cure::run("log in", ["heroku login"])]);
        }
        let remember = "git config --global credential.helper cache";
        (what, Some(("let git remember it", remember)))
    } else {
        ("does not answer git", None)
    };
    let first = first.map(|(words, run)| Cure::run(words, [run]));
    let by_hand = [command(["git", "ls-remote", name])];
    let by_hand = Cure::run("see that this answers without asking for anything", by_hand);
    (
        what.to_owned(),
        first.into_iter().chain([by_hand]).collect(),
    )
}

/// Whether ssh keeps its connection open while a long suite runs: `git push` holds it meanwhile.
pub(crate) fn idle(opened: &Opened) -> Option<Finding> {
    let took = suite::last_took(opened).filter(|took| *took > LONG)?;
    let is_governed =
        |remote: &&RemoteAnswer| Role::of(remote, opened).is_ok_and(|role| role.is_governed());
    let governed = opened.remotes.iter().filter(is_governed);
    let mut urls = governed.filter_map(|one| opened.world.remotes().push_url(one.name.as_bstr()));
    let (host, ssh) = urls.find_map(|url| idle_host(url.as_bstr(), opened))?;
    let text = format!(
        "the suite took {} last time, and ssh to {host} sends no sign of life meanwhile: a server may hang up",
        span(took)
    );
    let command = shell_word(&format!("{ssh} -o ServerAliveInterval=30"));
    Some(
        Finding::warning(text).run(match env::var_os("GIT_SSH_COMMAND") {
            Some(_) => format!("export GIT_SSH_COMMAND={command}"),
            None => format!("git config core.sshCommand {command}"),
        }),
    )
}

/// Asks ssh; the host, and how git calls ssh, if ssh sends nothing there while a connection is idle.
/// `ssh -G` asks only the resolver, and what `Match exec` calls (`ssh_config(5)`).
///
/// It is called as `git push` calls it, without `BatchMode`: Debian's ssh has another interval with it.
fn idle_host(url: &BStr, opened: &Opened) -> Option<(String, String)> {
    let (args, host) = ssh_call(url)?;
    let ssh = opened.world.own_ssh()?.to_string();
    let mut command = Command::new(SH);
    let script = format!("{ssh} -G \"$@\"");
    command.args(["-c", &script, "ssh"]).args(&args);
    let said = run_within(command, LIMIT).ok()??;
    let mut lines = said.stdout.lines();
    let interval = lines.find_map(|line| line.strip_prefix(b"serveraliveinterval "))?;
    (said.is_ok() && interval.trim_ascii() == b"0").then_some((host, ssh))
}

/// The environments that no remote leads to.
pub(crate) fn absent(opened: &Opened) -> Found {
    let environments = &opened.policy.environments;
    let is_app = |one: &RemoteAnswer| Role::of(one, opened).is_ok_and(|role| role.unknown_app);
    // Of an app its own line says that pushes there are refused.
    if environments.is_empty() && opened.loaded.is_ok() && !opened.remotes.iter().any(is_app) {
        let text = "the policy has no environment: nothing that is deployed is judged";
        let hint = format!("name what is pushed to under `environments` in {FILE}");
        return Ok(vec![Finding::warning(text).hint(hint)]);
    }
    let world = &opened.world;
    let read = |url: &BStr| world.destination(url);
    let is_absent = |one: &&Environment| {
        // It may be remembered that a command deployed there.
        let is_remembered =
            || matches!(world.remembered(world.remotes_of(one).place()), Ok(Some(_)));
        let is_known = || one.live.is_some() || is_remembered();
        remotes_of(one, world.remotes(), &read).is_empty() && !is_known()
    };
    let finding = |one: &Environment| {
        let none = format!("no remote leads to {}", one.name);
        let is_next = |other: &&Environment| other.after.as_ref() == Some(&one.name);
        let finding = match environments.iter().find(is_next) {
            Some(Environment { name, .. }) => Finding::broken(format!(
                "{none}, where {name} asks whether the commit is live"
            )),
            None => Finding::warning(format!(
                "{none}: a push to it by another name, or by its URL, is not judged here"
            )),
        };
        let remote = shell_word(one.remotes.first().unwrap_or(&one.name));
        match one.heroku_apps().next() {
            Some(app) => {
                let url = shell_word(&heroku_url(app));
                finding.run(format!("git remote add {remote} {url}"))
            }
            None => finding
                .hint(format!("git remote add {remote} URL"))
                .hint(format!(
                    "or, where a command deploys there: {}",
                    world.remotes_of(one).deploy_by_command()
                )),
        }
    };
    Ok(environments.iter().filter(is_absent).map(finding).collect())
}

/// What runs on the environments whose commands tell it: all are asked at once.
pub(crate) fn live(opened: &Opened) -> Found {
    let world = &opened.world;
    let environments = opened.policy.environments.iter();
    let all: Vec<_> = environments.map(|one| world.remotes_of(one)).collect();
    let ask = |of: &EnvironmentRemotes| {
        let runs = match world.running(of)? {
            Ok(runs) => runs,
            Err(error) => return Some(Finding::error(error)),
        };
        let text = format!("{} runs on {}", runs.short(), of.environment);
        Some(match world.object(&runs) {
            Ok(Object::Missing) => {
                let finding = Finding::warning(text + ", and this repository does not have it");
                finding.run("git fetch --all")
            }
            _ => Finding::ok(text),
        })
    };
    Ok(at_once(&all, ask, || ()).0.into_iter().flatten().collect())
}
