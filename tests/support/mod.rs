//! A shop with an origin, a staging, a production and a clone, and words to tell a story with them.

pub mod clock;
pub mod forge;
pub mod gits;
pub mod nginx;
pub mod notes_worker;
pub mod person;
pub mod processes;
pub mod sshd;
pub mod story;
pub mod svg;
pub mod tmux;
pub mod whole;

use std::{
    ffi::{OsStr, OsString},
    fs,
    io::Write,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use clock::Clock;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;

/// A world of its own: bare repositories, a clone with the hook, an empty HOME.
pub struct Sandbox {
    directory: TempDir,
    /// The clone that the story is told in.
    pub app: PathBuf,
    path: OsString,
    clock: Option<Clock>,
}

fn shop_directory() -> TempDir {
    tempfile::Builder::new().prefix("shop-").tempdir().unwrap()
}

/// The directory of the sandbox that others are copied from; nothing removes it before this process has ended, so the
/// next one does.
fn model_directory() -> TempDir {
    let all = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for entry in fs::read_dir(all).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        let id = name
            .strip_prefix("model-")
            .and_then(|rest| rest.split('-').next());
        if id.is_some_and(|id| !Path::new("/proc").join(id).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let prefix = format!("model-{}-", std::process::id());
    tempfile::Builder::new()
        .prefix(&prefix)
        .tempdir_in(all)
        .unwrap()
}

/// A policy whose suite passes at once, and that asks for nothing else but staging first.
pub const POLICY: &str = "\
suite:
  run: 'true'
environments:
  staging: {}
  production: {after: staging, signoff: false}
";

impl Sandbox {
    /// A clone named `app` with the remotes `origin`, `staging` and `production`, one commit on
    /// master that holds [`POLICY`], on all three, and the hook installed.
    pub fn new() -> Self {
        static MODEL: OnceLock<Sandbox> = OnceLock::new();
        let model = MODEL.get_or_init(|| {
            let shop = Self::in_directory(model_directory(), (0, 0), &[]).open();
            // Every copy begins at the same time.
            let now = shop.now().strftime("%Y-%m-%d %H:%M:%S").to_string();
            shop.stop_clock(&now);
            shop
        });
        model.copied()
    }

    /// A copy of it, at the time that it shows.
    fn copied(&self) -> Self {
        let directory = shop_directory();
        let own = directory.path().to_str().unwrap();
        // As in `copy_program`.
        Ran::of(
            self.command("cp")
                .args(["-a", "."])
                .arg(own)
                .current_dir(self.root()),
        )
        .goes();
        let shop = Self {
            app: directory.path().join("app"),
            path: self.path.clone(),
            clock: Some(Clock::new(directory.path())),
            directory,
        };
        shop.clock().go_from(self.now());
        let config = shop.app.join(".git/config");
        let text = fs::read_to_string(&config).unwrap();
        let text = text.replace(self.root().to_str().unwrap(), shop.root().to_str().unwrap());
        fs::write(&config, text).unwrap();
        shop
    }

    /// Puts the policy and the hook into a bare one.
    pub fn open(self) -> Self {
        let shop = self;
        shop.policy(POLICY);
        shop.git(["push", "--no-verify", "origin", "master"]).goes();
        shop.git(["push", "--no-verify", "staging", "master"])
            .goes();
        shop.git(["push", "--no-verify", "production", "master"])
            .goes();
        shop.git(["remote", "set-head", "origin", "master"]).goes();
        shop.install();
        shop
    }

    /// The same without a commit, a policy or the hook.
    pub fn bare() -> Self {
        Self::with_init(&[])
    }

    /// The same, its repositories made with these options of `git init`.
    pub fn with_init(options: &[&str]) -> Self {
        let is_new = |option: &&str| option.starts_with("--ref-format");
        let least = if options.iter().any(is_new) {
            gits::REFTABLE
        } else {
            (0, 0)
        };
        Self::by_git(least, options)
    }

    /// The same by a git of this version or a newer one.
    pub fn by_git(least: (u32, u32), options: &[&str]) -> Self {
        Self::in_directory(shop_directory(), least, options)
    }

    fn in_directory(directory: TempDir, least: (u32, u32), options: &[&str]) -> Self {
        let home = directory.path().join("home");
        fs::create_dir(&home).unwrap();
        let config = "[user]\n\tname = Ana\n\temail = ana@shop.example\n[init]\n\tdefaultBranch = master\n[advice]\n\tdetachedHead = false\n[protocol \"file\"]\n\tallow = always\n";
        fs::write(home.join(".gitconfig"), config).unwrap();
        let shop = Self {
            app: directory.path().join("app"),
            path: gits::path_with(least),
            clock: Some(Clock::new(directory.path())),
            directory,
        };
        for name in ["origin", "staging", "production"] {
            let path = shop.path(&format!("{name}.git"));
            shop.run_in(
                shop.root(),
                "git",
                ["init", "-q", "--bare"]
                    .iter()
                    .chain(options)
                    .copied()
                    .chain([path.to_str().unwrap()]),
            )
            .goes();
        }
        shop.run_in(
            shop.root(),
            "git",
            ["init", "-q"].iter().chain(options).copied().chain(["app"]),
        )
        .goes();
        for name in ["origin", "staging", "production"] {
            shop.git([
                "remote",
                "add",
                name,
                shop.path(&format!("{name}.git")).to_str().unwrap(),
            ])
            .goes();
        }
        shop
    }

    /// Goes by the machine's clock, for the benches: a program starts sooner.
    #[allow(dead_code)]
    pub fn by_the_machines_clock(mut self) -> Self {
        self.clock = None;
        self
    }

    /// Where a remote is, as a record names it.
    pub fn place(&self, remote: &str) -> String {
        let root = self.root().canonicalize().unwrap();
        root.join(remote).to_str().unwrap().to_owned()
    }

    /// The directory of everything.
    pub fn root(&self) -> &Path {
        self.directory.path()
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    /// A program with the environment of the sandbox and nothing else.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .current_dir(&self.app)
            .stdin(Stdio::null());
        let home = self.path("home");
        command
            .env("HOME", &home)
            .env("PATH", &self.path)
            .env("LC_ALL", "C.UTF-8")
            .env("TZ", "UTC");
        command
            .env("GIT_CONFIG_GLOBAL", home.join(".gitconfig"))
            .env("GIT_CONFIG_SYSTEM", "/dev/null");
        command
            .env("XDG_CACHE_HOME", home.join(".cache"))
            .env("GIT_TERMINAL_PROMPT", "0");
        if let Some(clock) = &self.clock {
            command.envs(clock.variables());
        }
        command
    }

    /// Stops the clock of all that runs here, and of what runs already, at a time (UTC).
    pub fn stop_clock(&self, time: &str) {
        self.clock().stop_at(time);
    }

    /// Sets the clock forward, and lets it go on.
    pub fn later(&self, seconds: i64) {
        self.clock()
            .go_from(self.now() + SignedDuration::from_secs(seconds));
    }

    /// What the clock shows.
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    pub fn clock(&self) -> &Clock {
        self.clock.as_ref().expect("a clock of its own")
    }

    /// Runs a program somewhere.
    pub fn run_in<S: AsRef<OsStr>>(
        &self,
        directory: impl AsRef<Path>,
        program: &str,
        args: impl IntoIterator<Item = S>,
    ) -> Ran {
        Ran::of(self.command(program).current_dir(directory).args(args))
    }

    /// Runs git in the clone.
    pub fn git<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        self.run_in(&self.app, "git", args)
    }

    /// What git prints, without the line's end.
    pub fn ask<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> String {
        self.git(args).goes().stdout.trim_end().to_owned()
    }

    /// Runs pushgate in the clone.
    pub fn pushgate<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        self.run_in(&self.app, PUSHGATE, args)
    }

    /// Calls the hook's command as git would, for places that no test can push to.
    pub fn pushgate_pre_push(&self, remote: &str, url: &str, lines: &str) -> Ran {
        let mut command = self.command(PUSHGATE);
        command.args(["pre-push", "--", remote, url]);
        Ran::fed(&mut command, lines.as_bytes())
    }

    /// Puts a copy of the program somewhere.
    ///
    /// Another process does it: while this one has the copy open, a child that a test beside us
    /// starts at this moment has it open too, and nobody can run it.
    pub fn copy_program(&self, to: &Path) {
        self.run_in(self.root(), "cp", [PUSHGATE.as_ref(), to.as_os_str()])
            .goes();
    }

    /// Installs the hook.
    pub fn install(&self) {
        self.pushgate(["install"]).goes();
        self.date_hook(&self.app);
    }

    /// Lets the hook find no program, neither where it was installed nor on PATH.
    pub fn lose_program(&self) {
        let hook = self.app.join(".git/hooks/pre-push");
        let text = fs::read_to_string(&hook).unwrap();
        assert!(text.contains(PUSHGATE), "{text}");
        fs::write(&hook, text.replace(PUSHGATE, "/nowhere/pushgate")).unwrap();
        self.date_hook(&self.app);
    }

    /// Gives the hook's file the sandbox's time, in place of the kernel's: it tells since when the gate is here.
    pub fn date_hook(&self, clone: &Path) {
        let hook = clone.join(".git/hooks/pre-push");
        if let (Some(clock), Ok(hook)) = (&self.clock, fs::File::open(hook)) {
            hook.set_modified(clock.now().into()).unwrap();
        }
    }

    /// `git push REMOTE REFSPEC`.
    pub fn push(&self, remote: &str, refspec: &str) -> Ran {
        self.git(["push", remote, refspec])
    }

    /// The same by somebody without a gate, to whom nobody says no.
    pub fn push_ungated(&self, remote: &str, refspec: &str) {
        self.git(["push", "-q", "--no-verify", remote, refspec])
            .goes();
    }

    /// `git push REMOTE REFSPEC` with further variables of the environment.
    pub fn push_with(&self, variables: &[(&str, &str)], remote: &str, refspec: &str) -> Ran {
        let mut command = self.command("git");
        Ran::of(
            command
                .args(["push", remote, refspec])
                .envs(variables.iter().copied()),
        )
    }

    /// `git push REMOTE REFSPEC` at this time (UTC), at which the clock stops.
    pub fn push_at(&self, time: &str, remote: &str, refspec: &str) -> Ran {
        self.stop_clock(time);
        self.push(remote, refspec)
    }

    /// `env`, for a program that runs at this time (UTC), at which the clock stops.
    pub fn at(&self, time: &str) -> Command {
        self.stop_clock(time);
        self.command("env")
    }

    /// Writes a file of the clone and commits it.
    pub fn commit_file(&self, name: &str, text: &str) -> String {
        self.write(name, text);
        self.git(["add", "--force", name]).goes();
        self.git(["commit", "-q", "-m", &format!("Write {name}")])
            .goes();
        self.ask(["rev-parse", "HEAD"])
    }

    /// Writes a file of the clone.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.app.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes an executable file of the clone.
    pub fn script(&self, name: &str, text: &str) {
        self.write(name, text);
        fs::set_permissions(self.app.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Commits a policy.
    pub fn policy(&self, text: &str) -> String {
        self.commit_file(".pushgate.yml", text)
    }

    /// Commits something, and says so.
    pub fn commit(&self, subject: &str) -> String {
        self.git(["commit", "-q", "--allow-empty", "-m", subject])
            .goes();
        self.ask(["rev-parse", "HEAD"])
    }

    /// Rewrites the last commit.
    pub fn amend(&self, subject: &str) {
        self.git(["commit", "-q", "--amend", "--allow-empty", "-m", subject])
            .goes();
    }

    /// Commits something and brings it to origin, as a colleague would who needs no gate.
    pub fn commit_on_origin(&self, subject: &str) -> String {
        let id = self.commit(subject);
        self.push_ungated("origin", "HEAD:master");
        id
    }

    /// A colleague pushes a commit to a remote from a clone of his own.
    pub fn colleague_pushes(&self, remote: &str, subject: &str) -> String {
        let (bare, clone) = (self.path(&format!("{remote}.git")), self.path("ben"));
        let _ = fs::remove_dir_all(&clone);
        self.run_in(
            self.root(),
            "git",
            [
                OsStr::new("clone"),
                "-q".as_ref(),
                bare.as_os_str(),
                clone.as_os_str(),
            ],
        )
        .goes();
        self.run_in(
            &clone,
            "git",
            ["commit", "-q", "--allow-empty", "-m", subject],
        )
        .goes();
        self.run_in(&clone, "git", ["push", "-q", "origin", "HEAD:master"])
            .goes();
        self.run_in(&clone, "git", ["rev-parse", "HEAD"])
            .goes()
            .stdout
            .trim_end()
            .to_owned()
    }

    /// What a branch of a bare repository names; empty where it does not exist.
    pub fn tip(&self, remote: &str, branch: &str) -> String {
        let bare = self.path(&format!("{remote}.git"));
        let name = format!("refs/heads/{branch}");
        self.run_in(
            bare,
            "git",
            ["for-each-ref", "--format=%(objectname)", &name],
        )
        .goes()
        .stdout
        .trim_end()
        .to_owned()
    }

    /// The names of what is kept of this repository; all that `install` leaves there is the schema.
    pub fn kept(&self) -> Vec<String> {
        let entries = fs::read_dir(self.app.join(".git/pushgate"));
        let mut names: Vec<_> = (entries.into_iter().flatten().flatten())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The ledger's lines.
    pub fn ledger(&self) -> Vec<serde_json::Value> {
        let text =
            fs::read_to_string(self.app.join(".git/pushgate/ledger.jsonl")).unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a whole line of JSON"))
            .collect()
    }

    /// The gates that were asked for the last line of the ledger, and their outcomes.
    pub fn last_gates(&self) -> Vec<String> {
        let ledger = self.ledger();
        let gates = ledger.last().expect("a line in the ledger")["gates"]
            .as_array()
            .unwrap()
            .clone();
        gates
            .iter()
            .map(|gate| {
                format!(
                    "{} {}",
                    gate["gate"].as_str().unwrap(),
                    gate["outcome"].as_str().unwrap()
                )
            })
            .collect()
    }
}

/// Waits until it is known whether the pushes from a clone arrived, and the team was told.
pub fn follow_up(clone: &Path) {
    let state = clone.join(".git/pushgate");
    let is_settled = || {
        let files = fs::read_dir(state.join("open"))
            .into_iter()
            .flatten()
            .flatten();
        let files = files.filter(|file| file.file_type().is_ok_and(|kind| kind.is_file()));
        let texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
        // A push that did not arrive is kept with another word.
        let mut open = texts.filter(|text| text.contains("\"state\":\"open\""));
        // It says why it could not be shared.
        let unshared = Some(state.join("unshared")).filter(|path| path.is_file());
        let unshared = unshared.map_or(Ok(String::new()), fs::read_to_string);
        open.next().is_none()
            && unshared.map_or(true, |text| text.is_empty() || text.contains("\"why\":\""))
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    while !is_settled() && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until the team can know what happened in a clone.
#[track_caller]
pub fn shared(clone: &Path) {
    follow_up(clone);
    until("the team is told", || {
        let unshared = clone.join(".git/pushgate/unshared");
        (!unshared.exists()).then_some(())
    });
}

/// How long an event may take on a machine with much to do; a test that waits longer fails.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Waits until this is there.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE, "still waiting until {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// The program under test.
pub const PUSHGATE: &str = env!("CARGO_BIN_EXE_pushgate");

fn path() -> OsString {
    std::env::var_os("PATH").expect("a PATH")
}

/// A tool that a test cannot do without; its absence is a failure that names the package.
pub fn tool(name: &str, package: &str) -> PathBuf {
    let found = std::env::split_paths(&path())
        .chain(["/usr/sbin".into(), "/sbin".into()])
        .map(|directory| directory.join(name))
        .find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("this test needs `{name}`: apt-get install {package}"))
}

/// What a program did.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code, or 128 and the signal that ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// Where it ran.
    pub place: Option<PathBuf>,
}

impl Ran {
    /// Runs it to its end.
    pub fn of(command: &mut Command) -> Self {
        let output = command.output();
        let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Self::from(output).in_place_of(command)
    }

    /// Runs it to its end with this on its standard input.
    pub fn fed(command: &mut Command, input: &[u8]) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Self::from(child.wait_with_output().unwrap()).in_place_of(command)
    }

    fn in_place_of(self, command: &Command) -> Self {
        if let Some(place) = command.get_current_dir()
            && command.get_args().any(|word| word == "push")
        {
            follow_up(place);
        }
        Self {
            place: command.get_current_dir().map(Path::to_owned),
            ..self
        }
    }

    /// It succeeded.
    #[track_caller]
    pub fn goes(self) -> Self {
        assert_eq!(self.code, 0, "{self}");
        self
    }

    /// `git push` failed.
    #[track_caller]
    pub fn goes_not(self) -> Self {
        assert_eq!(self.code, 1, "{self}");
        self
    }

    /// A command could not do its work.
    #[track_caller]
    pub fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// `git push` failed because this gate refused.
    #[track_caller]
    pub fn refused(self, gate: &str) -> Self {
        assert_eq!(self.code, 1, "{self}");
        assert!(
            self.stderr
                .lines()
                .any(|line| line.starts_with("pushgate: ") && line.ends_with(" refused")),
            "{self}"
        );
        self.names(gate)
    }

    /// `git push` failed because this gate could not decide.
    #[track_caller]
    pub fn undecided(self, gate: &str) -> Self {
        assert_eq!(self.code, 1, "{self}");
        assert!(
            self.stderr.contains(" not decided, so it does not go\n"),
            "{self}"
        );
        self.names(gate)
    }

    #[track_caller]
    fn names(self, gate: &str) -> Self {
        assert!(self.stderr.contains(&format!("\n  {gate}: ")), "{self}");
        self
    }

    /// Its standard error holds this.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "nobody says `{text}`:\n{self}");
        self
    }

    /// Its standard error does not.
    #[track_caller]
    pub fn never_says(self, text: &str) -> Self {
        assert!(
            !self.stderr.contains(text),
            "somebody says `{text}`:\n{self}"
        );
        self
    }

    /// Nothing of ours is on its standard error.
    #[track_caller]
    pub fn silent(self) -> Self {
        self.never_says("pushgate")
    }

    /// What pushgate wrote, without what git says around it.
    pub fn report(&self) -> String {
        let ours = self
            .stderr
            .lines()
            .skip_while(|line| !line.starts_with("pushgate: "));
        let ours = ours.take_while(|line| line.starts_with("pushgate: ") || line.starts_with("  "));
        ours.fold(String::new(), |text, line| text + line + "\n")
    }
}

/// What was written, without the lines that name who is asked: on a machine with much to do, anything may
/// take more than a moment. `push::waiting` is about them.
fn without_waits(text: &str) -> String {
    let is_wait = |line: &str| line.starts_with("pushgate: asking ") && line.ends_with(" ...\n");
    let lines = text.split_inclusive('\n');
    lines.filter(|line| !is_wait(line)).collect()
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output
                .status
                .code()
                .unwrap_or_else(|| 128 + output.status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: without_waits(&String::from_utf8_lossy(&output.stderr)),
            place: None,
        }
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit code {}\n--- stdout\n{}--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }
}
