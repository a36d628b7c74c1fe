//! Every remote: what it is, and whether it answers without asking a person.

use std::{fs, net::TcpListener, time::Instant};

use super::{path, shop, visit};
use crate::support::{
    Sandbox,
    nginx::Nginx,
    processes::script,
    sshd::Sshd,
    story::{in_terminal, took_less},
    tool,
};

#[test]
fn each_remote_is_named_for_what_it_is() {
    let shop = shop();
    shop.policy(
        "suite: {run: 'true'}\nenvironments:\n  staging: {branch: live}\n  production: {app: shop, after: staging, signoff: false}\n",
    );
    shop.commit_on_origin("two");
    shop.git(["init", "-q", "--bare", "../fork.git"]).goes();
    shop.git(["remote", "add", "fork", "../fork.git"]).goes();
    let heroku = |app: &str| format!("https://git.heroku.com/{app}.git");
    shop.git(["remote", "set-url", "production", &heroku("shop")])
        .goes();
    shop.git(["remote", "add", "other", &heroku("other")])
        .goes();
    // Instead of Heroku two repositories of ours answer.
    let bare = shop.path("production.git");
    for app in ["shop", "other"] {
        shop.git([
            "config",
            &format!("url.{}.insteadOf", bare.display()),
            &heroku(app),
        ])
        .goes();
        shop.git([
            "config",
            "--unset-all",
            &format!("url.{}.insteadOf", bare.display()),
        ])
        .goes();
    }
    shop.git([
        "config",
        "--add",
        &format!("url.{}.insteadOf", bare.display()),
        &heroku("shop"),
    ])
    .goes();
    shop.git([
        "config",
        "--add",
        &format!("url.{}.insteadOf", shop.path("fork.git").display()),
        &heroku("other"),
    ])
    .goes();
    let visit = visit(&shop);
    let told = visit.doctor();
    told.ok("origin: its master is trunk");
    told.ok("staging: deploys to staging");
    told.ok("production: deploys to production");
    told.ok("fork: not judged");
    told.warns("other (fork) is on no environment: pushes there are refused")
        .hints(".pushgate.yml");
    // One that deploys from where trunk is.
    shop.policy("suite: {run: 'true'}\nenvironments: {staging: {remote: origin, branch: live}}\n");
    visit
        .doctor()
        .ok("origin: its master is trunk, deploys to staging");
}

#[test]
fn one_place_for_two_environments_is_broken() {
    let shop = shop();
    shop.git(["remote", "set-url", "production", "../staging.git"])
        .goes();
    let visit = visit(&shop);
    let told = visit.doctor();
    told.breaks("is claimed by staging and production")
        .hints("name it on one of them only");
}

#[test]
fn a_trunk_that_is_not_found_is_broken() {
    let shop = shop();
    let visit = visit(&shop);
    shop.git(["init", "-q", "--bare", "../empty.git"]).goes();
    shop.git(["remote", "set-url", "origin", "../empty.git"])
        .goes();
    let told = visit.doctor();
    told.breaks("`origin/master` does not exist")
        .hints("push it, or name another");
    shop.git(["push", "-q", "--no-verify", "origin", "master"])
        .goes();
    visit.doctor().is_well();
    shop.git(["remote", "remove", "origin"]).goes();
    visit
        .doctor()
        .breaks("there is no remote `origin`, where trunk should be")
        .hints("add it, or name another");
    shop.git(["remote", "add", "origin", "../origin.git"])
        .goes();
    shop.git(["fetch", "-q", "origin"]).goes();
    shop.git(["push", "-q", "--no-verify", "origin", "master:main"])
        .goes();
    visit
        .doctor()
        .breaks("which branch is trunk? `origin` has both master and main")
        .hints("have git ask")
        .is_cured_by("git remote set-head origin --auto");
}

#[test]
fn an_environment_without_a_remote_is_broken_where_another_asks_it() {
    let shop = shop();
    shop.git(["remote", "remove", "staging"]).goes();
    shop.git(["remote", "remove", "production"]).goes();
    let visit = visit(&shop);
    let told = visit.doctor();
    let url = "git remote add staging ../staging.git";
    let ill =
        told.breaks("no remote leads to staging, where production asks whether the commit is live");
    ill.hints("git remote add staging URL").is_cured_by(url);
    told.warns("no remote leads to production: a push to it by another name, or by its URL, is not judged here");
    shop.git(["remote", "remove", "staging"]).goes();
    shop.policy("suite: {run: 'true'}\nenvironments: {staging: {app: shop-staging}}\n");
    let told = visit.doctor();
    told.warns("no remote leads to staging")
        .runs("git remote add staging https://git.heroku.com/shop-staging.git");
}

#[test]
fn a_remote_that_is_silent_delays_nobody_for_longer() {
    let shop = shop();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = |name: &str| format!("http://{}/{name}.git", silent.local_addr().unwrap());
    for name in ["staging", "production"] {
        shop.git(["remote", "set-url", name, &url(name)]).goes();
    }
    shop.git(["remote", "add", "fork", "/nowhere"]).goes();
    let visit = visit(&shop);
    let begin = Instant::now();
    let told = visit.doctor();
    took_less(begin.elapsed(), 25, &told.ran);
    told.breaks("/staging) gave no answer within 10 s");
    told.breaks("/production) gave no answer within 10 s")
        .runs("git ls-remote production");
    told.warns("fork (nowhere) does not answer git fatal: '/nowhere' does not appear");
    told.ok("origin: its master is trunk");
}

