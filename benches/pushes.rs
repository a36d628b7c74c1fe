//! What the hook costs a real `git push`, measured against the same push with other hooks.
//!
//! `cargo bench --bench pushes -- [--check] [--peers] [--rounds N]`
//!
//! All variants push one empty commit to a bare repository on this disk. They take turns, each
//! round in another order: what slows the machine down slows them all. The
//! figures are ratios within one run, for milliseconds do not travel from one machine to the next.
//! `--check` exits with 1 where a figure is missed. `--peers` installs other hook managers by npm
//! and pip into the target directory and measures them too.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr
)]

#[allow(dead_code, unreachable_pub, missing_docs)]
#[path = "../tests/support/mod.rs"]
mod support;

use std::{
    cell::Cell,
    ffi::OsString,
    fmt,
    fs::{self, Permissions},
    io::{BufWriter, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, ExitCode, Stdio},
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use support::{PUSHGATE, Ran, Sandbox, tool};

/// Fewer rounds prove nothing.
const ROUNDS: usize = 40;
/// Rounds that only warm the caches.
const WARM_UP: usize = 3;

const COMMITS: usize = 100_000;
const REFS: usize = 10_000;

/// Every gate that needs no other environment has something to do. The window is open whenever
/// this is run, but its rules are tested.
const POLICY: &str = "\
suite:
  run: 'true'
environments:
  production:
    window:
      timezone: Europe/Madrid
      open: [Mon-Sun]
      closed: [2001-01-01]
      runway: 1h
";

/// What is remembered of staging decides: the ledger is read.
const PROMOTION: &str = "\
suite: {run: 'true'}
environments:
  staging: {}
  production: {after: staging, soak: 1s, signoff: false}
";

/// The lines of a ledger that a busy team keeps for some decades.
const LEDGER: usize = 100_000;

const GATES: [&str; 4] = [
    "target passed",
    "window passed",
    "trunk passed",
    "suite passed",
];

/// The least that a hook can do.
const EXIT_0: &str = "#!/bin/sh\nexit 0\n";

/// What somebody would write by hand who wants the same: trunk's tip, the hour, the suite.
const BY_HAND: &str = r#"#!/bin/sh
while read -r _ id target _; do
  [ "$target" = refs/heads/master ] || continue
  tip=$(git ls-remote origin refs/heads/master) || exit 1
  [ "$id" = "${tip%%[!0-9a-f]*}" ] || { echo "not the tip of master" >&2; exit 1; }
  [ "$(date +%H)" -lt 24 ] || { echo "not now" >&2; exit 1; }
  sh -c true || exit 1
done
"#;

/// Runs after the gates, as the hook that was there before: our process has done all it will do.
const PEAK: &str = "#!/bin/sh\ngrep VmHWM: \"/proc/$PPID/status\" >.git/peak.txt\n";

#[allow(
    clippy::too_many_lines,
    reason = "the variants and the figures, one after the other"
)]
fn main() -> ExitCode {
    let Options {
        check,
        peers,
        rounds,
    } = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(why) => {
            eprintln!("pushes: {why}");
            return ExitCode::from(2);
        }
    };
    if cfg!(debug_assertions) {
        eprintln!("pushes: a debug build measures nothing: cargo bench --bench pushes");
        return ExitCode::from(u8::from(check));
    }
    let small = Shop::small();
    let large = Shop::large();
    let receipts = Shop::with_receipts();
    let [empty_ledger, huge_ledger] = [0, LEDGER].map(Shop::with_ledger);
    let mut pushes = vec![
        Push::new(&small, "no hook", "production", None),
        Push::new(&small, "hook by hand", "production", Some(BY_HAND)),
        Push::new(&small, "governed", "production", Some(&small.ours)),
        Push::new(&small, "hook `exit 0`", "backup", Some(EXIT_0)),
        Push::new(&small, "ungoverned", "backup", Some(&small.ours)),
        Push::new(&large, "large: no hook", "production", None),
        Push::new(&large, "large: hook by hand", "production", Some(BY_HAND)),
        Push::new(&large, "large: governed", "production", Some(&large.ours)),
        Push::new(
            &receipts,
            "with a receipt",
            "production",
            Some(&receipts.ours),
        ),
        Push::new(
            &empty_ledger,
            "promoted, empty ledger",
            "production",
            Some(&empty_ledger.ours),
        ),
        Push::new(
            &huge_ledger,
            "promoted, huge ledger",
            "production",
            Some(&huge_ledger.ours),
        ),
    ];
    let [none, by_hand, governed, exit_0, ungoverned] = [0, 1, 2, 3, 4];
    let [large_none, large_by_hand, large_governed] = [5, 6, 7];
    let with_receipt = 8;
    let [with_empty, with_huge] = [9, 10];
    let first_peer = pushes.len();
    if peers {
        pushes.extend(peers::install(&small));
    }
    for shop in [&small, &large] {
        shop.refuses(BY_HAND);
        shop.refuses(&shop.ours);
    }

    for round in 0..WARM_UP + rounds {
        for turn in 0..pushes.len() {
            // Forth and back, so that nobody always comes after the same neighbour.
            let turn = if round % 2 == 0 {
                turn
            } else {
                pushes.len() - 1 - turn
            };
            let index = (round + turn) % pushes.len();
            let milliseconds = pushes[index].run();
            if round >= WARM_UP {
                pushes[index].times.push(milliseconds);
            }
        }
    }
    small.was_judged(WARM_UP + rounds);
    large.was_judged(WARM_UP + rounds);
    receipts.was_judged(WARM_UP + rounds);
    empty_ledger.was_promoted(0, WARM_UP + rounds);
    huge_ledger.was_promoted(LEDGER, WARM_UP + rounds);

    let mut status = [Vec::new(), Vec::new()];
    for round in 0..WARM_UP + rounds {
        for (shop, times) in [&empty_ledger, &huge_ledger].into_iter().zip(&mut status) {
            let took = shop.status();
            if round >= WARM_UP {
                times.push(took);
            }
        }
    }
    let status = status.map(|times| quartile(&times, 2));

    let git = small.sandbox.ask(["--version"]);
    println!("{rounds} rounds, {git}\n\n   median      least  quarters        push");
    for push in &pushes {
        let [least, low, middle, high] = [0, 1, 2, 3].map(|quarter| push.quartile(quarter));
        println!(
            "{middle:6.2} ms  {least:6.2}  {low:6.2} {high:6.2} ms  {}",
            push.name
        );
    }
    println!();

    let median = |index: usize| pushes[index].quartile(2);
    let mut figures = vec![
        Figure::ratio(
            "ungoverned / hook `exit 0`",
            median(ungoverned) / median(exit_0),
            1.25,
        ),
        Figure::ratio(
            "governed / hook by hand",
            median(governed) / median(by_hand),
            1.5,
        ),
        Figure::ratio(
            "with a receipt / hook by hand",
            median(with_receipt) / median(by_hand),
            1.15,
        ),
        Figure::ratio(
            "huge ledger / empty ledger",
            median(with_huge) / median(with_empty),
            1.1,
        ),
        Figure::ratio(
            "status: huge ledger / empty ledger",
            status[1] / status[0],
            1.1,
        ),
        // git itself reads every ref of both sides before it asks the hook: a whole push to a large
        // repository takes longer without any hook. So each governed push is divided by the push
        // without one in the same repository, and these two must be alike.
        Figure::ratio(
            "large: governed / no hook, over small: governed / no hook",
            (median(large_governed) / median(large_none)) / (median(governed) / median(none)),
            1.3,
        ),
    ];
    for push in &pushes[first_peer..] {
        let what = format!("governed / {}", push.name);
        figures.push(Figure::ratio(
            &what,
            median(governed) / push.quartile(2),
            1.0,
        ));
    }
    figures.push(Figure::size("peak memory", small.peak(), 8.0));
    figures.push(Figure::size("large: peak memory", large.peak(), 8.0));
    let program = fs::read(PUSHGATE).unwrap();
    figures.push(Figure::size("program", program.len(), 8.0));
    // The names of the sections are the last but one thing in the file (elf(5)).
    let names = &program[program.len().saturating_sub(8 * 1024)..];
    let stripped = !names.windows(8).any(|name| name == b".symtab\0");
    figures.push(Figure::truth("program is stripped", stripped));

    for figure in &figures {
        println!("{figure}");
    }
    // What git's own part in a push hides: the growth of what a hook adds, ours beside theirs.
    let adds = |hook: usize, none: usize| median(hook) - median(none);
    println!(
        "\nfrom small to large, what a hook adds grows from {:.1} to {:.1} ms; by hand, from {:.1} to {:.1} ms",
        adds(governed, none),
        adds(large_governed, large_none),
        adds(by_hand, none),
        adds(large_by_hand, large_none),
    );
    let missed = figures.iter().any(|figure| !figure.is_kept);
    ExitCode::from(u8::from(check && missed))
}

