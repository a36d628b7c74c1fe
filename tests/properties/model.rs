//! Hundreds of random steps of two people, held against a small model of the rules: nothing goes to
//! production that the model refuses, and while nothing is broken all that it allows goes.

use std::{
    collections::BTreeSet, env, fs, os::unix::fs::PermissionsExt, path::PathBuf, process::Command,
};

use jiff::{
    ToSpan,
    civil::{DateTime, datetime},
};

use crate::support::{PUSHGATE, Ran, Sandbox};

/// The rule for sign-offs, as the policy writes it and as the model reads it.
#[derive(Clone, Copy, Debug)]
enum Rule {
    One,
    Two,
    Another,
}

/// When production is closed.
const NIGHT: &str = "22:00-07:00";

/// A commit is red that has this file.
const SUITE: &str = "test ! -e red";

const PEOPLE: [&str; 2] = ["ana", "ben"];

/// Numbers without a pattern, the same for the same seed (Marsaglia, "Xorshift RNGs", 2003).
struct Dice(u64);

impl Dice {
    fn throw(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

/// What the model knows: everything, whoever did it.
#[derive(Default)]
struct Model {
    /// Trunk's commits, oldest first, with their authors.
    trunk: Vec<(String, usize)>,
    staging: String,
    /// What was live on production, the newest last.
    production: Vec<String>,
    /// What went there around the gate: others need not know of it.
    unjudged: BTreeSet<String>,
    signed: BTreeSet<(String, usize)>,
    removed: BTreeSet<String>,
}

impl Model {
    fn tip(&self) -> &str {
        &self.trunk.last().unwrap().0
    }

    fn live(&self) -> &str {
        self.production.last().unwrap()
    }

    fn place(&self, commit: &str) -> usize {
        self.trunk.iter().position(|(id, _)| id == commit).unwrap()
    }

    fn is_signed(&self, rule: Rule, commit: &str) -> bool {
        let author = self.trunk[self.place(commit)].1;
        let who = self.signed.iter().filter(|(id, _)| id == commit);
        match rule {
            Rule::One => who.count() >= 1,
            Rule::Two => who.count() >= 2,
            Rule::Another => who.filter(|(_, person)| *person != author).count() >= 1,
        }
    }

    /// Whether a push of this commit to production may go at this hour.
    fn allows(&self, rule: Rule, commit: &str, how: How, is_night: bool) -> bool {
        let was_live = self.production.iter().any(|id| id == commit);
        let newest = commit == self.tip() && commit == self.staging && self.is_signed(rule, commit);
        match how {
            How::Plain | How::Dry | How::Rejected => {
                newest && !is_night && !self.removed.contains(commit)
            }
            How::Rollback => was_live && !self.removed.contains(commit),
            How::Overridden | How::Unjudged => true,
        }
    }

    fn deploys(&mut self, commit: &str, how: How) {
        match how {
            How::Rollback => drop(self.removed.insert(self.live().to_owned())),
            How::Unjudged => drop(self.unjudged.insert(commit.to_owned())),
            _ => {}
        }
        self.production.push(commit.to_owned());
    }
}

/// How a commit is pushed to production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Plain,
    Rollback,
    /// Without the gates that would stop it, for a reason.
    Overridden,
    /// `--no-verify`.
    Unjudged,
    /// `--dry-run`.
    Dry,
    /// The server takes nothing.
    Rejected,
}

struct Play {
    shop: Sandbox,
    dice: Dice,
    rule: Rule,
    model: Model,
    clock: DateTime,
    /// What was done, for whoever reads a failure.
    story: Vec<String>,
    /// Whether a remote is away.
    offline: bool,
    went: usize,
    refused: usize,
}

impl Play {
    fn new(seed: u64, rule: Rule) -> Self {
        let shop = Sandbox::bare();
        let text = match rule {
            Rule::One => "true",
            Rule::Two => "2",
            Rule::Another => "{by: another}",
        };
        let first = shop.policy(&format!(
            "suite: {{run: '{SUITE}'}}\nenvironments:\n  staging: {{}}\n  production:\n    after: staging\n    signoff: {text}\n    window: {{timezone: UTC, closed: ['{NIGHT}'], runway: 0s}}\n"
        ));
        for remote in ["origin", "staging", "production"] {
            shop.git(["push", "-q", remote, "master"]).goes();
        }
        let model = Model {
            trunk: vec![(first.clone(), 0)],
            staging: first.clone(),
            // It was there before the gate.
            unjudged: BTreeSet::from([first.clone()]),
            production: vec![first],
            ..Model::default()
        };
        let play = Self {
            shop,
            dice: Dice(seed),
            rule,
            model,
            clock: datetime(2026, 11, 24, 9, 0, 0, 0),
            story: Vec::new(),
            offline: false,
            went: 0,
            refused: 0,
        };
        for person in 0..PEOPLE.len() {
            play.join(person);
        }
        play
    }

