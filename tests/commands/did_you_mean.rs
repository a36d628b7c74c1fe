//! Whatever was mistyped, and wherever: what was likely meant is said.

use crate::support::Sandbox;

/// What is typed, and what is said to it.
const LINES: [(&[&str], &str); 23] = [
    (&["stauts"], "a similar subcommand exists: 'status'"),
    (&["aprove"], "a similar subcommand exists: 'approve'"),
    (
        &["check", "--comit", "x"],
        "a similar argument exists: '--commit'",
    ),
    (
        &["status", "--jason"],
        "a similar argument exists: '--json'",
    ),
    (&["completions", "bsh"], "a similar value exists: 'bash'"),
    (&["help", "windw"], "did you mean `window`?"),
    (&["man", "windw"], "did you mean `window`?"),
    (&["check", "stagin"], "did you mean `staging`?"),
    // Cut short.
    (&["check", "prod"], "did you mean `production`?"),
    (&["check", "trnk"], "did you mean `trunk`?"),
    (&["approve", "stagng"], "did you mean `staging`?"),
    (&["window", "prodction"], "did you mean `production`?"),
    (
        &["log", "--environment", "stagign"],
        "did you mean `staging`?",
    ),
    (&["log", "--environment", "trnk"], "did you mean `trunk`?"),
    (&["check", "--commit", "mastr"], "did you mean `master`?"),
    (
        &["check", "--commit", "origin/mastr"],
        "did you mean `origin/master`?",
    ),
    (&["approve", "--commit", "v1.o"], "did you mean `v1.0`?"),
    (
        &["window", "--at", "tomorow 9:00"],
        "did you mean `tomorrow`?",
    ),
    (&["window", "--at", "Fir 16:00"], "did you mean `Fri`?"),
    (
        &["window", "--at", "2026-12-24T23:00[Europe/Madird]"],
        "did you mean `Europe/Madrid`?",
    ),
    (&["doctor", "--jsn"], "a similar argument exists: '--json'"),
    (
        &["install", "--cnofig"],
        "a similar argument exists: '--config'",
    ),
    (
        &["init", "--stdot"],
        "a similar argument exists: '--stdout'",
    ),
];

#[test]
fn on_the_command_line() {
    let shop = Sandbox::new();
    shop.git(["tag", "v1.0"]).goes();
    for (typed, said) in LINES {
        let ran = shop.pushgate(typed);
        assert_eq!(ran.code, 2, "{typed:?}: {ran}");
        assert!(ran.stderr.contains(said), "{typed:?}: {ran}");
        assert_eq!(ran.stdout, "", "{typed:?}");
    }
}

#[test]
fn in_a_variable() {
    let shop = Sandbox::new();
    for (name, value, said) in [
        ("PUSHGATE_SKIP", "suit", "did you mean `suite`?"),
        ("PUSHGATE_SKIP", "windw,suite", "did you mean `window`?"),
        ("PUSHGATE", "of", "did you mean `off`?"),
        ("PUSHGATE_SKPI", "suite", "did you mean PUSHGATE_SKIP?"),
        ("PUSHGATE_REASN", "why", "did you mean PUSHGATE_REASON?"),
    ] {
        shop.commit_on_origin("another");
        let ran = shop.push_with(&[(name, value)], "staging", "master");
        ran.says(said);
    }
}

/// Of the policy, a remote or a branch that is not here; its keys and values: `policy_errors`.
#[test]
fn in_a_policy_that_fits_another_repository() {
    for (policy, said, cure) in [
        (
            "trunk: {remote: orign}\nenvironments: {staging: {}}\n",
            "there is no remote `orign`, where trunk should be; did you mean `origin`?",
            "name another in `trunk.remote`",
        ),
        (
            "trunk: {branch: mastr}\nenvironments: {staging: {}}\n",
            "there is no local branch `mastr`, which is trunk; did you mean `master`?",
            "or name another: --commit, or `trunk.branch` in .pushgate.yml",
        ),
        (
            "environments: {staging: {remote: stagin}}\n",
            "no remote of this repository leads to `staging`: there is no `stagin`; did you mean `staging`?",
            "git remote add stagin URL",
        ),
        (
            "suite: {run: 'true'}\n",
            "the policy names no environment\n",
            "add one to `environments` in .pushgate.yml",
        ),
    ] {
        let shop = Sandbox::new();
        shop.policy(policy);
        let ran = shop.pushgate(["check"]);
        assert_eq!(ran.code, 2, "{policy}: {ran}");
        ran.says(said).says(cure);
    }
}
