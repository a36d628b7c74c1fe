//! `pushgate init`: what it finds in a repository, and the policy that it writes.

use std::fs;

use expect_test::expect;
use pushgate::policy::{Policy, load};

use crate::support::{POLICY, PUSHGATE, Ran, Sandbox, tool};

const REMOTES: [(&str, &str); 3] = [
    ("production", "https://git.heroku.com/shop.git"),
    ("staging", "https://git.heroku.com/shop-staging.git"),
    ("backup", "ssh://backup.example/shop.git"),
];

/// A clone whose remotes, besides origin, are these.
fn shop_with(remotes: &[(&str, &str)]) -> Sandbox {
    let shop = Sandbox::bare();
    for name in ["staging", "production"] {
        shop.git(["remote", "remove", name]).goes();
    }
    for (name, url) in remotes {
        shop.git(["remote", "add", name, url]).goes();
    }
    shop
}

fn written(shop: &Sandbox) -> Policy {
    let text = fs::read(shop.app.join(".pushgate.yml")).unwrap();
    load(".pushgate.yml", &text, &[]).unwrap()
}

#[test]
fn it_writes_what_it_finds_and_the_policy_holds() {
    let shop = shop_with(&REMOTES);
    shop.script("bin/ci", "#!/bin/sh\n");
    shop.pushgate(["init"]).is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: wrote [root]/app/.pushgate.yml
          trunk: origin/master
          suite: bin/ci: is it ALL of your tests?
          staging: remote staging, app shop-staging
          production: remote production, app shop, after staging
            closed 22:00-07:00 (UTC): your hours?
          not an environment: backup (backup.example/shop)
          next: look it over and commit it
          and then: pushgate install
    "#]]);
    let policy = written(&shop);
    assert_eq!(policy.suite.steps[0].run, "bin/ci");
    assert_eq!(
        policy.environment("staging").unwrap().apps,
        ["shop-staging"]
    );
    let production = policy.environment("production").unwrap();
    assert_eq!(production.apps, ["shop"]);
    assert_eq!(production.after.as_deref(), Some("staging"));
    assert_eq!(production.window.closed[0].to_string(), "22:00-07:00");
    shop.pushgate(["init", "--stdout"]).is(&expect![[r#"
        exit 0
        --- stdout
        # yaml-language-server: $schema=.git/pushgate/schema.json
        # The policy of pushgate. It is read from the pushed commit: commit changes.
        # git clones no hooks. Each clone needs, once: pushgate install
        # Where to get the program: install.sh in a checkout of pushgate.
        # `#key` is not set, and shows its default or an example.

        # Where deploys come from.
        trunk:
          # Default: the branch that the remote's HEAD names, else master or main.
          branch: master
          remote: origin

        # The entire test run.
        suite:
          # One shell command, or a list of steps: each a command, or
          # {name, run, timeout, dir, parallel}.
          run: bin/ci
          # Which pushes need it: deploys; trunk (those, and pushes to trunk); all.
          #on: trunk
          # checkout: here, with nothing uncommitted; worktree: in a clean copy.
          #in: checkout
          # The limit for the whole run.
          #timeout: 30m
          # How long a pass counts for the same files; `never` runs it each time.
          #reuse: 24h
          # Variables that a pass depends on; none by default.
          #env: [RAILS_ENV]
          # A regular expression that the output must match: some test ran.
          #expect: '[1-9][0-9]* examples?, 0 failures'
          # Ignored files of the checkout that a worktree needs.
          #link: [.env]
          # Whether the suite gets the terminal, to ask something on it.
          #interactive: false

        # Where pushes deploy to: a remote or a list, and a Heroku app or a list. The
        # app counts, whatever the remote is called.
        environments:
          staging:
            remote: staging
            app: shop-staging
          production:
            remote: production
            app: shop
            after: staging
            window:
              timezone: UTC
              closed:
              - 22:00-07:00
              # Days and times as here; also days or dates alone: Sat,
              # 2026-12-24..2027-01-02. Default: always; closed wins over open.
              #open: [Mon-Thu 09:00-16:00, Fri 09:00-12:00]
              # How long it must stay open after the push, so that someone is around.
              #runway: 0
            # How long it must be live there before; and who signs it off: true (someone
            # who tried it), false, a number of people, or
            # {count: 1, by: another, signed: true}.
            #soak: 0
            #signoff: true
            # Which commits it takes: trunk (its newest alone), or any (a feature branch
            # too; nothing can come after it).
            #from: trunk
            # The branches that deploy.
            #branch: [main, master]
            # A command that prints the commit which really runs there, where that may
            # be another than git has: a release phase can fail.
            #live: curl -fsS https://shop.example/revision
            # Whether an override must say why: required or optional.
            #reason: optional

        # Whether sign-offs and deployments are shared with the team, as git notes on
        # trunk's remote.
        #share: true
    "#]]);
}

#[test]
fn it_says_which_apps_it_took_for_production_and_that_somebody_must_look() {
    let shop = shop_with(&[
        ("shop", "https://git.heroku.com/shop.git"),
        ("blog", "https://git.heroku.com/blog.git"),
    ]);
    shop.pushgate(["init"]).is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: wrote [root]/app/.pushgate.yml
          trunk: origin/master
          suite: nothing says what runs your tests: fill in `suite.run`
          production: remotes shop, blog, apps shop, blog
            closed 22:00-07:00 (UTC): your hours?
            nothing calls any of these 2 apps staging, so all are production now:
            look them over, and take out what is not
          next: look it over and commit it
          and then: pushgate install
    "#]]);
    assert_eq!(written(&shop).environments[0].apps, ["shop", "blog"]);
    shop.pushgate(["init", "--stdout"]).is(&expect![[r#"
        exit 0
        --- stdout
        # yaml-language-server: $schema=.git/pushgate/schema.json
        # The policy of pushgate. It is read from the pushed commit: commit changes.
        # git clones no hooks. Each clone needs, once: pushgate install
        # Where to get the program: install.sh in a checkout of pushgate.
        # `#key` is not set, and shows its default or an example.

        # Where deploys come from.
        trunk:
          # Default: the branch that the remote's HEAD names, else master or main.
          branch: master
          remote: origin

        # The entire test run.
        suite:
          # FIXME: say what runs your entire suite; nothing was found. One shell
          # command, or a list of steps: each a command, or {name, run, ...}.
          #run: bin/test
          # Which pushes need it: deploys; trunk (those, and pushes to trunk); all.
          #on: trunk
          # checkout: here, with nothing uncommitted; worktree: in a clean copy.
          #in: checkout
          # The limit for the whole run.
          #timeout: 30m
          # How long a pass counts for the same files; `never` runs it each time.
          #reuse: 24h
          # Variables that a pass depends on; none by default.
          #env: [RAILS_ENV]
          # A regular expression that the output must match: some test ran.
          #expect: '[1-9][0-9]* examples?, 0 failures'
          # Ignored files of the checkout that a worktree needs.
          #link: [.env]
          # Whether the suite gets the terminal, to ask something on it.
          #interactive: false

        # Where pushes deploy to: a remote or a list, and a Heroku app or a list. The
        # app counts, whatever the remote is called.
        environments:
          # FIXME: nothing calls these apps staging: take out what is not production.
          production:
            remote:
            - shop
            - blog
            app:
            - shop
            - blog
            window:
              timezone: UTC
              closed:
              - 22:00-07:00
              # Days and times as here; also days or dates alone: Sat,
              # 2026-12-24..2027-01-02. Default: always; closed wins over open.
              #open: [Mon-Thu 09:00-16:00, Fri 09:00-12:00]
              # How long it must stay open after the push, so that someone is around.
              #runway: 0
            # The environment where the commit must be live first.
            #after: staging
            # How long it must be live there before; and who signs it off: true (someone
            # who tried it), false, a number of people, or
            # {count: 1, by: another, signed: true}.
            #soak: 0
            #signoff: true
            # Which commits it takes: trunk (its newest alone), or any (a feature branch
            # too; nothing can come after it).
            #from: trunk
            # The branches that deploy.
            #branch: [main, master]
            # A command that prints the commit which really runs there, where that may
            # be another than git has: a release phase can fail.
            #live: curl -fsS https://shop.example/revision
            # Whether an override must say why: required or optional.
            #reason: optional

        # Whether sign-offs and deployments are shared with the team, as git notes on
        # trunk's remote.
        #share: true
    "#]]);
    // One app is nobody's doubt.
    shop.git(["remote", "remove", "blog"]).goes();
    let ran = shop.pushgate(["init", "--stdout"]).goes();
    assert!(!ran.stdout.contains("FIXME: nothing calls"), "{ran}");
}

/// As without a file: a push to an app is judged by the stricter of its two remotes.
#[test]
fn an_app_with_two_remotes_is_production() {
    let shop = shop_with(&[
        ("staging", "https://git.heroku.com/shop.git"),
        ("heroku", "https://git.heroku.com/shop.git"),
    ]);
    shop.pushgate(["init"]).is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: wrote [root]/app/.pushgate.yml
          trunk: origin/master
          suite: nothing says what runs your tests: fill in `suite.run`
          production: remotes staging, heroku, app shop
            closed 22:00-07:00 (UTC): your hours?
          next: look it over and commit it
          and then: pushgate install
    "#]]);
    assert_eq!(written(&shop).environments.len(), 1);
}

#[test]
fn it_installs_the_hook_in_the_same_breath_if_it_is_asked_to() {
    let shop = shop_with(&REMOTES);
    let ran = shop.pushgate(["init", "--install"]).goes();
    ran.says("  next: look it over and commit it\npushgate: installed ")
        .never_says("and then")
        .never_says("no environment");
    assert!(shop.app.join(".git/hooks/pre-push").exists());
    assert!(shop.app.join(".pushgate.yml").exists());
}

#[test]
fn it_refuses_to_overwrite() {
    let shop = Sandbox::new();
    shop.pushgate(["init"]).is(&expect![[r#"
        exit 2
        --- stderr
        pushgate: init not done
          [root]/app/.pushgate.yml exists already
          compare it with pushgate init --stdout, or remove it first
    "#]]);
    let there = fs::read_to_string(shop.app.join(".pushgate.yml")).unwrap();
    assert_eq!(there, POLICY);
    shop.pushgate(["init", "--stdout"]).goes();
}

#[test]
fn where_a_policy_is_nobody_is_sent_to_init() {
    for policy in ["suite: {run: 'true'}\n", "environments: {}\n"] {
        let shop = Sandbox::bare();
        shop.policy(policy);
        for args in [
            &["install"][..],
            &["rollback"],
            &["approve"],
            &["lock", "-m", "x"],
        ] {
            let ran = shop.pushgate(args);
            ran.says("`environments` in .pushgate.yml")
                .never_says("init writes")
                .never_says("pushgate check");
        }
        shop.pushgate(["check"])
            .says("or ask about trunk:\n    pushgate check trunk\n");
    }
}

#[test]
fn it_asks_where_two_suites_are_as_likely() {
    let shop = shop_with(&[]);
    shop.write("package.json", "{\"scripts\": {\"test\": \"jest\"}}");
    shop.write("Cargo.toml", "[package]\nname = \"x\"\n");
    shop.pushgate(["init"]).is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: wrote [root]/app/.pushgate.yml
          trunk: origin/master
          suite: `npm test` or `cargo test`: say in `suite.run` which it is
          no remote leads to a platform: staging and production stand there as an example
          next: look it over and commit it
          and then: pushgate install
    "#]]);
    shop.pushgate(["init", "--stdout"]).is(&expect![[r#"
        exit 0
        --- stdout
        # yaml-language-server: $schema=.git/pushgate/schema.json
        # The policy of pushgate. It is read from the pushed commit: commit changes.
        # git clones no hooks. Each clone needs, once: pushgate install
        # Where to get the program: install.sh in a checkout of pushgate.
        # `#key` is not set, and shows its default or an example.

        # Where deploys come from.
        trunk:
          # Default: the branch that the remote's HEAD names, else master or main.
          branch: master
          remote: origin

        # The entire test run.
        suite:
          # FIXME: say what runs your entire suite. These could be meant:
          #   npm test  (package.json, no lock file)
          #   cargo test  (Cargo.toml)
          # To run them all, write a list: [first command, second command].
          #run: npm test
          # Which pushes need it: deploys; trunk (those, and pushes to trunk); all.
          #on: trunk
          # checkout: here, with nothing uncommitted; worktree: in a clean copy.
          #in: checkout
          # The limit for the whole run.
          #timeout: 30m
          # How long a pass counts for the same files; `never` runs it each time.
          #reuse: 24h
          # Variables that a pass depends on; none by default.
          #env: [RAILS_ENV]
          # A regular expression that the output must match: some test ran.
          #expect: '[1-9][0-9]* examples?, 0 failures'
          # Ignored files of the checkout that a worktree needs.
          #link: [.env]
          # Whether the suite gets the terminal, to ask something on it.
          #interactive: false

        # Where pushes deploy to: a remote or a list, and a Heroku app or a list. The
        # app counts, whatever the remote is called.
        environments:
          # FIXME: no remote that deploys was found. For example:
          #staging:
            #remote: staging
            #app: shop-staging
          #production:
            #remote: production
            #app: shop
            #after: staging
            # When a push may go.
            #window:
              #closed: [22:00-07:00]
              # Days and times as here; also days or dates alone: Sat,
              # 2026-12-24..2027-01-02. Default: always; closed wins over open.
              #open: [Mon-Thu 09:00-16:00, Fri 09:00-12:00]
              # An IANA name such as Europe/Madrid; local: the pusher's own clock.
              #timezone: UTC
              # How long it must stay open after the push, so that someone is around.
              #runway: 0
            # How long it must be live there before; and who signs it off: true (someone
            # who tried it), false, a number of people, or
            # {count: 1, by: another, signed: true}.
            #soak: 0
            #signoff: true
            # Which commits it takes: trunk (its newest alone), or any (a feature branch
            # too; nothing can come after it).
            #from: trunk
            # The branches that deploy.
            #branch: [main, master]
            # A command that prints the commit which really runs there, where that may
            # be another than git has: a release phase can fail.
            #live: curl -fsS https://shop.example/revision
            # Whether an override must say why: required or optional.
            #reason: optional

        # Whether sign-offs and deployments are shared with the team, as git notes on
        # trunk's remote.
        #share: true
    "#]]);
    // Not where that is done.
    fs::remove_file(shop.app.join(".pushgate.yml")).unwrap();
    shop.install();
    shop.pushgate(["init"]).is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: wrote [root]/app/.pushgate.yml
          trunk: origin/master
          suite: `npm test` or `cargo test`: say in `suite.run` which it is
          no remote leads to a platform: staging and production stand there as an example
          next: look it over and commit it
    "#]]);
}

#[test]
fn its_own_check_has_nothing_to_say_about_what_it_writes() {
    let remotes = [
        ("production", "https://git.heroku.com/shop.git"),
        ("staging", "https://git.heroku.com/shop-staging.git"),
    ];
    for (zone, written_zone) in [("Europe/Madrid", "Europe/Madrid"), ("UTC", "UTC")] {
        let shop = shop_with(&remotes);
        let init = shop.command(PUSHGATE).arg("init").env("TZ", zone).output();
        assert!(init.unwrap().status.success());
        let window = &written(&shop).environments[1].window;
        assert_eq!(window.timezone.to_string(), written_zone);
        let ran = shop.pushgate(["check", "--policy"]).goes();
        assert_eq!(ran.stdout, "");
        ran.says("nothing to say about it");
    }
    // A zone without a name is left to whoever pushes.
    let shop = shop_with(&remotes);
    let init = shop
        .command(PUSHGATE)
        .arg("init")
        .env("TZ", "XYZ-2")
        .output();
    assert!(init.unwrap().status.success());
    assert_eq!(
        written(&shop).environments[1].window.timezone.to_string(),
        "local"
    );
}

#[test]
fn on_a_terminal_it_asks_which_of_two_suites_it_is() {
    let shop = shop_with(&[]);
    shop.write("package.json", "{\"scripts\": {\"test\": \"jest\"}}");
    shop.write("manage.py", "");
    let mut command = shop.command(tool("script", "bsdutils"));
    let init = format!("'{}' init", crate::support::PUSHGATE);
    command.args(["-qec", &init, "/dev/null"]);
    let ran = Ran::fed(&mut command, b"n\ny\n").goes();
    for command in ["npm test", "python manage.py test"] {
        let question = format!("does `{command}` run ALL of your tests? [y/N]");
        assert!(ran.stdout.contains(&question), "{ran}");
    }
    // What was answered is not asked again.
    let found = "  suite: python manage.py test\r\n";
    assert!(ran.stdout.contains(found), "{ran}");
    let policy = fs::read_to_string(shop.app.join(".pushgate.yml")).unwrap();
    assert!(
        policy.contains("\n  run: python manage.py test\n"),
        "{policy}"
    );
}
