//! Outside, before anything, without a home, in the dark: it says what it can, and never panics.

use std::fs;

use super::{path, shop, visit};
use crate::support::{PUSHGATE, Ran, Sandbox, story::in_terminal};

#[test]
fn outside_a_repository_it_says_so_and_looks_at_the_rest() {
    let shop = shop();
    fs::create_dir(shop.path("outside")).unwrap();
    let visit = visit(&shop).from("../outside");
    let told = visit.doctor();
    told.breaks("there is no repository here")
        .hints("cd into the clone");
    told.ok("pushgate ").ok("git ");
    assert_eq!(told.items.len(), 3, "{}", told.ran);
    let ran = Ran::of(visit.command(PUSHGATE).args(["doctor", "--json"]));
    let value: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((ran.code, &value["state"]), (1, &"broken".into()), "{ran}");
}

#[test]
fn before_the_first_commit_and_without_remotes_it_looks_at_what_is_there() {
    let shop = Sandbox::bare();
    let visit = visit(&shop);
    let told = visit.doctor();
    told.warns("nothing is committed yet: the suite is found from the files of a commit")
        .hints("suite.run");
    told.warns("there is no .pushgate.yml");
    told.breaks("`origin/master` does not exist")
        .hints("commit first: there is nothing to push yet");
    told.breaks(".git/hooks/pre-push is missing").is_cured();
    for remote in ["origin", "staging", "production"] {
        shop.git(["remote", "remove", remote]).goes();
    }
    visit
        .doctor()
        .breaks("there is no remote `origin`, where trunk should be");
    shop.git(["symbolic-ref", "HEAD", "refs/heads/work"]).goes();
    visit.doctor().breaks("there is no remote `origin`");
}

#[test]
fn a_repository_that_git_cannot_read_is_told_in_its_words() {
    let shop = shop();
    let config = shop.app.join(".git/config");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, "[core\n").unwrap();
    let visit = visit(&shop);
    visit
        .doctor()
        .breaks("there is no repository here")
        .item
        .text
        .contains("bad config line 1")
        .then_some(())
        .unwrap();
    fs::write(&config, text).unwrap();
    if nix::unistd::geteuid().is_root() {
        // Somebody else's, which git does not trust until it is told to.
        shop.run_in(shop.root(), "chown", ["-R", "1:1", "app"])
            .goes();
        let told = visit.doctor();
        told.breaks("git does not trust this repository")
            .runs("git config --global --add safe.directory ")
            .is_cured();
    }
}

#[test]
fn nothing_of_the_surroundings_makes_it_panic() {
    let shop = shop();
    let without = |name: &str| {
        let mut command = visit(&shop).command(PUSHGATE);
        command.arg("doctor").env_remove(name);
        Ran::of(&mut command)
    };
    for name in ["HOME", "TZ", "LC_ALL", "GIT_CONFIG_GLOBAL"] {
        let ran = without(name);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{name}: {ran}");
        assert!(ran.stdout.starts_with("program\n"), "{name}: {ran}");
    }
    let ran = without("PATH");
    assert_eq!(ran.code, 1, "{ran}");
    assert!(
        ran.stdout.contains("  broken   could not run `git`"),
        "{ran}"
    );
    let line = format!("PATH='{}' TERM=dumb pushgate doctor", path());
    for command in [
        format!("{line} | head -1"),
        format!("{line} >&-; true"),
        format!("stty rows 24 cols 1; {line}"),
        format!("stty rows 24 cols 20; {line}"),
        format!("cd .git && {line} | cat"),
        format!("mkdir -p ../gone && cd ../gone && rmdir ../gone && {line} | cat; true"),
    ] {
        let ran = in_terminal(&shop, &command);
        assert_eq!(ran.code, 0, "{command}: {ran}");
        assert!(!ran.stderr.contains("panic"), "{command}: {ran}");
        assert!(
            !ran.stderr.contains('\u{1b}') || !command.contains("dumb"),
            "{command}: {ran}"
        );
    }
    let full = shop
        .command("sh")
        .args(["-c", &format!("'{PUSHGATE}' doctor >/dev/full")])
        .output()
        .unwrap();
    let ran = Ran::from(full);
    assert_eq!(ran.code, 2, "{ran}");
    ran.says("pushgate: doctor not done\n")
        .says("could not write to standard output");
}
