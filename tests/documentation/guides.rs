//! The guides, on the web and as `pushgate help TOPIC` prints them; and that what they and the README tell to do works.

use std::{collections::BTreeSet, env, path::Path};

use clap::CommandFactory;
use pushgate::{cli::Cli, guides::GUIDES};

use super::{file, page, pages};
use crate::support::{POLICY, PUSHGATE, Ran, Sandbox, shared, tmux::Terminal};

/// What a terminal shows without breaking lines.
const COLUMNS: u16 = 80;

#[test]
fn every_guide_is_a_topic_and_linked_from_the_readme() {
    let readme = page("README.md").text;
    let files: BTreeSet<_> = pages().into_iter().skip(1).map(|page| page.path).collect();
    let topics = GUIDES
        .iter()
        .map(|guide| format!("src/guides/{}.md", guide.topic));
    assert_eq!(files, topics.collect());
    for guide in &GUIDES {
        let topic = guide.topic;
        let link = format!("\n- [{topic}](src/guides/{topic}.md): ");
        assert!(readme.contains(&link), "{topic}");
        // A command of this name would hide it, or be hidden.
        assert!(Cli::command().find_subcommand(topic).is_none(), "{topic}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    for page in pages() {
        for link in page.text.split("](").skip(1) {
            let target = link.split(')').next().unwrap();
            if target.starts_with("https://") {
                continue;
            }
            let beside = file(&page.path).with_file_name(target);
            assert!(beside.exists(), "{}: {target}", page.path);
        }
    }
}

#[test]
fn a_guide_reads_well_in_a_terminal() {
    for page in pages().iter().skip(1) {
        let mut is_code = false;
        for line in page.text.lines() {
            is_code ^= line.starts_with("```");
            let fits = line.chars().count() <= COLUMNS.into();
            assert!(is_code || fits, "{}: {line}", page.path);
            assert!(is_code || !line.starts_with('|'), "{}: {line}", page.path);
            assert!(!line.contains("]("), "{}: {line}", page.path);
        }
    }
}

#[test]
fn help_prints_a_guide_without_fences() {
    let shop = Sandbox::bare();
    for guide in &GUIDES {
        let ran = shop.pushgate(["help", guide.topic]).goes();
        assert_eq!(ran.stderr, "");
        assert!(!ran.stdout.contains("```"), "{ran}");
        let title = guide.text.lines().next().unwrap();
        for line in ran.stdout.lines() {
            assert!(line.chars().count() <= 80, "{}: {line}", guide.topic);
        }
        assert!(ran.stdout.starts_with(title.trim_start_matches("# ")));
    }
    let ran = shop.pushgate(["help", "promotion"]).goes();
    assert!(
        ran.stdout.contains("\n  $ pushgate rollback --yes"),
        "{ran}"
    );
    let mut command = shop.command(PUSHGATE);
    command
        .env("CLICOLOR_FORCE", "1")
        .args(["help", "promotion"]);
    let ran = Ran::of(&mut command).goes();
    assert!(
        ran.stdout.contains("\n\u{1b}[1mRollback\u{1b}[0m\n"),
        "{ran}"
    );
}

#[test]
fn a_terminal_has_a_guide_in_the_pager_in_a_repository_or_not() {
    let shop = Sandbox::bare();
    for place in [shop.app.clone(), shop.path("home")] {
        let place = place.display();
        let line = format!(
            "cd {place}; GIT_PAGER='head -n 3 | sed s/^/paged:/' '{PUSHGATE}' help windows; sleep 60"
        );
        Terminal::running(&shop, COLUMNS, &line).shows("paged:Windows and calendars");
    }
}

#[test]
fn help_lists_commands_and_topics_and_says_what_was_probably_meant() {
    let shop = Sandbox::bare();
    let ran = shop.pushgate(["help"]).goes();
    for guide in &GUIDES {
        let line = format!("\n  {:<14} {}\n", guide.topic, guide.about);
        assert!(ran.stdout.contains(&line), "{ran}");
    }
    for command in Cli::command().get_subcommands() {
        let line = format!("\n  {:<12} ", command.get_name());
        assert_eq!(ran.stdout.contains(&line), !command.is_hide_set(), "{line}");
    }
    for (typed, meant) in [
        ("sute", "suite"),
        ("pipeline", "pipelines"),
        ("chek", "check"),
    ] {
        let ran = shop.pushgate(["help", typed]).ends_with(2);
        assert_eq!(
            ran.stderr,
            format!(
                "pushgate: help not done\n  there is no command or topic `{typed}`; did you mean `{meant}`?\n  see what there is:\n    pushgate help\n"
            )
        );
    }
    // Names of files do not lead the terminal astray.
    shop.pushgate(["help", "\u{1b}[31mx"])
        .ends_with(2)
        .says("`\\u{1b}[31mx`");
}

#[test]
fn the_help_of_pushgate_ends_with_what_to_do_in_an_emergency() {
    for option in ["-h", "--help"] {
        let ran = Sandbox::bare().pushgate([option]).goes();
        let (_, last) = ran.stdout.split_once("\nIn an emergency:\n").unwrap();
        assert!(!last.contains("\n\n"), "{last}");
        for line in last.lines() {
            assert!(line.starts_with("  ") && line.len() < 75, "{line}");
        }
    }
}

/// The commands of the last part of the help.
fn emergencies() -> Vec<String> {
    let help = Cli::command().render_long_help().to_string();
    let (_, last) = help.split_once("\nIn an emergency:\n").unwrap();
    let commands = last.lines().filter(|line| !line.starts_with("   "));
    commands.map(|line| line.trim().to_owned()).collect()
}

/// A clone's shell, with or without the program on its PATH.
fn sh(shop: &Sandbox, has_program: bool, line: &str) -> Ran {
    let mut command = shop.command("sh");
    let path = env::var_os("PATH").unwrap();
    let mut path: Vec<_> = env::split_paths(&path).collect();
    path.retain(|directory| !directory.join("pushgate").exists());
    if has_program {
        path.insert(0, Path::new(PUSHGATE).parent().unwrap().to_owned());
    }
    command.env("PATH", env::join_paths(path).unwrap());
    Ran::of(command.args(["-c", line]))
}

#[test]
fn each_command_for_an_emergency_does_what_it_says() {
    let emergencies = emergencies();
    let [rollback, lock, skip, off] = &emergencies[..] else {
        panic!("{emergencies:?}")
    };
    let shop = Sandbox::new();
    let closed = POLICY.replace(
        "signoff: false",
        "signoff: false, reason: required, window: {closed: [Mon-Sun]}",
    );
    let first = shop.ask(["rev-parse", "HEAD"]);
    shop.policy(&closed);
    shop.push("origin", "master").goes();
    shop.push("staging", "master").goes();
    shop.push("production", "master").refused("window");
    sh(&shop, true, skip).goes().says("window: skipped");
    let newest = shop.ask(["rev-parse", "HEAD"]);
    assert_eq!(shop.tip("production", "master"), newest);
    crate::support::follow_up(&shop.app);
    sh(&shop, true, lock)
        .goes()
        .says("Ana <ana@shop.example> has locked production since ");
    let rollback = format!("{rollback} --yes");
    shop.git(["checkout", "-q", "--detach", &first]).goes();
    sh(&shop, true, &rollback).goes();
    assert_eq!(shop.tip("production", "master"), first);
    shop.git(["checkout", "-q", "master"]).goes();
    crate::support::follow_up(&shop.app);
    let ran = sh(&shop, true, off).goes();
    ran.says("PUSHGATE");
    assert_eq!(shop.tip("production", "master"), newest);
}

#[test]
fn the_script_of_a_team_installs_the_hook_where_the_program_is() {
    let readme = page("README.md");
    let blocks = readme.blocks("sh");
    let line = blocks
        .iter()
        .find(|block| block.starts_with("if command -v"));
    let shop = Sandbox::bare();
    let hook = shop.app.join(".git/hooks/pre-push");
    let ran = sh(&shop, false, line.unwrap()).goes();
    assert!(ran.stderr.contains("deploys are not judged"), "{ran}");
    assert!(!hook.exists());
    for _ in 0..2 {
        sh(&shop, true, line.unwrap()).goes();
        assert!(hook.exists());
    }
}

#[test]
fn the_teams_notes_stay_out_of_the_history_as_the_guide_says() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    shared(&shop.app);
    let guide = page("src/guides/promotion.md");
    let blocks = guide.blocks("sh");
    let with = |words: &str| *blocks.iter().find(|block| block.contains(words)).unwrap();
    let notes = shop.ask(["log", "--format=%s", "--all"]);
    assert!(notes.contains("deployed"), "{notes}");
    let ran = sh(&shop, true, with("--exclude='refs")).goes();
    assert!(
        ran.stdout.contains("two") && !ran.stdout.contains("deployed "),
        "{ran}"
    );
    sh(&shop, true, with("alias.")).goes();
    let ran = shop.git(["all"]).goes();
    assert!(
        ran.stdout.contains("two") && !ran.stdout.contains("deployed "),
        "{ran}"
    );
}
