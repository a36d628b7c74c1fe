//! What has come together in a shop that has been open for years.

use std::{
    fs,
    io::{self, BufWriter, Write},
    path::Path,
    process::Stdio,
};

use jiff::Timestamp;
use pushgate::{
    memory::record::{Deployed, Event, Judged, REF, Record},
    push::Oid,
};

use crate::support::Sandbox;

pub(crate) const COMMITS: usize = 100_000;
pub(crate) const REFS: usize = 10_000;
/// The lines of a ledger that a busy team keeps for some decades.
pub(crate) const LEDGER: usize = 100_000;
/// The commits that a note tells of.
pub(crate) const NOTES: usize = 5_000;

/// When it all began, in seconds since 1970.
const START: usize = 1_600_000_000;

/// A clone with a long history and many branches, here and on trunk's remote; refs and commits are
/// packed and the commit-graph is written as `git gc` does by default.
pub(crate) fn large() -> Sandbox {
    let sandbox = with_history(COMMITS, REFS);
    let count = |args: &[&str]| sandbox.ask(args).lines().count();
    assert!(count(&["for-each-ref", "refs/remotes/origin"]) >= REFS);
    assert!(count(&["ls-remote", "origin"]) >= REFS);
    let commits = sandbox.ask(["rev-list", "--count", "master"]);
    assert!(commits.parse::<usize>().unwrap() >= COMMITS);
    sandbox
}

/// A clone of a team that has deployed each of its commits to staging, and shares what it remembers.
pub(crate) fn remembered() -> Sandbox {
    let sandbox = with_history(NOTES, 1);
    let listed = sandbox.ask(["rev-list", "--reverse", "master"]);
    let commits: Vec<&str> = listed.lines().collect();
    let place = sandbox.place("staging");
    let write = |stream: &mut dyn Write| notes(stream, &commits, &place);
    fast_import(&sandbox, &sandbox.app, write);
    sandbox.push_ungated("origin", REF);
    let told = sandbox.ask(["notes", "--ref", REF, "list"]);
    assert_eq!(told.lines().count(), NOTES);
    sandbox
}

/// A ledger of so many lines, none of them of use.
pub(crate) fn ledger(sandbox: &Sandbox) {
    let state = sandbox.app.join(".git/pushgate");
    fs::create_dir_all(&state).unwrap();
    let file = fs::File::create(state.join("ledger.jsonl")).unwrap();
    let mut ledger = BufWriter::new(file);
    for line in 0..LEDGER {
        old_line(&mut ledger, line).unwrap();
    }
    ledger.flush().unwrap();
}

fn with_history(commits: usize, branches: usize) -> Sandbox {
    let sandbox = Sandbox::bare().by_the_machines_clock();
    let origin = sandbox.path("origin.git");
    fast_import(&sandbox, &origin, |stream| {
        history(stream, commits, branches)
    });
    let git = |directory: &Path, args: &[&str]| {
        sandbox.run_in(directory, "git", args).goes();
    };
    git(&origin, &["pack-refs", "--all"]);
    git(&origin, &["commit-graph", "write", "--reachable"]);
    fs::remove_dir_all(&sandbox.app).unwrap();
    git(sandbox.root(), &["clone", "-q", "origin.git", "app"]);
    git(&sandbox.app, &["commit-graph", "write", "--reachable"]);
    for name in ["staging", "production"] {
        let url = format!("../{name}.git");
        git(&sandbox.app, &["remote", "add", name, &url]);
    }
    sandbox
}

fn fast_import(
    sandbox: &Sandbox,
    directory: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) {
    let mut import = sandbox.command("git");
    import
        .current_dir(directory)
        .args(["fast-import", "--quiet"])
        .stdin(Stdio::piped());
    let mut import = import.spawn().unwrap();
    let mut stream = BufWriter::new(import.stdin.take().unwrap());
    write(&mut stream).unwrap();
    drop(stream.into_inner().unwrap());
    assert!(import.wait().unwrap().success(), "git fast-import");
}

/// Commits that each write a file, and branches that lead to many of them.
fn history(stream: &mut dyn Write, commits: usize, branches: usize) -> io::Result<()> {
    const FILES: usize = 100;
    for commit in 1..=commits {
        let when = START + commit * 60;
        let (file, text) = (commit % FILES, format!("written by commit {commit}\n"));
        write!(
            stream,
            "commit refs/heads/master\nmark :{commit}\ncommitter Ana <ana@shop.example> {when} +0000\n"
        )?;
        write!(stream, "data <<END\nCommit {commit}\nEND\n")?;
        write!(
            stream,
            "M 100644 inline file-{file}.txt\ndata {}\n{text}",
            text.len()
        )?;
    }
    for branch in 1..=branches {
        let tip = branch * (commits / branches);
        write!(stream, "reset refs/heads/topic/{branch}\nfrom :{tip}\n\n")?;
    }
    Ok(())
}

/// A note for each commit: its deployment to staging, of which the note of the next one tells, too.
fn notes(stream: &mut dyn Write, commits: &[&str], place: &str) -> io::Result<()> {
    let id = |index: usize| Oid::parse(commits.get(index)?.as_bytes());
    let deployed = |index: usize| {
        let seconds = i64::try_from(START + index * 60).unwrap();
        let mut deployed = Deployed::new(Judged::Go);
        deployed.replaces = index.checked_sub(1).and_then(id);
        Some(Record {
            v: 1,
            at: Timestamp::from_second(seconds).unwrap(),
            by: "Ben <ben@shop.example>".to_owned(),
            environment: "staging".to_owned(),
            destinations: vec![place.to_owned()],
            commit: id(index)?,
            event: Event::Deployed(deployed),
            words: None,
            signed: None,
        })
    };
    for (index, commit) in commits.iter().enumerate() {
        let when = START + index * 60;
        write!(
            stream,
            "commit {REF}\ncommitter Ben <ben@shop.example> {when} +0000\ndata <<END\nNotes\nEND\n"
        )?;
        let both = [deployed(index), deployed(index + 1)].into_iter().flatten();
        let lines = both.fold(String::new(), |lines, one| {
            format!(
                "{lines}{one}
"
            )
        });
        let (directory, name) = commit.split_at(2);
        write!(
            stream,
            "M 100644 inline {directory}/{name}\ndata {}\n{lines}\n",
            lines.len()
        )?;
    }
    Ok(())
}

/// What was decided years ago, about other commits.
fn old_line(ledger: &mut impl Write, line: usize) -> io::Result<()> {
    let environment = ["staging", "production"][line % 2];
    let (day, second) = (1 + line / 3600 % 28, line % 60);
    let (minute, commit) = (line / 60 % 60, format!("{line:040x}"));
    writeln!(
        ledger,
        "{{\"v\":1,\"at\":\"2024-02-{day:02}T10:{minute:02}:{second:02}Z\",\"event\":\"push\",\"verdict\":\"go\",\
         \"environment\":\"{environment}\",\"remote\":\"{environment}\",\"destination\":\"shop\",\
         \"commit\":\"{commit}\",\"by\":\"Ben <ben@shop.example>\",\"gates\":[\
         {{\"gate\":\"target\",\"outcome\":\"passed\",\"why\":\"one commit, to master\"}},\
         {{\"gate\":\"trunk\",\"outcome\":\"passed\",\"why\":\"it is origin/master\"}},\
         {{\"gate\":\"suite\",\"outcome\":\"passed\",\"why\":\"passed 2h ago on this tree, in 2m 10s\"}}],\
         \"reason\":null,\"took_ms\":130000}}"
    )
}
