//! Where git looks for the hook and why, and what doctor says of it against what `git push` does.

use std::{fs, os::unix::fs::symlink};

use super::{executable, hook, path, shop, visit};
use crate::support::{Ran, Sandbox, tool};

/// What becomes of a push that every gate would refuse.
#[derive(Debug, PartialEq)]
enum Push {
    Judged,
    NotJudged,
    Hangs,
}

/// Pushes what staging lacks and trunk has not.
fn push(shop: &Sandbox) -> Push {
    let before = shop.tip("staging", "master");
    shop.commit("never merged");
    let mut command = shop.command(tool("timeout", "coreutils"));
    command
        .args(["3", "git", "push", "staging", "master"])
        .env("PATH", path());
    let ran = Ran::of(&mut command);
    let went = shop.tip("staging", "master") != before;
    shop.git([
        "push",
        "-q",
        "--no-verify",
        "--force",
        "staging",
        &format!("{before}:master"),
    ])
    .goes();
    shop.git(["reset", "-q", "--hard", "HEAD~1"]).goes();
    match ran.code {
        124 => Push::Hangs,
        0 if went => Push::NotJudged,
        1 if !went && ran.stderr.contains("pushgate: push to staging") => Push::Judged,
        _ => panic!("{ran}"),
    }
}

#[test]
fn what_it_says_of_the_hook_is_what_a_push_meets() {
    let shop = shop();
    let hook = hook(&shop);
    let ours = fs::read_to_string(&hook).unwrap();
    let visit = visit(&shop);
    let clear = || {
        let _ = fs::remove_dir_all(shop.app.join(".git/.pushgate-hooks"));
        let _ = fs::remove_dir_all(shop.app.join(".git/hooks"));
        fs::create_dir(shop.app.join(".git/hooks")).unwrap();
    };
    let broken: [(&str, &dyn Fn()); 7] = [
        ("is missing: pushes are not judged", &|| {}),
        ("is empty: pushes are not judged", &|| executable(&hook, "")),
        (
            "is a link that leads nowhere: pushes are not judged",
            &|| symlink("/nowhere", &hook).unwrap(),
        ),
        ("is not executable: pushes are not judged", &|| {
            fs::write(&hook, &ours).unwrap();
        }),
        ("is not executable: pushes are not judged", &|| {
            fs::write(&hook, "#!/bin/sh\n").unwrap();
        }),
        (
            "which is not pushgate's, does not call pushgate: pushes are not judged",
            &|| executable(&hook, "#!/bin/sh\n# pushgate pre-push\n"),
        ),
        ("an edit took the call away: pushes are not judged", &|| {
            let cut = ours.split_once("if [ -x").unwrap().0;
            executable(&hook, &format!("{cut}exit 0\n"));
        }),
    ];
    for (says, make) in broken {
        clear();
        make();
        assert_eq!(push(&shop), Push::NotJudged, "{says}");
        let told = visit.doctor();
        told.breaks(says).is_cured();
        assert_eq!(push(&shop), Push::Judged, "{says}: cured");
    }
    let edited = ours.replace("\nif [ -x", "\necho mine >&2\nif [ -x");
    clear();
    executable(&hook, &edited);
    assert_eq!(push(&shop), Push::Judged);
    visit
        .doctor()
        .warns("calls pushgate by lines that were edited, or are of another version")
        .is_cured();
}

#[test]
fn a_hook_that_cannot_be_executed_hangs_an_old_git_and_is_named() {
    let shop = shop();
    let hook = hook(&shop);
    let ours = fs::read_to_string(&hook).unwrap();
    let foreign = "#!/bin/sh\nexec pushgate pre-push -- \"$@\"\n";
    let visit = visit(&shop);
    let version = shop.ask(["--version"]);
    let old = ["2.3", "2.4"]
        .iter()
        .any(|start| version.starts_with(&format!("git version {start}")));
    let comes_of_it = "no push goes, and git before 2.54 waits for ever";
    let cases: [(&dyn Fn(), &str, bool); 5] = [
        (
            &|| executable(&hook, &ours.replace('\n', "\r\n")),
            "has the line ends of Windows: ",
            true,
        ),
        (
            &|| executable(&hook, &foreign.replace('\n', "\r\n")),
            "has the line ends of Windows: ",
            true,
        ),
        (
            &|| executable(&hook, &ours.replace("#!/bin/sh", "#!/gone/sh")),
            "asks for `/gone/sh`, which is not there: ",
            true,
        ),
        (
            &|| executable(&hook, &foreign.replace("/bin/sh", "/gone/sh")),
            "asks for `/gone/sh`, which is not there: ",
            false,
        ),
        (&|| fs::create_dir(&hook).unwrap(), "is a directory: ", true),
    ];
    for (make, says, has_command) in cases {
        let _ = fs::remove_file(&hook);
        make();
        if old {
            assert_eq!(push(&shop), Push::Hangs, "{says}");
        }
        let told = visit.doctor();
        let ill = told.breaks(says);
        assert!(ill.item.text.ends_with(comes_of_it), "{:?}", ill.item);
        if has_command {
            ill.is_cured();
            assert_eq!(push(&shop), Push::Judged, "{says}");
        } else {
            ill.hints("install `/gone/sh`, or fix the first line of .git/hooks/pre-push");
        }
    }
    let _ = fs::remove_file(&hook);
    executable(&hook, "#!/usr/bin/env gone-too\nexec pushgate pre-push\n");
    visit
        .doctor()
        .breaks("asks for `gone-too`, which is not there");
}
