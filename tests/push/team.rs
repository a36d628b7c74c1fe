//! Ana and Ben, each with a clone and a hook: what one does, the other's gate knows.

use std::process::{Command, Stdio};

use crate::support::{
    PUSHGATE, Ran, Sandbox,
    nginx::Nginx,
    notes_worker::{clone, deployments, tell},
    person::Person,
};

const POLICY: &str = "\
suite:
  run: 'true'
environments:
  staging: {}
  production:
    after: staging
    soak: 10m
    signoff: {by: another}
    window: {timezone: UTC, closed: ['20:00-07:00']}
";

/// Two deployments and a rollback, by turns.
fn story(shop: &Sandbox) {
    let (ana, ben) = (
        Person::ana(shop),
        Person::joins(shop, "Ben", &["staging", "production"]),
    );

    let two = ana.commits("Two");
    ana.push("10:00", "origin").goes();
    ana.push("10:00", "staging").goes();
    ana.push("10:04", "production")
        .refused("promotion")
        .says("and must be for 10m: until Tue 2026-11-24 10:10");
    ana.at("10:11", &[PUSHGATE, "approve", "-m", "looks fine to me"])
        .goes();
    // She wrote it; somebody else has to have tried it.
    ana.push("10:11", "production")
        .refused("promotion")
        .says("Ana <ana@shop.example>");
    ben.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    ben.at("10:12", &[PUSHGATE, "approve", "-m", "the basket"])
        .goes()
        .says("signed off on staging by Ben <ben@shop.example>; shared on origin");
    ana.push("10:13", "production")
        .goes()
        .says("signed off by Ben <ben@shop.example>");
    assert_eq!(shop.tip("production", "master"), two);
    let screen = ben.at("10:14", &[PUSHGATE, "status"]).goes().stdout;
    assert!(screen.contains("since 10:13 ("), "{screen}");

    // Ben deploys to staging; Ana's clone never saw that commit there, and knows it all the same.
    let three = ben.commits("Three");
    ben.push("10:20", "origin").goes();
    ben.push("10:20", "staging").goes();
    ana.git(&["pull", "-q", "--ff-only", "origin", "master"])
        .goes();
    ana.push("10:25", "production")
        .refused("promotion")
        .says("and must be for 10m: until Tue 2026-11-24 10:30");
    ana.at("10:31", &[PUSHGATE, "approve"]).goes();
    ana.push("10:31", "production")
        .goes()
        .says(", signed off by Ana <ana@shop.example>");

    // Three is bad, it is night, and Ben has never pushed to production.
    ben.git(&["fetch", "-q", "production"]).goes();
    let refspec = format!("{two}:refs/heads/master");
    ben.git(&["checkout", "-q", &two]).goes();
    let by_force = ["git", "push", "--force", "production", &refspec];
    ben.at("23:30", &by_force).refused("window");
    ben.at(
        "23:30",
        &[&["env", "PUSHGATE_ROLLBACK=1"], &by_force[..]].concat(),
    )
    .goes()
    .says("rollback: from ");
    assert_eq!(shop.tip("production", "master"), two);
    let screen = ana.at("23:31", &[PUSHGATE, "status"]).goes().stdout;
    assert!(screen.contains(&three[..7]), "{screen}");
    ana.at("23:32", &["git", "push", "production", "master"])
        .goes_not();
    let log = ana.at("23:59", &[PUSHGATE, "log"]).goes().stdout;
    assert!(log.contains("rollback"), "{log}");
    // The next day the same commit is refused, until somebody says that it may return.
    let tomorrow = |args: &[&str]| {
        let mut command = shop.at("2026-11-25 09:00:00");
        Ran::of(command.args(args))
    };
    tomorrow(&["git", "push", "production", "master"])
        .refused("promotion")
        .says("Ben <ben@shop.example>");
    ben.git(&["checkout", "-q", "master"]).goes();
    let mut again = shop.at("2026-11-25 09:01:00");
    again.args([PUSHGATE, "approve", "--again", "-m", "it was the cache"]);
    Ran::of(again.current_dir(&ben.place)).goes();
    tomorrow(&["git", "push", "production", "master"]).goes();
    assert_eq!(shop.tip("production", "master"), three);
}