    /// Gives somebody a clone with the three remotes and the hook.
    fn join(&self, person: usize) {
        let clone = self.clone_of(person);
        let origin = self.shop.path("origin.git");
        let run = |args: &[&str]| self.shop.run_in(self.shop.root(), "git", args).goes();
        run(&[
            "clone",
            "-q",
            origin.to_str().unwrap(),
            clone.to_str().unwrap(),
        ]);
        for remote in ["staging", "production"] {
            let url = self.shop.path(&format!("{remote}.git"));
            self.git(person, &["remote", "add", remote, url.to_str().unwrap()])
                .goes();
        }
        let name = PEOPLE[person];
        self.git(person, &["config", "user.name", name]).goes();
        self.git(
            person,
            &["config", "user.email", &format!("{name}@shop.example")],
        )
        .goes();
        self.pushgate(person, &["install"]).goes();
    }

    fn clone_of(&self, person: usize) -> PathBuf {
        self.shop.path(&format!("of-{}", PEOPLE[person]))
    }

    fn git(&self, person: usize, args: &[&str]) -> Ran {
        let mut command: Command = self.shop.at(&self.clock.strftime("%F %T").to_string());
        command.current_dir(self.clone_of(person));
        Ran::of(command.arg("git").args(args))
    }

    fn pushgate(&self, person: usize, args: &[&str]) -> Ran {
        let mut command = self.shop.at(&self.clock.strftime("%F %T").to_string());
        command.current_dir(self.clone_of(person));
        Ran::of(command.arg(PUSHGATE).args(args))
    }

    fn told(&self) -> String {
        self.story.join("\n")
    }

    fn is_night(&self) -> bool {
        !(7..22).contains(&self.clock.hour())
    }

    fn step(&mut self) {
        let minutes = i64::try_from(self.dice.throw(6 * 60)).unwrap();
        self.clock = self.clock.checked_add(minutes.minutes()).unwrap();
        let person = self.dice.throw(PEOPLE.len());
        match self.dice.throw(20) {
            0..=1 => self.commit(person),
            2..=5 => self.stage(person),
            6..=10 => self.approve(person),
            11..=14 => self.deploy(person, How::Plain),
            15 => {
                let hows = [How::Dry, How::Rejected, How::Overridden, How::Unjudged];
                let how = hows[self.dice.throw(hows.len())];
                self.deploy(person, how);
            }
            16..=17 => self.roll_back(person),
            18 => self.let_return(person),
            _ => self.trouble(person),
        }
    }

    /// Somebody's clone gets trunk's newest, as far as the network goes.
    fn pull(&self, person: usize) {
        self.git(person, &["fetch", "-q", "origin"]);
        self.git(person, &["checkout", "-q", "-B", "master", "origin/master"])
            .goes();
    }