/// What the command line asks for.
struct Options {
    check: bool,
    peers: bool,
    rounds: usize,
}

impl Options {
    fn read(mut args: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            check: false,
            peers: false,
            rounds: ROUNDS,
        };
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--check" => options.check = true,
                "--peers" => options.peers = true,
                "--rounds" => {
                    let rounds = args.next().and_then(|rounds| rounds.parse().ok());
                    options.rounds = rounds
                        .filter(|rounds| *rounds > 0)
                        .ok_or("--rounds needs a number")?;
                }
                // `cargo bench` says so to every program that it runs.
                "--bench" => {}
                other => return Err(format!("`{other}` is not known")),
            }
        }
        if options.check && options.rounds < ROUNDS {
            return Err(format!("--check needs at least {ROUNDS} rounds"));
        }
        Ok(options)
    }
}

/// A clone whose origin is trunk, and where it deploys to.
struct Shop {
    sandbox: Sandbox,
    /// The hook as `pushgate install` writes it.
    ours: String,
    /// Whether the suite need not run again for the tree that all its pushes have.
    keeps_receipts: bool,
    /// How many commits staging has got, where production comes after it.
    staged: Option<Cell<i64>>,
    /// An hour before it was opened, in seconds.
    opened: i64,
}

impl Shop {
    /// A few commits, a few refs.
    fn small() -> Self {
        Self::open(Sandbox::bare().by_the_machines_clock())
    }

