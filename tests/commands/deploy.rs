//! `pushgate deploy`: real pushes, and commands in their place, judged once and recorded once.

mod by_command;
mod endings;
mod several;
mod silent;

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use expect_test::expect;
use serde_json::Value;

use crate::support::{
    PUSHGATE, Ran, Sandbox, notes_worker::records, person::Person, processes::script,
    tmux::Terminal,
};

const POLICY: &str = "\
suite: {run: 'echo ran >>../runs', reuse: never}
environments:
  staging: {}
  production: {after: staging, signoff: false}
";

/// A shop with this policy, and a commit on trunk that is deployed nowhere yet.
fn shop(policy: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(policy);
    shop.commit_on_origin("two");
    shop
}

fn deploy_in(shop: &Sandbox, place: &Path, args: &[&str]) -> Ran {
    let mut command = shop.command(PUSHGATE);
    let programs = shop.path("bin");
    let path = env::var_os("PATH").unwrap();
    let path = [programs].into_iter().chain(env::split_paths(&path));
    let path = env::join_paths(path).unwrap();
    Ran::of(
        command
            .arg("deploy")
            .args(args)
            .current_dir(place)
            .env("PATH", path),
    )
}

fn deploy(shop: &Sandbox, args: &[&str]) -> Ran {
    deploy_in(shop, &shop.app, args)
}

/// A program on the PATH of [`deploy`].
fn program(shop: &Sandbox, name: &str, text: &str) {
    fs::create_dir_all(shop.path("bin")).unwrap();
    script(shop, &shop.path(&format!("bin/{name}")), text);
}

fn refuse_pushes(shop: &Sandbox, remote: &str) {
    let hook = shop.path(&format!("{remote}.git/hooks/pre-receive"));
    script(shop, &hook, "#!/bin/sh\nexit 1\n");
}

fn deployments(shop: &Sandbox, clone: &Path) -> Vec<Value> {
    records(shop, clone, "deployed")
        .into_iter()
        .filter(|one| one["judged"] != "before")
        .collect()
}

fn events(shop: &Sandbox) -> Vec<String> {
    let ledger = shop.ledger();
    let word = |entry: &Value, key: &str| entry[key].as_str().unwrap().to_owned();
    let line = |entry| format!("{} {}", word(entry, "event"), word(entry, "verdict"));
    ledger.iter().map(line).collect()
}

/// Deploys, and sees that this is known to all; what was said about it.
fn judged_once(shop: &Sandbox) -> Ran {
    let head = shop.ask(["rev-parse", "HEAD"]);
    let ran = deploy(shop, &["staging"]);
    assert_eq!(shop.tip("staging", "master"), head);
    assert_eq!(runs(shop), 1);
    assert_eq!(events(shop), ["deploy go"]);
    // Nothing is left to be done: the team knows already.
    assert!(!shop.app.join(".git/pushgate/unshared").exists());
    let ben = Person::joins(shop, "Ben", &["staging", "production"]);
    let status = ben.run(PUSHGATE, &["status"]).stdout;
    assert!(status.contains(", by Ana\n"), "{status}");
    let known = deployments(shop, &ben.place);
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(known[0]["judged"], "go");
    // It was live already.
    deploy(shop, &["staging"]).goes().says(" already\n");
    assert_eq!(events(shop).len(), 1);

    ran
}

