//! The variables that make the gate stand aside, and the trace they leave.

use expect_test::expect;

use std::{fs, process::Stdio};

use crate::support::{POLICY, PUSHGATE, Ran, Sandbox};

#[test]
fn off_lets_the_push_go_loudly_and_leaves_a_trace() {
    for word in ["off", "0", "false", "no", "OFF"] {
        let shop = Sandbox::new();
        let id = shop.commit("two");
        let ran = shop
            .push_with(
                &[("PUSHGATE", word), ("PUSHGATE_REASON", "the site is down")],
                "production",
                "master",
            )
            .goes();
        ran.says("pushgate: push to production (production) is not checked: PUSHGATE is off (the site is down)");
        let line = &shop.ledger()[0];
        assert_eq!(line["verdict"], "overridden");
        assert_eq!(line["reason"], "the site is down");
        assert_eq!(line["commit"], id);
        assert_eq!(line["environment"], "production");
        assert_eq!(line["by"], "Ana <ana@shop.example>");
    }
}

#[test]
fn off_is_silent_where_nothing_is_governed() {
    let shop = Sandbox::new();
    shop.git(["switch", "-qc", "feature"]).goes();
    shop.commit("carts");
    shop.push_with(&[("PUSHGATE", "off")], "origin", "feature")
        .goes()
        .silent();
    assert!(shop.ledger().is_empty());
}

#[test]
fn off_works_where_the_policy_is_broken() {
    let shop = Sandbox::new();
    shop.policy("enviroments: {}\n");
    let ran = shop.push("production", "master");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("not decided, so it does not go")
        .says("`enviroments`")
        .says("did you mean `environments`?");
    shop.push_with(&[("PUSHGATE", "off")], "production", "master")
        .goes()
        .says("it could not have been: ");
    assert_eq!(shop.ledger().last().unwrap()["verdict"], "overridden");
}

#[test]
fn what_a_dry_run_prints_to_be_typed_next_sends_nothing_either() {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace("staging: {}", "staging: {reason: required}"));
    shop.push("origin", "master").goes();
    shop.push("staging", "master").goes();
    let live = shop.tip("staging", "master");
    shop.commit_on_origin("two");
    let mut back = shop.command("git");
    back.env("PUSHGATE_ROLLBACK", "1");
    back.args(["push", "-fn", "staging", "HEAD~2:master"]);
    let cure = "PUSHGATE_ROLLBACK=1 PUSHGATE_REASON=\"...\" git push --dry-run --force staging ";
    Ran::of(&mut back).goes_not().says(cure);
    shop.git(["push", "-fn", "staging", "HEAD~2:master"])
        .goes_not()
        .says("\n    git push --dry-run staging master\n");
    assert_eq!(shop.tip("staging", "master"), live);
}

#[test]
fn single_gates_are_skipped_by_name_and_the_others_still_decide() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push_with(&[("PUSHGATE_SKIP", "promotion")], "production", "master")
        .goes()
        .says("pushgate: promotion is not asked: PUSHGATE_SKIP names it")
        .says("goes, overridden");
    assert_eq!(
        shop.last_gates(),
        [
            "target passed",
            "window passed",
            "trunk passed",
            "lock passed",
            "promotion skipped",
            "suite passed"
        ]
    );
    shop.commit("three");
    shop.push_with(
        &[("PUSHGATE_SKIP", "suite,promotion")],
        "production",
        "master",
    )
    .refused("trunk")
    .is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: promotion is not asked: PUSHGATE_SKIP names it
        pushgate: push to production (production) refused
          trunk: master is 1 commit ahead of origin/master (you push [three], origin has [two])
          push it there first, then push again:
            git push origin master
          if it cannot wait:
            PUSHGATE_SKIP=trunk,promotion,suite PUSHGATE_REASON="..." git push production master
          promotion: skipped
        error: failed to push some refs to '[root]/production.git'
    "#]]);
}

#[test]
fn a_gate_that_would_have_passed_anyway_says_so() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    shop.push_with(&[("PUSHGATE_SKIP", "window, trunk")], "staging", "master")
        .goes()
        .says("  window: skipped, though it would have passed\n")
        .says("  trunk: skipped, though it would have passed\n");
}