    /// The same, where a pass counts: all pushes have the same tree, so the suite runs but once.
    fn with_receipts() -> Self {
        let shop = Self::open(Sandbox::bare().by_the_machines_clock());
        Self {
            keeps_receipts: true,
            ..shop
        }
    }

    /// Production comes after staging, and the ledger has so many lines, none of them of use.
    fn with_ledger(lines: usize) -> Self {
        let shop = Self::open(Sandbox::bare().by_the_machines_clock());
        let sandbox = &shop.sandbox;
        sandbox.policy(PROMOTION);
        sandbox
            .git(["push", "-q", "--no-verify", "origin", "master"])
            .goes();
        let state = sandbox.app.join(".git/pushgate");
        fs::create_dir_all(&state).unwrap();
        let file = fs::File::create(state.join("ledger.jsonl")).unwrap();
        let mut ledger = BufWriter::new(file);
        for line in 0..lines {
            old_line(&mut ledger, line).unwrap();
        }
        ledger.flush().unwrap();
        Self {
            keeps_receipts: true,
            staged: Some(Cell::new(0)),
            ..shop
        }
    }

    /// Brings trunk to staging, as somebody did a while ago, each commit a second after the other.
    fn stage(&self, staged: &Cell<i64>) {
        staged.set(staged.get() + 1);
        let when = self.opened + staged.get();
        let mut push = self.sandbox.command("git");
        push.args(["push", "-q", "--no-verify", "staging", "master"])
            .env("GIT_COMMITTER_DATE", format!("{when} +0000"));
        Ran::of(&mut push).goes();
    }

    /// How long it takes to look at it all, in milliseconds.
    fn status(&self) -> f64 {
        let start = Instant::now();
        self.sandbox.pushgate(["status"]).goes();
        start.elapsed().as_secs_f64() * 1000.0
    }

    /// The pushes to production were judged by what is remembered of staging.
    fn was_promoted(&self, lines: usize, times: usize) {
        let ledger = self.sandbox.ledger();
        assert_eq!(ledger.len(), lines + times);
        for entry in &ledger[lines..] {
            assert_eq!(entry["verdict"], "go", "{entry}");
            let why = entry["gates"][3]["why"].as_str().unwrap();
            assert!(why.contains(" is live on staging, for "), "{entry}");
        }
    }