#[test]
fn it_is_judged_once_pushed_recorded_and_shared() {
    let shop = shop(POLICY);
    judged_once(&shop).is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: deploying master ([two]) to staging
        pushgate: running the suite: echo ran >>../runs
        pushgate: deploy to staging (staging) may go
          target: one commit, to master
          window: always open
          trunk: [two] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          deploys 2 commits since [Write .pushgate.yml]:
            [two] two (Ana)
            [Write .pushgate.yml'] Write .pushgate.yml (Ana)
        To [root]/staging.git
           [Write .pushgate.yml]..[two]  [two whole] -> master
        pushgate: deployed [two] to staging (staging)
    "#]]);
}

#[test]
fn it_needs_no_hook() {
    let shop = shop(POLICY);
    fs::remove_file(shop.app.join(".git/hooks/pre-push")).unwrap();
    judged_once(&shop).goes();
}

#[test]
fn what_a_gate_refuses_is_not_pushed_and_its_cures_are_commands_of_the_same_kind() {
    let shop = shop(&POLICY.replace(
        "signoff: false",
        "signoff: false, window: {timezone: UTC, closed: ['22:00-07:00']}",
    ));
    shop.stop_clock("2026-11-24 23:30:00");
    deploy(&shop, &["staging"]).goes();
    let before = shop.tip("production", "master");
    deploy(&shop, &["production", "--commit", "HEAD"]).is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: deploying HEAD ([two]) to production
        pushgate: deploy to production (production) refused
          window: closed by `22:00-07:00`; opens Wed 2026-11-25 07:00
          deploy again then
          if it cannot wait:
            PUSHGATE_SKIP=window PUSHGATE_REASON="..." pushgate deploy production --commit HEAD
    "#]]);
    assert_eq!(shop.tip("production", "master"), before);
    assert_eq!(events(&shop), ["deploy go", "deploy refused"]);
    shop.commit("three");
    deploy(&shop, &["staging"]).refused("trunk");
}

#[test]
fn what_another_has_locked_is_refused_with_who_and_why_and_what_to_do() {
    let shop = shop(POLICY);
    let ben = Person::joins(&shop, "Ben", &["staging", "production"]);
    ben.run(PUSHGATE, &["lock", "staging", "-m", "the migration runs"])
        .goes();
    deploy(&shop, &["staging"]).is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: deploying master ([two]) to staging
        pushgate: deploy to staging (staging) refused
          lock: Ben <ben@shop.example> has locked staging since Tue 2026-11-24 09:00: the migration runs
          ask them, then deploy again
          if it cannot wait:
            PUSHGATE_SKIP=lock PUSHGATE_REASON="..." pushgate deploy staging
    "#]]);
    assert_eq!(events(&shop), ["deploy refused"]);
    assert_eq!(runs(&shop), 0);
    let command = "PUSHGATE_SKIP=lock PUSHGATE_REASON='agreed with Ben' \"$0\" deploy staging";
    shop.run_in(&shop.app, "sh", ["-c", command, PUSHGATE])
        .goes();
    assert_eq!(events(&shop).last().unwrap(), "deploy overridden");
}

/// The policy demands none, and what is given says nothing.
#[test]
fn a_reason_that_says_nothing_is_refused_and_not_forgotten() {
    let shop = shop(POLICY);
    let given = |variables: &[(&str, &str)]| {
        let mut command = shop.command(PUSHGATE);
        command.args(["deploy", "staging"]);
        Ran::of(command.envs(variables.iter().copied()))
    };
    let reason = ("PUSHGATE_REASON", "...");
    given(&[("PUSHGATE_SKIP", "suite"), reason])
        .goes_not()
        .says("`...` is no reason for an override\n")
        .says("PUSHGATE_SKIP=suite PUSHGATE_REASON=\"...\" pushgate deploy staging\n");
    given(&[reason]).goes();
}

#[test]
fn an_override_and_its_reason_are_known_to_the_team() {
    let shop = shop(POLICY);
    let mut command = shop.command(PUSHGATE);
    command
        .args(["deploy", "production"])
        .env("PUSHGATE_SKIP", "promotion")
        .env("PUSHGATE_REASON", "the site is down");
    Ran::of(&mut command).goes();
    assert_eq!(events(&shop), ["deploy overridden"]);
    let ben = Person::joins(&shop, "Ben", &["staging", "production"]);
    for report in ["status", "log"] {
        let said = ben.run(PUSHGATE, &[report]).stdout;
        assert!(said.contains("the site is down"), "{said}");
    }
    // An override by a word that means nothing.
    let mut command = shop.command(PUSHGATE);
    command
        .args(["deploy", "staging"])
        .env("PUSHGATE_SKIP", "suit");
    Ran::of(&mut command)
        .goes_not()
        .says("did you mean `suite`?");
    let mut command = shop.command(PUSHGATE);
    command.args(["deploy", "staging"]).env("PUSHGATE", "off");
    Ran::of(&mut command)
        .goes()
        .says("is not checked: PUSHGATE is off");
    assert_eq!(deployments(&shop, &shop.app).len(), 2);
    assert_eq!(events(&shop).last().unwrap(), "deploy overridden");
}

#[test]
fn what_the_server_refuses_is_not_deployed() {
    let shop = shop(POLICY);
    refuse_pushes(&shop, "staging");
    deploy(&shop, &["staging"])
        .goes_not()
        .says("pre-receive hook declined");
    assert!(deployments(&shop, &shop.app).is_empty());
    let log = shop.pushgate(["log"]).stdout;
    assert!(
        log.contains("did not arrive: the server refused it"),
        "{log}"
    );
}

#[test]
fn of_several_remotes_the_first_is_recorded_where_the_second_refuses() {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
    shop.git(["remote", "add", "eu", "../eu.git"]).goes();
    shop.policy("suite: {run: 'true'}\nenvironments: {production: {remote: [production, eu]}}\n");
    let head = shop.commit_on_origin("two");
    refuse_pushes(&shop, "eu");
    // Both are judged, and what goes out is said once.
    deploy(&shop, &["production"]).is(&expect![[r#"
        exit 1
        --- stderr
        pushgate: deploying master ([two]) to production
        pushgate: running the suite: true
        pushgate: deploy to production (production) may go
          target: one commit, to master
          window: always open
          trunk: [two] is origin/master
          lock: nobody has locked it
          suite: passed in [time]
          deploys 2 commits since [Write .pushgate.yml]:
            [two] two (Ana)
            [Write .pushgate.yml'] Write .pushgate.yml (Ana)
        pushgate: deploy to production (eu) may go
          suite: passed just now on this tree, in [time]
          first deployment
        To [root]/production.git
           [Write .pushgate.yml]..[two]  [two whole] -> master
        To ../eu.git
         ! [remote rejected] [two whole] -> master (pre-receive hook declined)
        error: failed to push some refs to '../eu.git'
        pushgate: deploy not done
          [root]/production got [two]; not: [root]/eu
          try the rest again:
            pushgate deploy production
    "#]]);
    assert_eq!(shop.tip("production", "master"), head);
    assert_eq!(shop.tip("eu", "master"), "");
    let known = deployments(&shop, &shop.app);
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(
        known[0]["destinations"][0],
        shop.place("production").as_str()
    );
    // Only what is left is done.
    fs::remove_file(shop.path("eu.git/hooks/pre-receive")).unwrap();
    deploy(&shop, &["production"])
        .goes()
        .says("production has ");
    assert_eq!(shop.tip("eu", "master"), head);
    assert_eq!(deployments(&shop, &shop.app).len(), 2);
}

/// Both remotes are judged by one process, a moment apart.
#[test]
fn of_several_remotes_the_suite_is_run_once_even_where_no_later_push_may_rely_on_it() {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
    shop.git(["remote", "add", "eu", "../eu.git"]).goes();
    shop.policy(&POLICY.replace("{}", "{remote: [staging, eu]}"));
    let head = shop.commit_on_origin("two");
    deploy(&shop, &["staging"]).goes();
    assert_eq!((shop.tip("eu", "master"), runs(&shop)), (head, 1));
    shop.commit_on_origin("three");
    deploy(&shop, &["staging"]).goes();
    assert_eq!(runs(&shop), 2);
}

/// How often the suite ran.
fn runs(shop: &Sandbox) -> usize {
    let runs = fs::read_to_string(shop.path("runs")).unwrap_or_default();
    runs.lines().count()
}

#[test]
fn every_address_of_a_remote_is_judged() {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../eu.git"]).goes();
    for url in ["../staging.git", "../eu.git"] {
        let add = ["config", "--add", "remote.staging.pushurl"];
        shop.git(add.iter().chain([&shop.app.join(url).to_str().unwrap()]))
            .goes();
    }
    shop.policy(POLICY);
    let head = shop.commit_on_origin("two");
    deploy(&shop, &["staging"]).goes();
    assert_eq!(shop.tip("staging", "master"), head);
    assert_eq!(shop.tip("eu", "master"), head);
    assert_eq!(events(&shop), ["deploy go", "deploy go"]);
    let places = deployments(&shop, &shop.app);
    assert_eq!(places.len(), 2, "{places:?}");
}

#[test]
fn a_rollback_may_be_asked_for_by_the_variable_too() {
    let shop = shop(POLICY);
    let two = shop.ask(["rev-parse", "HEAD"]);
    deploy(&shop, &["staging"]).goes();
    shop.commit_on_origin("three");
    deploy(&shop, &["staging"]).goes();
    deploy(&shop, &["staging", "--commit", &two]).refused("trunk");
    shop.git(["switch", "-q", "--detach", &two]).goes();
    let mut back = shop.command(PUSHGATE);
    back.args(["deploy", "staging", "--commit", &two]);
    Ran::of(back.env("PUSHGATE_ROLLBACK", "1")).goes();
    assert_eq!(shop.tip("staging", "master"), two);
    let last = shop.ledger().pop().unwrap();
    assert_eq!(
        (&last["event"], &last["rollback"]),
        (&"deploy".into(), &true.into())
    );
}

/// What really runs is what is replaced, and a release that failed is not pushed once more.
#[test]
fn a_command_may_say_what_is_live() {
    let live = "staging: {live: cat ../live}";
    let shop = shop(&POLICY.replace("staging: {}", live));
    let old = shop.tip("staging", "master");
    fs::write(shop.path("live"), &old).unwrap();
    deploy(&shop, &["staging"]).goes().says("since ");
    deploy(&shop, &["staging"]).is(&expect![[r#"
        exit 2
        --- stderr
        pushgate: deploy not done
          [root]/staging has [two] already, and runs [Write .pushgate.yml]
          see why its release failed, and release it again
    "#]]);
    let tell = "echo \"$PUSHGATE_REPLACES\"";
    let ran = deploy(&shop, &["staging", "--", "sh", "-c", tell]).goes();
    assert_eq!(ran.stdout.trim(), old);
    let look = "  a release may take a while, or fail; look again:\n    pushgate status\n";
    let still = format!(
        "pushgate: `live` of staging still names {}\n{look}",
        &old[..7]
    );
    assert!(ran.stderr.ends_with(&still), "{ran}");
    let release = "echo \"$PUSHGATE_COMMIT\" >../live";
    deploy(&shop, &["staging", "--", "sh", "-c", release])
        .goes()
        .never_says("`live` of");
    let ran = deploy(&shop, &["staging", "--", "sh", "-c", "echo soon >../live"]).goes();
    let odd = format!("pushgate: `live` of staging printed no commit id, but `soon`\n{look}");
    assert!(ran.stderr.ends_with(&odd), "{ran}");
}

/// Where the release of what git has may have worked, and somebody deployed something else since.
#[test]
fn what_runs_and_is_not_here_is_fetched_or_asked_for() {
    let shop = shop(&POLICY.replace("staging: {}", "staging: {live: cat ../live}"));
    fs::write(shop.path("live"), shop.tip("staging", "master")).unwrap();
    deploy(&shop, &["staging"]).goes();
    fs::write(shop.path("live"), "5eed".repeat(10)).unwrap();
    let missing = "  5eed5ee is not in this repository: fetch it, or ask who deployed it:\n    git fetch --all\n";
    deploy(&shop, &["staging"])
        .ends_with(2)
        .says(&format!("already, and runs 5eed5ee\n{missing}"));
    shop.push("production", "master")
        .refused("promotion")
        .says(missing)
        .never_says("see why its release failed");
    deploy(&shop, &["staging", "--", "true"])
        .refused("target")
        .says("target: staging runs 5eed5ee, which this repository does not have: somebody else deployed it\n")
        .says("then deploy again:\n    git fetch --all\n");
}

/// A clone as a pipeline makes it: a detached HEAD, no name, no hook, and remotes without tracking refs.
fn pipeline(shop: &Sandbox, depth: &str) -> PathBuf {
    let clone = shop.path("pipeline");
    let url = format!("file://{}", shop.path("origin.git").display());
    let git = |args: &[&str]| shop.run_in(&clone, "git", args).goes();
    fs::create_dir(&clone).unwrap();
    git(&["init", "-q", "."]);
    git(&["remote", "add", "origin", &url]);
    let depth = format!("--depth={depth}");
    let mut fetch = vec!["fetch", "-q", "origin", "master"];
    fetch.extend((depth != "--depth=0").then_some(depth.as_str()));
    git(&fetch);
    git(&["checkout", "-q", "FETCH_HEAD"]);
    for remote in ["staging", "production"] {
        let url = shop.path(&format!("{remote}.git")).display().to_string();
        git(&["config", &format!("remote.{remote}.url"), &url]);
    }
    clone
}

#[test]
fn a_pipeline_deploys_from_a_fresh_clone() {
    let shop = shop(&format!("trunk: {{branch: master}}\n{POLICY}"));
    let clone = pipeline(&shop, "0");
    let head = shop.ask(["rev-parse", "HEAD"]);
    for environment in ["staging", "production"] {
        deploy_in(&shop, &clone, &[environment, "--commit", &head]).goes();
        assert_eq!(shop.tip(environment, "master"), head);
    }
    let ben = Person::joins(&shop, "Ben", &["staging", "production"]);
    ben.run(PUSHGATE, &["status"]);
    let known = deployments(&shop, &ben.place);
    assert_eq!(known.len(), 2, "{known:?}");
    assert!(
        known
            .iter()
            .all(|one| one["judged"] == "go" && one["seen"].is_null())
    );
}

#[test]
fn a_shallow_clone_says_what_it_lacks() {
    let shop = shop(&format!("trunk: {{branch: master}}\n{POLICY}"));
    let clone = pipeline(&shop, "1");
    let head = shop.ask(["rev-parse", "HEAD"]);
    deploy_in(&shop, &clone, &["staging", "--commit", &head])
        .ends_with(2)
        .says("fetch the rest, then try again:\n    git fetch --unshallow origin\n");
}

#[test]
fn a_checkout_with_changes_is_refused_by_the_suite_as_in_a_push() {
    let shop = shop(POLICY);
    shop.write("new.txt", "not committed");
    deploy(&shop, &["staging"]).refused("suite").says("new.txt");
    assert!(deployments(&shop, &shop.app).is_empty());
}

#[test]
fn what_cannot_be_meant_is_said() {
    let shop = shop(POLICY);
    deploy(&shop, &["stagign"])
        .ends_with(2)
        .says("did you mean `staging`?");
    deploy(&shop, &["staging", "--commit", "nowhere"])
        .ends_with(2)
        .says("`nowhere` names no commit");
    shop.git(["tag", "-m", "its files", "files", "HEAD^{tree}"])
        .goes();
    let tree = shop.ask(["rev-parse", "HEAD^{tree}"]);
    for (revision, kind) in [
        (&*tree, "tree"),
        ("files", "tree"),
        ("HEAD:.pushgate.yml", "blob"),
    ] {
        deploy(&shop, &["staging", "--commit", revision])
            .ends_with(2)
            .says(&format!(
                "  `{revision}` names a {kind}, not a commit\n  name a commit, branch or tag\n"
            ));
    }
    deploy(&shop, &[]).ends_with(2).says("<ENVIRONMENT>");
    deploy_in(&shop, shop.root(), &["staging"]).ends_with(2);
    shop.git(["switch", "-q", "--detach"]).goes();
    shop.git(["branch", "-q", "-D", "master"]).goes();
    deploy(&shop, &["staging"])
        .ends_with(2)
        .says("there is no local branch `master`, which is trunk");
    assert!(events(&shop).is_empty());
}

#[test]
fn a_person_at_a_terminal_is_asked_before_production() {
    let shop = shop(POLICY);
    let run = |line: &str| {
        let line = format!(
            "{}; echo over; sleep 60",
            line.replace("pushgate", PUSHGATE)
        );
        Terminal::running(&shop, 100, &line)
    };
    run("pushgate deploy staging").shows("over");
    let head = shop.ask(["rev-parse", "HEAD"]);
    assert_eq!(shop.tip("staging", "master"), head);
    let terminal = run("pushgate deploy production");
    let screen = terminal.shows("Deploy ");
    assert!(screen.contains("since"), "{screen}");
    terminal.types("n");
    terminal.shows("nothing was deployed");
    terminal.shows("over");
    let asked = Terminal::open(&shop);
    asked.types(&format!("{PUSHGATE} deploy production; echo code $?"));
    asked.shows("Deploy ");
    asked.presses("C-c");
    asked.shows("\ncode 130");
    assert_ne!(shop.tip("production", "master"), head);
    // Standard input is not what is asked.
    let terminal = run("true | pushgate deploy production");
    terminal.shows("Deploy ");
    terminal.types("y");
    terminal.shows("pushgate: deployed ");
    assert_eq!(shop.tip("production", "master"), head);
    shop.commit_on_origin("three");
    run("pushgate deploy staging && pushgate deploy production --yes").shows("pushgate: deployed ");
}

/// A variable that is forged, stale, or names no deploy that runs is worth nothing.
#[test]
fn a_forged_word_for_the_hook_counts_for_nothing() {
    let shop = shop(POLICY);
    shop.commit("three");
    let head = shop.ask(["rev-parse", "HEAD"]);
    let forged = shop.app.join(".git/pushgate/.deploy-forged");
    let text = format!(
        r#"[{{"destination":"{}","target":"refs/heads/master","commit":"{head}","replaces":"{}"}}]"#,
        shop.place("staging"),
        shop.tip("staging", "master")
    );
    fs::write(&forged, text).unwrap();
    fs::set_permissions(&forged, fs::Permissions::from_mode(0o600)).unwrap();
    let absolute = forged.display().to_string();
    for name in [
        ".deploy-forged",
        &absolute,
        "../pushgate/.deploy-forged",
        ".deploy-none",
        "",
    ] {
        shop.push_with(&[("PUSHGATE_DEPLOY", name)], "staging", "master")
            .refused("trunk");
    }
}
