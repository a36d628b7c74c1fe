//! What goes out: the commits that a push brings since what is live, and those that it takes away.

use expect_test::expect;
use serde_json::Value;

use crate::support::{Ran, Sandbox};

/// A policy without an order, so that each push is about one environment.
const POLICY: &str = "suite: {run: 'true'}\nenvironments: {staging: {}}\n";

/// A shop whose staging has everything, and this many commits more on origin.
fn behind(commits: usize) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(POLICY);
    shop.push_ungated("staging", "master");
    for number in 1..=commits {
        shop.write("page", &number.to_string());
        shop.git(["add", "page"]).goes();
        shop.git(["commit", "-q", "-m", &format!("Page {number}")])
            .goes();
    }
    shop.push_ungated("origin", "master");
    shop
}

/// The lines from the one that says what goes out.
fn contents(ran: &Ran) -> Vec<&str> {
    const STARTS: [&str; 5] = [
        "  deploys ",
        "  takes ",
        "  first ",
        "  replaces ",
        "  this branch ",
    ];
    let begins = |line: &&str| STARTS.iter().any(|start| line.starts_with(start));
    let lines = ran.stderr.lines().skip_while(|line| !begins(line));
    lines.take_while(|line| line.starts_with("  ")).collect()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"))
}

/// The branch that it was deployed by before is another; with the gate and before it.
#[test]
fn another_branch_of_the_environment_is_no_first_deployment() {
    for is_gated in [true, false] {
        let shop = Sandbox::new();
        shop.policy(POLICY);
        shop.push_ungated("origin", "master");
        if is_gated {
            shop.push("staging", "master").goes();
        }
        let last = shop.tip("staging", "master");
        let ran = shop.push("staging", "master:main").goes();
        let last = &last[..7];
        let line = format!("  this branch is new there; {last} was deployed last");
        assert_eq!(contents(&ran), [line]);
    }
}

#[test]
fn a_push_lists_what_it_brings() {
    let shop = behind(3);
    shop.push("staging", "master").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: running the suite: true
        pushgate: push to staging (staging) may go
          target: one commit, to master
          window: always open
          trunk: [Page 3] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          deploys 3 commits since [Write .pushgate.yml]:
            [Page 3] Page 3 (Ana)
            [Page 2] Page 2 (Ana)
            [Page 1] Page 1 (Ana)
        To [root]/staging.git
           [Write .pushgate.yml]..[Page 3]  master -> master
    "#]]);
    // git calls the hook with nothing to judge.
    shop.push("staging", "master").goes().silent();
    let ran = shop.pushgate(["check", "staging"]).goes();
    assert_eq!(contents(&ran).len(), 1, "{ran}");
    ran.says("  deploys nothing new: ");
}

#[test]
fn a_dozen_is_cut_to_ten_and_all_are_in_json_and_in_the_list() {
    let shop = behind(12);
    let ran = shop.pushgate(["check", "staging", "--json"]).goes();
    let lines = contents(&ran);
    assert_eq!(lines.len(), 12, "{ran}");
    assert!(lines[0].starts_with("  deploys 12 commits since "), "{ran}");
    assert!(lines[1].ends_with(" Page 12 (Ana)"), "{ran}");
    assert_eq!(lines[11], "    and 2 more");
    let answer = json(&ran);
    let contents = &answer["contents"];
    assert_eq!(contents["brings"].as_array().unwrap().len(), 12);
    assert_eq!(contents["takes"].as_array().unwrap().len(), 0);
    assert_eq!(contents["since"], shop.tip("staging", "master"));
    assert_eq!(contents["brings"][11]["subject"], "Page 1");
    assert_eq!(contents["brings"][11]["author"], "Ana");
    // The ledger keeps the verdict alone.
    assert!(shop.ledger().last().unwrap().get("contents").is_none());

    let all = shop.pushgate(["status", "--diff", "staging"]).goes();
    assert_eq!(all.stdout.lines().count(), 13, "{all}");
    assert!(all.stdout.ends_with(" Page 1 (Ana)\n"), "{all}");
    let same = json(
        &shop
            .pushgate(["status", "--diff", "staging", "--json"])
            .goes(),
    );
    assert_eq!(same, *contents);
    let status = json(&shop.pushgate(["status", "--json"]));
    assert_eq!(status["environments"][0]["contents"], *contents);
    let screen = shop.pushgate(["status"]).goes().stdout;
    assert!(
        screen.contains("\n  next      deploys 12 commits since "),
        "{screen}"
    );
    assert!(screen.contains("\n    and 2 more\n"), "{screen}");
}

