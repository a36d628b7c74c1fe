//! The hook that was there before, and file systems that run nothing.

use std::fs;

use super::{executable, hook, path, shop, visit};
use crate::support::{PUSHGATE, Ran, Sandbox, processes::namespace};

/// A clone that keeps a hook, which leaves a file behind.
fn with_kept(text: &str) -> Sandbox {
    let shop = shop();
    fs::remove_file(hook(&shop)).unwrap();
    executable(&hook(&shop), text);
    shop.install();
    shop
}

const TOUCH: &str = "#!/bin/sh\ntouch ../ran\n";

/// Pushes what passes every gate; whether the kept hook ran, and the push's exit code.
fn push(shop: &Sandbox) -> (bool, i32) {
    let ran = shop.path("ran");
    let _ = fs::remove_file(&ran);
    let mut command = shop.command("git");
    command
        .args(["push", "staging", "HEAD:refs/heads/feature"])
        .env("PATH", path());
    let code = Ran::of(&mut command).code;
    shop.git(["push", "-q", "--no-verify", "staging", ":feature"]);
    (ran.exists(), code)
}

#[test]
fn what_it_says_of_the_kept_hook_is_what_a_push_meets() {
    let shop = with_kept(TOUCH);
    let visit = visit(&shop);
    let kept = shop.app.join(".git/.pushgate-hooks/pre-push");
    visit
        .doctor()
        .is_well()
        .ok("after the gates runs what was there before: .git/.pushgate-hooks/pre-push");
    assert_eq!(push(&shop), (true, 0));
    let told_of = "the hook that was there before, .git/.pushgate-hooks/pre-push,";
    fs::remove_file(&kept).unwrap();
    fs::write(&kept, TOUCH).unwrap();
    assert_eq!(push(&shop), (false, 0));
    visit
        .doctor()
        .breaks(&format!("{told_of} is not executable: it no longer runs"))
        .is_cured();
    assert_eq!(push(&shop), (true, 0));
    executable(&kept, &TOUCH.replace('\n', "\r\n"));
    assert_eq!(push(&shop), (false, 1));
    visit
        .doctor()
        .breaks(&format!(
            "{told_of} has the line ends of Windows: no push that passes the gates goes"
        ))
        .is_cured();
    assert_eq!(push(&shop), (true, 0));
    executable(&kept, &TOUCH.replace("/bin/sh", "/gone/sh"));
    assert_eq!(push(&shop), (false, 1));
    visit
        .doctor()
        .breaks(&format!(
            "{told_of} asks for `/gone/sh`, which is not there"
        ))
        .hints("fix the first line");
    fs::remove_file(&kept).unwrap();
    std::os::unix::fs::symlink("/nowhere", &kept).unwrap();
    assert_eq!(push(&shop), (false, 0));
    visit
        .doctor()
        .breaks(&format!("{told_of} is a link that leads nowhere"))
        .is_cured();
    visit.doctor().is_well();
    fs::create_dir(&kept).unwrap();
    assert_eq!(push(&shop), (false, 1));
    visit
        .doctor()
        .breaks(&format!("{told_of} is a directory"))
        .is_cured();
}

#[test]
fn git_lfs_that_no_hook_calls_is_missed() {
    let uses_lfs = |shop: &Sandbox| shop.write(".gitattributes", "*.bin filter=lfs\n");
    let missed = "no hook calls git-lfs: the files that it keeps are not uploaded";
    let alone = shop();
    uses_lfs(&alone);
    let visit_alone = visit(&alone);
    let told = visit_alone.doctor();
    let ill = told.breaks(missed);
    ill.runs("git lfs update --force").runs("pushgate install");
    // Behind a hook that is kept, git-lfs's own command would take our place.
    let kept = with_kept(TOUCH);
    uses_lfs(&kept);
    let visit_kept = visit(&kept);
    let told = visit_kept.doctor();
    let text = ".git/.pushgate-hooks/pre-push, which runs after the gates, does not name git-lfs";
    told.warns(text)
        .hints("let .git/.pushgate-hooks/pre-push run `git lfs pre-push \"$@\"`");
    let calls = with_kept("#!/bin/sh\ngit lfs pre-push \"$@\"\n");
    uses_lfs(&calls);
    visit(&calls).doctor().lacks("git-lfs");
    // Nor may it be written where repositories share our hook.
    let shared = shop();
    uses_lfs(&shared);
    let hooks = shared.path("hooks");
    fs::create_dir(&hooks).unwrap();
    fs::rename(hook(&shared), hooks.join("pre-push")).unwrap();
    shared
        .git(["config", "core.hooksPath", hooks.to_str().unwrap()])
        .goes();
    let visit_shared = visit(&shared);
    let told = visit_shared.doctor();
    let own = shared.app.join(".git/hooks").display().to_string();
    told.breaks(missed)
        .runs(&format!("git -c 'core.hooksPath={own}' lfs update"));
}

#[test]
fn a_hook_that_took_our_place_and_one_that_waits_need_a_person() {
    let shop = with_kept(TOUCH);
    executable(&hook(&shop), "#!/bin/sh\n: theirs\n");
    let visit = visit(&shop);
    let told = visit.doctor();
    let ill = told.breaks("which is not pushgate's, does not call pushgate: pushes are not judged");
    ill.hints("into ")
        .hints("remove the first, then pushgate install");
    ill.is_cured_by("rm .git/.pushgate-hooks/pre-push; pushgate install");
}

#[test]
fn a_file_system_that_runs_nothing_runs_no_hook() {
    let shop = with_kept(TOUCH);
    let mut command = namespace(
        &shop,
        "mount --bind .git .git; mount -o remount,bind,noexec .git; exec \"$PROGRAM\" doctor",
    );
    command.env("PROGRAM", PUSHGATE).env("PATH", path());
    let visit = visit(&shop);
    let told = visit.read(Ran::of(&mut command));
    let ill = told.breaks(
        ".git/hooks/pre-push is on a file system that runs no programs: pushes are not judged",
    );
    ill.hints("mount it without `noexec`");
    told.breaks(".git/.pushgate-hooks/pre-push, is on a file system that runs no programs");
}
