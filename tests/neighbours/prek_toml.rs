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
fn what_cannot_be_added_to_is_left_and_the_lines_are_printed() {
    let config = "repos = [{ repo = \"meta\", hooks = [{ id = \"identity\" }] }]\n";
    let street = with_prek(config);
    let ran = street.run("pushgate install --write");
    assert_eq!(ran.code, 2, "{ran}");
    assert!(ran.stdout.starts_with("[[repos]]\n"), "{ran}");
    ran.says(
        "prek.toml is not changed: its `repos` is not written as one `[[repos]]` after another",
    );
    assert_eq!(street.read("prek.toml"), config);
    // The hook itself is there.
    street.is_gated();
}

#[test]
fn words_of_their_own_are_left() {
    let own = "hooks = [{ id = \"x\", name = \"x\", entry = \"pushgate pre-push --from pre-commit\", language = \"system\" }]\n";
    let street = with_prek(&format!("[[repos]]\nrepo = \"local\"\n{own}"));
    street
        .run("pushgate install --write")
        .goes()
        .says("prek.toml calls pushgate already");
    let ran = street.run("pushgate uninstall");
    assert_eq!(ran.code, 1, "{ran}");
    ran.says("prek.toml calls pushgate by words of its own: left as it is");
}