    /// A long history and many branches, here and on trunk's remote; refs and commits are packed
    /// and the commit-graph is written as `git gc` does by default.
    fn large() -> Self {
        let sandbox = Sandbox::bare().by_the_machines_clock();
        let origin = sandbox.path("origin.git");
        let mut import = sandbox.command("git");
        import
            .current_dir(&origin)
            .args(["fast-import", "--quiet"])
            .stdin(Stdio::piped());
        let mut import = import.spawn().unwrap();
        let mut stream = BufWriter::new(import.stdin.take().unwrap());
        history(&mut stream).unwrap();
        drop(stream.into_inner().unwrap());
        assert!(import.wait().unwrap().success(), "git fast-import");
        let git = |directory: &Path, args: &[&str]| {
            sandbox.run_in(directory, "git", args).goes();
        };
        git(&origin, &["pack-refs", "--all"]);
        git(&origin, &["commit-graph", "write", "--reachable"]);
        fs::remove_dir_all(&sandbox.app).unwrap();
        git(sandbox.root(), &["clone", "-q", "origin.git", "app"]);
        git(&sandbox.app, &["commit-graph", "write", "--reachable"]);
        git(
            &sandbox.app,
            &["remote", "add", "production", "../production.git"],
        );
        let shop = Self::open(sandbox);
        let count = |args: &[&str]| shop.sandbox.ask(args).lines().count();
        assert!(count(&["for-each-ref", "refs/remotes/origin"]) >= REFS);
        assert!(count(&["ls-remote", "origin"]) >= REFS);
        let commits = shop.sandbox.ask(["rev-list", "--count", "master"]);
        assert!(commits.parse::<usize>().unwrap() >= COMMITS);
        shop
    }

    fn open(sandbox: Sandbox) -> Self {
        let backup = sandbox.path("backup.git");
        let backup = backup.to_str().unwrap();
        sandbox.git(["init", "-q", "--bare", backup]).goes();
        sandbox.git(["remote", "add", "backup", backup]).goes();
        sandbox.policy(POLICY);
        for remote in ["origin", "production", "backup"] {
            sandbox
                .git(["push", "-q", "--no-verify", remote, "master"])
                .goes();
        }
        sandbox.install();
        let ours = fs::read_to_string(sandbox.app.join(".git/hooks/pre-push")).unwrap();
        Self {
            sandbox,
            ours,
            keeps_receipts: false,
            staged: None,
            opened: (SystemTime::now().duration_since(UNIX_EPOCH).unwrap())
                .as_secs()
                .cast_signed()
                - 3600,
        }
    }

    fn hook(&self, name: &str, text: Option<&str>) {
        let hook = self.sandbox.app.join(".git/hooks").join(name);
        match text {
            Some(text) => {
                fs::write(&hook, text).unwrap();
                fs::set_permissions(&hook, Permissions::from_mode(0o755)).unwrap();
            }
            None => drop(fs::remove_file(&hook)),
        }
    }

    /// A hook that lets everything pass is quick: it must refuse what is not on trunk.
    fn refuses(&self, hook: &str) {
        self.hook("pre-push", Some(hook));
        self.sandbox.commit("not on trunk yet");
        let ran = self.sandbox.push("production", "master");
        assert_ne!(ran.code, 0, "{ran}");
    }

    /// All pushes have the same tree: without a receipt, the suite runs at each, and leaves one.
    fn forget(&self) {
        let receipts = fs::read_dir(self.sandbox.app.join(".git/pushgate/receipts"));
        for receipt in receipts.into_iter().flatten() {
            fs::remove_file(receipt.unwrap().path()).unwrap();
        }
    }

    /// The governed pushes were judged, by every gate, and no other push was.
    fn was_judged(&self, times: usize) {
        let ledger = self.sandbox.ledger();
        let went = ledger.iter().filter(|entry| entry["verdict"] == "go");
        let ran = went.filter(|entry| {
            let why = entry["gates"][GATES.len() - 1]["why"].as_str().unwrap();
            why.starts_with("passed in ")
        });
        assert_eq!(ran.count(), if self.keeps_receipts { 1 } else { times });
        assert_eq!(self.sandbox.last_gates(), GATES);
    }

    /// The most memory that the process of a governed push ever had (proc(5), `VmHWM`), in bytes.
    fn peak(&self) -> usize {
        fs::create_dir_all(self.sandbox.app.join(".git/.pushgate-hooks")).unwrap();
        self.hook("../.pushgate-hooks/pre-push", Some(PEAK));
        Push::new(self, "peak", "production", Some(&self.ours)).run();
        self.hook("../.pushgate-hooks/pre-push", None);
        let text = fs::read_to_string(self.sandbox.app.join(".git/peak.txt")).unwrap();
        let kibibytes = text.split_whitespace().nth(1).unwrap();
        kibibytes.parse::<usize>().unwrap() * 1024
    }
}

