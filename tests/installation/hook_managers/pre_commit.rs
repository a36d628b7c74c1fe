//! pre-commit and prek, which read the same configuration and hand the same to a hook.

use super::Street;

const TOOLS: [&str; 2] = ["pre-commit", "prek"];

/// What the team has: a hook that says that it ran.
const TEAM: &str = "\
# What runs when, by the team.
default_install_hook_types: [pre-push]
repos:
  # Our own.
  - repo: local
    hooks:
      - id: team
        name: the team's hook
        entry: sh -c 'echo team ran with $PRE_COMMIT_REMOTE_BRANCH'
        language: system
        stages: [pre-push]
        always_run: true
        pass_filenames: false
        verbose: true # said, too
";

fn with_config(config: &str) -> Street {
    let street = Street::new();
    street.shop.write(".pre-commit-config.yaml", config);
    street.everything_is_on_origin();
    street
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn they_run_our_hook_first_and_it_hears_all() {
    for tool in TOOLS {
        let street = with_config(TEAM);
        street.run(&format!("{tool} install")).goes();
        let theirs = street.picture(".git/hooks");
        street
            .run("pushgate install")
            .goes()
            .says("installed ")
            .says(&format!("{tool} runs it before its own hooks"));
        street.is_gated();
        let first = street.picture(".git/hooks");
        // A script that sets a clone up calls both, again and again.
        street.run(&format!("{tool} install")).goes();
        street
            .run("pushgate install")
            .goes()
            .says("is installed already");
        assert_eq!(street.picture(".git/hooks"), first);
        street.is_gated();
        street.everything_is_on_origin();
        let ran = street.run("git push staging master").goes();
        ran.says("may go");
        street.run("pushgate uninstall").goes();
        assert_eq!(street.picture(".git/hooks"), theirs);
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn installed_after_us_they_keep_us_and_give_us_back() {
    for tool in TOOLS {
        let street = with_config(TEAM);
        street.run("pushgate install").goes();
        let ours = street.picture(".git/hooks");
        street.run(&format!("{tool} install")).goes();
        street.is_gated();
        street.run("pushgate install").goes();
        street.is_gated();
        street.everything_is_on_origin();
        let ran = street.run("git push staging master").goes();
        assert!(
            ran.stdout.contains("team ran with refs/heads/master"),
            "{ran}"
        );
        street.run(&format!("{tool} uninstall -t pre-push")).goes();
        assert_eq!(street.picture(".git/hooks"), ours);
        street.is_gated();
    }
}
