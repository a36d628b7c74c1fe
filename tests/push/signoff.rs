//! `signoff`: a person must have tried the commit on the environment before.

use expect_test::expect;

use std::{fs, process::Command};

use crate::support::{Ran, Sandbox, processes::script, tool};

/// A shop with a new commit on origin and staging, under this rule for production.
fn shop(rule: &str) -> (Sandbox, String) {
    let shop = Sandbox::new();
    shop.policy(&format!(
        "suite: {{run: 'true'}}\nenvironments:\n  staging: {{}}\n  production: {{after: staging, signoff: {rule}}}\n"
    ));
    let id = shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    (shop, id)
}

/// Writes down, as any clone may, that somebody has tried a commit on staging.
pub fn signs(shop: &Sandbox, person: &str, commit: &str) {
    signs_at(shop, &shop.place("staging"), person, commit);
}

fn signs_at(shop: &Sandbox, staging: &str, person: &str, commit: &str) {
    let line = format!(
        "{{\"v\":1,\"event\":\"signoff\",\"environment\":\"staging\",\"destinations\":[\"{staging}\"],\"commit\":\"{commit}\",\"by\":\"{person}\",\"at\":\"2026-11-20T09:00:00Z\"}}"
    );
    shop.git(["notes", "--ref=pushgate", "append", "-m", &line, commit])
        .goes();
}

#[test]
fn somebody_must_have_tried_it() {
    let (shop, id) = shop("true");
    shop.push("production", "master")
        .refused("promotion")
        .says(&format!("nobody has signed {} off on staging", &id[..7]))
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: nobody has signed [two] off on staging
              try it on staging, then sign it off:
                pushgate approve staging -m "what was tried"
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    signs(&shop, "Ana <ana@shop.example>", &id);
    shop.push("production", "master").goes().says(&format!(
        "promotion: {} is live on staging, signed off by Ana <ana@shop.example>",
        &id[..7]
    ));
}

/// Which user logs in to a server may stand in the configuration of ssh alone.
#[test]
fn it_counts_for_a_home_directory_however_that_is_spelled_and_for_no_other() {
    let (shop, id) = shop("true");
    let (ssh, here) = (shop.path("ssh"), shop.root().display());
    let text = format!("#!/bin/sh\ncd {here} && exec sh -c \"$2\"\n");
    let ssh = script(&shop, &ssh, &text);
    shop.git(["config", "core.sshCommand", &ssh]).goes();
    shop.git(["config", "ssh.variant", "simple"]).goes();
    for (recorded, counts, not) in [
        ("ana@h/staging", "h:staging.git", "ben@h:staging.git"),
        ("h/staging", "ana@h:staging.git", "i:staging.git"),
    ] {
        shop.git(["update-ref", "-d", "refs/notes/pushgate"]).goes();
        signs_at(&shop, recorded, "Ana <ana@shop.example>", &id);
        let check = |url: &str| {
            shop.git(["remote", "set-url", "staging", url]).goes();
            shop.pushgate(["check", "production"])
        };
        check(not)
            .goes_not()
            .says(&format!("what was tried at {recorded} does not count"));
        check(counts).goes();
    }
}

