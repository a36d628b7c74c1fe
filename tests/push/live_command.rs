//! `live`: a command says which commit really runs on an environment, in place of git's ref.

use std::fs;

use expect_test::expect;

use crate::support::{
    PUSHGATE, Ran, Sandbox,
    notes_worker::records,
    processes::assert_no_process_in,
    story::{timed, took_less},
};

/// Staging says what the file `runs` beside the clone has.
const POLICY: &str = "\
suite: {run: 'true'}
environments:
  staging: {live: cat ../runs}
  production: {after: staging, signoff: false}
";

struct Shop {
    sandbox: Sandbox,
    one: String,
    two: String,
}

impl std::ops::Deref for Shop {
    type Target = Sandbox;
    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

impl Shop {
    /// A shop whose second commit is on origin and, as far as git knows, on staging; `live` is its command.
    fn with(live: &str) -> Self {
        let shop = Sandbox::new();
        let text = serde_json::to_string(live).unwrap();
        let one = shop.policy(&POLICY.replace("cat ../runs", &text));
        shop.push_ungated("origin", "master");
        shop.push("staging", "master").goes();
        shop.push_ungated("production", "master");
        fs::write(shop.path("runs"), format!("{one}\n")).unwrap();
        let two = shop.commit_on_origin("two");
        shop.push("staging", "master").goes();
        Self {
            sandbox: shop,
            one,
            two,
        }
    }

    fn new() -> Self {
        Self::with("cat ../runs")
    }

    fn runs(&self, text: &str) {
        fs::write(self.path("runs"), text).unwrap();
    }

    fn promote(&self) -> Ran {
        self.push("production", "master")
    }
}

#[test]
fn a_release_that_failed_is_no_promotion_though_git_has_the_commit() {
    let shop = Shop::new();
    shop.promote().refused("promotion").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) refused
          promotion: staging runs [Write .pushgate.yml], not [two], which is 1 commit ahead of it; both have the same content
          [two] was pushed there: see why its release failed, and release it again
        error: failed to push some refs to '[root]/production.git'
    "#]]);
    // The release is tried again, and works.
    shop.runs(&shop.two);
    shop.promote().goes();
}

#[test]
fn status_says_what_git_has_and_what_runs() {
    let shop = Shop::new();
    let screen = shop.pushgate(["status"]).goes().stdout;
    let (git, runs) = (&shop.two[..7], &shop.one[..7]);
    for line in [
        format!(
            "\n  live      {runs} Write .pushgate.yml\n            git has {git}, {runs} runs\n"
        ),
        format!("\n  next      deploys 1 commit since {runs}; both have the same content:\n"),
        format!("\n  git push  nothing new: git has {git}, {runs} runs\n"),
    ] {
        assert!(screen.contains(&line), "{line}\n{screen}");
    }
    // What fails to be released is no deployment of the old commit.
    let staging = screen.split("\nproduction").next().unwrap();
    assert!(!staging.contains("no gate judged this"), "{screen}");
    let json: serde_json::Value =
        serde_json::from_str(&shop.pushgate(["status", "--json"]).stdout).unwrap();
    let remote = |json: &serde_json::Value| json["environments"][0]["remotes"][0].clone();
    let live = &remote(&json)["live"];
    assert_eq!(live["git"], shop.two);
    assert_eq!(live["commit"]["id"], shop.one);
    // Where the command fails, what git has is named all the same.
    shop.runs("soon");
    let ran = shop.pushgate(["status", "--json"]).ends_with(2);
    let error = &remote(&serde_json::from_str(&ran.stdout).unwrap())["error"];
    let expected = format!("`live` of staging printed no commit id, but `soon`: git has {git}");
    assert_eq!(*error, expected);
}