#[test]
fn a_list_of_what_cannot_be_known_says_why() {
    let shop = behind(1);
    shop.pushgate(["status", "--diff", "stagin"])
        .ends_with(2)
        .says("did you mean `staging`?");
    std::fs::rename(shop.path("staging.git"), shop.path("gone.git")).unwrap();
    shop.pushgate(["status", "--diff", "staging"])
        .ends_with(2)
        .is(&expect![[r#"
            exit 2
            --- stderr
            pushgate: status not done
              what the next push to staging brings is not known
                could not ask `staging` for its branches: fatal: '[root]/staging.git' does not appear to be a git repository; fatal: Could not read from remote repository.; Please make sure you have the correct access rights; and the repository exists.
        "#]]);
}

#[test]
fn a_forced_push_lists_what_it_takes_away() {
    let shop = behind(1);
    shop.colleague_pushes("staging", "hotfix on staging only");
    shop.git(["fetch", "-q", "staging"]).goes();
    shop.push("staging", "+master").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: running the suite: true
        pushgate: push to staging (staging) may go
          target: one commit, to master
          window: always open
          trunk: [Page 1] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          deploys 1 commit since [hotfix on staging only]:
            [Page 1] Page 1 (Ana)
          takes 1 commit away:
            [hotfix on staging only] hotfix on staging only (Ana)
        To [root]/staging.git
         + [hotfix on staging only]...[Page 1] master -> master (forced update)
    "#]]);
}

#[test]
fn a_check_says_that_git_will_want_it_forced_and_its_command_goes() {
    let shop = behind(1);
    shop.colleague_pushes("staging", "hotfix on staging only");
    shop.git(["fetch", "-q", "staging"]).goes();
    let live = shop.tip("staging", "master");
    let ran = shop.pushgate(["check", "staging"]).goes();
    let merge = format!(
        "merge it first:\n    git merge {}\n    git push origin master\n",
        &live[..7]
    );
    let push = format!(
        "git push '--force-with-lease=master:{}' staging master",
        &live[..7]
    );
    ran.says(&merge)
        .says(&format!("which git wants forced:\n    {push}\n"));
    let status = shop.pushgate(["status"]).goes();
    let merge = format!("\n    git merge {}\n", &live[..7]);
    assert!(status.stdout.contains(&merge), "{status}");
    shop.run_in(&shop.app, "sh", ["-c", &push]).goes();
    assert_eq!(shop.tip("staging", "master"), shop.tip("origin", "master"));
    shop.pushgate(["check", "staging"]).never_says("forced");
}

#[test]
fn the_first_deployment_is_one_line() {
    let shop = behind(1);
    shop.push("staging", "master:main").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: running the suite: true
        pushgate: push to staging (staging) may go
          target: one commit, to main
          window: always open
          trunk: [Page 1] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          this branch is new there; [Write .pushgate.yml] was deployed last
        To [root]/staging.git
         * [new branch]      master -> main
    "#]]);
}

#[test]
fn the_same_content_is_named() {
    let shop = behind(0);
    shop.commit_on_origin("Say it again");
    shop.push("staging", "master").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: running the suite: true
        pushgate: push to staging (staging) may go
          target: one commit, to master
          window: always open
          trunk: [Say it again] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          deploys 1 commit since [Write .pushgate.yml]; both have the same content:
            [Say it again] Say it again (Ana)
        To [root]/staging.git
           [Write .pushgate.yml]..[Say it again]  master -> master
    "#]]);
}

#[test]
fn a_replaced_commit_that_is_not_here_is_named() {
    let shop = behind(1);
    let theirs = shop.colleague_pushes("staging", "theirs");
    let skip = [("PUSHGATE_SKIP", "target")];
    let ran = shop.push_with(&skip, "staging", "+master").goes();
    let line = format!(
        "  replaces {}, which this repository does not have",
        &theirs[..7]
    );
    assert_eq!(contents(&ran), [line]);
}