#[test]
#[ignore = "slow: needs a web server"]
fn a_server_that_wants_a_password_prompts_nobody() {
    let shop = shop();
    let nginx = Nginx::serve(&shop);
    shop.git([
        "remote",
        "set-url",
        "staging",
        &nginx.url("shut", "staging"),
    ])
    .goes();
    let visit = visit(&shop);
    let told = visit.doctor();
    told.breaks("/staging) wants a password that git does not remember")
        .runs("credential.helper cache")
        .runs("git ls-remote staging");
    let shown = in_terminal(&shop, &format!("'{}' doctor", crate::support::PUSHGATE));
    assert!(
        shown.stderr.contains("terminal prompts disabled"),
        "{shown}"
    );
    let asks = |line: &str| line.starts_with("Username for");
    assert!(!shown.stderr.lines().any(asks), "{shown}");
}

#[test]
fn herokus_own_program_logs_in() {
    let shop = shop();
    let url = "https://git.heroku.com/shop-staging.git";
    shop.git(["remote", "set-url", "staging", url]).goes();
    // Instead of the network a git answers that is asked for a password.
    let says =
        "fatal: could not read Username for 'https://git.heroku.com': terminal prompts disabled";
    let directory = shop.path("no-password");
    fs::create_dir_all(&directory).unwrap();
    let git = tool("git", "git");
    let text = format!(
        "#!/bin/sh\ncase \" $* \" in *\" ls-remote -- staging \"*) echo \"{says}\" >&2; exit 128; esac\nexec '{}' \"$@\"\n",
        git.display()
    );
    script(&shop, &directory.join("git"), &text);
    let visit = visit(&shop).with("PATH", format!("{}:{}", directory.display(), path()));
    let told = visit.doctor();
    let ill = told.breaks("wants a password that git does not remember");
    assert_eq!(ill.item.runs, ["heroku login"], "{}", told.ran);
}

/// A shop whose staging is reached over ssh.
fn over_ssh() -> (Sandbox, Sshd) {
    let shop = shop();
    let sshd = Sshd::serve(&shop);
    shop.git(["remote", "set-url", "staging", &sshd.url(&shop, "staging")])
        .goes();
    shop.git(["config", "core.sshCommand", &sshd.command()])
        .goes();
    (shop, sshd)
}

#[test]
fn an_ssh_that_would_ask_is_named_with_what_it_would_ask() {
    let (shop, sshd) = over_ssh();
    let visit = visit(&shop);
    visit.doctor().is_well();
    sshd.locks_key(&shop);
    visit
        .doctor()
        .breaks("/staging) does not let ssh in without asking a person")
        .runs("ssh-add")
        .runs("git ls-remote staging");
    sshd.is_unknown();
    visit
        .doctor()
        .breaks("Host key verification failed")
        .runs("git ls-remote staging");
}

/// The suite took this long, last time it passed.
fn suite_took(shop: &Sandbox, milliseconds: u64) {
    shop.git(["push", "-q", "origin", "master"]).goes();
    shop.pushgate(["check", "staging"]).goes();
    let receipts = shop.app.join(".git/pushgate/receipts");
    for entry in fs::read_dir(receipts).unwrap().flatten() {
        let text = fs::read_to_string(entry.path()).unwrap();
        let (before, after) = text.split_once("\"took_ms\":").unwrap();
        let after = after.trim_start_matches(|c: char| c.is_ascii_digit());
        fs::write(
            entry.path(),
            format!("{before}\"took_ms\":{milliseconds}{after}"),
        )
        .unwrap();
    }
}

#[test]
fn an_idle_ssh_is_a_warning_where_the_suite_is_long() {
    let (shop, sshd) = over_ssh();
    let visit = visit(&shop);
    suite_took(&shop, 59_000);
    visit.doctor().is_well().ok("true; took 59s last time");
    suite_took(&shop, 130_000);
    // One is named, however many remotes are there.
    shop.git([
        "remote",
        "set-url",
        "production",
        &sshd.url(&shop, "production"),
    ])
    .goes();
    let told = visit.doctor();
    let idle = |item: &&super::visit::Item| item.text.contains("sends no sign of life");
    assert_eq!(told.items.iter().filter(idle).count(), 1, "{}", told.ran);
    let ill = told.warns(
        "the suite took 2m 10s last time, and ssh to 127.0.0.1 sends no sign of life meanwhile",
    );
    let command = sshd.command();
    ill.runs(&format!(
        "git config core.sshCommand '{command} -o ServerAliveInterval=30'"
    ))
    .is_cured();
    visit.doctor().is_well();
    // Where the environment names the command, it is the one that counts.
    let set = super::visit(&shop).with("GIT_SSH_COMMAND", command.as_str());
    let told = set.doctor();
    told.warns("sends no sign of life")
        .runs(&format!(
            "export GIT_SSH_COMMAND='{command} -o ServerAliveInterval=30'"
        ))
        .is_cured();
    // A user's own configuration is heeded, and what is not OpenSSH is not asked.
    sshd.client("ServerAliveInterval 20");
    set.doctor().is_well();
    sshd.client("");
    let other = super::visit(&shop)
        .with("GIT_SSH_COMMAND", command.as_str())
        .with("GIT_SSH_VARIANT", "plink");
    other.doctor().lacks("sends no sign of life");
}

#[test]
fn what_trunks_policy_judges_is_not_called_not_judged() {
    let shop = shop();
    let visit = visit(&shop);
    visit.doctor().ok("staging: deploys to staging");
    shop.policy("environments: {}\n");
    let told = visit.doctor();
    told.ok("staging: deploys to staging").lacks("not judged:");
    assert!(!told.ran.stdout.contains(": not judged"), "{}", told.ran);
}
