//! A clone, where it deploys to, and one way of pushing one empty commit from it.

use std::{
    ffi::OsString,
    fs::{self, File, Permissions},
    io::{Read, Seek, SeekFrom},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use serde_json::Value;

use crate::{
    figure::{quartile, typical},
    past,
    relay::Relay,
    support::{PUSHGATE, Ran, Sandbox, processes::living_in, sshd::Sshd, until},
};

/// The pipeline of the README. The window is open whenever this is run, but its rules are tested.
const POLICY: &str = "\
suite:
  run: 'true'
environments:
  staging: {}
  production:
    after: staging
    signoff: true
    window:
      timezone: Europe/Madrid
      open: [Mon-Sun]
      closed: [2001-01-01]
      runway: 1h
";

/// How long each direction to a server far away takes, in milliseconds.
const FAR: u64 = 25;

/// Runs after the gates, as the hook that was there before.
const PEAK: &str = "#!/bin/sh\ngrep VmHWM: \"/proc/$PPID/status\" >.git/peak.txt\n";

const NOTES: &str = "refs/notes/pushgate:refs/notes/pushgate";

/// A clone whose origin is trunk, and where it deploys to.
pub(crate) struct Shop {
    pub(crate) sandbox: Sandbox,
    /// Whether `pushgate install` has put its hook there.
    is_gated: bool,
    way: Option<(Relay, Sshd)>,
}

impl Shop {
    /// A few commits, a few refs, and no hook yet.
    pub(crate) fn without_gate() -> Self {
        Self::open(Sandbox::bare().by_the_machines_clock(), false)
    }

    pub(crate) fn small() -> Self {
        Self::open(Sandbox::bare().by_the_machines_clock(), true)
    }

    /// A long history and many branches.
    pub(crate) fn large(is_gated: bool) -> Self {
        Self::open(past::large(), is_gated)
    }

    /// A team that has deployed thousands of commits.
    pub(crate) fn remembered() -> Self {
        Self::open(past::remembered(), true)
    }

    /// A clone that has decided very often.
    pub(crate) fn with_ledger() -> Self {
        let sandbox = Sandbox::bare().by_the_machines_clock();
        past::ledger(&sandbox);
        Self::open(sandbox, true)
    }

    /// All remotes are reached through ssh, on a long way.
    pub(crate) fn far(is_gated: bool) -> Self {
        let sandbox = Sandbox::bare().by_the_machines_clock();
        let sshd = Sshd::serve(&sandbox);
        let relay = Relay::to(sshd.port);
        let sshd = sshd.reached_by(relay.port);
        for remote in ["origin", "staging", "production"] {
            let url = sshd.url(&sandbox, remote);
            sandbox.git(["remote", "set-url", remote, &url]).goes();
        }
        sandbox
            .git(["config", "core.sshCommand", &sshd.command()])
            .goes();
        Self {
            way: Some((relay, sshd)),
            ..Self::open(sandbox, is_gated)
        }
    }

    fn open(sandbox: Sandbox, is_gated: bool) -> Self {
        let backup = sandbox.path("backup.git");
        let backup = backup.to_str().unwrap();
        sandbox.git(["init", "-q", "--bare", backup]).goes();
        sandbox.git(["remote", "add", "backup", backup]).goes();
        sandbox.policy(POLICY);
        sandbox.push_ungated("origin", "master");
        sandbox.push_ungated("backup", "master");
        let shop = Self {
            sandbox,
            is_gated,
            way: None,
        };
        if is_gated {
            shop.sandbox.install();
            // Whoever holds the locks may deploy; they cost the same as anybody's.
            shop.sandbox
                .pushgate(["lock", "-m", "measured", "--for", "8h"])
                .goes();
        }
        shop.stage(Signed::Here);
        shop.sandbox.push("production", "master").goes();
        shop.settle();
        shop
    }

    /// Brings what is here to staging, where somebody tries it.
    fn stage(&self, signed: Signed) {
        self.sandbox.push("staging", "master").goes();
        if self.is_gated && signed == Signed::Here {
            self.settle();
            self.sandbox
                .pushgate(["approve", "staging", "-m", "tried it"])
                .goes();
        }
    }

    /// A colleague signs it off in a clone of their own, and shares that.
    fn signed_by_colleague(&self) {
        let sandbox = &self.sandbox;
        let (origin, ben) = (sandbox.path("origin.git"), sandbox.path("ben"));
        let git = |args: &[&str]| drop(sandbox.run_in(&ben, "git", args).goes());
        if !ben.exists() {
            let [origin, ben] = [&origin, &ben].map(|path| path.to_str().unwrap());
            let clone = ["clone", "-q", origin, ben];
            sandbox.run_in(sandbox.root(), "git", clone).goes();
        }
        let commit = sandbox.ask(["rev-parse", "HEAD"]);
        let ledger = sandbox.ledger();
        let is_of_staging = |entry: &&serde_json::Value| entry["environment"] == "staging";
        let place = ledger.iter().rfind(is_of_staging).unwrap()["destination"].clone();
        let line = format!(
            "{{\"v\":1,\"event\":\"signoff\",\"environment\":\"staging\",\"destinations\":[{place}],\"commit\":\"{commit}\",\
             \"by\":\"Ben <ben@shop.example>\",\"at\":\"{}\",\"words\":\"tried it\"}}",
            jiff::Timestamp::now()
        );
        git(&["fetch", "-q", "origin", "master", &format!("+{NOTES}")]);
        git(&["notes", "--ref=pushgate", "append", "-m", &line, &commit]);
        git(&["push", "-q", "origin", NOTES]);
    }

    /// Waits until nothing that an earlier push has started goes on.
    pub(crate) fn settle(&self) {
        let open = self.sandbox.app.join(".git/pushgate/open");
        let is_followed_up = || {
            let is_open = |text: String| text.contains("\"state\":\"open\"");
            let files = fs::read_dir(&open).into_iter().flatten().flatten();
            let mut texts = files.filter_map(|file| fs::read_to_string(file.path()).ok());
            let is_open = texts.any(is_open);
            let living = living_in(self.sandbox.root()).into_iter();
            let runs = living.filter(|line| line.contains("pushgate follow-up"));
            (!is_open && runs.count() == 0).then_some(())
        };
        until("the last push is followed up", is_followed_up);
    }

    /// How long it takes to look at it all, in milliseconds.
    pub(crate) fn looks(&self, command: &str) -> f64 {
        self.settle();
        let mut command = self.looking(command);
        let start = Instant::now();
        let ran = command.output().unwrap();
        let took = start.elapsed().as_secs_f64() * 1000.0;
        Ran::from(ran).goes();
        took
    }

    fn looking(&self, command: &str) -> Command {
        let mut program = self.sandbox.command(PUSHGATE);
        program.arg(command);
        program
    }

    pub(crate) fn hook(&self, name: &str, text: Option<&str>) {
        let hook = self.sandbox.app.join(".git/hooks").join(name);
        match text {
            Some(text) => {
                fs::write(&hook, text).unwrap();
                fs::set_permissions(&hook, Permissions::from_mode(0o755)).unwrap();
            }
            None => drop(fs::remove_file(&hook)),
        }
    }

    /// A hook that lets everything pass is quick: each must refuse what is not on trunk, and on
    /// production what is not on staging. `hook`: one that is written by hand.
    pub(crate) fn refuses(&self, hook: Option<&str>) {
        let refused = |remote| {
            if hook.is_some() {
                self.hook("pre-push", hook);
            }
            let ran = self.sandbox.push(remote, "master");
            assert_ne!(ran.code, 0, "{ran}");
            if hook.is_some() {
                self.hook("pre-push", None);
            }
        };
        self.sandbox.commit("not on trunk yet");
        refused("staging");
        self.sandbox.push_ungated("origin", "HEAD:master");
        refused("production");
    }

    /// All pushes have the same tree: without a receipt, the suite runs at each, and leaves one.
    fn forget(&self) {
        let receipts = fs::read_dir(self.sandbox.app.join(".git/pushgate/receipts"));
        for receipt in receipts.into_iter().flatten() {
            fs::remove_file(receipt.unwrap().path()).unwrap();
        }
    }

    /// The last lines of the ledger are long enough for the last decision.
    fn last_decision(&self) -> Option<Value> {
        let mut file = File::open(self.sandbox.app.join(".git/pushgate/ledger.jsonl")).ok()?;
        let size = file.metadata().unwrap().len();
        file.seek(SeekFrom::Start(size.saturating_sub(16 * 1024)))
            .unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        Some(serde_json::from_str(text.lines().last()?).expect("a whole line of JSON"))
    }

    /// The most memory that a process of ours ever has during a push to production and its follow-up,
    /// in bytes (proc(5), `VmHWM`).
    pub(crate) fn peak(&self) -> usize {
        let directory = self.sandbox.app.join(".git/.pushgate-hooks");
        fs::create_dir_all(directory).unwrap();
        let push = Push::ours(self, "peak", "production");
        push.prepare();
        self.hook("../.pushgate-hooks/pre-push", Some(PEAK));
        let most = watched(&mut push.command());
        self.hook("../.pushgate-hooks/pre-push", None);
        push.has_arrived(None);
        // At the end of the gates it has done nearly all it will do: this cannot be missed.
        let text = fs::read_to_string(self.sandbox.app.join(".git/peak.txt")).unwrap();
        most.max(resident(&text).unwrap())
    }

    /// The same of a command that looks at it all.
    pub(crate) fn peak_of(&self, command: &str) -> usize {
        self.settle();
        watched(&mut self.looking(command))
    }
}

/// Runs a program, and looks all the while at the memory of every process of ours, until none is left.
fn watched(command: &mut Command) -> usize {
    let program = fs::canonicalize(PUSHGATE).unwrap();
    let output = command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = output.spawn().unwrap();
    let mut most = 0;
    loop {
        let mut is_there = child.try_wait().unwrap().is_none();
        for process in fs::read_dir("/proc").unwrap().flatten() {
            let process = process.path();
            if fs::read_link(process.join("exe")).is_ok_and(|exe| exe == program) {
                let status = fs::read_to_string(process.join("status")).unwrap_or_default();
                most = most.max(resident(&status).unwrap_or(0));
                is_there = true;
            }
        }
        if !is_there {
            assert!(child.wait().unwrap().success(), "{command:?}");
            return most;
        }
    }
}

fn resident(status: &str) -> Option<usize> {
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes = line.split_whitespace().nth(1)?;
    Some(kibibytes.parse::<usize>().ok()? * 1024)
}

/// Whether the suite has passed on this tree.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Suite {
    Receipt,
    Runs,
}

