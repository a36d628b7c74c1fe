//! prek with a configuration of its own, which it reads before that of pre-commit.

use std::fs;

use super::Street;

/// What the team has: a hook that says that it ran.
const TEAM: &str = "\
# What runs when, by the team.
default_install_hook_types = [\"pre-push\"]

[[repos]]
repo = \"local\"
hooks = [
  # Our own.
  { id = \"team\", name = \"the team's hook\", entry = \"echo team ran\", language = \"system\", stages = [\"pre-push\"], always_run = true, verbose = true },
]
";
/// What prek does not read here.
const OTHER: &str = "repos: [{repo: meta, hooks: [{id: identity}]}]\n";

fn with_prek(config: &str) -> Street {
    let street = Street::new();
    street.shop.write("prek.toml", config);
    street.shop.write(".pre-commit-config.yaml", OTHER);
    street.run("prek install -t pre-push").goes();
    street
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_lines_go_into_what_a_person_wrote_and_out_again() {
    for config in [
        TEAM.to_owned(),
        TEAM.trim_end().to_owned(),
        TEAM.replace('\n', "\r\n"),
    ] {
        let street = with_prek(&config);
        let ran = street.run("pushgate install").goes();
        let lines = ran.stdout.clone();
        assert!(lines.starts_with("[[repos]]\n"), "{ran}");
        ran.says("these lines go at the end of prek.toml:\n")
            .says("  hint: pushgate install --write puts them there\n")
            .says("prek lets deletions, rollbacks, further refs");
        assert_eq!(street.read("prek.toml"), config);
        let ran = street.run("pushgate install --write").goes();
        assert_eq!(ran.stdout, "", "{ran}");
        ran.says("prek.toml calls pushgate now")
            .says("git add prek.toml and commit it");
        let with = street.read("prek.toml");
        assert!(with.starts_with(&config), "{with}");
        assert_eq!(with[config.len()..].replace('\r', ""), format!("\n{lines}"));
        street.run("prek validate-config prek.toml").goes();
        street
            .run("pushgate install --write")
            .goes()
            .says("prek.toml calls pushgate already");
        assert_eq!(street.read("prek.toml"), with);
        assert_eq!(street.read(".pre-commit-config.yaml"), OTHER);
        street.is_gated();
        street
            .run("pushgate uninstall")
            .goes()
            .says("prek.toml is again what it was before");
        assert_eq!(street.read("prek.toml"), config);
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_configuration_calls_the_gate_where_only_prek_is_installed() {
    let street = with_prek(TEAM);
    street.run("pushgate install --write").goes();
    fs::remove_file(street.file(".git/hooks/pre-push.legacy")).unwrap();
    let trunk = street.everything_is_on_origin();
    street.run("git fetch -q --all").goes();
    let before = street.shop.tip("staging", "master");
    street.shop.commit("stray");
    let ran = street.run("git push staging HEAD:master").goes_not();
    assert!(
        ran.stdout
            .contains("trunk: master is 1 commit ahead of origin/master"),
        "{ran}"
    );
    assert_eq!(street.shop.tip("staging", "master"), before);
    street.run("git reset -q --hard origin/master").goes();
    let ran = street.run("git push staging master").goes();
    assert!(ran.stdout.contains("team ran"), "{ran}");
    let ledger = street.shop.ledger();
    street.is_the_line(ledger.last().unwrap(), &trunk, &before);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_cannot_be_added_to_is_left_and_the_lines_are_printed() {
    for config in [
        "repos = [{ repo = \"meta\", hooks = [{ id = \"identity\" }] }]\n",
        "\"repos\" = [{ repo = \"meta\", hooks = [{ id = \"identity\" }] }]\n",
    ] {
        let street = with_prek(config);
        street.run("prek validate-config prek.toml").goes();
        is_left(
            &street,
            "its `repos` is not written as one `[[repos]]` after another",
        );
        assert_eq!(street.read("prek.toml"), config);
        street.run("prek validate-config prek.toml").goes();
        // The hook itself is there.
        street.is_gated();
    }
}

#[track_caller]
fn is_left(street: &Street, why: &str) {
    let ran = street.run("pushgate install --write");
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stdout.starts_with("[[repos]]\n"), "{ran}");
    ran.says(&format!("prek.toml is not changed: {why}"));
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_prek_cannot_read_is_left_with_the_line_that_is_wrong() {
    let street = with_prek(TEAM);
    for (config, why) in [
        ("repos [\n", "line 1 is not as simple"),
        (
            "fail_fast = true\nfail_fast = true\n",
            "line 2 is not as simple",
        ),
        ("fail_fast = true\n", "its `repos` is not a list"),
    ] {
        street.shop.write("prek.toml", config);
        street.run("prek validate-config prek.toml").goes_not();
        is_left(&street, why);
        assert_eq!(street.read("prek.toml"), config);
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_the_team_put_below_our_lines_is_not_given_to_another_hook() {
    let no_hooks = "\n[[repos]]\nrepo = \"local\"\n\n[[repos.hooks]]\nid = \"x\"\nname = \"x\"\nentry = \"true\"\nlanguage = \"system\"\n";
    let team_hook = "\n[[repos.hooks]]\nid = \"more\"\nname = \"more\"\nentry = \"true\"\nlanguage = \"system\"\n";
    for before in [TEAM.to_owned(), format!("{TEAM}{no_hooks}")] {
        for more in [team_hook, "log_file = \"push.log\"\n"] {
            let street = with_prek(&before);
            street.run("pushgate install --write").goes();
            let with = street.read("prek.toml") + more;
            street.shop.write("prek.toml", &with);
            street.run("prek validate-config prek.toml").goes();
            let ran = street.run("pushgate uninstall");
            assert_eq!(ran.code, 1, "{ran}");
            ran.says("prek.toml: without our lines it would say something else: left as it is");
            assert_eq!(street.read("prek.toml"), with);
        }
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_the_team_put_below_our_lines_as_its_own_stays() {
    let more = "\n[[repos]]\nrepo = \"meta\"\nhooks = [{ id = \"identity\" }]\n";
    let street = with_prek(TEAM);
    street.run("pushgate install --write").goes();
    let with = street.read("prek.toml") + more;
    street.shop.write("prek.toml", &with);
    street.run("pushgate uninstall").goes();
    assert_eq!(street.read("prek.toml"), format!("{TEAM}{more}"));
    street.run("prek validate-config prek.toml").goes();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn words_of_their_own_are_left() {
    let own = "hooks = [{ id = \"x\", name = \"x\", entry = \"pushgate pre-push --from pre-commit\", language = \"system\", always_run = true }]\n";
    let street = with_prek(&format!("[[repos]]\nrepo = \"local\"\n{own}"));
    street
        .run("pushgate install --write")
        .goes()
        .says("prek.toml calls pushgate already");
    let ran = street.run("pushgate uninstall");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("prek.toml calls pushgate by words of its own: left as it is");
}
