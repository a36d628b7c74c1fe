//! What does not answer within a second is named while it is waited for.

use std::process::Command;

use crate::support::{PUSHGATE, Sandbox, processes::script, tmux::Terminal};

/// A little more than the second after which a wait is told.
const SLOW: &str = "1.4";

/// A shop with a commit to deploy, where these remotes are slow to answer.
fn slow(remotes: &[&str]) -> Sandbox {
    let shop = Sandbox::new();
    let program = shop.path("slow-upload-pack");
    script(
        &shop,
        &program,
        &format!("#!/bin/sh\nsleep {SLOW}\nexec git-upload-pack \"$@\"\n"),
    );
    shop.commit_on_origin("two");
    shop.push_ungated("staging", "master");
    for remote in remotes {
        let key = format!("remote.{remote}.uploadpack");
        shop.git(["config", &key, program.to_str().unwrap()]).goes();
    }
    shop
}

/// The lines that say what is waited for.
#[track_caller]
fn waits(command: &mut Command) -> Vec<String> {
    let output = command.output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{text}");
    let lines = text.lines().filter(|line| line.contains("asking"));
    lines.map(str::to_owned).collect()
}

fn push(shop: &Sandbox) -> Command {
    let mut push = shop.command("git");
    push.args(["push", "production", "master"]);
    push
}

#[test]
fn a_slow_remote_is_named_once() {
    let shop = slow(&["origin"]);
    let told = waits(&mut push(&shop)).join("\n");
    assert!(told.starts_with("pushgate: asking origin"), "{told}");
    assert_eq!(told.matches("origin").count(), 1, "{told}");
}

#[test]
fn those_that_are_waited_for_together_are_told_together() {
    let shop = slow(&["origin", "staging"]);
    let told = waits(&mut push(&shop));
    assert_eq!(told, ["pushgate: asking origin, staging ..."]);
}

#[test]
fn a_slow_command_is_named_and_what_answers_is_not() {
    let shop = Sandbox::new();
    shop.policy(&format!(
        "suite: {{run: 'true'}}\nenvironments: {{staging: {{live: sleep {SLOW}; git rev-parse HEAD}}}}\n"
    ));
    shop.push_ungated("origin", "master");
    let told = waits(shop.command(PUSHGATE).args(["check", "staging"]));
    assert_eq!(told, ["pushgate: asking `live` of staging ..."]);
}

#[test]
fn on_a_terminal_the_line_goes_away() {
    let shop = slow(&["origin", "staging"]);
    let terminal = Terminal::open(&shop);
    terminal.types(&format!("{PUSHGATE} status"));
    terminal.shows("pushgate: asking origin, staging ...");
    terminal.shows("trunk origin/master");
    let screen = terminal.screen();
    assert!(!screen.contains("asking"), "{screen}");
}
