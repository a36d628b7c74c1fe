//! Other hook managers, each with the step `true`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    shop::{Push, Shop, on_path},
    support::{Ran, tool},
};

const LEFTHOOK: &str = "pre-push:\n  jobs:\n    - name: suite\n      run: 'true'\n";
const PREK: &str = "\
repos:
  - repo: local
    hooks:
      - {id: suite, name: suite, entry: 'true', language: system, stages: [pre-push], always_run: true, pass_filenames: false}
";

/// Installs them, and returns the pushes that go through their hooks.
pub(crate) fn install(shop: &Shop) -> Vec<Push<'_>> {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers");
    fs::create_dir_all(&directory).unwrap();
    let programs = [lefthook(&directory), prek(&directory)];
    shop.sandbox.commit_file("lefthook.yml", LEFTHOOK);
    shop.sandbox.commit_file(".pre-commit-config.yaml", PREK);
    let install: [&[&str]; 2] = [&["install"], &["install", "--hook-type", "pre-push"]];
    let mut pushes = Vec::new();
    for (program, args) in programs.iter().zip(install) {
        let name = program.file_name().unwrap().to_str().unwrap();
        let path = on_path(program.parent().unwrap());
        shop.hook("pre-push", None);
        let mut command = shop.sandbox.command(program);
        Ran::of(command.args(args).env("PATH", &path)).goes();
        let hook = shop.sandbox.app.join(".git/hooks/pre-push");
        let hook = fs::read_to_string(hook).unwrap();
        let mut push = Push::new(shop, name, "staging", Some(&hook));
        push.path = Some(path);
        // lefthook also wants to be asked about every commit message.
        shop.hook("prepare-commit-msg", None);
        shop.hook("pre-push", None);
        let ran = push.run();
        assert!(
            format!("{}{}", ran.stdout, ran.stderr).contains("suite"),
            "{name} ran no step: {ran}"
        );
        pushes.push(push);
    }
    pushes
}

/// The program itself, not the script around it that starts node first.
fn lefthook(directory: &Path) -> PathBuf {
    let mut npm = Command::new(tool("npm", "npm"));
    // Its install script would put hooks into the repository that this is run in.
    npm.args(["install", "--silent", "--ignore-scripts", "--prefix"])
        .arg(directory)
        .arg("lefthook");
    must(&mut npm);
    let modules = fs::read_dir(directory.join("node_modules")).unwrap();
    let programs = modules.map(|module| module.unwrap().path().join("bin/lefthook"));
    let program = programs.filter(|program| {
        let module = program.parent().and_then(Path::parent);
        module.is_some_and(|module| !module.ends_with("lefthook")) && program.is_file()
    });
    program.last().expect("a lefthook for this machine")
}

fn prek(directory: &Path) -> PathBuf {
    let venv = directory.join("python");
    let mut python = Command::new(tool("python3", "python3-venv"));
    must(python.args(["-m", "venv"]).arg(&venv));
    let mut pip = Command::new(venv.join("bin/pip"));
    must(pip.args(["install", "--quiet", "--disable-pip-version-check", "prek"]));
    venv.join("bin/prek")
}

fn must(command: &mut Command) {
    let status = command.status();
    assert!(
        status.as_ref().is_ok_and(std::process::ExitStatus::success),
        "{command:?}: {status:?}"
    );
}