#[test]
fn an_unknown_gate_is_refused_with_the_list() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let ran = shop.push_with(&[("PUSHGATE_SKIP", "suit")], "staging", "master");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("PUSHGATE_SKIP says `suit`; it knows `target`, `window`, `trunk`, `lock`, `promotion` and `suite`; did you mean `suite`?")
        .says("say it so:\n    PUSHGATE_SKIP=suite git push staging master\n  or without it:\n    PUSHGATE_SKIP='' git push staging master\n");
    assert_eq!(shop.ledger().last().unwrap()["verdict"], "refused");
    // What means nothing once more is no cure.
    let ran = shop.push_with(&[("PUSHGATE_SKIP", "suit,windw")], "staging", "master");
    ran.never_says("say it so")
        .says("without it:\n    PUSHGATE_SKIP='' git push staging master\n");
}

#[test]
fn a_misspelt_switch_does_not_look_like_one_that_holds() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let ran = shop.push_with(&[("PUSHGATE", "of")], "staging", "master");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("PUSHGATE says `of`").says("did you mean `off`?");
    let log = shop.pushgate(["log"]).goes().stdout;
    assert!(
        log.contains("\n    override refused: PUSHGATE says `of`"),
        "{log}"
    );
}

#[test]
fn a_reason_is_demanded_where_the_policy_says_so() {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace("signoff: false", "signoff: false, reason: required"));
    for variable in [("PUSHGATE", "off"), ("PUSHGATE_SKIP", "suite")] {
        let ran = shop.push_with(&[variable], "production", "master");
        assert_eq!(ran.code, 1, "{ran}");
        ran.says("an override of production must say why")
            .says(&format!(
                "say it in place of the dots:\n    {}={} PUSHGATE_REASON=\"...\" git push production master\n",
                variable.0, variable.1
            ));
        let gates = &shop.ledger().pop().unwrap()["gates"];
        assert_eq!(gates[0]["gate"], "override");
        assert_eq!(gates[0]["why"], "an override of production must say why");
    }
    // What was copied with its dots says nothing.
    for copied in ["...", " - "] {
        let variables = [("PUSHGATE_SKIP", "suite"), ("PUSHGATE_REASON", copied)];
        let ran = shop.push_with(&variables, "production", "master");
        ran.goes_not().says("is no reason for an override");
    }
    for command in ["lock", "approve", "rollback"] {
        for words in ["", "  ", "..."] {
            shop.pushgate([command, "production", "-m", words])
                .ends_with(2)
                .says("it has no letter and no digit");
        }
    }
    // What git has to be told, the command that cures it tells.
    shop.colleague_pushes("production", "hotfix");
    shop.git(["fetch", "-q", "production"]).goes();
    shop.push_with(&[("PUSHGATE", "off")], "production", "+master")
        .says("say it in place of the dots:\n    PUSHGATE=off PUSHGATE_REASON=\"...\" git push --force production master\n");
    shop.push_with(
        &[("PUSHGATE", "off"), ("PUSHGATE_REASON", "fire")],
        "production",
        "+master",
    )
    .goes();
}

#[test]
fn off_lets_go_what_nobody_can_read_and_leaves_a_trace() {
    let shop = Sandbox::new();
    let call = |off: bool, input: Option<&[u8]>| {
        let mut command = shop.command(PUSHGATE);
        command.args([
            "pre-push",
            "--",
            "staging",
            "https://ana:secret@staging.example/shop",
        ]);
        if off {
            command.envs([("PUSHGATE", "Off"), ("PUSHGATE_REASON", "the site is down")]);
        }
        match input {
            Some(input) => Ran::fed(&mut command, input),
            // A device, as where somebody calls it by hand.
            None => Ran::of(command.stdin(Stdio::null())),
        }
    };
    let bad: [Option<&[u8]>; 3] = [Some(b"refs/heads/master 12\n"), Some(b"\xff\xfe"), None];
    for (number, input) in bad.into_iter().enumerate() {
        let ran = call(false, input);
        assert_eq!(ran.code, 2, "{ran}");
        assert_eq!(shop.ledger().len(), number);
        call(true, input)
            .goes()
            .says("pushgate: push to staging.example/shop is not checked: PUSHGATE is off (the site is down)\n")
            .says("pushgate: it could not have been: ")
            .never_says("secret");
        let line = shop.ledger().pop().unwrap();
        assert_eq!(line["verdict"], "overridden");
        assert_eq!(line["reason"], "the site is down");
        assert_eq!(line["remote"], "staging");
        assert!(!line.to_string().contains("secret"), "{line:#}");
    }
}

