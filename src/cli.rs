//! The command line.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::calendar::since::Since;

/// What follows the options in the help of pushgate, and of the commands that have much to explain.
const PUSHGATE: &str = include_str!("help/pushgate.txt");
const ENVIRONMENT: &str = include_str!("help/environment.txt");
const STATUS: &str = include_str!("help/status.txt");
const DOCTOR: &str = include_str!("help/doctor.txt");

/// The gate in front of `git push staging master` and `git push production master`.
///
/// Installed once per repository as its pre-push hook, it lets a deploy through when it is the
/// newest trunk, tested, tried on staging and at an hour when you stay around, and refuses it
/// otherwise with the command that fixes it.
#[derive(Debug, Parser)]
#[command(
    name = "pushgate",
    version,
    max_term_width = 80,
    disable_help_subcommand = true,
    after_help = PUSHGATE,
    after_long_help = format!("{PUSHGATE}\n{ENVIRONMENT}")
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
    #[command(after_help = "\
Examples:
  pushgate uninstall             the ledger in .git/pushgate stays")]
    Uninstall,
    /// Say whether a push would go, suite included, without pushing.
    Check(Check),
    /// Show the whole pipeline: what is live where, and what the next push would be told.
    Status(Status),
    /// Record that you tried the commit that is live on an environment.
    Approve(Approve),
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
    #[command(after_help = "\
The policy that `pushgate init` writes names the schema in its first line, for
editors with the YAML language server; `pushgate init` and `pushgate install`
put it there, into .git/pushgate/schema.json. In a linked work tree .git is a
file: commit a copy instead, and let the line name that.

Examples:
  pushgate schema > pushgate.schema.json
  pushgate schema | jq .properties.suite")]
    Schema,
    /// Show what a command does, with examples.
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
    /// Judge a push; the hook calls this (githooks(5), pre-push).
    #[command(hide = true)]
    PrePush(PrePush),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pushgate init
  pushgate init --stdout | less")]
pub struct Init {
    /// Print the policy instead of writing it.
    #[arg(long)]
    pub stdout: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
A hook that is there already is kept, and runs after the gates have passed.
Where another program writes the hooks, it is asked to call the gate: husky by
a line in .husky/pre-push, pre-commit and prek by the hook that they run first,
lefthook by lines of its configuration, which are printed.

Examples:
  pushgate install
  pushgate install --config      by the configured hooks of git 2.54
  pushgate uninstall             and all is what it was, byte for byte

Exit codes: 0 the gate is in place, 1 lines must be added first, 2 it could not
be done.")]
pub struct Install {
    /// Have git's configuration name the hook (git 2.54 or newer).
    #[arg(long)]
    pub config: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pushgate check production && heroku pipelines:promote --app shop-staging
  pushgate check staging --commit origin/master --json
  pushgate check --policy        name the rules of .pushgate.yml that do nothing

Exit codes: 0 it would go, 1 refused, 2 could not decide.")]
pub struct Check {
    /// The environment, or `trunk`; default: the first of the pipeline.
    pub environment: Option<String>,
    /// The commit to judge; default: the local trunk branch.
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
#[command(after_help = STATUS)]
pub struct Status {
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The commit is yours to sign off while it is live there: trunk's local tip, or
HEAD, unless you name another. The team gets it through trunk's remote, unless
the policy says `share: false`.

Examples:
  pushgate approve
  pushgate approve staging -m 'the basket, on a phone'
  pushgate approve production --again    rolled back there, it may go again

Exit codes: 0 recorded, 1 refused, 2 could not decide.")]
pub struct Approve {
    /// The environment; default: the one that another comes after.
    pub environment: Option<String>,
    /// What you tried.
    #[arg(short = 'm', long = "message", value_name = "WORDS")]
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
#[command(after_help = "\
A moment is by your own clock unless it names a zone: `2026-12-24 23:00`,
`today 18:00`, `tomorrow 9:00`, `Fri 16:00`, `2026-12-24T23:00:00Z`,
`2026-12-24T23:00[Europe/Madrid]`.

Examples:
  pushgate window
  pushgate window production --at 'Fri 16:00'
  pushgate window production --json | jq -r .next_open

Exit codes: 0 open, 1 closed, 2 the policy or the moment cannot be read.")]
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
#[command(after_help = "\
Decisions of this clone, the team's sign-offs, deployments and rollbacks as far
as they were fetched, and `unjudged`: pushes from this clone that no gate is
known to have judged, found in git's own reflogs.

--json prints the ledger's lines as they are; others have `from`, notes or
reflog.

Examples:
  pushgate log
  pushgate log --environment production --since 7d
  pushgate log --json | jq 'select(.verdict == \"overridden\")'")]
pub struct Log {
    /// Only what happened to this environment, or to `trunk`.
    #[arg(long, value_name = "ENV")]
    pub environment: Option<String>,
    /// Only what happened since: a date, a time, yesterday, or how long ago (7d).
    #[arg(long, value_name = "WHEN")]
    pub since: Option<Since>,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = DOCTOR)]
pub struct Doctor {
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pushgate demo
  pushgate demo --dir /tmp/try   play in this directory; it must not exist yet")]
pub struct Demo {
    /// Where to play; default: a new temporary directory.
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
The script asks pushgate itself at each Tab: for the environments of the
policy, for branches and tags. It reads the repository, never the network.
./install.sh puts it in place for bash, zsh and fish.

Examples:
  echo 'source <(pushgate completions bash)' >> ~/.bashrc
  echo 'source <(pushgate completions zsh)' >> ~/.zshrc    after compinit
  echo 'pushgate completions fish | source' >> ~/.config/fish/config.fish
  echo 'eval (pushgate completions elvish | slurp)' >> ~/.config/elvish/rc.elv
  pushgate completions powershell >> $PROFILE")]
pub struct Completions {
    /// The shell: bash, elvish, fish, powershell or zsh.
    #[arg(hide_possible_values = true, ignore_case = true)]
    pub shell: Shell,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    Bash,
    Elvish,
    Fish,
    #[value(alias = "pwsh")]
    Powershell,
    Zsh,
}

#[derive(Debug, Args)]
#[command(after_help = "\
./install.sh puts the pages where `man` finds them: `man pushgate`, `man
pushgate-check`.

Examples:
  pushgate man check | man -l -
  pushgate man --out ~/.local/share/man/man1")]
pub struct Man {
    /// The command whose page is printed; default: the page of pushgate itself.
    pub command: Option<String>,
    /// Write all pages into this directory instead, which is made if need be.
    #[arg(long, value_name = "DIR", conflicts_with = "command", value_hint = ValueHint::DirPath)]
    pub out: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pushgate help check            the same as pushgate check --help")]
pub struct Help {
    /// The command; default: what there is.
    pub command: Option<String>,
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
    /// The program that hands over the push in git's place.
    #[arg(long, value_enum, conflicts_with_all = ["remote", "then"])]
    pub from: Option<Caller>,
    /// The remote's name, or the URL as it was typed.
    #[arg(allow_hyphen_values = true, required_unless_present = "from")]
    pub remote: Option<OsString>,
    /// The URL.
    #[arg(allow_hyphen_values = true, required_unless_present = "from")]
    pub url: Option<OsString>,
}

/// A program that keeps git's standard input for itself.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Caller {
    /// pre-commit or prek, by the variables `PRE_COMMIT_*`.
    PreCommit,
}
