//! `from: any`: an environment that takes any commit. Trunk is not asked; the other gates are.

use expect_test::expect;

use crate::support::{PUSHGATE, Ran, Sandbox, tmux::Terminal};

const POLICY: &str = "\
suite: {run: test ! -e red}
environments:
  review: {from: any, window: {timezone: UTC, closed: ['22:00-07:00']}}
  staging: {}
";

/// A shop with a review environment and a feature branch that origin has never seen.
fn shop() -> Sandbox {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../review.git"]).goes();
    shop.git(["remote", "add", "review", "../review.git"])
        .goes();
    shop.policy(POLICY);
    for remote in ["origin", "review", "staging"] {
        shop.push_ungated(remote, "master");
    }
    shop.stop_clock("2026-11-24 10:00:00");
    shop.git(["checkout", "-qb", "feature"]).goes();
    shop.commit("Try a new basket");
    shop
}

#[test]
fn a_feature_branch_goes_and_trunk_is_not_asked() {
    let shop = shop();
    shop.push("review", "feature:master")
        .goes()
        .is(&expect![[r#"
            exit 0
            --- stderr
            pushgate: running the suite: test ! -e red
            pushgate: push to review (review) may go
              target: one commit, to master
              window: open until Tue 2026-11-24 22:00
              lock: nobody has locked it
              suite: passed in [time]
              deploys 1 commit since [Write .pushgate.yml]; both have the same content:
                [Try a new basket] Try a new basket (Ana)
            To ../review.git
               [Write .pushgate.yml]..[Try a new basket]  feature -> master
        "#]]);
    // It is for any other environment. Its remote keeps the locks, of this one, too.
    shop.push("staging", "feature:master").refused("trunk");
    std::fs::rename(shop.path("origin.git"), shop.path("gone.git")).unwrap();
    shop.commit("Try another");
    shop.push("review", "feature:master").undecided("lock");
    let skip = [("PUSHGATE_SKIP", "lock")];
    shop.push_with(&skip, "review", "feature:master").goes();
}

#[test]
fn the_rules_of_trunk_s_newest_commit_have_to_be_known() {
    let shop = shop();
    let ben = shop.path("ben");
    shop.git(["clone", "-q", "../origin.git", "../ben"]).goes();
    std::fs::write(ben.join(".pushgate.yml"), POLICY.replace("22:00", "09:00")).unwrap();
    for args in [
        &["commit", "-qam", "Close review by day"][..],
        &["push", "-q", "--no-verify", "origin", "master"],
    ] {
        shop.run_in(&ben, "git", args).goes();
    }
    shop.push("review", "feature:master")
        .undecided("lock")
        .says("lock: origin/master has other rules now (")
        .says("\n  get them, then push again:\n    git fetch origin\n");
    shop.git(["fetch", "-q", "origin"]).goes();
    shop.push("review", "feature:master").refused("window");
}

#[test]
fn the_window_and_the_suite_are_asked() {
    let shop = shop();
    shop.push_at("2026-11-24 23:00:00", "review", "feature:master")
        .refused("window");
    shop.commit_file("red", "");
    shop.push_at("2026-11-25 10:00:00", "review", "feature:master")
        .refused("suite");
}

#[test]
fn older_commits_and_forced_ones_go_too() {
    let shop = shop();
    shop.push("review", "feature:master").goes();
    shop.git(["checkout", "-q", "master"]).goes();
    shop.commit_on_origin("two");
    shop.push("review", "+master")
        .goes()
        .says("  takes 1 commit away:\n")
        .says("Try a new basket");
}

#[test]
fn a_check_of_it_judges_what_is_checked_out() {
    let shop = shop();
    let head = shop.ask(["rev-parse", "--short=7", "HEAD"]);
    shop.pushgate(["check", "review"])
        .goes()
        .says(&format!("pushgate: checking feature ({head}) for review\n"));
    shop.git(["checkout", "-q", "--detach"]).goes();
    shop.pushgate(["check", "review"])
        .goes()
        .says(&format!("pushgate: checking HEAD ({head}) for review\n"));
    let master = shop.ask(["rev-parse", "--short=7", "master"]);
    shop.pushgate(["check", "review", "--commit", "master"])
        .says(&format!(
            "pushgate: checking master ({master}) for review\n"
        ));
    // The first of the pipeline is another.
    shop.pushgate(["check"]).says(&format!(
        "pushgate: checking master ({master}) for staging\n"
    ));
}

#[test]
fn status_does_not_call_it_behind() {
    let shop = shop();
    let review = |shop: &Sandbox| {
        let screen = Ran::of(shop.command(PUSHGATE).arg("status")).goes().stdout;
        let from = screen.find("review").unwrap();
        screen[from..screen.find("\nstaging").unwrap()].to_owned()
    };
    shop.push("review", "feature:master").goes();
    let text = review(&shop);
    assert!(text.starts_with("review, any commit\n"), "{text}");
    assert!(
        text.contains("\n            not on trunk, since 10:00"),
        "{text}"
    );
    assert!(text.contains("nothing new: feature is there"), "{text}");
    shop.git(["checkout", "-q", "master"]).goes();
    shop.push("review", "+master").goes();
    shop.commit_on_origin("two");
    shop.git(["checkout", "-q", "feature"]).goes();
    let text = review(&shop);
    assert!(
        text.contains("\n            on trunk, since 10:00"),
        "{text}"
    );
    assert!(
        text.contains("\n  next      deploys 1 commit since "),
        "{text}"
    );
    assert!(text.contains("\n  git push  go"), "{text}");
}

#[test]
fn a_deploy_there_takes_another_branch_away_once_it_is_told_to() {
    let shop = shop();
    shop.pushgate(["deploy", "review"]).goes();
    shop.git(["switch", "-q", "-c", "other", "master"]).goes();
    let other = shop.commit("Try something else");
    let id = &other[..7];
    shop.pushgate(["deploy", "review"])
        .ends_with(1)
        .says("  takes 1 commit away:\n")
        .says(&format!(
            "  review has commits that {id} does not have: a deploy takes them off only with --yes\n  if they are to go:\n    pushgate deploy review --yes\n"
        ));
    shop.pushgate(["deploy", "review", "--yes"]).goes();
    assert_eq!(shop.tip("review", "master"), other);
    // A person at a terminal is asked.
    shop.git(["switch", "-q", "feature"]).goes();
    let terminal = Terminal::running(
        &shop,
        100,
        &format!("{PUSHGATE} deploy review; echo over; sleep 60"),
    );
    let screen = terminal.shows("Deploy ");
    assert!(screen.contains("takes 1 commit away:"), "{screen}");
    terminal.types("y");
    terminal.shows("over");
    assert_ne!(shop.tip("review", "master"), other);
}

#[test]
fn a_deploy_elsewhere_takes_commits_away_only_where_it_is_told_to() {
    let shop = shop();
    let skip = [("PUSHGATE_SKIP", "trunk")];
    shop.push_with(&skip, "staging", "feature:master").goes();
    shop.git(["switch", "-q", "master"]).goes();
    let two = shop.commit_on_origin("two");
    shop.pushgate(["deploy", "staging"])
        .ends_with(1)
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: deploying master ([two]) to staging
            pushgate: deploy to staging (staging) may go
              target: one commit, to master
              window: always open
              trunk: [two] is origin/master
              lock: nobody has locked it
              suite: passed just now on this tree, in [time]
              deploys 1 commit since [Try a new basket]; both have the same content:
                [two] two (Ana)
              takes 1 commit away:
                [Try a new basket] Try a new basket (Ana)
            pushgate: deploy not done
              staging has commits that [two] does not have: a deploy takes them off only with --yes
              if they are to go:
                pushgate deploy staging --yes
        "#]]);
    shop.pushgate(["deploy", "staging", "--yes"]).goes();
    assert_eq!(shop.tip("staging", "master"), two);
}