#[test]
fn off_lets_go_where_there_is_no_repository_to_read_and_says_that_nothing_keeps_it() {
    let shop = Sandbox::new();
    fs::write(shop.app.join(".git/config"), "[core\n").unwrap();
    let line = format!(
        "refs/heads/master {0} refs/heads/master {0}\n",
        "1".repeat(40)
    );
    let call = |switch: &str| {
        let mut command = shop.command(PUSHGATE);
        command
            .args([
                "pre-push",
                "--",
                "https://ana:secret@staging.example/shop",
                "URL",
            ])
            .env("PUSHGATE", switch);
        Ran::fed(&mut command, line.as_bytes())
    };
    for on in ["", "of"] {
        let ran = call(on);
        assert_eq!(ran.code, 2, "{ran}");
        ran.says("pushgate: push not done\n");
    }
    call("off")
        .goes()
        .says("is not checked, and nothing keeps a trace of it: PUSHGATE is off\n")
        .says("pushgate: it could not have been: ")
        .never_says("secret");
}

#[test]
fn off_goes_on_to_the_hook_that_was_there_before() {
    let shop = Sandbox::new();
    let kept = shop.path("kept");
    crate::support::processes::script(&shop, &kept, "#!/bin/sh\necho \"kept: $*\" >&2\nexit 7\n");
    let mut command = shop.command(PUSHGATE);
    command.arg("pre-push").arg("--chain").arg(&kept);
    command
        .args(["--", "staging", "URL"])
        .env("PUSHGATE", "off");
    let ran = Ran::fed(&mut command, b"rubbish\n");
    assert_eq!(ran.code, 7, "{ran}");
    ran.says("kept: staging URL\n");
    assert_eq!(shop.ledger()[0]["verdict"], "refused");
}

#[test]
fn off_works_where_the_program_is_gone_and_the_log_calls_that_push_unjudged() {
    let shop = Sandbox::new();
    shop.lose_program();
    shop.later(2);
    shop.commit("two");
    let ran = shop.push("production", "master");
    assert_eq!(ran.code, 1, "{ran}");
    let ran = ran.says("the program is missing: it was /nowhere/pushgate");
    // As it is printed.
    let line = ran
        .stderr
        .lines()
        .find(|line| line.contains("PUSHGATE=off"));
    shop.run_in(&shop.app, "sh", ["-c", line.unwrap()])
        .goes()
        .says("nothing is checked: the program is missing");
    // The shell keeps no ledger: what is known of that push is what git's reflog says.
    assert_eq!(shop.ledger().len(), 0);
    let log = shop.pushgate(["log", "--json"]).goes().stdout;
    let lines: Vec<serde_json::Value> = (log.lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 1, "{log}");
    assert_eq!(lines[0]["verdict"], "unjudged");
    assert_eq!(lines[0]["by"], "Ana <ana@shop.example>");
    // Nothing to push: nothing to refuse.
    shop.push("production", "master").goes().silent();
}

#[test]
fn a_misspelt_variable_is_said_where_the_gate_judges_and_nowhere_else() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let variables = [("PUSHGATE_SKPI", "promotion"), ("PUSHGATE_REASN", "fire")];
    shop.push_with(&variables, "production", "master")
        .refused("promotion")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: PUSHGATE_REASN means nothing; did you mean PUSHGATE_REASON?
            pushgate: PUSHGATE_SKPI means nothing; did you mean PUSHGATE_SKIP?
            pushgate: push to production (production) refused
              promotion: staging has [Write .pushgate.yml], not [two], which is 1 commit ahead of it; both have the same content
              deploy it there, try it on staging, then push again:
                git push staging master
            error: failed to push some refs to '[root]/production.git'
        "#]]);
    let log = shop.pushgate(["log"]).goes().stdout;
    let told = "\n    override ignored: PUSHGATE_SKPI means nothing; did you mean PUSHGATE_SKIP?\n";
    assert!(log.contains(told), "{log}");
    let mut check = shop.command(PUSHGATE);
    Ran::of(check.args(["check", "staging"]).envs(variables))
        .goes()
        .says("PUSHGATE_SKPI means nothing");
    shop.git(["branch", "feature"]).goes();
    shop.push_with(&variables, "origin", "feature")
        .goes()
        .silent();
}
