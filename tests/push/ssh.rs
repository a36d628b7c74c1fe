//! Deploys over ssh: a real sshd, and every way to tell git which ssh to use.

use std::{fs, net::TcpListener, path::Path};

use crate::support::{
    PUSHGATE, Ran, Sandbox, follow_up,
    processes::{assert_no_process_in, living_in, script},
    sshd::Sshd,
    story::{in_terminal, tell, timed, took_less},
    until,
};

/// A shop that deploys to a path, and whose trunk has to be asked for over ssh.
fn with_origin() -> (Sandbox, Sshd) {
    let shop = Sandbox::new();
    let sshd = Sshd::serve(&shop);
    let url = sshd.url(&shop, "origin");
    shop.git(["remote", "set-url", "origin", &url]).goes();
    (shop, sshd)
}

/// A push that only needs to know whether trunk is where this commit is.
fn push(shop: &Sandbox, variables: &[(&str, &str)]) -> Ran {
    shop.push_with(variables, "staging", "master:main")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn the_story_over_ssh_urls_with_git_ssh_command() {
    let shop = Sandbox::new();
    let sshd = Sshd::serve(&shop);
    for remote in ["origin", "staging", "production"] {
        let url = sshd.url(&shop, remote);
        shop.git(["remote", "set-url", remote, &url]).goes();
    }
    let command = sshd.command();
    let git = |args: &[&str]| {
        Ran::of(
            shop.command("git")
                .env("GIT_SSH_COMMAND", &command)
                .args(args),
        )
    };
    tell(&shop, "staging", "production", git);
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn the_story_over_an_alias_with_core_ssh_command() {
    let shop = Sandbox::new();
    let sshd = Sshd::serve(&shop);
    let url = |name: &str| format!("shop-host:{}/{name}.git", shop.root().display());
    for remote in ["origin", "staging", "production"] {
        shop.git(["remote", "set-url", remote, &url(remote)]).goes();
    }
    shop.git(["config", "core.sshCommand", &sshd.command()])
        .goes();
    // By URL: the one as the remote has it, the other spelt as ssh://.
    let production = format!("ssh://shop-host{}/production", shop.root().display());
    tell(&shop, &url("staging"), &production, |args| shop.git(args));
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn an_ssh_command_on_the_command_line_is_used_for_the_question() {
    let (shop, sshd) = with_origin();
    let command = format!("core.sshCommand={}", sshd.command());
    shop.git(["-c", &command, "push", "staging", "master:main"])
        .goes();
    assert!(sshd.sessions() > 0);
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn git_ssh_names_a_program_that_is_used_for_the_question() {
    let (shop, sshd) = with_origin();
    let calls = shop.path("calls");
    let wrapper = script(
        &shop,
        &shop.path("wrapper"),
        &format!(
            "#!/bin/sh\necho \"$*\" >>'{}'\nexec ssh -F '{}' \"$@\"\n",
            calls.display(),
            sshd.file("config")
        ),
    );
    push(&shop, &[("GIT_SSH", &wrapper)]).goes();
    assert!(read(&calls).contains("git-upload-pack"), "{}", read(&calls));
    assert!(sshd.sessions() > 0);
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn an_ssh_that_takes_no_options_gets_none() {
    let (shop, sshd) = with_origin();
    let wrapper = script(
        &shop,
        &shop.path("wrapper"),
        &format!(
            "#!/bin/sh\n[ $# = 2 ] || {{ echo \"not HOST COMMAND: $*\" >&2; exit 1; }}\n\
             exec ssh -F '{}' \"$1\" \"$2\"\n",
            sshd.file("config")
        ),
    );
    let url = format!("shop-host:{}/origin.git", shop.root().display());
    shop.git(["remote", "set-url", "origin", &url]).goes();
    let mut sessions = 0;
    for name in ["GIT_SSH", "GIT_SSH_COMMAND", "core.sshCommand"] {
        if name.starts_with("core.") {
            shop.git(["config", name, &wrapper]).goes();
            push(&shop, &[]).goes();
        } else {
            push(&shop, &[(name, &wrapper)]).goes();
        }
        assert!(sshd.sessions() > sessions, "{name} was not used");
        sessions = sshd.sessions();
        shop.push_ungated("staging", ":main");
    }
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn an_unknown_host_is_undecided_and_nobody_is_asked() {
    let (shop, sshd) = with_origin();
    sshd.is_unknown();
    let command = sshd.command();
    let (ran, took) = timed(|| push(&shop, &[("GIT_SSH_COMMAND", &command)]));
    took_less(took, 25, &ran);
    ran.undecided("trunk")
        .says("could not ask `origin` for its branches")
        .says("    Host key verification failed.\n");
    shop.git(["config", "core.sshCommand", &command]).goes();
    let prompt = "Are you sure you want to continue connecting";
    let (ran, took) = timed(|| in_terminal(&shop, "git push staging master:main"));
    took_less(took, 25, &ran);
    ran.undecided("trunk")
        .says("Host key verification failed.")
        .never_says(prompt);
    // One that is not called ssh is not told to ask nothing; it has nobody to ask.
    let wrapper = script(
        &shop,
        &shop.path("wrapper"),
        &format!("#!/bin/sh\nexec {command} \"$@\"\n"),
    );
    shop.git(["config", "core.sshCommand", &wrapper]).goes();
    let ran = in_terminal(&shop, "git push staging master:main");
    ran.undecided("trunk")
        .says("Host key verification failed.")
        .never_says(prompt);
    // git by itself would have asked.
    in_terminal(&shop, "timeout --foreground 5 git ls-remote origin").says(prompt);
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn a_key_that_nobody_unlocked_is_undecided_and_nobody_is_asked() {
    let (shop, sshd) = with_origin();
    sshd.locks_key(&shop);
    shop.git(["config", "core.sshCommand", &sshd.command()])
        .goes();
    let calls = shop.path("calls");
    let askpass = script(
        &shop,
        &shop.path("askpass"),
        &format!(
            "#!/bin/sh\necho \"$1\" >>'{}'\nexec sleep 300\n",
            calls.display()
        ),
    );
    let asking = [
        ("SSH_ASKPASS", askpass.as_str()),
        ("SSH_ASKPASS_REQUIRE", "force"),
        ("GIT_ASKPASS", &askpass),
        ("DISPLAY", ":0"),
    ];
    let (ran, took) = timed(|| push(&shop, &asking));
    took_less(took, 25, &ran);
    ran.undecided("trunk").says("Permission denied (publickey)");
    assert_eq!(read(&calls), "");
    let prompt = "Enter passphrase for key";
    let (ran, took) = timed(|| in_terminal(&shop, "git push staging master:main"));
    took_less(took, 25, &ran);
    ran.undecided("trunk")
        .says("Permission denied (publickey)")
        .never_says(prompt);
    // ssh by itself would have asked, both ways.
    in_terminal(&shop, "timeout --foreground 5 git ls-remote origin").says(prompt);
    let mut command = shop.command("timeout");
    Ran::of(
        command
            .envs(asking)
            .args(["1", "git", "ls-remote", "origin"]),
    );
    assert!(read(&calls).starts_with(prompt), "{}", read(&calls));
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn a_lock_comes_with_trunks_tip_in_one_connection() {
    let (shop, sshd) = with_origin();
    let command = sshd.command();
    let ssh = [("GIT_SSH_COMMAND", &*command)];
    let by_ben = [ssh[0], ("GIT_COMMITTER_EMAIL", "ben@shop.example")];
    let locks = |args: &[&str]| {
        let mut command = shop.command(PUSHGATE);
        Ran::of(command.args(args).envs(ssh)).goes();
    };
    let one_connection = |variables: &[(&str, &str)], refusal: Option<&str>| {
        // Who unlocked is shared behind the command.
        follow_up(&shop.app);
        let before = sshd.connections();
        // What arrives is shared after the push, by a connection of its own.
        let mut command = shop.command("git");
        command.args(["push", "--dry-run", "staging", "master:main"]);
        let ran = Ran::of(command.envs(variables.iter().copied()));
        assert_eq!(sshd.connections() - before, 1, "{ran}");
        match refusal {
            Some(words) => drop(ran.refused("lock").says(words)),
            None => drop(ran.goes()),
        }
    };
    one_connection(&ssh, None);
    locks(&["lock", "staging", "-m", "over ssh"]);
    // Here the file of the lock is known, there it is not: another person wrote it.
    one_connection(&by_ben, Some("Ana <ana@shop.example> has locked staging"));
    one_connection(&ssh, None);
    let text = "{\"v\":1,\"environment\":\"staging\",\"by\":\"Cy <c@x>\",\"why\":\"x\",\"since\":\"2026-11-24T08:00:00Z\"}";
    let mut hash = shop.command("git");
    hash.args(["hash-object", "-w", "--stdin"])
        .current_dir(shop.path("origin.git"));
    let id = Ran::fed(&mut hash, text.as_bytes()).goes().stdout;
    let update = ["update-ref", "refs/pushgate/locks/staging", id.trim()];
    shop.run_in(shop.path("origin.git"), "git", update).goes();
    one_connection(&ssh, Some("Cy <c@x> has locked staging"));
    locks(&["unlock", "staging"]);
    one_connection(&by_ben, None);
}

/// The master of a shared connection, which outlives whoever opened it.
struct Master<'s> {
    shop: &'s Sandbox,
    config: String,
}

impl Master<'_> {
    fn is_told(&self, order: &str) -> Ran {
        let args = ["-F", &self.config, "-O", order, "shop-host"];
        self.shop.run_in(self.shop.root(), "ssh", args)
    }
}

impl Drop for Master<'_> {
    fn drop(&mut self) {
        self.is_told("exit");
    }
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn a_shared_connection_that_stays_open_does_not_hold_the_push_up() {
    let (shop, sshd) = with_origin();
    let control = shop.path("master");
    sshd.client(&format!(
        "ControlMaster auto\nControlPath {}\nControlPersist 30\n",
        control.display()
    ));
    let master = Master {
        shop: &shop,
        config: sshd.file("config"),
    };
    // With -v, the master keeps the standard error that it was given.
    let command = format!("{} -v", sshd.command());
    for _ in ["opens it", "uses it"] {
        let (ran, took) = timed(|| push(&shop, &[("GIT_SSH_COMMAND", &command)]));
        took_less(took, 25, &ran);
        ran.goes();
        master.is_told("check").goes().says("Master running");
        shop.push_ungated("staging", ":main");
    }
    assert_eq!(sshd.connections(), 1);
    drop(master);
    drop(sshd);
    assert_no_process_in(shop.root());
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn a_server_that_says_nothing_is_given_up_after_ten_seconds() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let shop = Sandbox::new();
    let url = format!("ssh://{}/origin.git", silent.local_addr().unwrap());
    shop.git(["remote", "set-url", "origin", &url]).goes();
    let (ran, took) = timed(|| push(&shop, &[("GIT_SSH_COMMAND", "ssh -F none")]));
    took_less(took, 25, &ran);
    assert!(took.as_secs() >= 10, "{took:?}: {ran}");
    ran.undecided("trunk")
        .says("`origin` gave no answer within 10 s");
    assert_no_process_in(shop.root());
}

/// The server runs this instead of what it is asked for, as `authorized_keys` says (`sshd(8)`).
fn runs(sshd: &Sshd, command: &str) {
    let key = read(Path::new(&sshd.file("key.pub")));
    let command = command.replace('"', "\\\"");
    let line = format!("command=\"{command}\" {key}");
    fs::write(sshd.file("authorized"), line).unwrap();
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn a_server_that_does_not_close_after_its_answer_holds_nothing_up() {
    let (shop, sshd) = with_origin();
    let end = shop.path("end");
    let wait = format!("until [ -e '{}' ]; do sleep 0.1; done", end.display());
    runs(&sshd, &format!("eval \"$SSH_ORIGINAL_COMMAND\"; {wait}"));
    push(&shop, &[("GIT_SSH_COMMAND", &sshd.command())]).goes();
    follow_up(&shop.app);
    let living = living_in(shop.root());
    assert!(
        living.iter().any(|one| one.contains("-oBatchMode")),
        "{living:?}"
    );
    fs::write(end, "").unwrap();
    let has_ended = || {
        let living = living_in(shop.root());
        (!living.iter().any(|one| one.contains("-oBatchMode"))).then_some(())
    };
    until("ssh has ended", has_ended);
    drop(sshd);
    assert_no_process_in(shop.root());
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn an_ssh_whose_server_has_died_ends_by_itself() {
    let (shop, sshd) = with_origin();
    runs(&sshd, "kill -STOP $PPID");
    // As the user would have it stay for minutes.
    let command = format!("{} -oServerAliveInterval=60", sshd.command());
    let (ran, took) = timed(|| push(&shop, &[("GIT_SSH_COMMAND", &command)]));
    took_less(took, 25, &ran);
    ran.undecided("trunk")
        .says("`origin` gave no answer within 10 s");
    let has_ended = || {
        let living = living_in(shop.root());
        (!living.iter().any(|one| one.contains("-oBatchMode"))).then_some(())
    };
    until("ssh has ended", has_ended);
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn what_ssh_says_after_it_has_logged_in_is_told() {
    let (shop, sshd) = with_origin();
    runs(&sshd, "kill -KILL $PPID");
    let ran = push(&shop, &[("GIT_SSH_COMMAND", &sshd.command())]);
    ran.undecided("trunk")
        .says("Connection to 127.0.0.1 closed by remote host.");
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn an_option_that_this_ssh_does_not_know_stays_ignored() {
    let (shop, sshd) = with_origin();
    sshd.client("IgnoreUnknown UseKeychain\nUseKeychain yes\n");
    push(&shop, &[("GIT_SSH_COMMAND", &sshd.command())]).goes();
}

#[test]
#[ignore = "slow: needs an ssh server"]
fn the_ssh_server_is_gone_at_the_end() {
    let (shop, sshd) = with_origin();
    let command = sshd.command();
    shop.push_with(
        &[("GIT_SSH_COMMAND", &command)],
        "origin",
        "HEAD:refs/heads/x",
    )
    .goes();
    assert!(
        living_in(shop.root())
            .iter()
            .any(|line| line.contains("sshd"))
    );
    drop(sshd);
    assert_no_process_in(shop.root());
}
