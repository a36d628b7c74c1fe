//! The command line.

mod values;

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueHint, builder::PossibleValue};

use self::values::{reason, words};
use crate::guides::{GUIDES, Guide};

/// What follows the options in the help of pushgate.
const PUSHGATE: &str = include_str!("help/pushgate.txt");
const ENVIRONMENT: &str = include_str!("help/environment.txt");
const EMERGENCY: &str = include_str!("help/emergency.txt");

/// The list of guides in the help of pushgate.
fn guides() -> String {
    let line = |guide: &Guide| format!("  {:<14} {}\n", guide.topic, guide.about);
    let lines: String = GUIDES.iter().map(line).collect();
    format!("Topics of pushgate help:\n{lines}")
}

/// The gate in front of `git push staging master` and `git push production master`.
///
/// Installed once per repository as its pre-push hook, it lets a deploy through when it is the
/// newest trunk, tested, tried on staging and within your deploy hours, and refuses it otherwise
/// with the command that fixes it.
#[derive(Debug, Parser)]
#[command(
    name = "pushgate",
    version,
    max_term_width = 80,
    disable_help_subcommand = true,
    after_help = format!("{PUSHGATE}\n{}\n{EMERGENCY}", guides()),
    after_long_help = format!("{PUSHGATE}\n{}\n{ENVIRONMENT}\n{EMERGENCY}", guides())
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented .pushgate.yml from what this repository shows.
    Init(Init),
    /// Install the pre-push hook into this repository.
    Install(Install),
    /// Remove the hook and restore the one that was there before.
    #[command(after_help = include_str!("help/uninstall.txt"))]
    Uninstall,
    /// Say whether a push would go, suite included, without pushing.
    Check(Check),
    /// Judge as a push is, then push, or run what deploys in its place, and record it.
    Deploy(Deploy),
    /// Show the whole pipeline: what is live where, and what the next push would be told.
    Status(Status),
    /// Record that you tried the commit that is live on an environment.
    Approve(Approve),
    /// Bring back what was live before, at any hour.
    Rollback(Rollback),
    /// Keep others from deploying to an environment, for a while.
    Lock(Lock),
    /// Let deploys go there again.
    Unlock(Unlock),
    /// Show when an environment may be pushed to: seven days as a picture.
    Window(Window),
    /// Show what was decided, by whom, when and why.
    Log(Log),
    /// Say what is wrong with this clone's gate, and how to fix it.
    Doctor(Doctor),
    /// Play the whole story with real pushes in a scratch directory.
    Demo(Demo),
    /// Print what makes a shell complete commands, options and environments.
    Completions(Completions),
    /// Print the manual: a page for each command.
    Man(Man),
    /// Print the JSON Schema of .pushgate.yml, which editors check and complete it by.
    #[command(after_help = include_str!("help/schema.txt"))]
    Schema,
    /// Show what a command does, with examples, or print a guide.
    Help(Help),
    /// End a suite when standard input ends without a word; runs beside each suite.
    #[command(hide = true)]
    Watchdog {
        /// Its process group, where it has one.
        #[arg(long)]
        group: Option<i32>,
        /// What stands in the environment of all its processes.
        mark: String,
    },
    /// Look whether a push arrived, and share what the team is to know; the hook starts this.
    #[command(hide = true)]
    FollowUp,
    /// Judge a push; the hook calls this (githooks(5), pre-push).
    #[command(hide = true)]
    PrePush(PrePush),
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/init.txt"))]
pub struct Init {
    /// Print the policy instead of writing it.
    #[arg(long)]
    pub stdout: bool,
    /// Install the hook, too, as `pushgate install` does.
    #[arg(long, conflicts_with = "stdout")]
    pub install: bool,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/install.txt"))]
pub struct Install {
    /// Have git's configuration name the hook (git 2.54 or newer).
    #[arg(long)]
    pub config: bool,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/check.txt"))]
pub struct Check {
    /// The environment, or `trunk`; default: the first of the pipeline.
    pub environment: Option<String>,
    /// The commit to judge; default: the local trunk branch, or HEAD for an environment with `from: any`.
    #[arg(long, value_name = "REV")]
    pub commit: Option<String>,
    /// Look over the policy itself instead, without the network: exit code 1 where something is odd.
    #[arg(long, conflicts_with_all = ["environment", "commit"])]
    pub policy: bool,
    /// Print the verdict as JSON, as the ledger keeps it.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/deploy.txt"))]
pub struct Deploy {
    /// The environment.
    pub environment: String,
    /// The commit to deploy; default: the local trunk branch.
    #[arg(long, value_name = "REV")]
    pub commit: Option<String>,
    /// Deploy without a question, also where git has to take commits off the environment (`git push --force`).
    #[arg(long, short)]
    pub yes: bool,
    /// What deploys in place of `git push`, such as `kamal deploy`.
    #[arg(last = true, value_name = "COMMAND")]
    pub run: Vec<OsString>,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/status.txt"))]
pub struct Status {
    /// List all commits that the next push to this environment would bring, and take away.
    #[arg(long, value_name = "ENV")]
    pub diff: Option<String>,
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/approve.txt"))]
pub struct Approve {
    /// The environment; default: the one that another comes after.
    pub environment: Option<String>,
    /// What you tried.
    #[arg(short = 'm', long = "message", value_name = "WORDS", value_parser = words)]
    pub words: Option<String>,
    /// The commit; default: the local trunk branch, or HEAD.
    #[arg(long, value_name = "REV")]
    pub commit: Option<String>,
    /// Acknowledge that a commit which a rollback removed may go there again.
    #[arg(long)]
    pub again: bool,
    /// Print what was recorded as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/rollback.txt"))]
pub struct Rollback {
    /// The environment; default: production, or the last of the pipeline.
    pub environment: Option<String>,
    /// The commit that comes back; default: the one that was live before.
    #[arg(value_name = "COMMIT")]
    pub commit: Option<String>,
    /// Why; required where the policy says `reason: required`.
    #[arg(short = 'm', long = "message", value_name = "WORDS", value_parser = reason)]
    pub words: Option<String>,
    /// Roll back without a question.
    #[arg(long, short)]
    pub yes: bool,
    /// What brings it back in place of `git push`, such as `kamal rollback`.
    #[arg(last = true, value_name = "COMMAND")]
    pub run: Vec<OsString>,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/lock.txt"))]
pub struct Lock {
    /// The environment; default: all of them.
    pub environment: Option<String>,
    /// Why: it is read by everyone who is refused.
    #[arg(
        short = 'm',
        long = "message",
        value_name = "WORDS",
        value_parser = words,
        required_unless_present = "list"
    )]
    pub words: Option<String>,
    /// How long it lasts, unless it is removed before: 30m, 2h, 1d.
    #[arg(long = "for", value_name = "LENGTH", conflicts_with = "until")]
    pub length: Option<String>,
    /// Until when it lasts, unless it is removed before.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,
    /// Show what is locked, by whom and why.
    #[arg(long, conflicts_with_all = ["words", "length", "until"])]
    pub list: bool,
    /// Print that as JSON, one object a line.
    #[arg(long, requires = "list")]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/unlock.txt"))]
pub struct Unlock {
    /// The environment; default: all of them.
    pub environment: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/window.txt"))]
pub struct Window {
    /// The environment; default: each one that has a window.
    pub environment: Option<String>,
    /// Answer for this moment instead of now.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub at: Option<String>,
    /// Print the answer as JSON, one object a line.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/log.txt"))]
pub struct Log {
    /// So many events at most, the newest; default: 50 where nothing else says which.
    #[arg(short = 'n', long = "max-count", value_name = "N")]
    pub most: Option<usize>,
    /// Only what happened to this environment, or to `trunk`.
    #[arg(long, value_name = "ENV")]
    pub environment: Option<String>,
    /// Only what happened since: a date, a time, yesterday, or how long ago (7d).
    #[arg(long, value_name = "WHEN")]
    pub since: Option<String>,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/doctor.txt"))]
pub struct Doctor {
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/demo.txt"))]
pub struct Demo {
    /// Where to play; default: a new temporary directory.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
    /// Go on at each step without asking, as where there is no terminal.
    #[arg(long)]
    pub no_pause: bool,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/completions.txt"))]
pub struct Completions {
    /// The shell: bash, elvish, fish, powershell or zsh.
    #[arg(hide_possible_values = true, ignore_case = true, value_parser = [
        PossibleValue::new("bash"),
        PossibleValue::new("elvish"),
        PossibleValue::new("fish"),
        PossibleValue::new("powershell").alias("pwsh"),
        PossibleValue::new("zsh"),
    ])]
    pub shell: String,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/man.txt"))]
pub struct Man {
    /// The command whose page is printed; default: the page of pushgate itself.
    pub command: Option<String>,
    /// Write all pages into this directory instead, which is made if need be.
    #[arg(long, value_name = "DIR", conflicts_with = "command", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = include_str!("help/help.txt"))]
pub struct Help {
    /// The command, or the topic of a guide; default: what there is.
    pub topic: Option<String>,
}

#[derive(Debug, Args)]
pub struct PrePush {
    /// The hook that was there before, run after the gates have passed.
    #[arg(long, value_name = "HOOK", group = "then")]
    pub chain: Option<PathBuf>,
    /// The script whose first line calls this (husky): its other lines run after the gates have passed.
    #[arg(long, value_name = "SCRIPT", group = "then")]
    pub rest: Option<PathBuf>,
    /// Have git-lfs upload its objects after the gates have passed (lefthook).
    #[arg(long, group = "then")]
    pub lfs: bool,
    /// The program that hands over the push in git's place: pre-commit or prek, by the variables `PRE_COMMIT_*`.
    #[arg(long, value_parser = ["pre-commit"], conflicts_with_all = ["remote", "then"])]
    pub from: Option<String>,
    /// The remote's name, or the URL as it was typed.
    #[arg(allow_hyphen_values = true, required_unless_present = "from")]
    pub remote: Option<OsString>,
    /// The URL.
    #[arg(allow_hyphen_values = true, required_unless_present = "from")]
    pub url: Option<OsString>,
}
