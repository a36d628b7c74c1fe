//! A process that opens a clone through the library and reads, writes or shares its notes by orders.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use pushgate::{gates::Stop, git::Repository, memory::record::Record, push::Oid};
use serde_json::Value;

use super::{Ran, Sandbox};

/// The ref of our notes.
pub const REF: &str = "refs/notes/pushgate";

/// The test that is such a process where the environment has orders, and asserts its answers where not.
const TEST: &str = "memory::notes::the_notes_worker_answers_each_order";

/// Says to a process of this very test what it has to do, one order a line.
const ORDERS: &str = "PUSHGATE_TEST_ORDERS";
/// Where it writes what came out.
pub const ANSWERS: &str = "PUSHGATE_TEST_ANSWERS";

/// Carries out the orders in the environment; false where it has none, so this is no worker.
pub fn work() -> bool {
    let Ok(orders) = env::var(ORDERS) else {
        return false;
    };
    let answers: String = orders
        .lines()
        .map(|order| carry_out(order) + "\n")
        .collect();
    fs::write(env::var_os(ANSWERS).unwrap(), answers).unwrap();
    true
}

fn carry_out(order: &str) -> String {
    let (verb, rest) = order.split_once(' ').unwrap();
    let world = Repository::open().unwrap();
    let limit = env::var("LIMIT_MS").map_or(20_000, |text| text.parse().unwrap());
    let limit = Duration::from_millis(limit);
    let done = |done: Result<(), Stop>| match done {
        Ok(()) => "ok".to_owned(),
        Err(error) => error.in_one_line(),
    };
    let notes = world.notes();
    match verb {
        "read" => match notes.read(&Oid::parse(rest.as_bytes()).unwrap()) {
            Ok(records) => {
                let words =
                    |record: &Record| record.words.as_deref().unwrap_or(record.name()).to_owned();
                let people = records.iter().filter(|record| is_by_a_person(record));
                let mut words: Vec<_> = people.map(words).collect();
                words.sort();
                words.join(" ")
            }
            Err(error) => error.in_one_line(),
        },
        "verify" => {
            let mut records = notes.read(&Oid::parse(rest.as_bytes()).unwrap()).unwrap();
            records.retain(is_by_a_person);
            let is_verified = |record: &&Record| notes.verified(record).unwrap();
            let count = records.iter().filter(is_verified).count();
            format!("{count} of {}", records.len())
        }
        "add" => done(notes.add(&[Record::parse(rest.as_bytes()).unwrap()])),
        "fetch" => done(notes.fetch(rest, limit)),
        "push" => done(notes.push(rest, limit)),
        other => panic!("`{other}` is no order"),
    }
}

/// Whether a person recorded it; what was deployed is found out by the program itself.
fn is_by_a_person(record: &Record) -> bool {
    record.deployed().is_none()
}

/// The records of this event in the notes of a repository, each once: a deployment stands in two notes.
pub fn records(shop: &Sandbox, repository: &Path, event: &str) -> Vec<Value> {
    let kind = format!("\"event\":\"{event}\"");
    let args = ["grep", "-h", "--fixed-strings", &kind, REF, "--"];
    let found = shop.run_in(repository, "git", args).stdout;
    let lines: BTreeSet<_> = found.lines().collect();
    let parse = |line| serde_json::from_str(line).unwrap();
    let mut records: Vec<Value> = lines.into_iter().map(parse).collect();
    records.sort_by_key(|record| record["at"].as_str().map(str::to_owned));
    records
}

/// The deployments in the notes of a repository: `ENVIRONMENT JUDGED COMMIT` of each.
pub fn deployments(shop: &Sandbox, repository: &Path) -> Vec<String> {
    let line = |record: Value| {
        let [environment, judged, commit] =
            ["environment", "judged", "commit"].map(|key| record[key].as_str().unwrap().to_owned());
        format!("{environment} {judged} {}", &commit[..7])
    };
    let records = records(shop, repository, "deployed");
    records.into_iter().map(line).collect()
}

/// A sign-off of a commit with these words.
pub fn line(commit: &str, words: &str) -> String {
    format!(
        r#"{{"v":1,"event":"signoff","words":"{words}","environment":"staging","destinations":["staging"],"commit":"{commit}","by":"Ana <ana@shop.example>","at":"2026-11-22T21:00:00Z"}}"#
    )
}

pub fn notes_worker(shop: &Sandbox, clone: &Path, orders: &str, answers: &Path) -> Command {
    let mut command = shop.command(env::current_exe().unwrap());
    command
        .args(["--exact", TEST, "--nocapture"])
        .current_dir(clone)
        .env(ORDERS, orders)
        .env(ANSWERS, answers);
    command
}

/// What comes of some orders in a clone.
#[track_caller]
pub fn tell(shop: &Sandbox, clone: &Path, orders: &[&str]) -> Vec<String> {
    let answers = shop.path("answers");
    Ran::of(&mut notes_worker(shop, clone, &orders.join("\n"), &answers)).goes();
    let text = fs::read_to_string(&answers).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[track_caller]
pub fn told(shop: &Sandbox, clone: &Path, order: &str) -> String {
    tell(shop, clone, &[order]).remove(0)
}

/// A clone of origin with a name of its own.
pub fn clone(shop: &Sandbox, name: &str) -> PathBuf {
    let path = shop.path(name);
    let origin = shop.path("origin.git");
    shop.run_in(
        shop.root(),
        "git",
        [
            "clone",
            "-q",
            origin.to_str().unwrap(),
            path.to_str().unwrap(),
        ],
    )
    .goes();
    path
}

/// The refs of a clone that are not branches and tags.
pub fn other_refs(shop: &Sandbox, clone: &Path) -> String {
    let said = shop.run_in(clone, "git", ["for-each-ref", "--format=%(refname)"]);
    let known = ["refs/heads/", "refs/remotes/", "refs/tags/"];
    let others = said.goes().stdout;
    let others = others
        .lines()
        .filter(|name| !known.iter().any(|start| name.starts_with(start)));
    others.collect::<Vec<_>>().join(" ")
}
