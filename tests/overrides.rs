//! The variables that make the gate stand aside, and the trace they leave.

use crate::support::{POLICY, Sandbox};

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
    .refused("trunk");
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
    ran.says("PUSHGATE_SKIP says `suit`; it knows `target`, `window`, `trunk`, `promotion` and `suite`; did you mean `suite`?");
    assert_eq!(shop.ledger().last().unwrap()["verdict"], "refused");
}

#[test]
fn a_misspelt_switch_does_not_look_like_one_that_holds() {
    let shop = Sandbox::new();
    shop.commit_on_origin("two");
    let ran = shop.push_with(&[("PUSHGATE", "of")], "staging", "master");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("PUSHGATE says `of`").says("did you mean `off`?");
}

#[test]
fn a_reason_is_demanded_where_the_policy_says_so() {
    let shop = Sandbox::new();
    shop.policy(&POLICY.replace("signoff: false", "signoff: false, reason: required"));
    for variable in [("PUSHGATE", "off"), ("PUSHGATE_SKIP", "suite")] {
        let ran = shop.push_with(&[variable], "production", "master");
        assert_eq!(ran.code, 1, "{ran}");
        ran.says("an override of production must say why")
            .says("hint: PUSHGATE_REASON=\"why\" before the same git push");
    }
    shop.push_with(
        &[("PUSHGATE", "off"), ("PUSHGATE_REASON", "fire")],
        "production",
        "master",
    )
    .goes();
}

#[test]
fn off_works_where_the_program_is_gone_and_leaves_a_trace() {
    let shop = Sandbox::new();
    let hook = shop.app.join(".git/hooks/pre-push");
    let text = std::fs::read_to_string(&hook)
        .unwrap()
        .replace(crate::support::PUSHGATE, "/nowhere/pushgate");
    std::fs::write(&hook, text).unwrap();
    shop.commit("two");
    let ran = shop.push("production", "master");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("the program is missing: it was /nowhere/pushgate")
        .says("hint: install it again")
        .says("hint: PUSHGATE=off");
    shop.push_with(&[("PUSHGATE", "off")], "production", "master")
        .goes()
        .says("nothing is checked: the program is missing");
    let line = &shop.ledger()[0];
    assert_eq!(line["verdict"], "overridden");
    assert_eq!(line["by"], "Ana <ana@shop.example>");
    shop.pushgate(["log"]).goes().never_says("damaged");
    // Nothing to push: nothing to refuse.
    shop.push("production", "master").goes().silent();
}