#[test]
fn it_is_the_default_where_something_comes_before() {
    let shop = Sandbox::new();
    shop.policy(
        "suite: {run: 'true'}\nenvironments: {staging: {}, production: {after: staging}}\n",
    );
    shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    shop.push("production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: nobody has signed [two] off on staging
              try it on staging, then sign it off:
                pushgate approve staging -m "what was tried"
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn a_word_about_another_commit_is_none_about_this_one() {
    let (shop, id) = shop("true");
    let old = shop.ask(["rev-parse", "HEAD~1"]);
    signs(&shop, "Ana <ana@shop.example>", &old);
    // Copied to this commit, as `notes.rewriteRef` does it.
    shop.git(["notes", "--ref=pushgate", "copy", "-f", &old, &id])
        .goes();
    shop.push("production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: nobody has signed [two] off on staging
              try it on staging, then sign it off:
                pushgate approve staging -m "what was tried"
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn when_staging_moves_on_the_new_commit_needs_a_new_word() {
    let (shop, id) = shop("true");
    signs(&shop, "Ana <ana@shop.example>", &id);
    shop.commit_on_origin("three");
    shop.push("staging", "master").goes();
    shop.push("production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: nobody has signed [three] off on staging
              try it on staging, then sign it off:
                pushgate approve staging -m "what was tried"
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

#[test]
fn somebody_else_than_the_author() {
    let (shop, id) = shop("{by: another}");
    signs(&shop, "Ana B. <ANA@shop.example>", &id);
    shop.push("production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: nobody has signed [two] off on staging; its author (Ana B. <ANA@shop.example>) does not count
              have somebody else try it on staging, then sign it off:
                pushgate approve staging -m "what was tried"
              if it cannot wait:
                PUSHGATE_SKIP=promotion PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    signs(&shop, "Ben <ben@shop.example>", &id);
    shop.push("production", "master")
        .goes()
        .says("signed off by Ben <ben@shop.example>");
}

#[test]
fn two_people() {
    let (shop, id) = shop("2");
    signs(&shop, "Ben <ben@shop.example>", &id);
    signs(&shop, "Benjamin <ben@shop.example>", &id);
    shop.push("production", "master")
        .refused("promotion")
        .says(&format!(
            "1 of 2 people have signed {} off on staging: Ben <ben@shop.example>",
            &id[..7]
        ))
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: 1 of 2 people have signed [two] off on staging: Ben <ben@shop.example>
              try it on staging, then sign it off:
                pushgate approve staging -m "what was tried"
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    signs(&shop, "Eva <eva@shop.example>", &id);
    shop.push("production", "master").goes();
}

#[test]
fn an_unsigned_word_is_none_where_the_policy_wants_signatures() {
    let (shop, id) = shop("{signed: true}");
    signs(&shop, "Ben <ben@shop.example>", &id);
    shop.push("production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: nobody has signed [two] off on staging; 1 sign-off does not verify
              try it on staging, then sign it off:
                pushgate approve staging -m "what was tried"
            error: failed to push some refs to '[root]/production.git'
        "#]]);
}

/// `git push production master` on a terminal of its own, where somebody types this line.
fn push_and_type(shop: &Sandbox, line: &str) -> Ran {
    let mut command = shop.command(tool("script", "bsdutils"));
    command.args(["-qec", "git push production master", "/dev/null"]);
    Ran::fed(&mut command, format!("{line}\n").as_bytes())
}

#[test]
fn on_a_terminal_the_gate_asks_whoever_pushes() {
    let (shop, id) = shop("true");
    let ran = push_and_type(&shop, "n").goes_not();
    let question = format!("Have you tried {} on staging? [y/N]", &id[..7]);
    assert!(ran.stdout.contains(&question), "{ran}");
    assert!(ran.stdout.contains("nobody has signed"), "{ran}");
    push_and_type(&shop, "y").goes();
    assert_eq!(shop.tip("production", "master"), id);
    let note = shop.ask(["notes", "--ref=pushgate", "show", &id]);
    assert!(note.contains("\"event\":\"signoff\""), "{note}");
}

#[test]
fn nobody_is_asked_whose_word_does_not_count() {
    let (shop, _) = shop("{by: another}");
    let ran = push_and_type(&shop, "y").goes_not();
    assert!(!ran.stdout.contains("Have you tried"), "{ran}");
}

#[test]
fn nobody_is_asked_before_the_soak_is_over() {
    let (shop, _) = shop("true, soak: 10m");
    let ran = push_and_type(&shop, "y").goes_not();
    assert!(!ran.stdout.contains("Have you tried"), "{ran}");
    assert!(ran.stdout.contains("nobody has signed"), "{ran}");
}

#[test]
fn a_colleagues_word_opens_the_gate_for_another_clone() {
    let (shop, id) = shop("{by: another}");
    let ben = shop.path("ben");
    let origin = shop.path("origin.git");
    shop.git([
        "clone",
        "-q",
        origin.to_str().unwrap(),
        ben.to_str().unwrap(),
    ])
    .goes();
    let git = |args: &[&str]| {
        let mut git: Command = shop.command("git");
        Ran::of(git.current_dir(&ben).args(args)).goes()
    };
    git(&[
        "fetch",
        "-q",
        "origin",
        "refs/notes/pushgate:refs/notes/pushgate",
    ]);
    let staging = shop.place("staging");
    let line = format!(
        "{{\"v\":1,\"event\":\"signoff\",\"environment\":\"staging\",\"destinations\":[\"{staging}\"],\"commit\":\"{id}\",\"by\":\"Ben <ben@shop.example>\",\"at\":\"2026-11-20T09:00:00Z\"}}"
    );
    git(&["notes", "--ref=pushgate", "append", "-m", &line, &id]);
    shop.push("production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to production (production) refused
              promotion: nobody has signed [two] off on staging
              have somebody else try it on staging, then sign it off:
                pushgate approve staging -m "what was tried"
              if it cannot wait:
                PUSHGATE_SKIP=promotion PUSHGATE_REASON="..." git push production master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    git(&["fetch", "-q", "origin", "refs/notes/pushgate"]);
    git(&[
        "notes",
        "--ref=pushgate",
        "merge",
        "-q",
        "-s",
        "cat_sort_uniq",
        "FETCH_HEAD",
    ]);
    git(&["push", "-q", "origin", "refs/notes/pushgate"]);
    shop.push("production", "master")
        .goes()
        .says("signed off by Ben");
}

#[test]
fn a_server_that_takes_no_notes_costs_a_word_and_no_push() {
    let (shop, id) = shop("true");
    let hook = shop.path("origin.git/hooks/update");
    fs::write(
        &hook,
        "#!/bin/sh\ncase $1 in refs/notes/*) echo no notes here >&2; exit 1;; esac\n",
    )
    .unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    signs(&shop, "Ana <ana@shop.example>", &id);
    // The hook does not wait for it.
    shop.push("production", "master")
        .goes()
        .never_says("no notes here");
    let status = shop.pushgate(["status"]).goes();
    let said = status.stdout.replace("\n  ", " ");
    assert!(
        said.contains("the team does not know yet what happened here"),
        "{status}"
    );
    assert!(
        said.contains("`origin` does not take refs/notes/pushgate"),
        "{status}"
    );
}

#[test]
fn share_false_keeps_it_all_here() {
    let shop = Sandbox::new();
    shop.policy("share: false\nsuite: {run: 'true'}\nenvironments: {staging: {}, production: {after: staging}}\n");
    let id = shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    signs(&shop, "Ana <ana@shop.example>", &id);
    shop.push("production", "master").goes();
    let there = shop.ask(["ls-remote", "origin", "refs/notes/*"]);
    assert_eq!(there, "");
    assert_ne!(shop.ask(["for-each-ref", "refs/notes/pushgate"]), "");
}

#[test]
fn one_person_with_two_addresses_is_one() {
    // git takes no notice of the case of an address, and of a line that is no UTF-8.
    // git compares names in any case, too.
    let mailmap = "Ana <ana@shop.example> ANA <1+Ana@Users.noreply.example>\n";
    let configured = |shop: &Sandbox, place: &str| match place {
        "mailmap.file" => {
            shop.write("../mailmap", mailmap);
            let file = shop.path("mailmap");
            shop.git(["config", "mailmap.file", file.to_str().unwrap()])
                .goes();
        }
        "mailmap.blob" => {
            shop.write("../mailmap", mailmap);
            let blob = shop.ask(["hash-object", "-w", "../mailmap"]);
            shop.git(["config", "mailmap.blob", &blob]).goes();
        }
        _ => {}
    };
    for place in [".mailmap", "mailmap.file", "mailmap.blob"] {
        let shop = Sandbox::new();
        shop.policy(
            "suite: {run: 'true'}\nenvironments:\n  staging: {}\n  production: {after: staging, signoff: {count: 2, by: another}}\n",
        );
        if place == ".mailmap" {
            shop.commit_file(".mailmap", mailmap);
        }
        configured(&shop, place);
        // As a forge squashes it.
        let author = "--author=ana <1+ana@users.noreply.example>";
        shop.git(["commit", "-q", "--allow-empty", "-m", "two", author])
            .goes();
        shop.push_ungated("origin", "master");
        shop.push_ungated("staging", "master");
        let id = shop.ask(["rev-parse", "HEAD"]);
        signs(&shop, "Ana <ana@shop.example>", &id);
        signs(&shop, "Ben <ben@shop.example>", &id);
        let why = "1 of 2 people have signed";
        shop.push("production", "master")
            .refused("promotion")
            .says(why)
            .says("its author (Ana <ana@shop.example>) does not count");
        signs(&shop, "ana <1+ana@users.noreply.example>", &id);
        shop.push("production", "master")
            .refused("promotion")
            .says(why);
        signs(&shop, "Cleo <cleo@shop.example>", &id);
        shop.push("production", "master").goes();
    }
}

#[test]
fn check_asks_nobody() {
    let (shop, id) = shop("true");
    let mut command = shop.command(tool("script", "bsdutils"));
    let check = format!("'{}' check production", crate::support::PUSHGATE);
    command.args(["-qec", &check, "/dev/null"]);
    let ran = Ran::fed(&mut command, b"y\n").goes_not();
    assert!(!ran.stdout.contains("Have you tried"), "{ran}");
    assert!(ran.stdout.contains("nobody has signed"), "{ran}");
    let notes = shop.ask(["notes", "--ref=pushgate", "show", &id]);
    assert!(!notes.contains("signoff"), "{notes}");
}
