//! The program, whom the hook calls, and git.

use std::{fs, path::Path};

use super::{executable, hook, path, shop, visit};
use crate::support::{PUSHGATE, Sandbox, processes::script};

/// A program that says this of its version, in a directory of its own.
fn other(shop: &Sandbox, directory: &str, says: &str) -> String {
    let directory = shop.path(directory);
    fs::create_dir_all(&directory).unwrap();
    script(
        shop,
        &directory.join("pushgate"),
        &format!("#!/bin/sh\n{says}\n"),
    );
    directory.to_str().unwrap().to_owned()
}

#[test]
fn a_program_that_is_not_on_path_is_named_with_the_way_to_it() {
    let shop = shop();
    let bare = std::env::var("PATH").unwrap();
    let visit = visit(&shop).with("PATH", bare);
    let told = visit.doctor();
    let ill = told.warns("is not on PATH, where its hints expect it");
    ill.runs("export PATH=\"$PATH\":").is_cured();
}

#[test]
fn another_program_on_path_is_told_apart() {
    let shop = shop();
    let old = other(&shop, "old", "echo pushgate 0.0.1");
    let first = visit(&shop).with("PATH", format!("{old}:{}", path()));
    let told = first.doctor();
    told.warns(&format!(
        "`pushgate` on PATH is {old}/pushgate, which says `pushgate 0.0.1`; this is pushgate "
    ));
    // Where the path in the hook leads there, too, it is that one which judges.
    let text = fs::read_to_string(hook(&shop)).unwrap();
    executable(
        &hook(&shop),
        &text.replace(PUSHGATE, &format!("{old}/pushgate")),
    );
    let visit = visit(&shop);
    let told = visit.doctor();
    let ill = told.warns(&format!(
        "the hook calls {old}/pushgate, which says `pushgate 0.0.1`; this is "
    ));
    ill.runs("pushgate install").is_cured();
    let dead = other(&shop, "dead", "echo no such library >&2; exit 127");
    let first = super::visit(&shop).with("PATH", format!("{dead}:{}", path()));
    first.doctor().warns("does not run (no such library)");
}

#[test]
fn a_program_that_the_hook_cannot_run_is_broken() {
    let shop = shop();
    let text = fs::read_to_string(hook(&shop)).unwrap();
    let dead = other(&shop, "dead", "exit 1");
    executable(
        &hook(&shop),
        &text.replace(PUSHGATE, &format!("{dead}/pushgate")),
    );
    let visit = visit(&shop);
    let told = visit.doctor();
    let ill = told.breaks(&format!(
        "the hook calls {dead}/pushgate, which does not run ("
    ));
    ill.runs("pushgate install").is_cured();
}

#[test]
fn a_program_that_only_a_shell_finds_is_none_for_an_editor() {
    let shop = shop();
    let text = fs::read_to_string(hook(&shop)).unwrap();
    executable(&hook(&shop), &text.replace(PUSHGATE, "/gone/pushgate"));
    let first = visit(&shop);
    let told = first.doctor();
    let ill = told.warns("the hook finds it by PATH alone: an editor (PATH=");
    // So it is: the same push, with the one PATH and with the other.
    let push = |path: &str| {
        let mut command = shop.command("git");
        command
            .args(["push", "--dry-run", "staging", "HEAD:refs/heads/main"])
            .env("PATH", path);
        crate::support::Ran::of(&mut command)
    };
    push(&path()).goes();
    push(super::bare())
        .goes_not()
        .says("the program is missing");
    ill.runs("pushgate install").is_cured();
    executable(&hook(&shop), &text.replace(PUSHGATE, "/gone/pushgate"));
    let without = std::env::var("PATH").unwrap();
    let second = visit(&shop).with("PATH", without);
    let told = second.doctor();
    let ill =
        told.breaks("the hook finds no pushgate: no deploy goes, and no other push is judged");
    ill.runs("pushgate install")
        .is_cured_by(&format!("'{PUSHGATE}' install"));
}

#[test]
fn a_hook_that_calls_it_by_name_needs_it_on_every_path() {
    let shop = shop();
    executable(
        &hook(&shop),
        "#!/bin/sh\npushgate pre-push -- \"$@\" || exit\n",
    );
    let first = visit(&shop);
    let told = first.doctor();
    told.ok("pre-push, which is not pushgate's, calls pushgate");
    told.warns("the hook finds it by PATH alone")
        .runs(&format!("sudo ln -s {PUSHGATE} /usr/local/bin/pushgate"));
    executable(
        &hook(&shop),
        &format!("#!/bin/sh\n'{PUSHGATE}' pre-push -- \"$@\" || exit\n"),
    );
    first
        .doctor()
        .ok("under the short PATH of an editor, too")
        .is_well();
    executable(
        &hook(&shop),
        "#!/bin/sh\nexec /gone/pushgate pre-push -- \"$@\"\n",
    );
    first
        .doctor()
        .breaks("the hook finds no pushgate: no deploy goes, and no other push is judged");
}

/// git, but for its version.
pub(super) fn git_of(shop: &Sandbox, version: &str) -> String {
    let real = crate::support::tool("git", "git");
    let directory = shop.path(&format!("git-{version}"));
    fs::create_dir_all(&directory).unwrap();
    let text = format!(
        "#!/bin/sh\n[ \"$1\" != --version ] || {{ echo 'git version {version}'; exit; }}\nexec '{}' \"$@\"\n",
        real.display()
    );
    script(shop, &directory.join("git"), &text);
    format!("{}:{}", directory.display(), path())
}

#[test]
fn a_git_that_is_too_old_or_unknown_is_named() {
    let shop = shop();
    let old = git_of(&shop, "2.25.1");
    let visit = visit(&shop).with("PATH", old);
    visit
        .doctor()
        .breaks("git 2.31 or newer is needed; this is git 2.25.1")
        .hints("https://git-scm.com/");
    let odd = git_of(&shop, "of-my-own");
    let visit = super::visit(&shop).with("PATH", odd);
    visit
        .doctor()
        .breaks("git 2.31 or newer is needed; this is git of-my-own");
}

#[test]
fn without_git_it_says_what_it_can() {
    let shop = shop();
    let directory = Path::new(PUSHGATE).parent().unwrap().display().to_string();
    let visit = visit(&shop).with("PATH", directory);
    let told = visit.doctor();
    told.breaks("could not run `git`").hints("install git");
    told.ok("pushgate ");
    assert_eq!(told.items.len(), 2, "{}", told.ran);
}