    fn commit(&mut self, person: usize) {
        self.pull(person);
        let message = format!("{} by {}", self.model.trunk.len(), PEOPLE[person]);
        self.git(person, &["commit", "-q", "--allow-empty", "-m", &message])
            .goes();
        let id = self
            .git(person, &["rev-parse", "HEAD"])
            .stdout
            .trim_end()
            .to_owned();
        let ran = self.git(person, &["push", "-q", "origin", "master"]);
        self.story.push(format!(
            "{} commits {}: {}",
            PEOPLE[person],
            &id[..7],
            ran.code
        ));
        if ran.code == 0 {
            self.model.trunk.push((id, person));
        }
    }

    fn stage(&mut self, person: usize) {
        self.pull(person);
        self.git(person, &["push", "-q", "staging", "master"]);
        self.model.staging = self.shop.tip("staging", "master");
        let staging = &self.model.staging[..7];
        self.story
            .push(format!("{} stages: {staging} is there", PEOPLE[person]));
    }

    fn approve(&mut self, person: usize) {
        self.pull(person);
        let id = self
            .git(person, &["rev-parse", "HEAD"])
            .stdout
            .trim_end()
            .to_owned();
        let ran = self.pushgate(person, &["approve", "staging", "-m", "tried"]);
        self.story.push(format!(
            "{} approves {}: {}",
            PEOPLE[person],
            &id[..7],
            ran.code
        ));
        if ran.code == 0 {
            assert_eq!(id, self.model.staging, "{ran}\n{}", self.told());
            self.model.signed.insert((id, person));
        }
    }

    fn deploy(&mut self, person: usize, how: How) {
        self.pull(person);
        self.push_to_production(person, "master", how);
    }

    fn roll_back(&mut self, person: usize) {
        self.pull(person);
        let commit = self.dice.throw(self.model.trunk.len());
        let id = self.model.trunk[commit].0.clone();
        self.git(person, &["checkout", "-q", "--detach", &id]);
        // Without the word it is a push of what is behind, or was never live.
        let hows = [
            How::Rollback,
            How::Rollback,
            How::Plain,
            How::Dry,
            How::Rejected,
        ];
        let how = hows[self.dice.throw(hows.len())];
        self.push_to_production(person, &format!("+{id}:refs/heads/master"), how);
    }

