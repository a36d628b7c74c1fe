//! The real husky, lefthook, pre-commit and prek, whose hooks run here, and what they run.

use std::fs;

use super::visit::{Visit, visit};
use crate::{
    installation::hook_managers::{Street, configured::with_old_git},
    support::Ran,
};

/// What runs before a push for a team that has pre-commit or prek.
const CONFIG: &str = "\
repos:
- repo: local
  hooks:
    - id: check
      name: check
      entry: 'true'
      language: system
      stages: [pre-push]
";

/// The same, with a hook that calls the gate.
fn calling(config: &str) -> String {
    config.replace(
        "entry: 'true'",
        "entry: pushgate pre-push --from pre-commit",
    )
}

/// Doctor, called by somebody who has these programs on PATH.
fn on(street: &Street) -> Visit<'_> {
    visit(&street.shop).with("PATH", street.path.to_str().unwrap())
}

/// A push that every gate would refuse goes, as long as nobody asks one.
#[track_caller]
fn is_not_gated(street: &Street) {
    let before = street.shop.tip("staging", "master");
    street.everything_is_on_origin();
    street.shop.commit("stray");
    street.run("git push staging HEAD:master").goes().silent();
    street
        .run(&format!(
            "git push -q --no-verify --force staging {before}:master"
        ))
        .goes();
    street.run("git reset -q --hard HEAD~1").goes();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_hook_of_husky_runs_that_of_the_repository() {
    let street = Street::new();
    street.shop.write("package.json", "{\"name\": \"shop\"}\n");
    street.run("git config core.hooksPath .husky/_").goes();
    let visit = on(&street);
    let told = visit.doctor();
    told.ok("git looks for hooks in .husky/_: core.hooksPath of .git/config");
    told.breaks(".husky/_/pre-push is missing: pushes are not judged")
        .runs("npx husky")
        .is_cured_by("husky");
    is_not_gated(&street);
    visit
        .doctor()
        .breaks("a hook of husky runs here; .husky/pre-push does not call pushgate: pushes are not judged")
        .is_cured();
    street.is_gated();
    let told = visit.doctor();
    told.ok("a hook of husky runs here; .husky/pre-push calls pushgate");
    let ours = street.read(".husky/pre-push");
    for (text, is_sure) in [
        ("pushgate pre-push -- \"$@\"\nnpm test\n", true),
        (
            "git lfs pre-push \"$@\"\npushgate pre-push -- \"$@\"\n",
            false,
        ),
        ("pushgate pre-push -- \"$@\" || true\n", false),
    ] {
        street.shop.write(".husky/pre-push", text);
        let told = visit.doctor();
        if is_sure {
            told.ok("a hook of husky runs here; .husky/pre-push calls pushgate");
        } else {
            told.warns("but something else may take what git says, or pass over the answer: nothing tells whether every push is judged")
                .hints("let it begin with: pushgate pre-push -- \"$@\" || exit");
        }
    }
    street
        .shop
        .write(".husky/pre-push", &format!("{ours}\n{ours}"));
    visit
        .doctor()
        .breaks("has the lines of pushgate after a command, twice, or with")
        .is_cured();
    street.shop.write(".husky/pre-push", &ours);
    told.warns("the hook finds it by PATH alone: an editor")
        .runs("sudo ln -s ");
    // Lines of another version, and something before the lines.
    let lines = street.read(".husky/pre-push");
    street.shop.write(
        ".husky/pre-push",
        &lines.replace("is not on your PATH", "is missing"),
    );
    visit
        .doctor()
        .warns(
            ".husky/pre-push calls pushgate by lines that were edited, or are of another version",
        )
        .is_cured();
    assert_eq!(street.read(".husky/pre-push"), lines);
    street
        .shop
        .write(".husky/pre-push", &format!("cat >/dev/null\n{lines}"));
    visit
        .doctor()
        .breaks("has the lines of pushgate after a command, twice, or with")
        .is_cured();
    let off = on(&street).with("HUSKY", "0");
    off.doctor()
        .warns("HUSKY=0 is set here: husky passes over the gate, and pushes are not judged")
        .is_cured();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn lefthook_is_asked_to_call_the_gate() {
    let street = Street::new();
    street
        .shop
        .write("lefthook.yml", "pre-push:\n  jobs:\n    - run: 'true'\n");
    street.run("lefthook install").goes();
    is_not_gated(&street);
    let visit = on(&street);
    visit
        .doctor()
        .breaks("a hook of lefthook runs here; lefthook.yml does not call pushgate: pushes are not judged")
        .hints("add the lines that pushgate install prints, then lefthook install");
    let lines = street.run("pushgate install").stdout;
    street.shop.write("lefthook.yml", &lines);
    street.is_gated();
    visit
        .doctor()
        .ok("a hook of lefthook runs here; lefthook.yml calls pushgate");
    for (name, value) in [
        ("LEFTHOOK", "0"),
        ("LEFTHOOK", "false"),
        ("LEFTHOOK_EXCLUDE", "slow,pushgate"),
    ] {
        let off = on(&street).with(name, value);
        off.doctor()
            .warns(&format!(
                "{name}={value} is set here: lefthook passes over the gate, and pushes are not judged"
            ))
            .is_cured();
        // And it is so.
        street.everything_is_on_origin();
        street.shop.commit("stray");
        let mut push = street.command("git");
        push.args(["push", "staging", "HEAD:master"])
            .env(name, value);
        Ran::of(&mut push).goes().silent();
    }
    for (name, value) in [("LEFTHOOK", "1"), ("LEFTHOOK_EXCLUDE", "slow")] {
        let on = on(&street).with(name, value);
        on.doctor().lacks("passes over the gate");
    }
    // A job that is not as it was printed.
    let text = street.read("lefthook.yml");
    street.shop.write(
        "lefthook.yml",
        &text.replace("use_stdin: true", "use_stdin: true\n      glob: '*.rb'"),
    );
    visit
        .doctor()
        .warns("lefthook.yml calls pushgate, but its job differs from what pushgate install prints, or is left out of some: nothing tells whether every push is judged")
        .hints("pushgate install prints the lines that are known to hold");
    is_not_gated(&street);
    street.shop.write("lefthook.yml", "pre-push: [\n");
    visit
        .doctor()
        .breaks("lefthook does not say what it runs before a push")
        .hints("see that `lefthook dump` works here");
    // Without a hook of its own before a push, the file alone would change nothing.
    let street = Street::new();
    street
        .shop
        .write("lefthook.yml", "pre-commit:\n  jobs:\n    - run: 'true'\n");
    street.run("lefthook install").goes();
    let visit = on(&street);
    visit
        .doctor()
        .breaks(".git/hooks/pre-push is missing: pushes are not judged")
        .hints("add the lines that pushgate install prints, then lefthook install");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_pre_commit_and_prek_found_runs_first() {
    for (tool, name) in [("pre-commit", "pre-commit"), ("prek", "prek")] {
        let street = Street::new();
        street.shop.write(".pre-commit-config.yaml", CONFIG);
        street.run(&format!("{tool} install -t pre-push")).goes();
        is_not_gated(&street);
        let visit = on(&street);
        visit
            .doctor()
            .breaks(&format!(
                "a hook of {name} runs here; .pre-commit-config.yaml does not call pushgate"
            ))
            .is_cured();
        street.is_gated();
        let told = visit.doctor();
        told.ok(&format!(
            "a hook of {name} runs here; .git/hooks/pre-push.legacy calls pushgate"
        ));
        told.ok("under the short PATH of an editor, too").is_well();
        // By its file alone the gate hears of one ref.
        street
            .shop
            .write(".pre-commit-config.yaml", &calling(CONFIG));
        fs::remove_file(street.file(".git/hooks/pre-push.legacy")).unwrap();
        visit
            .doctor()
            .warns(&format!("a hook of {name} runs here; .pre-commit-config.yaml calls pushgate, but the gate hears of one ref of a push alone"))
            .is_cured();
    }
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn the_configuration_that_prek_reads_first_is_the_one_that_counts() {
    let street = Street::new();
    street
        .shop
        .write(".pre-commit-config.yaml", &calling(CONFIG));
    street.run("prek install -t pre-push").goes();
    let visit = on(&street);
    visit
        .doctor()
        .warns("a hook of prek runs here; .pre-commit-config.yaml calls pushgate, but the gate hears of one ref");
    street.shop.write(
        "prek.toml",
        "# pushgate, one day\n[[repos]]\nrepo = \"local\"\nhooks = [{ id = \"check\", name = \"check\", entry = \"true\", language = \"system\" }]\n",
    );
    is_not_gated(&street);
    visit
        .doctor()
        .breaks("a hook of prek runs here; prek.toml does not call pushgate: pushes are not judged")
        .is_cured();
    street.is_gated();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_git_that_reads_configured_hooks_runs_the_gate_by_them() {
    let street = Street::with(&["git/bin"]);
    street.run("pushgate install --config").goes();
    let visit = on(&street);
    let told = visit.doctor();
    told.lacks("is missing");
    let says = "git runs the gate by hook.pushgate.command: exec ";
    // The git that an editor finds on this machine may be too old.
    if told
        .items
        .iter()
        .any(|item| item.state == "ok" && item.text.contains(says))
    {
        told.ok(says);
    } else {
        told.warns(says).runs("&& pushgate install");
    }
    told.ok("under the short PATH of an editor, too");
    street.is_gated();
    for (key, value) in [("command", "make lint"), ("event", "pre-push")] {
        let key = format!("hook.lint.{key}");
        street.shop.git(["config", &key, value]).goes();
    }
    visit.doctor().lacks("hook.lint");
    street.run("git config --remove-section hook.lint").goes();
    fs::remove_file(street.file(".git/pushgate-hook/pre-push")).unwrap();
    street.shop.commit("two");
    street
        .run("git push -q staging HEAD:refs/heads/feature")
        .goes_not();
    visit
        .doctor()
        .breaks("runs .git/pushgate-hook/pre-push, which is missing: every push is refused")
        .is_cured();
    street.is_gated();
    for (key, value) in [("command", "pushgate pre-push --"), ("event", "pre-push")] {
        let key = format!("hook.mine.{key}");
        street.shop.git(["config", "--global", &key, value]).goes();
    }
    visit
        .doctor()
        .warns("every push is judged twice, by .git/hooks/pre-push and by hook.mine.command")
        .runs("git config --global --remove-section hook.mine")
        .is_cured();
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn an_older_git_that_passes_over_a_configured_hook_is_told_of() {
    let street = with_old_git();
    is_not_gated(&street);
    let visit = on(&street);
    let told = visit.doctor();
    told.breaks(".git/hooks/pre-push is missing: pushes are not judged; git 2.")
        .is_cured();
    street.is_gated();
    visit.doctor().lacks("configured").lacks("is missing");
}