/// Where a commit was signed off last.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    Here,
    /// In another clone, which has shared it: this one has to fetch it.
    ByColleague,
}

/// One way of pushing one empty commit.
pub(crate) struct Push<'s> {
    pub(crate) name: String,
    pub(crate) shop: &'s Shop,
    pub(crate) remote: &'static str,
    /// The hook that somebody else wrote, for this push alone.
    hook: Option<String>,
    suite: Suite,
    signed: Signed,
    /// The path that the hook needs, where it is not ours.
    pub(crate) path: Option<OsString>,
    pub(crate) times: Vec<f64>,
    /// How many connections had been opened when git ended.
    pub(crate) connections: Vec<usize>,
}

impl<'s> Push<'s> {
    pub(crate) fn new(
        shop: &'s Shop,
        name: &str,
        remote: &'static str,
        hook: Option<&str>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            shop,
            remote,
            hook: hook.map(str::to_owned),
            suite: Suite::Receipt,
            signed: Signed::Here,
            path: None,
            times: Vec::new(),
            connections: Vec::new(),
        }
    }

    /// With the hook that is installed.
    pub(crate) fn ours(shop: &'s Shop, name: &str, remote: &'static str) -> Self {
        assert!(shop.is_gated);
        Self::new(shop, name, remote, None)
    }

    pub(crate) fn with_suite(self) -> Self {
        Self {
            suite: Suite::Runs,
            ..self
        }
    }

    pub(crate) fn after_colleague(self) -> Self {
        Self {
            signed: Signed::ByColleague,
            ..self
        }
    }

    /// Makes a commit, brings it to where it has to be before, and pushes it; only the push is timed,
    /// in milliseconds.
    pub(crate) fn run(&mut self) -> Ran {
        self.prepare();
        let mut command = self.command();
        let before = self.shop.last_decision();
        let relay = self.shop.way.as_ref().map(|(relay, _)| relay);
        if let Some(relay) = relay {
            relay.takes(FAR);
        }
        let opened = relay.map_or(0, Relay::connections);
        let start = Instant::now();
        let output = command.output().unwrap();
        self.times.push(start.elapsed().as_secs_f64() * 1000.0);
        let connections = relay.map_or(0, Relay::connections) - opened;
        if let Some(relay) = relay {
            relay.takes(0);
        }
        self.connections.push(connections);
        if self.hook.is_some() {
            self.shop.hook("pre-push", None);
        }
        let ran = Ran::from(output).goes();
        self.shop.settle();
        self.has_arrived(before.as_ref());
        ran
    }

    fn prepare(&self) {
        let Shop { sandbox, .. } = self.shop;
        sandbox.commit("One more");
        if self.remote != "origin" {
            sandbox.push_ungated("origin", "HEAD:master");
        }
        if self.remote == "production" {
            self.shop.stage(self.signed);
        }
        self.shop.settle();
        if self.signed == Signed::ByColleague {
            self.shop.signed_by_colleague();
        }
        if self.suite == Suite::Runs {
            self.shop.forget();
        }
        if self.hook.is_some() {
            self.shop.hook("pre-push", self.hook.as_deref());
        }
    }

    fn command(&self) -> Command {
        let mut command = self.shop.sandbox.command("git");
        command.args(["push", self.remote, "master"]);
        if let Some(path) = &self.path {
            command.env("PATH", path);
        }
        command
    }

    /// The commit is where it was pushed to; where there is a gate, every gate was asked, and nobody
    /// else decided anything. `before`: the last decision before the push.
    fn has_arrived(&self, before: Option<&Value>) {
        let Shop {
            sandbox, is_gated, ..
        } = self.shop;
        let head = sandbox.ask(["rev-parse", "HEAD"]);
        assert_eq!(sandbox.tip(self.remote, "master"), head, "{}", self.name);
        let decision = self.shop.last_decision();
        if !is_gated || self.remote == "backup" {
            assert_eq!(decision.as_ref(), before, "{}", self.name);
            return;
        }
        let decision = decision.unwrap();
        let environment = match self.remote {
            "origin" => "trunk",
            other => other,
        };
        assert_eq!(decision["event"], "push", "{decision}");
        assert_eq!(decision["verdict"], "go", "{decision}");
        assert_eq!(decision["environment"], environment, "{decision}");
        assert_eq!(decision["commit"], *head, "{decision}");
        let gates = decision["gates"].as_array().unwrap();
        let passed: Vec<_> = (gates.iter())
            .filter(|gate| gate["outcome"] == "passed")
            .map(|gate| gate["gate"].as_str().unwrap())
            .collect();
        let all: &[&str] = match self.remote {
            "production" => &["target", "window", "trunk", "lock", "promotion", "suite"],
            "staging" => &["target", "window", "trunk", "lock", "suite"],
            _ => &["target", "trunk", "suite"],
        };
        assert_eq!(passed, all, "{decision}");
        let suite = gates.last().unwrap()["why"].as_str().unwrap();
        let has_run = suite.starts_with("passed in ");
        assert_eq!(has_run, self.suite == Suite::Runs, "{decision}");
        if self.remote == "production" {
            let promotion = gates.iter().find(|gate| gate["gate"] == "promotion");
            let signed = promotion.unwrap()["why"].as_str().unwrap();
            let by_ben = signed.contains("signed off by Ben ");
            assert_eq!(by_ben, self.signed == Signed::ByColleague, "{decision}");
        }
    }

    /// The first, second or third quartile of its times; the least of them for 0.
    pub(crate) fn quartile(&self, quarter: usize) -> f64 {
        quartile(&self.times, quarter)
    }

    /// How many connections it opened, where they were counted.
    pub(crate) fn opened(&self) -> String {
        let (least, most) = (self.connections.iter().min(), self.connections.iter().max());
        match (least, most) {
            (Some(least), Some(most)) if *most > 0 && least == most => {
                format!(": {most} connections")
            }
            (Some(least), Some(most)) if *most > 0 => format!(": {least} to {most} connections"),
            _ => String::new(),
        }
    }

    pub(crate) fn typical(&self) -> f64 {
        typical(&self.times)
    }
}

/// Where a hook manager's program is found.
pub(crate) fn on_path(directory: &Path) -> OsString {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(directory.to_owned()).chain(std::env::split_paths(&path));
    std::env::join_paths(all).unwrap()
}
