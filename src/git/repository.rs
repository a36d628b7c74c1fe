//! Local questions about the repository: git2 where it can open it, the user's git where it cannot.

use std::path::Path;

use bstr::{BString, ByteSlice};

use super::{libgit2::Libgit2, program::Program};
use crate::git::command::Git;
use crate::{
    git::Error,
    push::{Oid, remotes::Entry},
};

/// The types of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Commit,
    Tag,
    Tree,
    Blob,
}

impl Kind {
    /// git's word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tag => "tag",
            Self::Tree => "tree",
            Self::Blob => "blob",
        }
    }

    pub(crate) fn parse(name: &[u8]) -> Option<Self> {
        [Self::Commit, Self::Tag, Self::Tree, Self::Blob]
            .into_iter()
            .find(|kind| kind.name().as_bytes() == name)
    }
}

/// What both ways of reading a repository answer, and answer alike.
pub(crate) trait Backend: Send {
    /// The directory that all worktrees share.
    fn common_dir(&self) -> &Path;
    /// The top of the work tree; `None` in a bare repository.
    fn work_tree(&self) -> Option<&Path>;
    /// Whether the history was cut off.
    fn is_shallow(&self) -> bool;
    /// The configuration, every scope, in git's order.
    fn config(&self) -> Result<Vec<Entry>, Error>;
    /// What a ref leads to; `None` where it does not exist.
    fn reference(&mut self, name: &str) -> Result<Option<Oid>, Error>;
    /// The ref that a symbolic ref names.
    fn symbolic(&mut self, name: &str) -> Result<Option<String>, Error>;
    /// The type and size of an object; `None` where it is not here.
    fn header(&mut self, id: &Oid) -> Result<Option<(Kind, usize)>, Error>;
    /// The bytes of an object that is here.
    fn read(&mut self, id: &Oid) -> Result<Vec<u8>, Error>;
    /// The files that git was told not to look at and that exist here.
    fn hidden(&mut self) -> Result<Vec<BString>, Error>;
}

/// Opens the repository that git pushes from.
///
/// git2 does not see what `git -c` says, and it cannot open what git 3 makes by default (SHA-256,
/// reftable): there the same questions go to git.
pub(crate) fn open(git: &Git) -> Result<Box<dyn Backend>, Error> {
    const ONLY_GIT: [&str; 2] = ["GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT"];
    let by_git = ONLY_GIT.iter().any(|name| std::env::var_os(name).is_some());
    if !by_git && let Some(repository) = Libgit2::open(git) {
        return Ok(Box::new(repository));
    }
    Ok(Box::new(Program::open(git)?))
}

/// A file of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    /// git's file mode.
    pub(crate) mode: u32,
    /// The object.
    pub(crate) id: Oid,
}

impl TreeEntry {
    pub(crate) const DIRECTORY: u32 = 0o040_000;
    pub(crate) const LINK: u32 = 0o120_000;
    pub(crate) const MODULE: u32 = 0o160_000;
    pub(crate) const EXECUTABLE: u32 = 0o100_755;
}

/// The tree and the parents that a commit names (gitformat-commit: `tree ID`, `parent ID`...).
pub(crate) fn commit_headers(bytes: &[u8]) -> Option<(Oid, Vec<Oid>)> {
    let mut lines = bytes.split(|b| *b == b'\n');
    let tree = Oid::parse(lines.next()?.strip_prefix(b"tree ")?)?;
    let parents = lines.map_while(|line| Oid::parse(line.strip_prefix(b"parent ")?));
    Some((tree, parents.collect()))
}

/// Who wrote a commit: `Name <mail>`.
pub(crate) fn commit_author(bytes: &[u8]) -> Option<String> {
    let mut headers = bytes
        .split(|b| *b == b'\n')
        .take_while(|line| !line.is_empty());
    let author = headers.find_map(|line| line.strip_prefix(b"author "))?;
    let end = author.rfind_byte(b'>')? + 1;
    Some(author[..end].to_str_lossy().into_owned())
}

/// The entry of this name in a tree (`MODE SP NAME NUL RAW-ID`, repeated).
pub(crate) fn tree_entry(bytes: &[u8], name: &[u8], id_width: usize) -> Option<TreeEntry> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (mode, after) = rest.split_at_checked(rest.find_byte(b' ')?)?;
        let after = &after[1..];
        let (found, after) = after.split_at_checked(after.find_byte(0)?)?;
        let (raw, after) = after[1..].split_at_checked(id_width / 2)?;
        if found == name {
            let digit = |half: u8| char::from_digit(u32::from(half), 16);
            let digits = raw
                .iter()
                .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
            let hexadecimal: String = digits.flatten().collect();
            return Some(TreeEntry {
                mode: u32::from_str_radix(mode.to_str().ok()?, 8).ok()?,
                id: Oid::parse(hexadecimal.as_bytes())?,
            });
        }
        rest = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use std::{
        env, fs,
        process::{Command, Output},
    };

    use super::*;

    /// Set for the copy of this test that asks the questions, in the repository's own directory, to
    /// the files that are hidden there.
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
                git update-index --assume-unchanged web/index; git update-index --skip-worktree hook
                git update-index --skip-worktree web/deep/er; rm web/deep/er
                "#,
            );
            rich
        }

        /// What both say in a directory, in an environment.
        #[track_caller]
        fn alike(&self, directory: &str, variables: &[(&str, &str)]) {
            let hidden = if directory == "second" {
                "[]"
            } else {
                r#"["hook", "web/deep/er", "web/index"]"#
            };
            let mut command = self.command(env::current_exe().unwrap(), directory);
            command
                .args(["--exact", TEST, "--nocapture"])
                .env(ASKS, hidden)
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
    fn answers(backend: &mut dyn Backend, ids: &[Oid]) -> Vec<String> {
        let mut answers = vec![
            format!("common directory {:?}", backend.common_dir()),
            format!("work tree {:?}", backend.work_tree()),
            format!("shallow {}", backend.is_shallow()),
            format!("hidden {:?}", backend.hidden()),
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
            let bytes = backend.read(id);
            answers.push(format!("{id} holds {:?}", bytes.map(BString::from).ok()));
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
        ids.push(Oid::parse(&[b'1'; 40]).unwrap());
        let mut libgit2 = Libgit2::open(&git).expect("libgit2 opens this one");
        let mut program = Program::open(&git).unwrap();
        let (one, other) = (answers(&mut libgit2, &ids), answers(&mut program, &ids));
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one, other, "libgit2 left, git right");
        }
        assert_eq!(one.len(), other.len());
        // Both could be wrong alike: the files that are hidden are known.
        let hidden = format!("hidden Ok({})", env::var(ASKS).unwrap());
        assert!(one.contains(&hidden), "{one:#?}");
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
}
