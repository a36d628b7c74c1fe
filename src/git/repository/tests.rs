use std::{
    env, fs,
    process::{Command, Output},
};

use bstr::BString;

use super::*;

/// Set for the copy of this test that asks the questions, in the repository's own directory.
const ASKS: &str = "PUSHGATE_TEST_ASKS";
const TEST: &str = "git::repository::tests::both_ways_of_reading_answer_alike";

/// A directory with a home of its own, and a repository with a little of everything.
struct Rich(tempfile::TempDir);

impl Rich {
    fn command(&self, program: impl AsRef<std::ffi::OsStr>, directory: &str) -> Command {
        let mut command = Command::new(program);
        let home = self.0.path().join("home");
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap())
            .env("HOME", &home)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .current_dir(self.0.path().join(directory));
        command
    }

    fn sh(&self, directory: &str, script: &str) -> Output {
        let said = self
            .command("sh", directory)
            .args(["-euc", script])
            .output();
        let said = said.unwrap();
        assert!(said.status.success(), "{script}: {said:?}");
        said
    }

    fn new() -> Self {
        let rich = Self(tempfile::tempdir().unwrap());
        fs::create_dir(rich.0.path().join("home")).unwrap();
        rich.sh(
            ".",
            r#"
            git config --global user.name Ana
            git config --global user.email ana@shop.example
            git config --global init.defaultBranch master
            git config --global remote.several.url /one
            mkdir -p home/.config/git
            printf '[remote "xdg"]\n\turl = /xdg\n' >home/.config/git/config
            git init -q app
            cd app
            mkdir -p web/deep
            echo web >web/index; echo deep >web/deep/er; echo hook >hook; chmod +x hook
            ln -s web/index link; ln -s nowhere dangling
            printf 'caf\351' >"$(printf 'caf\351')"
            git add .
            git update-index --add --cacheinfo 160000,1111111111111111111111111111111111111111,vendor
            git commit -qm one
            git commit -q --allow-empty -m two
            git tag light; git tag -a -m tag tag; git tag -a -m 'tag of a tag' tag2 tag
            git tag -a -m 'tag of a tree' treetag HEAD:; git tag blob HEAD:hook
            git branch packed; git branch both; git update-ref refs/remotes/origin/master HEAD~1
            git pack-refs --all
            git branch -f both HEAD~1; git branch loose
            git symbolic-ref refs/remotes/origin/HEAD refs/remotes/origin/master
            git symbolic-ref refs/heads/alias refs/heads/packed
            git symbolic-ref refs/heads/nowhere refs/heads/missing
            git branch refs/heads/nested
            git repack -adq; git commit -q --allow-empty -m three
            git worktree add -q ../second loose
            git config --add remote.several.url /two; git config --add remote.several.url ''
            git config --add remote.several.url /three
            git config 'remote.Pröd/EU.west.pushURL' 'a b;c#d"e'
            git config remote.lines.url "$(printf 'a\nb')"
            printf '[a]\n\tvalueless\n\tempty =\n[A "B"]\n\tC = d\n[bare "sub"]\n' >>.git/config
            git config include.path ../included; git config includeIf.gitdir:/nowhere/.path ../never
            git config a.after yes
            printf '[url "ssh://git@heroku.com/"]\n\tinsteadOf = heroku:\n[include]\n\tpath = twice\n' >included
            printf '[twice]\n\tdeep = yes\n' >twice
            echo '[never]' >never
            "#,
        );
        rich
    }

    /// What both say in a directory, in an environment.
    #[track_caller]
    fn alike(&self, directory: &str, variables: &[(&str, &str)]) {
        let mut command = self.command(env::current_exe().unwrap(), directory);
        command
            .args(["--exact", TEST, "--nocapture"])
            .env(ASKS, "1")
            .envs(variables.iter().copied());
        let said = command.output().unwrap();
        let text = String::from_utf8_lossy(&said.stdout);
        assert!(
            said.status.success() && text.contains("1 passed"),
            "in {directory} with {variables:?}:\n{text}\n{}",
            String::from_utf8_lossy(&said.stderr)
        );
    }
}

/// Every answer, in words.
fn answers(backend: &mut dyn Backend, layout: &Layout, ids: &[Oid]) -> Vec<String> {
    let mut answers = vec![
        format!("common directory {:?}", layout.common_dir),
        format!("work tree {:?}", layout.work_tree),
        format!("shallow {}", layout.is_shallow),
    ];
    for (key, value) in backend.config().unwrap() {
        answers.push(format!("{key:?} = {value:?}"));
    }
    for name in [
        "HEAD",
        "refs/heads/master",
        "refs/heads/packed",
        "refs/heads/both",
        "refs/heads/loose",
        "refs/heads/alias",
        "refs/heads/nowhere",
        "refs/heads/missing",
        "refs/heads/nested",
        "refs/heads/master~1",
        "refs/heads/master@{0}",
        "refs/heads/a b",
        "refs/heads/",
        "refs/heads/../x",
        "refs/heads/-x",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/master",
        "refs/tags/light",
        "refs/tags/tag2",
        "refs/tags/blob",
    ] {
        answers.push(format!("{name}: {:?}", backend.reference(name)));
        answers.push(format!("{name} -> {:?}", backend.symbolic(name)));
    }
    for id in ids {
        answers.push(format!("{id}: {:?}", backend.header(id)));
        let bytes = backend.read(id).unwrap();
        answers.push(format!("{id} holds {:?}", bytes.map(BString::from)));
    }
    answers
}

fn ask_both() {
    let git = Git::find().unwrap();
    let said = git
        .must(["cat-file", "--batch-all-objects", "--batch-check"])
        .unwrap();
    let mut ids: Vec<_> = (said.stdout.lines())
        .filter_map(|line| Oid::parse(line.split(|b| *b == b' ').next()?))
        .collect();
    assert!(ids.len() > 10);
    ids.extend([40, 64].map(|length| Oid::parse(&vec![b'1'; length]).unwrap()));
    let (mut libgit2, layout) = Libgit2::open().expect("libgit2 opens this one");
    let one = answers(&mut *libgit2, &layout, &ids);
    let (mut program, layout) = CatFile::open(&git).unwrap();
    let other = answers(&mut *program, &layout, &ids);
    for (one, other) in one.iter().zip(&other) {
        assert_eq!(one, other, "libgit2 left, git right");
    }
    assert_eq!(one.len(), other.len());
}

#[test]
fn both_ways_of_reading_answer_alike() {
    if env::var_os(ASKS).is_some() {
        return ask_both();
    }
    let rich = Rich::new();
    rich.alike("app", &[]);
    rich.alike("app/web", &[]);
    rich.alike("second", &[]);
    let top = rich.0.path().join("app");
    let top = top.to_str().unwrap();
    rich.alike("app", &[("GIT_DIR", ".git"), ("GIT_WORK_TREE", top)]);
    rich.alike(".", &[("GIT_DIR", "app/.git"), ("GIT_WORK_TREE", top)]);
    let global = rich.0.path().join("global");
    fs::write(&global, "[remote \"global\"]\n\turl = /global\n").unwrap();
    rich.alike("app", &[("GIT_CONFIG_GLOBAL", global.to_str().unwrap())]);
    rich.alike("app", &[("XDG_CONFIG_HOME", "/nowhere")]);
    rich.sh("app", "git checkout -q --detach HEAD~1 2>&1");
    rich.alike("app", &[]);
}
