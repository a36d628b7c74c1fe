//! What runs the tests, looked for where it would run.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
};

use super::{shop, visit};
use crate::support::{Sandbox, tool};

fn with(suite: &str) -> Sandbox {
    let shop = shop();
    shop.policy(&format!(
        "suite: {suite}\nenvironments: {{staging: {{}}}}\n"
    ));
    shop
}

#[test]
fn a_command_that_is_not_there_is_broken() {
    let shop = with(
        "{run: [cd ., {run: RAILS_ENV=test no-such-runner --all, name: specs}, bin/gone x, 'A=$(date) x']}",
    );
    let visit = visit(&shop);
    let told = visit.doctor();
    told.breaks("`no-such-runner` of `specs` is not found")
        .hints("install it, or fix `suite.run` in .pushgate.yml");
    told.breaks("`bin/gone` of `bin/gone x` is not found");
    told.lacks("`cd`").lacks("date");
    assert_eq!(
        told.items
            .iter()
            .filter(|item| item.group == "suite")
            .count(),
        2,
        "{}",
        told.ran
    );
}

#[test]
fn a_script_that_is_not_executable_is_made_so_by_its_cure() {
    let shop = with("{run: bin/all}");
    shop.commit_file("bin/all", "#!/bin/sh\n");
    let first = visit(&shop);
    first
        .doctor()
        .breaks("`bin/all` is not executable")
        .runs("chmod +x bin/all && git commit")
        .is_cured();
    first.doctor().ok("bin/all");
    let shop = with("{run: ./all, in: worktree}");
    shop.commit_file("all", "#!/bin/sh\n");
    let second = visit(&shop);
    second
        .doctor()
        .breaks("`./all` is not executable")
        .is_cured();
    second.doctor().ok("./all, in a worktree of its own");
}

#[test]
fn steps_are_looked_for_in_their_directories() {
    let shop = with("{run: [{run: ./here, dir: web}, {run: 'true', dir: gone, name: far}]}");
    shop.script("web/here", "#!/bin/sh\n");
    let visit = visit(&shop);
    let told = visit.doctor();
    told.breaks("the directory of `far` is not there")
        .hints("fix `dir` in .pushgate.yml");
    told.lacks("./here");
    shop.policy("suite: {run: [{run: ./here, dir: web}, {run: 'true', name: far}]}\nenvironments: {staging: {}}\n");
    visit.doctor().ok("./here, far");
    super::visit(&shop).from("web").doctor().ok("./here, far");
}

#[test]
fn a_suite_that_nobody_names_is_found_or_asked_for() {
    let shop = with("{timeout: 10m}");
    let visit = visit(&shop);
    visit
        .doctor()
        .breaks("nothing says what runs")
        .hints("set `suite.run` in .pushgate.yml, and commit it:");
    shop.script("bin/ci", "#!/bin/sh\n");
    shop.git(["add", "bin/ci"]).goes();
    shop.git(["commit", "-q", "-m", "ci"]).goes();
    visit.doctor().ok("bin/ci, found from the project's files");
}

#[test]
fn there_must_be_somewhere_to_run_it() {
    let shop = shop();
    shop.git(["clone", "-q", "--bare", "../origin.git", "../bare.git"])
        .goes();
    let visit = visit(&shop).from("../bare.git");
    let told = visit.doctor();
    told.breaks("this repository is bare: there is no checkout to run the suite in")
        .hints("push from a clone with a work tree");
}

#[test]
fn a_ci_needs_its_program_and_a_project() {
    let shop = with("{ci: gitlab, checks: [unit]}");
    let programs = shop.path("programs");
    fs::create_dir(&programs).unwrap();
    for name in ["git", "sh", "env"] {
        symlink(tool(name, name), programs.join(name)).unwrap();
    }
    let bare = visit(&shop).with("PATH", programs.to_str().unwrap());
    bare.doctor().breaks("glab").hints("then log in");
    fs::write(programs.join("glab"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(programs.join("glab"), fs::Permissions::from_mode(0o755)).unwrap();
    let with_glab = visit(&shop).with("PATH", programs.to_str().unwrap());
    with_glab.doctor().breaks("origin");
    shop.git([
        "remote",
        "set-url",
        "origin",
        "https://127.0.0.1:1/shops/shop.git",
    ])
    .goes();
    with_glab
        .doctor()
        .ok("unit of 127.0.0.1:1/shops/shop, asked through glab");
}