fn shop() -> Sandbox {
    let shop = Sandbox::new();
    shop.policy(POLICY);
    for remote in ["origin", "staging", "production"] {
        shop.push_ungated(remote, "master");
    }
    shop
}

#[test]
fn over_files() {
    story(&shop());
}

#[test]
#[ignore = "slow: needs a web server"]
fn over_http() {
    let shop = shop();
    let nginx = Nginx::serve(&shop);
    for remote in ["origin", "staging", "production"] {
        let url = nginx.url("open", remote);
        shop.git(["remote", "set-url", remote, &url]).goes();
    }
    story(&shop);
    assert!(nginx.answered("POST /open/origin.git/git-receive-pack") > 5);
}

#[test]
#[ignore = "slow: ten people at once"]
fn ten_at_once_lose_nothing() {
    const TEN: usize = 10;
    let shop = Sandbox::new();
    let mut policy = "suite: {run: 'true'}\nenvironments:\n  staging: {}\n".to_owned();
    let names: Vec<_> = (0..TEN).map(|number| format!("shop{number}")).collect();
    for name in &names {
        policy += &format!("  {name}: {{after: staging, signoff: false}}\n");
        let bare = shop.path(&format!("{name}.git"));
        let bare = bare.to_str().unwrap();
        shop.git(["init", "-q", "--bare", bare]).goes();
        shop.git(["remote", "add", name, bare]).goes();
    }
    let head = shop.policy(&policy);
    for remote in ["origin", "staging"] {
        shop.push_ungated(remote, "master");
    }
    let people: Vec<_> = (names.iter().enumerate())
        .map(|(number, name)| Person::joins(&shop, &format!("Person{number}"), &["staging", name]))
        .collect();
    // Each signs off and deploys to an environment of their own, all in the same seconds.
    let running: Vec<_> = (people.iter().zip(&names))
        .map(|(person, name)| {
            let script = format!(
                "'{PUSHGATE}' approve -m {name} staging 2>../{name}.approve\ngit push -q {name} master 2>../{name}.push\n"
            );
            let mut shell: Command = shop.command("sh");
            shell.args(["-ec", &script]).current_dir(&person.place);
            shell.stdin(Stdio::null()).spawn().unwrap()
        })
        .collect();
    let mut late = 0;
    for (mut child, (person, name)) in running.into_iter().zip(people.iter().zip(&names)) {
        assert!(child.wait().unwrap().success());
        let said = |what| std::fs::read_to_string(shop.path(&format!("{name}.{what}"))).unwrap();
        // Whoever could not share within the time limit is told so, and shares it with the next word.
        let approved = said("approve");
        if !approved.contains("shared on origin") {
            late += 1;
        }
        let again = person.run(PUSHGATE, &["approve", "staging"]).goes();
        again.says("shared on origin");
        assert_eq!(shop.tip(name, "master"), head, "{approved}");
    }
    assert!(late < TEN, "nobody was in time");
    let ben = clone(&shop, "late");
    let said = tell(&shop, &ben, &["fetch origin", &format!("read {head}")]);
    let mut known: Vec<_> = said[1].split(' ').collect();
    known.sort_unstable();
    let mut all: Vec<_> = names.iter().map(String::as_str).collect();
    all.sort_unstable();
    assert_eq!(known, all);
    let mut deployed = deployments(&shop, &ben);
    deployed.retain(|line| !line.starts_with("staging "));
    deployed.sort_unstable();
    let go = |name: &str| format!("{name} go {}", &head[..7]);
    assert_eq!(
        deployed,
        all.iter().map(|name| go(name)).collect::<Vec<_>>()
    );
}
