//! The real programs that look after git's hooks, set up by `tests/installation/hook_managers/setup`: real pushes through
//! what they install, with the gate called from there.

mod columns;
pub(crate) mod configured;
mod endings;
mod husky;
mod lefthook;
mod lfs;
mod old_git;
mod pre_commit;

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::support::{PUSHGATE, Ran, Sandbox, gits::hook_managers, tool};

/// What the ledger keeps of the push that goes, whoever called the gate.
const GATES: [&str; 5] = [
    "target passed",
    "window passed",
    "trunk passed",
    "lock passed",
    "suite passed",
];

/// A shop whose people have these programs on their PATH, and pushgate, which is not installed yet.
pub(crate) struct Street {
    pub(crate) shop: Sandbox,
    pub(crate) path: OsString,
}

impl Street {
    pub(crate) fn new() -> Self {
        Self::with(&["python/bin", "node/node_modules/.bin"])
    }

    /// The same with these directories of programs.
    pub(crate) fn with(directories: &[&str]) -> Self {
        let shop = Sandbox::new();
        shop.pushgate(["uninstall"]).goes();
        let (home, own) = (hook_managers(), shop.path("bin"));
        fs::create_dir(&own).unwrap();
        symlink(PUSHGATE, own.join("pushgate")).unwrap();
        let path = std::env::join_paths(
            [own]
                .into_iter()
                .chain(directories.iter().map(|directory| home.join(directory)))
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        )
        .unwrap();
        Self { shop, path }
    }

    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.shop.command("env");
        command.env("PATH", &self.path).arg(program);
        command
    }

    /// Runs a program in the clone.
    pub(crate) fn run(&self, words: &str) -> Ran {
        let mut words = words.split(' ');
        Ran::of(self.command(words.next().unwrap()).args(words))
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.shop.app.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Commits all that is there, and brings it to origin without a gate.
    pub(crate) fn everything_is_on_origin(&self) -> String {
        self.run("git add --all").goes();
        self.run("git commit -q --allow-empty -m all").goes();
        self.run("git push -q --no-verify origin HEAD:master")
            .goes();
        self.shop.ask(["rev-parse", "HEAD"])
    }

    /// The gate stands, and hears all that git says: it refuses what must not go, and nothing of it
    /// arrives; and lets trunk go, with the line in the ledger that it writes everywhere.
    #[track_caller]
    pub(crate) fn is_gated(&self) {
        let trunk = self.everything_is_on_origin();
        let before = self.shop.tip("staging", "master");
        let stray = self.shop.commit("stray");
        self.run("git push staging HEAD:master")
            .refused("trunk")
            .says("master is 1 commit ahead of origin/master");
        assert_eq!(self.shop.tip("staging", "master"), before);
        self.is_refused(&trunk, &stray);
        self.run("git reset -q --hard origin/master").goes();
        let lines = self.shop.ledger().len();
        self.run("git push staging master")
            .goes()
            .says("push to staging (staging) may go");
        assert_eq!(self.shop.tip("staging", "master"), trunk);
        let ledger = self.shop.ledger();
        assert_eq!(ledger.len(), lines + 1, "{ledger:#?}");
        self.is_the_line(&ledger[lines], &trunk, &before);
        self.run("git push origin HEAD:refs/heads/feature").goes();
        self.run("git push -q --no-verify origin :feature").goes();
        assert_eq!(self.shop.ledger().len(), lines + 1);
    }

    /// What only somebody hears who hears every line.
    #[track_caller]
    fn is_refused(&self, trunk: &str, stray: &str) {
        self.run(&format!(
            "git push staging {trunk}:refs/heads/master {stray}:refs/heads/main"
        ))
        .refused("target");
        self.run("git push staging :master").refused("target");
        assert_eq!(self.shop.tip("staging", "main"), "");
        assert_ne!(self.shop.tip("staging", "master"), "");
    }

    /// The line that pushgate's own hook would leave.
    #[track_caller]
    fn is_the_line(&self, line: &Value, commit: &str, replaces: &str) {
        let url = self.shop.path("staging");
        for (key, value) in [
            ("event", "push"),
            ("verdict", "go"),
            ("environment", "staging"),
            ("remote", "staging"),
            ("destination", url.to_str().unwrap()),
            ("commit", commit),
            ("replaces", replaces),
        ] {
            assert_eq!(line[key], value, "{key}: {line:#}");
        }
        assert_eq!(self.shop.last_gates(), GATES);
    }

    /// A tree of files with their modes, but for what changes by itself.
    fn picture(&self, directory: &str) -> Vec<(PathBuf, u32, Vec<u8>)> {
        fn look(directory: &Path, seen: &mut Vec<(PathBuf, u32, Vec<u8>)>) {
            for entry in fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                let metadata = path.symlink_metadata().unwrap();
                if metadata.is_dir() {
                    look(&path, seen);
                } else {
                    let text = fs::read(&path).unwrap_or_default();
                    seen.push((path, metadata.permissions().mode(), text));
                }
            }
        }
        let mut seen = Vec::new();
        look(&self.file(directory), &mut seen);
        seen.sort();
        seen
    }

    /// A file of git-lfs in the next commit; where its object would be on a remote.
    fn lfs_object(&self) -> impl Fn(&str) -> bool + use<> {
        tool("git-lfs", "git-lfs");
        self.run("git lfs track *.bin").goes();
        self.shop.write("big.bin", "a big picture\n");
        self.everything_is_on_origin();
        let id = self.shop.ask(["lfs", "ls-files", "--long"]);
        let id = id.split(' ').next().unwrap();
        let object = format!("lfs/objects/{}/{}/{id}", &id[..2], &id[2..4]);
        let root = self.shop.root().to_owned();
        move |remote| root.join(format!("{remote}.git")).join(&object).exists()
    }
}