#[test]
fn a_short_id_is_enough_and_git_is_not_asked() {
    let shop = Shop::new();
    shop.runs(&format!(
        "  {} \r\nand more\n",
        shop.two[..7].to_uppercase()
    ));
    fs::rename(shop.path("staging.git"), shop.path("gone.git")).unwrap();
    shop.promote()
        .goes()
        .says(&format!("promotion: {} is live on staging", &shop.two[..7]));
}

#[test]
fn a_script_of_several_lines_is_run_by_a_command_of_one() {
    let shop = Shop::with("echo \"it's\" 100%\nexit 3\n");
    let run = r#"printf '%s\n' 'echo "it'\''s" 100%' 'exit 3' | sh -e"#;
    shop.promote()
        .undecided("promotion")
        .says("`live` of staging ended with exit code 3\n")
        .says(&format!("\n    {run}\n"));
    let ran = shop.run_in(&shop.app, "sh", ["-c", run]);
    assert_eq!((ran.code, &*ran.stdout), (3, "it's 100%\n"), "{ran}");
}

#[test]
fn an_id_that_is_not_here_is_named() {
    let shop = Shop::new();
    shop.runs(&"5eed".repeat(10));
    shop.promote()
        .refused("promotion")
        .says("staging runs 5eed5ee, not");
    shop.pushgate(["doctor"]).never_says("panicked");
    shop.runs("5eed5eed\n");
    shop.promote().undecided("promotion").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) not decided, so it does not go
          promotion: `live` of staging printed 5eed5eed, which names no commit here
          see what it prints, and why:
            sh -e -c 'cat ../runs'
          fetch what is missing, then try again:
            git fetch --all
        error: failed to push some refs to '[root]/production.git'
    "#]]);
    // It runs at the top, wherever a person stands.
    let below = shop.app.join("below");
    fs::create_dir(&below).unwrap();
    let enter = format!(
        ", and why:\n    cd {}\n    sh -e -c 'cat ../runs'\n",
        shop.app.display()
    );
    shop.run_in(&below, "git", ["push", "production", "master"])
        .undecided("promotion")
        .says(&enter);
    shop.run_in(&below, PUSHGATE, ["check", "production"])
        .says(&enter);
}

#[test]
fn an_abbreviation_of_several_commits_is_undecided() {
    let shop = Shop::new();
    shop.run_in(&shop.app, "git", ["mktree", "--missing"])
        .goes();
    // Two commits whose ids begin with the same seven digits, found by trying.
    for message in ["22334", "26855"] {
        let commit = format!(
            "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\n{message}\n"
        );
        let mut write = shop.command("git");
        write.args(["hash-object", "-t", "commit", "-w", "--stdin"]);
        let written = Ran::fed(&mut write, commit.as_bytes()).goes();
        assert!(written.stdout.starts_with("3bcced3"), "{written}");
    }
    shop.runs("3bcced3");
    shop.promote()
        .undecided("promotion")
        .says("`live` of staging printed 3bcced3, which begins the ids of several commits here");
    // A branch that is called like an id is not one.
    shop.git(["branch", "deadbee"]).goes();
    shop.runs("deadbee");
    shop.promote()
        .undecided("promotion")
        .says("printed deadbee, which names no commit here");
}

#[test]
fn what_is_no_commit_id_is_quoted_in_one_line() {
    let shop = Shop::new();
    shop.runs("\x1b]0;gone\x07 <html>\u{202e}https://ana:secret@x.example/\n");
    let ran = shop.promote().undecided("promotion");
    assert!(!ran.stderr.contains(['\x1b', '\u{202e}']), "{ran}");
    ran.never_says("secret").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) not decided, so it does not go
          promotion: `live` of staging printed no commit id, but `\u{1b}]0;gone\u{7} <html>\u{202e}https://x.example/`
          see what it prints, and why:
            sh -e -c 'cat ../runs'
        error: failed to push some refs to '[root]/production.git'
    "#]]);
    for (text, said) in [
        ("", "printed nothing on its first line"),
        ("\nabc", "printed nothing on its first line"),
        ("35f6b1", "printed no commit id, but `35f6b1`"),
        (
            "35f6b13 35f6b13",
            "printed no commit id, but `35f6b13 35f6b13`",
        ),
        ("35f6b1g", "printed no commit id, but `35f6b1g`"),
        (&"0".repeat(40), "names no commit here"),
        (&"a".repeat(65), "printed no commit id, but `aaa"),
        (&"x".repeat(5000), "xxx...`"),
    ] {
        shop.runs(text);
        shop.promote().undecided("promotion").says(said);
    }
}