/// What was decided years ago, about other commits.
fn old_line(ledger: &mut impl Write, line: usize) -> std::io::Result<()> {
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

/// Commits that each write a file, and branches that lead to many of them.
fn history(stream: &mut impl Write) -> std::io::Result<()> {
    const FILES: usize = 100;
    const START: usize = 1_600_000_000;
    for commit in 1..=COMMITS {
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
    for branch in 1..=REFS {
        let tip = branch * (COMMITS / REFS);
        write!(stream, "reset refs/heads/topic/{branch}\nfrom :{tip}\n\n")?;
    }
    Ok(())
}

/// One way of pushing one empty commit.
struct Push<'s> {
    name: String,
    shop: &'s Shop,
    remote: &'static str,
    hook: Option<String>,
    /// The path that the hook needs, where it is not ours.
    path: Option<OsString>,
    times: Vec<f64>,
}

impl<'s> Push<'s> {
    fn new(shop: &'s Shop, name: &str, remote: &'static str, hook: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            shop,
            remote,
            hook: hook.map(str::to_owned),
            path: None,
            times: Vec::new(),
        }
    }

    /// Makes a commit, brings it to trunk, and pushes it; only the push is timed, in milliseconds.
    fn run(&self) -> f64 {
        self.push().1
    }

    fn push(&self) -> (Ran, f64) {
        let Shop { sandbox, .. } = self.shop;
        self.shop.hook("pre-push", self.hook.as_deref());
        if !self.shop.keeps_receipts {
            self.shop.forget();
        }
        sandbox.commit_on_origin("One more");
        if let Some(staged) = &self.shop.staged {
            self.shop.stage(staged);
        }
        let mut command = sandbox.command("git");
        command.args(["push", self.remote, "master"]);
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        let start = Instant::now();
        let ran = Ran::of(&mut command);
        let took = start.elapsed().as_secs_f64() * 1000.0;
        (ran.goes(), took)
    }

    /// The first, second or third quartile of its times; the least of them for 0.
    fn quartile(&self, quarter: usize) -> f64 {
        quartile(&self.times, quarter)
    }
}

fn quartile(times: &[f64], quarter: usize) -> f64 {
    let mut times = times.to_vec();
    times.sort_by(f64::total_cmp);
    times[(times.len() - 1) * quarter / 4]
}

/// A promise, and what was measured.
struct Figure {
    what: String,
    value: String,
    is_kept: bool,
}

impl Figure {
    fn ratio(what: &str, value: f64, limit: f64) -> Self {
        Self {
            what: what.to_owned(),
            value: format!("{value:.2} x (at most {limit:.2})"),
            is_kept: value <= limit,
        }
    }

    fn size(what: &str, bytes: usize, limit: f64) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a few million")]
        let value = bytes as f64 / 1e6;
        Self {
            what: what.to_owned(),
            value: format!("{value:.2} MB (at most {limit:.0})"),
            is_kept: value <= limit,
        }
    }

    fn truth(what: &str, is_kept: bool) -> Self {
        Self {
            what: what.to_owned(),
            value: if is_kept { "yes" } else { "no" }.to_owned(),
            is_kept,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_kept { "ok" } else { "MISSED" };
        write!(f, "{word:6}  {}: {}", self.what, self.value)
    }
}

/// Other hook managers, each with the step `true`.
mod peers {
    use super::{Command, OsString, Path, PathBuf, Push, Shop, fs, tool};

    const LEFTHOOK: &str = "pre-push:\n  jobs:\n    - name: suite\n      run: 'true'\n";
    const PREK: &str = "\
repos:
  - repo: local
    hooks:
      - {id: suite, name: suite, entry: 'true', language: system, stages: [pre-push], always_run: true, pass_filenames: false}
";

    /// Installs them, and returns the pushes that go through their hooks.
    pub(super) fn install(shop: &Shop) -> Vec<Push<'_>> {
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
            super::Ran::of(command.args(args).env("PATH", &path)).goes();
            let hook = shop.sandbox.app.join(".git/hooks/pre-push");
            let hook = fs::read_to_string(hook).unwrap();
            let mut push = Push::new(shop, name, "production", Some(&hook));
            push.path = Some(path);
            let (ran, _) = push.push();
            assert!(
                format!("{}{}", ran.stdout, ran.stderr).contains("suite"),
                "{name} ran no step: {ran}"
            );
            pushes.push(push);
        }
        // lefthook also wants to be asked about every commit message.
        shop.hook("prepare-commit-msg", None);
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

    fn on_path(directory: &Path) -> OsString {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(directory.to_owned()).chain(std::env::split_paths(&path));
        std::env::join_paths(all).unwrap()
    }
}
