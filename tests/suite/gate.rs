//! The gate `suite`: the entire test run, on exactly what is pushed.

use expect_test::expect;

use std::{fs, time::Instant};

use crate::support::{PATIENCE, Ran, Sandbox};

fn with_suite(suite: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(&format!(
        "suite: {suite}\nenvironments: {{staging: {{}}}}\n"
    ));
    shop.push_ungated("origin", "master");
    shop
}

#[test]
fn a_red_suite_refuses_and_names_step_code_and_log() {
    let shop = with_suite("{run: 'echo carts are broken; exit 3'}");
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: echo carts are broken; exit 3
            carts are broken
            pushgate: push to staging (staging) refused
              suite: `echo carts are broken; exit 3` failed with exit code 3
                whole output: [root]/app/.git/pushgate/logs/[log]
              fix it, commit, and push again
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    let logs: Vec<_> = fs::read_dir(shop.app.join(".git/pushgate/logs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(logs.len(), 1);
    assert!(
        fs::read_to_string(&logs[0])
            .unwrap()
            .starts_with("carts are broken\n")
    );
    let ran = shop.push("staging", "master");
    ran.says("whole output: ").says(".git/pushgate/logs/");
}

#[test]
fn steps_run_in_their_order_and_stop_at_the_first_failure() {
    let shop = with_suite(
        "{run: [echo one >> ../ran, {name: the second, run: 'echo two >> ../ran; false'}, echo three >> ../ran]}",
    );
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: echo one >> ../ran
            pushgate: running the suite: the second
            pushgate: push to staging (staging) refused
              suite: `the second` failed with exit code 1
                whole output: [root]/app/.git/pushgate/logs/[log]
              fix it, commit, and push again
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    assert_eq!(fs::read_to_string(shop.path("ran")).unwrap(), "one\ntwo\n");
}

#[test]
fn a_red_line_of_several_is_red() {
    let shop = with_suite("\n  run: |\n    sh lint.sh\n    sh suite.sh");
    shop.commit_file("lint.sh", "echo untidy; exit 4\n");
    shop.commit_file("suite.sh", "echo green\n");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: sh lint.sh
            sh suite.sh
            untidy
            pushgate: push to staging (staging) refused
              suite: `sh lint.sh\nsh suite.sh` failed with exit code 4
                whole output: [root]/app/.git/pushgate/logs/[log]
              fix it, commit, and push again
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn what_cannot_run_has_not_failed() {
    let shop = with_suite("{run: bin/no-such-program}");
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: bin/no-such-program
            /bin/sh: 1: bin/no-such-program: not found
            pushgate: push to staging (staging) refused
              suite: `bin/no-such-program` could not run: exit code 127, command not found
                whole output: [root]/app/.git/pushgate/logs/[log]
              try it by hand from the top of the repository; `suite.run` of .pushgate.yml names it
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    let shop = with_suite("{run: no-such-program --all}");
    let expected = expect![[r#"
        exit 1
        --- stderr
        pushgate: running the suite: no-such-program --all
        /bin/sh: 1: no-such-program: not found
        pushgate: push to staging (staging) refused
          suite: `no-such-program --all` could not run: `no-such-program` is in no directory of the PATH
            searched: [PATH]
            whole output: [root]/app/.git/pushgate/logs/[log]
          an interactive shell may have a longer PATH (~/.bashrc, rbenv, nvm); set PATH for every program, or name it in full in `suite.run` of .pushgate.yml. This tells where it is:
            command -v no-such-program
        error: failed to push some refs to '[root]/staging.git'
    "#]];
    let ran = shop
        .push("staging", "master")
        .refused("suite")
        .is(&expected);
    // Its git has put its own programs first.
    let searched = ran.stderr.split_once("searched: ").unwrap().1;
    assert!(searched.contains(":/"), "{ran}");
    shop.write("plain", "");
    shop.git(["add", "plain"]).goes();
    shop.policy("suite: {run: ./plain}\nenvironments: {staging: {}}\n");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: ./plain
            /bin/sh: 1: ./plain: Permission denied
            pushgate: push to staging (staging) refused
              suite: `./plain` could not run: exit code 126, not executable
                whole output: [root]/app/.git/pushgate/logs/[log]
              try it by hand from the top of the repository; `suite.run` of .pushgate.yml names it
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn a_signal_that_ends_the_suite_is_named() {
    let shop = with_suite("{run: 'kill -SEGV $$'}");
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: kill -SEGV $$
            pushgate: push to staging (staging) refused
              suite: `kill -SEGV $$` was ended by SIGSEGV
                whole output: [root]/app/.git/pushgate/logs/[log]
              fix it, commit, and push again
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn the_time_limit_is_named_and_nothing_is_left_behind() {
    let shop = with_suite(
        "{run: 'sleep 300 & trap \"\" TERM HUP; echo $$ > ../pid; sleep 301', timeout: 1s}",
    );
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: sleep 300 & trap "" TERM HUP; echo $$ > ../pid; sleep 301
            pushgate: push to staging (staging) refused
              suite: `sleep 300 & trap "" TERM HUP; echo $$ > ../pid; sleep 301` took longer than its limit of 1s and was stopped
                whole output: [root]/app/.git/pushgate/logs/[log]
              fix what hangs, or raise `suite.timeout` in .pushgate.yml
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    let pid = fs::read_to_string(shop.path("pid")).unwrap();
    assert!(
        !alive_in_group(pid.trim()),
        "something of the suite is left"
    );
}

#[test]
fn a_step_has_a_limit_of_its_own() {
    let shop = with_suite("{run: [{name: slow, run: sleep 300, timeout: 1s}]}");
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: slow
            pushgate: push to staging (staging) refused
              suite: `slow` took longer than its limit of 1s and was stopped
                whole output: [root]/app/.git/pushgate/logs/[log]
              fix what hangs, or raise `suite.timeout` in .pushgate.yml
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

/// Whether a process of this group lives.
fn alive_in_group(group: &str) -> bool {
    let entries = fs::read_dir("/proc").unwrap().flatten();
    let stats = entries.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok());
    // proc(5): after the name in parentheses come the state, the parent and the group.
    let mut groups = stats.filter_map(|stat| {
        let fields: Vec<String> = stat
            .rsplit_once(") ")?
            .1
            .split(' ')
            .map(str::to_owned)
            .collect();
        (fields[0] != "Z").then(|| fields[2].clone())
    });
    groups.any(|found| found == group)
}

#[test]
fn the_checkout_must_be_what_is_pushed() {
    let shop = with_suite("{run: touch ../ran}");
    shop.write("notes.txt", "x");
    let ran = shop
        .push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              suite: the checkout is not [Write .pushgate.yml]: 1 file changed or untracked: notes.txt
              commit them, or put them aside, then push again:
                git stash --include-untracked
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    ran.says("1 file changed or untracked: notes.txt").says(
        "commit them, or put them aside, then push again:\n    git stash --include-untracked\n",
    );
    shop.git(["add", "notes.txt"]).goes();
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              suite: the checkout is not [Write .pushgate.yml]: 1 file changed or untracked: notes.txt
              commit them, or put them aside, then push again:
                git stash --include-untracked
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    shop.git(["reset", "-q"]).goes();
    shop.write(".pushgate.yml", "# edited\n");
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: note: the uncommitted edit of .pushgate.yml changes nothing; the pushed one counts
            pushgate: push to staging (staging) refused
              suite: the checkout is not [Write .pushgate.yml]: 2 files changed or untracked: .pushgate.yml, notes.txt
              commit them, or put them aside, then push again:
                git stash --include-untracked
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    assert!(!shop.path("ran").exists());
}

#[test]
fn ignored_files_do_not_matter() {
    let shop = with_suite("{run: 'true'}");
    shop.commit_file(".gitignore", "*.log\n");
    shop.push_ungated("origin", "master");
    shop.write("x.log", "x");
    shop.push("staging", "master").goes();
}

#[test]
fn another_commit_in_the_checkout_proves_nothing_unless_its_tree_is_the_same() {
    let shop = with_suite("{run: 'true'}");
    shop.git(["switch", "-qc", "feature"]).goes();
    shop.commit_file("carts", "x");
    let ran = shop
        .push("staging", "master:refs/heads/master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              suite: you push [Write .pushgate.yml], but [Write carts] is checked out: its tests would prove nothing
              check it out, then push again:
                git switch --detach [Write .pushgate.yml]
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    ran.says("is checked out: its tests would prove nothing")
        .says("check it out, then push again:\n    git switch --detach ");
    shop.git(["switch", "-qc", "same", "master"]).goes();
    shop.commit("an empty commit has the same tree");
    shop.push("staging", "master:refs/heads/master").goes();
}

#[test]
fn an_edit_while_the_suite_runs_is_noticed() {
    let shop = with_suite("{run: echo x > schema.rb}");
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: echo x > schema.rb
            pushgate: push to staging (staging) refused
              suite: after the suite, the checkout is not [Write .pushgate.yml]: 1 file changed or untracked: schema.rb
              have the suite leave the tree as it was, or ignore in .gitignore what it writes
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn files_that_git_was_told_not_to_look_at_are_named() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let shop = with_suite("{run: 'true'}");
        shop.commit_file("settings", "x");
        shop.push_ungated("origin", "master");
        shop.git(["update-index", flag, "settings"]).goes();
        shop.write("settings", "edited in secret");
        shop.push("staging", "master")
            .refused("suite")
            .says("1 file hidden from git status: settings");
        // Through git itself, too.
        shop.git(["-c", "x.y=z", "push", "staging", "master"])
            .refused("suite")
            .says("1 file hidden from git status: settings");
    }
}

#[test]
fn the_suite_sees_nothing_of_the_push() {
    let shop = with_suite(
        "{run: 'env > ../env; ls -l /proc/self/fd > ../fd; cat > ../stdin; grep Sig /proc/self/status > ../signals'}",
    );
    let worktree = shop.path("linked");
    shop.git([
        "worktree",
        "add",
        "-q",
        worktree.to_str().unwrap(),
        "--detach",
        "master",
    ])
    .goes();
    let mut command = shop.command("sh");
    command.current_dir(&worktree).args([
        "-c",
        "trap '' PIPE INT QUIT USR1 CHLD; exec git -c core.abbrev=9 push staging HEAD:master",
    ]);
    Ran::of(
        command
            .env("PUSHGATE", "on")
            .env("PUSHGATE_REASON", "x")
            .env("PUSHGATE_SKIP", ""),
    )
    .goes();
    let env = fs::read_to_string(shop.path("env")).unwrap();
    for name in [
        "GIT_DIR=",
        "GIT_PREFIX=",
        "GIT_WORK_TREE=",
        "GIT_CONFIG_PARAMETERS=",
        "GIT_INDEX_FILE=",
        "PUSHGATE=",
        "PUSHGATE_REASON=",
        "PUSHGATE_SKIP=",
    ] {
        assert!(
            !env.lines().any(|line| line.starts_with(name)),
            "{name} reached the suite:\n{env}"
        );
    }
    let descriptors = fs::read_to_string(shop.path("fd")).unwrap();
    let open: Vec<_> = descriptors
        .lines()
        .filter_map(|line| line.split_once(" -> "))
        .map(|(before, target)| {
            (
                before.rsplit(' ').next().unwrap().to_owned(),
                target.to_owned(),
            )
        })
        .collect();
    for (number, target) in &open {
        // ls looks at its own, and has its clock open.
        let own = ["/proc/", "/dev/shm/faketime"];
        assert!(
            matches!(number.as_str(), "0" | "1" | "2")
                || own.iter().any(|start| target.starts_with(start)),
            "descriptor {number} reached the suite: {descriptors}"
        );
    }
    assert_eq!(
        open.iter().find(|(number, _)| number == "0").unwrap().1,
        "/dev/null"
    );
    assert_eq!(fs::read_to_string(shop.path("stdin")).unwrap(), "");
    let signals = fs::read_to_string(shop.path("signals")).unwrap();
    let ignored = signals
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .unwrap();
    // 32 and 33 belong to the C library (signal(7)).
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap() & !(3 << 31);
    assert_eq!(ignored, 0, "{signals}");
}

#[test]
fn a_fixture_repository_made_inside_the_suite_stays_a_fixture() {
    let fixture = "d=$(mktemp -d) && cd $d && git init -q && git -c user.name=x -c user.email=x commit -q --allow-empty -m LEAKED && git config leak.key yes; rm -rf $d";
    let shop = with_suite(&format!("{{run: '{fixture}'}}"));
    let worktree = shop.path("linked");
    shop.git([
        "worktree",
        "add",
        "-q",
        worktree.to_str().unwrap(),
        "-b",
        "side",
        "master",
    ])
    .goes();
    shop.run_in(&worktree, "git", ["push", "staging", "HEAD:master"])
        .goes();
    assert_eq!(
        shop.ask(["log", "-1", "--format=%s", "side"]),
        "Write .pushgate.yml"
    );
    assert_ne!(shop.git(["config", "leak.key"]).code, 0);
}

#[test]
fn nothing_of_it_is_on_standard_output() {
    let shop = with_suite("{run: 'echo loud'}");
    let ran = shop
        .git(["push", "--porcelain", "staging", "master"])
        .goes();
    ran.is(&expect![[r#"
        exit 0
        --- stdout
        To [root]/staging.git
         	refs/heads/master:refs/heads/master	[Write .pushgate.yml]..[Write .pushgate.yml']
        Done
        --- stderr
        pushgate: running the suite: echo loud
        loud
        pushgate: push to staging (staging) may go
          target: one commit, to master
          window: always open
          trunk: [Write .pushgate.yml'] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          deploys 1 commit since [Write .pushgate.yml]:
            [Write .pushgate.yml'] Write .pushgate.yml (Ana)
    "#]]);
}

#[test]
fn a_daemon_that_the_suite_leaves_behind_holds_nothing_up() {
    let shop = with_suite("{run: 'setsid sleep 300 & echo $! >../daemon; echo started'}");
    let begin = Instant::now();
    shop.push("staging", "master").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: running the suite: setsid sleep 300 & echo $! >../daemon; echo started
        started
        pushgate: push to staging (staging) may go
          target: one commit, to master
          window: always open
          trunk: [Write .pushgate.yml] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          deploys 1 commit since [Write .pushgate.yml']:
            [Write .pushgate.yml] Write .pushgate.yml (Ana)
        To [root]/staging.git
           [Write .pushgate.yml']..[Write .pushgate.yml]  master -> master
    "#]]);
    assert!(begin.elapsed() < PATIENCE);
    let daemon = fs::read_to_string(shop.path("daemon")).unwrap();
    shop.run_in("/", "kill", [daemon.trim()]).goes();
}

#[test]
fn a_suite_that_closes_its_output_or_says_nothing_does_no_harm() {
    let shop = with_suite("{run: 'exec >&- 2>&-'}");
    shop.push("staging", "master").goes();
    assert_eq!(only_log(&shop), "");
    let shop = with_suite("{run: 'true'}");
    let ran = shop.push("staging", "master").goes();
    assert!(
        ran.report().starts_with(
            "pushgate: running the suite: true\npushgate: push to staging (staging) may go\n"
        ),
        "{ran}"
    );
}

#[test]
#[ignore = "slow: a hundred megabytes"]
fn a_hundred_megabytes_of_output_are_passed_on_and_kept() {
    const SIZE: usize = 100_000_000;
    let shop = with_suite("{run: 'head -c 100000000 /dev/zero | tr \"\\0\" x; yes | head -1'}");
    let ran = shop.push("staging", "master").goes();
    assert!(ran.stderr.len() > SIZE);
    assert_eq!(only_log(&shop).len(), SIZE + 2);
}

#[test]
fn a_log_that_cannot_be_kept_whole_stops_no_suite_but_one_that_is_looked_into() {
    crate::support::tool("mount", "mount");
    let fills = "head -c 3000000 /dev/zero | tr \"\\0\" x";
    for (expect, code) in [("", 0), (", expect: x", 1)] {
        let shop = with_suite(&format!("{{run: '{fills}'{expect}}}"));
        let script = "mkdir -p .git/pushgate/logs
            mount -t tmpfs -o size=1M,mode=700 tmpfs .git/pushgate/logs
            git push staging master";
        let mut command = shop.command(crate::support::tool("unshare", "util-linux"));
        command.args(["--map-root-user", "--mount", "sh", "-euc", script]);
        let ran = Ran::of(&mut command);
        assert_eq!(ran.code, code, "{ran}");
        if code == 1 {
            ran.undecided("suite")
                .says("could not look for `suite.expect` in the output");
        }
    }
}

#[test]
fn no_suite_is_refused_and_so_are_two() {
    let shop = Sandbox::new();
    shop.policy("environments: {staging: {}}\n");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              suite: nothing says what runs your tests
              set `suite.run` in .pushgate.yml, and commit it:
                suite:
                  run: COMMAND
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
}

#[test]
fn the_projects_own_files_name_the_suite() {
    let shop = Sandbox::new();
    shop.script("bin/ci", "#!/bin/sh\necho the whole suite\n");
    shop.git(["add", "bin/ci"]).goes();
    shop.policy("environments: {staging: {}}\n");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: running the suite: bin/ci
        the whole suite
        pushgate: push to staging (staging) may go
          target: one commit, to master
          window: always open
          trunk: [Write .pushgate.yml] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          deploys 1 commit since [Write .pushgate.yml']:
            [Write .pushgate.yml] Write .pushgate.yml (Ana)
        To [root]/staging.git
           [Write .pushgate.yml']..[Write .pushgate.yml]  master -> master
    "#]]);
}

#[test]
fn the_policy_says_which_pushes_need_the_suite() {
    let shop = with_suite("{run: 'touch ../ran', on: deploys}");
    shop.commit("two");
    shop.push("origin", "master").goes();
    assert!(!shop.path("ran").exists());
    shop.policy("suite: {run: touch ../ran, on: all}\nenvironments: {staging: {}}\n");
    shop.push("origin", "HEAD:feature").goes().is(&expect![[r#"
            exit 0
            --- stderr
            pushgate: running the suite: touch ../ran
            pushgate: push to [root]/origin may go
              target: one commit, to feature
              suite: passed in [time]
            To [root]/origin.git
             * [new branch]      HEAD -> feature
        "#]]);
    assert!(shop.path("ran").exists());
}

#[test]
fn parallel_neighbours_run_together_and_their_output_is_kept_apart() {
    // Each waits until the other has begun: one after the other they would wait for ever.
    let step = |name, other| {
        format!(
            "{{run: 'echo {name}-a; touch ../{name}; until [ -e ../{other} ]; do sleep 0.05; done; echo {name}-b', parallel: true, name: {name}}}"
        )
    };
    let shop = with_suite(&format!(
        "{{run: [{}, {}, 'echo after'], timeout: 60s}}",
        step("one", "two"),
        step("two", "one")
    ));
    let ran = shop.push("staging", "master").goes();
    ran.says("running together: one, two\n")
        .says(": one\n")
        .says(": two\n")
        .says("running the suite: echo after\nafter\n");
    let log = only_log(&shop);
    assert!(
        log.contains("one-a\none-b\n") && log.contains("two-a\ntwo-b\n"),
        "{log}"
    );
}

fn only_log(shop: &Sandbox) -> String {
    let mut logs = fs::read_dir(shop.app.join(".git/pushgate/logs")).unwrap();
    let log = fs::read_to_string(logs.next().unwrap().unwrap().path()).unwrap();
    assert!(logs.next().is_none());
    log
}

#[test]
fn the_first_failure_stops_its_neighbours_and_is_shown_whole() {
    let shop = with_suite(
        "{run: [{run: 'echo $$ > ../pid; sleep 300', parallel: true, name: slow}, {run: 'echo broken; until [ -s ../pid ]; do sleep 0.05; done; exit 7', parallel: true, name: red}, 'echo after']}",
    );
    let begin = Instant::now();
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running together: slow, red
              failed after [time]: red
              stopped after [time]: slow
            broken
            pushgate: push to staging (staging) refused
              suite: `red` failed with exit code 7
                whole output: [root]/app/.git/pushgate/logs/[log]
              fix it, commit, and push again
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    assert!(begin.elapsed() < PATIENCE);
    assert!(!alive_in_group(
        fs::read_to_string(shop.path("pid")).unwrap().trim()
    ));
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let shop = with_suite("{run: [{name: web, run: 'true', dir: nope}]}");
    shop.push("staging", "master")
        .refused("suite")
        .says("could not run: `dir: nope` is no directory of the tree");
}

#[test]
fn a_step_may_have_a_directory() {
    let shop = with_suite("{run: [{run: 'basename $PWD; cat x', dir: web}]}");
    shop.commit_file("web/x", "in the web\n");
    shop.push_ungated("origin", "master");
    shop.push("staging", "master").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: running the suite: basename $PWD; cat x
        web
        in the web
        pushgate: push to staging (staging) may go
          target: one commit, to master
          window: always open
          trunk: [Write web/x] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          deploys 2 commits since [Write .pushgate.yml]:
            [Write web/x] Write web/x (Ana)
            [Write .pushgate.yml'] Write .pushgate.yml (Ana)
        To [root]/staging.git
           [Write .pushgate.yml]..[Write web/x]  master -> master
    "#]]);
}

#[test]
fn a_pass_without_a_test_draws_a_warning_and_an_expectation_refuses_it() {
    let shop = with_suite("{run: 'echo 0 examples, 0 failures'}");
    shop.push("staging", "master").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: running the suite: echo 0 examples, 0 failures
        0 examples, 0 failures
        pushgate: push to staging (staging) may go
          target: one commit, to master
          window: always open
          trunk: [Write .pushgate.yml] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          deploys 1 commit since [Write .pushgate.yml']:
            [Write .pushgate.yml] Write .pushgate.yml (Ana)
          note: RSpec says that no test ran; `suite.expect` can demand some
        To [root]/staging.git
           [Write .pushgate.yml']..[Write .pushgate.yml]  master -> master
    "#]]);
    let shop = with_suite(
        "{run: 'echo 0 examples, 0 failures', expect: '[1-9][0-9]* examples?, 0 failures'}",
    );
    shop.push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: echo 0 examples, 0 failures
            0 examples, 0 failures
            pushgate: push to staging (staging) refused
              suite: passed, but nothing in its output matches `[1-9][0-9]* examples?, 0 failures`
                whole output: [root]/app/.git/pushgate/logs/[log]
              see that its tests run, or fix `suite.expect` in .pushgate.yml
            error: failed to push some refs to '[root]/staging.git'
        "#]]);
    let shop = with_suite(
        "{run: 'echo 12 examples, 0 failures', expect: '[1-9][0-9]* examples?, 0 failures'}",
    );
    shop.push("staging", "master").goes();
}

#[test]
fn a_suite_that_reads_the_terminal_is_named_and_may_be_given_it() {
    let shop = with_suite("{run: 'read answer </dev/tty; echo \"it was $answer\"'}");
    let in_terminal = |shop: &Sandbox, typed: &str| {
        let mut command = shop.command(crate::support::tool("script", "bsdutils"));
        command
            .env("TERM", "xterm")
            .args(["-qec", "git push staging master", "/dev/null"]);
        Ran::fed(&mut command, typed.as_bytes())
    };
    let ran = in_terminal(&shop, "");
    assert_ne!(ran.code, 0, "{ran}");
    assert!(
        ran.stdout
            .contains("wanted the terminal, which a suite in the background may not have"),
        "{ran}"
    );
    let shop =
        with_suite("{run: 'read answer </dev/tty; echo \"it was $answer\"', interactive: true}");
    let ran = in_terminal(&shop, "yes\n");
    assert!(ran.stdout.contains("it was yes"), "{ran}");
    assert_eq!(ran.code, 0, "{ran}");
}

#[test]
fn on_a_terminal_the_suite_colours_and_the_time_is_shown() {
    let shop = with_suite(
        "{run: 'test -t 1 && test -t 2 && echo on a terminal; until grep -q [2]s] ../screen; do sleep 0.1; done'}",
    );
    let mut command = shop.command(crate::support::tool("script", "bsdutils"));
    command
        .env("TERM", "xterm")
        .args(["-qefc", "git push staging master", "../screen"]);
    let ran = Ran::of(&mut command);
    assert_eq!(ran.code, 0, "{ran}");
    assert!(ran.stdout.contains("on a terminal"), "{ran}");
    assert!(ran.stdout.contains("[2s]"), "{ran}");
    assert_eq!(only_log(&shop), "on a terminal\n");
}

#[test]
fn only_the_last_twenty_logs_are_kept() {
    let shop = with_suite("{run: 'false'}");
    for _ in 0..23 {
        shop.push("staging", "master").refused("suite");
    }
    assert_eq!(
        fs::read_dir(shop.app.join(".git/pushgate/logs"))
            .unwrap()
            .count(),
        20
    );
}

#[test]
fn a_connection_that_was_cut_while_the_suite_ran_is_noticed() {
    let shop = with_suite("{run: 'pkill -KILL -P $(ps -o ppid= -p $PPID) -x sh; sleep 5.5'}");
    // The server's side dies while the suite runs; git itself would only fail afterwards.
    let ran = shop
        .push("staging", "master")
        .refused("suite")
        .is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: running the suite: pkill -KILL -P $(ps -o ppid= -p $PPID) -x sh; sleep 5.5
            pushgate: push to staging (staging) refused
              suite: passed in [time], but the server closed git's connection meanwhile
              push again, it will go at once:
                git push staging master
              if it happens often: set ServerAliveInterval in ~/.ssh/config, or run pushgate check before the push
            error: failed to push some refs to '[root]/staging.git'
            error: git-receive-pack '[root]/staging.git' died of signal 9
        "#]]);
    ran.says("but the server closed git's connection meanwhile")
        .says("push again, it will go at once:\n    git push ");
    shop.push("staging", "master")
        .goes()
        .says("suite: passed just now on this tree, in ");
}

#[test]
fn a_suite_that_takes_the_gate_away_is_told_so_and_refused() {
    // Where `install` refuses, what it would print; else doctor says how.
    let (install, doctor) = ("pushgate install\n", "pushgate doctor\n");
    let own = "git config core.hooksPath ";
    for (away, back) in [
        ("git config core.hooksPath .husky/_", install),
        ("rm -f .git/hooks/pre-push", install),
        ("printf '#!/bin/sh\\n' >.git/hooks/pre-push", install),
        ("chmod -x .git/hooks/pre-push", install),
        ("sed -i '2i exit 0' .git/hooks/pre-push", install),
        ("git config --global core.hooksPath /nowhere", own),
        ("rm .git/hooks/pre-push; mkdir .git/hooks/pre-push", doctor),
    ] {
        let shop = with_suite(&format!("{{run: \"{away}\"}}"));
        let before = shop.tip("staging", "master");
        shop.push("staging", "master")
            .refused("suite")
            .says("passed, but took the gate away: git does not call it before the next push\n")
            .says(&format!("put it back, then push again:\n    {back}"));
        assert_eq!(shop.tip("staging", "master"), before);
        let _ = fs::remove_dir(shop.app.join(".git/hooks/pre-push"));
        let _ = shop.git(["config", "--unset", "core.hooksPath"]);
        let _ = shop.git(["config", "--global", "--unset", "core.hooksPath"]);
        shop.install();
        // A hook of somebody else's was kept behind ours, and runs after it.
        shop.policy("suite: {run: 'true'}\nenvironments: {staging: {}}\n");
        shop.push_ungated("origin", "master");
        shop.push("staging", "master").goes();
    }
    // A red one, too.
    let shop = with_suite("{run: 'rm .git/hooks/pre-push; exit 1'}");
    shop.push("staging", "master")
        .refused("suite")
        .says("the suite took the gate away: git does not call it before the next push");
    // What changes the configuration otherwise takes nothing away.
    let shop = with_suite("{run: git config some.key value}");
    shop.push("staging", "master").goes();
}

/// What a submodule hides from `git stash` in the repository around it.
#[test]
fn the_cure_for_a_submodule_works_there() {
    let shop = with_suite("{run: echo tested, reuse: never}");
    let module = shop.path("module");
    shop.run_in(shop.root(), "git", ["init", "-q", "module"])
        .goes();
    fs::write(module.join("file"), "x").unwrap();
    for args in [&["add", "."][..], &["commit", "-qm", "one"]] {
        shop.run_in(&module, "git", args).goes();
    }
    let add = [
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
    ];
    shop.git(add.iter().copied().chain(["../module", "vendor"]))
        .goes();
    shop.git(["commit", "-qm", "With a submodule"]).goes();
    shop.push_ungated("origin", "master");
    shop.push("staging", "master").goes();
    shop.commit_on_origin("two");
    let vendor = shop.app.join("vendor");
    let refused = || {
        let ran = shop.push("staging", "master").refused("suite");
        ran.is(&expect![[r#"
            exit 1
            --- stderr
            pushgate: push to staging (staging) refused
              suite: the checkout is not [two]: 1 file with changes in a submodule: vendor
              commit what is in it, there and here, or put it aside, then push again:
                git submodule foreach --recursive git stash --include-untracked
                git submodule update --recursive
            error: failed to push some refs to '[root]/staging.git'
        "#]])
    };
    // An untracked file, a changed one, another commit: the commands cure each, as they are printed.
    fs::write(vendor.join("untracked"), "x").unwrap();
    let ran = refused();
    let cure = || {
        for line in ran.stderr.lines() {
            if let Some(command) = line.strip_prefix("    git ") {
                shop.git(command.split(' ')).goes();
            }
        }
        shop.push("staging", "master").goes();
        shop.commit_on_origin("two");
    };
    cure();
    fs::write(vendor.join("file"), "y").unwrap();
    refused();
    cure();
    shop.run_in(
        &vendor,
        "git",
        ["commit", "-q", "--allow-empty", "-m", "inside"],
    )
    .goes();
    refused();
    cure();
}