#[test]
fn a_command_that_fails_is_undecided_in_its_own_words() {
    let shop =
        Shop::with("for i in 1 2 3 4 5 6 7; do echo \"line $i\" >&2; done; echo 1234567; exit 3");
    shop.promote().undecided("promotion").is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: push to production (production) not decided, so it does not go
          promotion: `live` of staging ended with exit code 3
            line 3
            line 4
            line 5
            line 6
            line 7
          see what it prints, and why:
            sh -e -c 'for i in 1 2 3 4 5 6 7; do echo "line $i" >&2; done; echo 1234567; exit 3'
        error: failed to push some refs to '[root]/production.git'
    "#]]);
    let killed = Shop::with("kill -9 $$");
    killed
        .promote()
        .undecided("promotion")
        .says("`live` of staging was killed");
    let script = Shop::with("false\ncat ../runs");
    script
        .promote()
        .undecided("promotion")
        .says("ended with exit code 1");
}

#[test]
fn what_it_leaves_behind_and_how_much_it_prints_hold_nothing_up() {
    let shop = Shop::with("sleep 60 & cat ../runs");
    shop.runs(&shop.two);
    shop.promote().goes();
    let shop = Shop::with("cat ../runs; yes");
    shop.promote()
        .undecided("promotion")
        .says("`live` of staging ended with exit code 141");
}

#[test]
#[ignore = "slow: 10 s without an answer"]
fn silence_is_undecided_after_ten_seconds_and_leaves_nothing() {
    let shop = Shop::with("sleep 61 & sleep 62");
    let (ran, took) = timed(|| shop.promote());
    took_less(took, 14, &ran);
    ran.undecided("promotion")
        .says("`live` of staging gave no answer within 10 s");
    assert_no_process_in(&shop.app);
}

#[test]
fn it_runs_as_a_step_of_the_suite_does() {
    let shop = Shop::with(
        "test -z \"$GIT_DIR$GIT_PREFIX$GIT_CONFIG_PARAMETERS$PUSHGATE_REASON\"\n! read -r _\n! test -t 0\n! test -e /proc/$$/fd/4\ncat ../../runs ../runs 2>&- || true",
    );
    shop.runs(&shop.two);
    // git tells a linked work tree by its variables; the command runs at its top.
    shop.git(["worktree", "add", "-q", "--detach", "../linked"])
        .goes();
    fs::create_dir(shop.path("linked/below")).unwrap();
    let mut push = shop.command("git");
    push.current_dir(shop.path("linked/below"))
        .args(["-c", "x.y=z", "push", "production", "HEAD:master"])
        .env("PUSHGATE_REASON", "none");
    Ran::of(&mut push).goes();
}

#[test]
fn it_does_not_ask_itself() {
    let shop = Shop::with(&format!("{PUSHGATE} status >&2; cat ../runs"));
    shop.runs(&shop.two);
    shop.promote()
        .undecided("promotion")
        .says("`live` of staging asks for itself");
    assert_no_process_in(&shop.app);
}

