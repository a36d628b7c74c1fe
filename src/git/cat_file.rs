//! The local questions answered by `git cat-file --batch-command` and other calls of git, for
//! repositories that libgit2 cannot open.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    path::PathBuf,
    process::{ChildStdin, ChildStdout, Stdio},
};

use bstr::ByteSlice;

use super::{
    backend::{Backend, Kind, Layout},
    command::Git,
    reflog::Moved,
};
use crate::{
    gates::Stop,
    process::program::run,
    push::{Oid, remotes::Entry},
};

pub(super) struct CatFile {
    git: Git,
    objects: Objects,
}

/// The input of one `git cat-file --batch-command`, whose end ends it, and its output.
type Objects = (ChildStdin, BufReader<ChildStdout>);

impl CatFile {
    pub(super) fn open(git: &Git) -> Result<(Box<dyn Backend>, Layout), Stop> {
        let output = git.run([
            "rev-parse",
            "--is-shallow-repository",
            "--is-bare-repository",
            "--path-format=absolute",
            "--git-common-dir",
        ])?;
        if !output.is_ok() {
            return Err(
                Stop::undecided("there is no repository here that git opens")
                    .details(output.stderr)
                    .hint("cd into the clone that you push from"),
            );
        }
        // The path comes last: there may be line feeds in it.
        let lines: Vec<_> = output.stdout.splitn(3, |b| *b == b'\n').collect();
        let [shallow, bare, common] = lines.as_slice() else {
            let words = output.stdout.to_str_lossy().into_owned();
            return Err(Stop::not_run("git rev-parse", vec![words]));
        };
        let work_tree = if *bare == b"true" {
            None
        } else {
            // Fails inside `.git`, where there is no work tree.
            let top = git.run(["rev-parse", "--path-format=absolute", "--show-toplevel"])?;
            top.is_ok().then(|| path(&top.stdout))
        };
        let layout = Layout {
            common_dir: path(common),
            work_tree,
            is_shallow: *shallow == b"true",
        };
        let mut command = git.command(["cat-file", "--batch-command"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let started = command.spawn().and_then(|mut child| {
            let pipes = child.stdin.take().zip(child.stdout.take());
            pipes.ok_or(io::ErrorKind::BrokenPipe.into())
        });
        let (ask, answers) = started.map_err(|error| Stop::failed("run `git cat-file`", &error))?;
        let found = Self {
            git: git.clone(),
            objects: (ask, BufReader::new(answers)),
        };
        Ok((Box::new(found), layout))
    }

    /// Asks for `info` or `contents` of an object; parses the first line of the answer.
    fn ask(&mut self, word: &str, id: &Oid) -> Result<Option<(Kind, usize)>, Stop> {
        let failed = |error: io::Error| {
            Stop::failed(format!("read {} with `git cat-file`", id.short()), &error)
        };
        let (ask, answers) = &mut self.objects;
        let mut line = Vec::new();
        writeln!(ask, "{word} {id}")
            .and_then(|()| answers.read_until(b'\n', &mut line))
            .map_err(failed)?;
        let mut fields = line.trim_ascii_end().split(|b| *b == b' ').skip(1);
        match (fields.next(), fields.next()) {
            (Some(kind), Some(size)) => {
                let size = size.to_str().ok().and_then(|size| size.parse().ok());
                Ok(kind.to_str().ok().and_then(Kind::from_str).zip(size))
            }
            (Some(b"missing"), None) => Ok(None),
            _ => Err(Stop::not_run(
                &format!("git cat-file --batch-command ({word} {})", id.short()),
                vec![line.to_str_lossy().trim_end().to_owned()],
            )),
        }
    }
}

/// Parses a path as git prints it, with a line feed after it.
fn path(line: &[u8]) -> PathBuf {
    line.strip_suffix(b"\n")
        .unwrap_or(line)
        .to_path_lossy()
        .into_owned()
}

impl Backend for CatFile {
    fn config(&self) -> Result<Vec<Entry>, Stop> {
        let output = self.git.must(["config", "--list", "-z"])?;
        let entries = output
            .stdout
            .split(|b| *b == 0)
            .filter(|entry| !entry.is_empty());
        let entries = entries.map(|entry| match entry.split_once_str("\n") {
            Some((key, value)) => (key.into(), value.into()),
            None => (entry.into(), "true".into()),
        });
        Ok(entries.collect())
    }

    fn reference(&mut self, name: &str) -> Result<Option<Oid>, Stop> {
        // `git rev-parse` would look for `refs/heads/NAME` too, and take `NAME~1` apart.
        let output = self
            .git
            .run(["show-ref", "--verify", "--hash", "--", name])?;
        if output.is_ok() {
            return Ok(Oid::parse(output.line()));
        }
        // It may be broken, and not absent: git's words tell.
        let mut list = (self.git).command(["for-each-ref", "--count=1", "--", name]);
        let output = run(list.env("LC_ALL", "C"))?;
        if output.is_ok() && !output.stderr.iter().any(|line| line.contains("broken ref")) {
            return Ok(None);
        }
        Err(Stop::undecided(format!("could not read `{name}`")).details(output.stderr))
    }

    fn symbolic(&mut self, name: &str) -> Result<Option<String>, Stop> {
        let output = self.git.run(["symbolic-ref", "--quiet", name])?;
        Ok((output.is_ok()).then(|| output.line().as_bstr().to_string()))
    }

    fn moves(&mut self, name: &str) -> Result<Vec<Moved>, Stop> {
        let format = "--format=%H %gd %gs%x00%gn <%ge>";
        let log = (self.git).must(["reflog", "show", format, "--date=unix", name, "--"])?;
        Ok(ByteSlice::lines(&*log.stdout)
            .filter_map(Moved::read)
            .collect())
    }

    fn header(&mut self, id: &Oid) -> Result<Option<(Kind, usize)>, Stop> {
        self.ask("info", id)
    }

    fn read(&mut self, id: &Oid) -> Result<Option<Vec<u8>>, Stop> {
        let Some((_, size)) = self.ask("contents", id)? else {
            return Ok(None);
        };
        let mut bytes = vec![0; size + 1];
        let read = self.objects.1.read_exact(&mut bytes);
        read.map_err(|error| Stop::failed(format!("read {}", id.short()), &error))?;
        bytes.pop();
        Ok(Some(bytes))
    }
}