    /// `git push production`, in one of the ways.
    fn push(&self, person: usize, refspec: &str, how: How) -> Ran {
        let hook = self.shop.path("production.git/hooks/pre-receive");
        if how == How::Rejected {
            fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
            fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let option = match how {
            How::Unjudged => "--no-verify",
            How::Dry => "--dry-run",
            _ => "--no-progress",
        };
        let mut command = self.shop.at(&self.clock.strftime("%F %T").to_string());
        command.current_dir(self.clone_of(person));
        let variables: &[(&str, &str)] = match how {
            How::Rollback => &[("PUSHGATE_ROLLBACK", "1")],
            How::Overridden => &[
                ("PUSHGATE_SKIP", "window,trunk,promotion"),
                ("PUSHGATE_REASON", "it is on fire"),
            ],
            _ => &[],
        };
        command.envs(variables.iter().copied());
        let ran = Ran::of(command.args(["git", "push", option, "production", refspec]));
        if how == How::Rejected {
            fs::remove_file(&hook).unwrap();
        }
        ran
    }

    fn push_to_production(&mut self, person: usize, refspec: &str, how: How) {
        let name = refspec.trim_start_matches('+').split(':').next().unwrap();
        let id = self
            .git(person, &["rev-parse", name])
            .stdout
            .trim_end()
            .to_owned();
        if id == self.model.live() {
            return;
        }
        let allowed = self.model.allows(self.rule, &id, how, self.is_night());
        let ran = self.push(person, refspec, how);
        let word = format!(
            "{}: {} deploys {} ({how:?}): {}",
            self.clock,
            PEOPLE[person],
            &id[..7],
            ran.code
        );
        self.story.push(word);
        let went = self.shop.tip("production", "master") == id;
        self.remembers_nothing_else();
        if matches!(how, How::Dry | How::Rejected) {
            assert!(!went, "{ran}\n{}", self.told());
            let said = ran.stderr.contains(" may go\n");
            assert!(
                allowed || !said,
                "the model refuses it\n{ran}\n{}",
                self.told()
            );
            return;
        }
        assert_eq!(went, ran.code == 0, "{ran}\n{}", self.told());
        // Of what went around the gate a clone may not know that it was live.
        let allowed_at_most = allowed;
        let is_known = how != How::Rollback || !self.model.unjudged.contains(&id);
        let allowed = allowed && is_known;
        assert!(
            allowed_at_most || !went,
            "the model refuses it\n{ran}\n{}",
            self.told()
        );
        assert!(
            went || !allowed || self.offline,
            "the model allows it\n{ran}\n{}",
            self.told()
        );
        if went {
            self.model.deploys(&id, how);
            self.went += 1;
        } else {
            self.refused += 1;
        }
        self.remembers_nothing_else();
    }

    /// No clone remembers a deployment to production that did not happen.
    fn remembers_nothing_else(&self) {
        let live = self.shop.tip("production", "master");
        for person in 0..PEOPLE.len() {
            let notes = self.git(person, &["grep", "-h", "deployed", "refs/notes/pushgate"]);
            let records = notes.stdout.lines().filter_map(|line| {
                let record: serde_json::Value = serde_json::from_str(line).ok()?;
                let is_here = record["environment"] == "production";
                is_here.then(|| record["commit"].as_str().unwrap().to_owned())
            });
            for commit in records {
                let happened = commit == live || self.model.production.contains(&commit);
                assert!(happened, "{commit} was never live\n{}", self.told());
            }
        }
    }

    /// Somebody says that what was removed may go there again.
    fn let_return(&mut self, person: usize) {
        self.pull(person);
        let id = self
            .git(person, &["rev-parse", "HEAD"])
            .stdout
            .trim_end()
            .to_owned();
        let ran = self.pushgate(
            person,
            &["approve", "--again", "production", "-m", "mended"],
        );
        self.story.push(format!(
            "{} lets {} return: {}",
            PEOPLE[person],
            &id[..7],
            ran.code
        ));
        if ran.code == 0 {
            let was_removed = self.model.removed.remove(&id);
            assert_ne!(
                was_removed,
                ran.stderr.contains("already"),
                "{ran}\n{}",
                self.told()
            );
        }
    }

    /// Something breaks for a while, or for good.
    fn trouble(&mut self, person: usize) {
        let git = self.clone_of(person).join(".git");
        let kind = self.dice.throw(9);
        let tip = self.model.tip().to_owned();
        self.story
            .push(format!("trouble {kind} for {}", PEOPLE[person]));
        match kind {
            0 | 1 => {
                let remote = ["origin", "staging"][kind];
                let (here, away) = (
                    self.shop.path(&format!("{remote}.git")),
                    self.shop.path("away"),
                );
                fs::rename(&here, &away).unwrap();
                // Without the network whoever tries learns nothing, and nothing goes.
                self.offline = true;
                self.push_to_production(person, "master", How::Plain);
                self.roll_back_blindly(person);
                self.offline = false;
                fs::rename(&away, &here).unwrap();
            }
            2 => {
                let ledger = git.join("pushgate/ledger.jsonl");
                // Another trouble may have taken it away.
                if let Ok(text) = fs::read(&ledger) {
                    fs::write(&ledger, &text[..text.len() / 2]).unwrap();
                }
            }
            3 => drop(fs::remove_dir_all(git.join("pushgate"))),
            4 => {
                let damage = [
                    "notes",
                    "--ref=pushgate",
                    "append",
                    "-m",
                    "{\"v\":1,\"event\":",
                    &tip,
                ];
                self.git(person, &damage).goes();
            }
            5..=7 => self.disguised(person, kind),
            _ => {
                let first = self.model.trunk[self.model.trunk.len() / 2].0.clone();
                // What is known of another commit, copied to the newest.
                self.git(
                    person,
                    &["notes", "--ref=pushgate", "copy", "-f", &first, &tip],
                );
            }
        }
    }

    /// A red commit that no remote may take, whatever its rules, the URL or the checkout make of it.
    fn disguised(&mut self, person: usize, kind: usize) {
        const APP: &str = "https://git.heroku.com/unknown.git";
        self.pull(person);
        let tips = || ["origin", "staging", "production"].map(|one| self.shop.tip(one, "master"));
        let before = tips();
        let clone = self.clone_of(person);
        fs::write(clone.join("red"), "").unwrap();
        if kind == 5 {
            // Rules by which nothing would be judged.
            let trunk = ["branch: free", "remote: free"][self.model.trunk.len() % 2];
            let text = format!(
                "trunk: {{{trunk}}}\nsuite: {{run: '{SUITE}', on: deploys}}\nenvironments: {{}}\n"
            );
            fs::write(clone.join(".pushgate.yml"), text).unwrap();
        }
        let git = |args: &[&str]| self.git(person, args);
        git(&["add", "-A"]).goes();
        git(&["commit", "-q", "-m", "Disguised"]).goes();
        let section = format!("url.{}", self.shop.path("production.git").display());
        let rewritten = format!("{section}.insteadOf");
        match kind {
            6 => drop(git(&["config", &rewritten, APP]).goes()),
            7 => {
                git(&["update-index", "--skip-worktree", "red"]).goes();
                fs::remove_file(clone.join("red")).unwrap();
            }
            _ => {}
        }
        for remote in ["origin", "staging", "production", APP] {
            if remote != APP || kind == 6 {
                let ran = git(&["push", remote, "+master"]);
                assert_ne!(ran.code, 0, "{remote}: {ran}\n{}", self.told());
            }
        }
        assert_eq!(tips(), before, "{}", self.told());
        git(&["config", "--remove-section", &section]);
        git(&["update-index", "--no-skip-worktree", "red"]);
        git(&["checkout", "-q", "--force", "-B", "master", "origin/master"]).goes();
        self.refused += 1;
    }

    fn roll_back_blindly(&mut self, person: usize) {
        let first = self.model.trunk[0].0.clone();
        self.git(person, &["checkout", "-q", "--detach", &first]);
        let refspec = format!("+{first}:refs/heads/master");
        self.push_to_production(person, &refspec, How::Rollback);
    }
}

/// Plays so many sequences, each from the beginning, short ones and long ones; both answers must have
/// been given.
///
/// `PUSHGATE_TEST_SEQUENCES` asks for more of them than fit into everybody's day.
fn play(seed: u64, rule: Rule) {
    let more = env::var("PUSHGATE_TEST_SEQUENCES").ok();
    let sequences = more.map_or(67, |text| text.parse().unwrap());
    let (mut went, mut refused) = (0, 0);
    for number in 0..sequences {
        let mut play = Play::new(seed + number * 0x9e37_79b9, rule);
        // Most are over soon, for most of what goes wrong goes wrong soon; one in nine goes on.
        let steps = if number % 9 == 0 {
            40
        } else {
            3 + play.dice.throw(8)
        };
        for _ in 0..steps {
            play.step();
        }
        went += play.went;
        refused += play.refused;
    }
    assert!(went > 0 && refused > 0, "{went} went, {refused} did not");
}

#[test]
#[ignore = "slow: hundreds of random steps"]
fn one_sign_off_is_asked_for_in_every_order_of_things() {
    play(0x5eed_0001, Rule::One);
}

#[test]
#[ignore = "slow: hundreds of random steps"]
fn two_sign_offs_are_asked_for_in_every_order_of_things() {
    play(0x5eed_0002, Rule::Two);
}

#[test]
#[ignore = "slow: hundreds of random steps"]
fn another_s_sign_off_is_asked_for_in_every_order_of_things() {
    play(0x5eed_0003, Rule::Another);
}