#[test]
fn what_goes_out_is_counted_from_what_runs() {
    let shop = Shop::new();
    shop.commit_on_origin("three");
    let (one, two) = (&shop.one[..7], &shop.two[..7]);
    shop.push("staging", "master")
        .goes()
        .says(&format!("  deploys 2 commits since {one};"))
        .says(&format!("  note: git has {two}, {one} runs\n"));
    // What is down can be deployed to.
    fs::remove_file(shop.path("runs")).unwrap();
    let three = shop.tip("staging", "master");
    shop.commit_on_origin("four");
    shop.push("staging", "master")
        .goes()
        .says(&format!("  deploys 1 commit since {};", &three[..7]))
        .says("  note: `live` of staging ended with exit code 1: cat: ../runs: No such file");
}

#[test]
fn a_sign_off_is_for_what_runs() {
    let shop = Shop::new();
    shop.pushgate(["approve", "staging"]).is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: approval of staging refused
          staging runs [Write .pushgate.yml], not [two], which is 1 commit ahead of it; both have the same content
          [two] was pushed there: see why its release failed, and release it again
          or, if [Write .pushgate.yml] is what you tried:
            pushgate approve staging --commit [Write .pushgate.yml]
    "#]]);
    shop.runs(&shop.two);
    shop.pushgate(["approve", "staging"]).goes();
}

#[test]
fn a_rollback_goes_back_from_what_runs_also_where_that_is_not_known() {
    let shop = Shop::new();
    let three = shop.commit_on_origin("three");
    shop.runs(&shop.two);
    shop.push("staging", "master").goes();
    // The release of three failed: two runs, and one was before it.
    shop.git(["checkout", "-q", &shop.one]).goes();
    shop.pushgate(["rollback", "staging", "--yes"])
        .goes()
        .says(&format!(
            "from {} back to {}",
            &shop.two[..7],
            &shop.one[..7]
        ))
        .says(&format!(
            "  git has {}, {} runs\n",
            &three[..7],
            &shop.two[..7]
        ));
    assert_eq!(shop.tip("staging", "master"), shop.one);
    // What git has is put right, though it runs already.
    shop.git(["push", "-q", "--no-verify", "staging", "master"])
        .goes();
    fs::remove_file(shop.path("runs")).unwrap();
    shop.pushgate(["rollback", "staging", &shop.one, "--yes"])
        .goes()
        .says("what was deployed there last counts");
}

/// Also where no gate is asked. Three is what git has, but its release failed.
#[test]
fn a_rollback_by_hand_bars_what_ran_and_not_what_git_had() {
    for off in ["on", "off"] {
        let shop = Shop::new();
        let three = shop.commit_on_origin("three");
        shop.runs(&shop.two);
        shop.push("staging", "master").goes();
        let mut back = shop.command("git");
        back.args(["push", "--force", "staging"])
            .arg(format!("{}:master", shop.one))
            .envs([("PUSHGATE_ROLLBACK", "1"), ("PUSHGATE", off)]);
        shop.git(["checkout", "-q", &shop.one]).goes();
        Ran::of(&mut back).goes();
        let last = records(&shop, &shop.app, "deployed").into_iter();
        let last = last.filter(|one| one["judged"] == "rollback");
        let replaced: Vec<_> = last.map(|one| one["replaces"].clone()).collect();
        assert_eq!(replaced, [shop.two.as_str()], "{three}");
    }
}

#[test]
fn the_doctor_asks_it() {
    let shop = Shop::new();
    let live = |shop: &Shop| {
        let told = shop.pushgate(["doctor", "--json"]).stdout;
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        let lines = told["lines"].as_array().unwrap();
        let line = lines.iter().find(|line| line["check"] == "live").unwrap();
        format!(
            "{}: {}",
            line["state"].as_str().unwrap(),
            line["text"].as_str().unwrap()
        )
    };
    assert_eq!(
        live(&shop),
        format!("ok: {} runs on staging", &shop.one[..7])
    );
    shop.runs(&"5eed".repeat(10));
    assert_eq!(
        live(&shop),
        "warning: 5eed5ee runs on staging, and this repository does not have it"
    );
    shop.runs("soon");
    assert_eq!(
        live(&shop),
        "broken: `live` of staging printed no commit id, but `soon`"
    );
}
