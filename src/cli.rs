//! The command line.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::since::Since;

/// The gate in front of `git push staging master` and `git push production master`.
///
/// Installed once per repository as its pre-push hook, it lets a deploy through when it is the
/// newest trunk, tested, tried on staging and at an hour when you stay around, and refuses it
/// otherwise with the command that cures it.
#[derive(Debug, Parser)]
#[command(
    name = "pushgate",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  pushgate demo                  see the whole story in a scratch directory
  pushgate init                  write .pushgate.yml from what is here
  pushgate install               put the gate in front of every push
  pushgate status                what is live where, and what the next push would be told
  pushgate check production      the verdict without the push
  pushgate window                when a push would go, day by day

Exit codes: 0 go, 1 refused, 2 could not decide or could not be done."
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented .pushgate.yml from what this repository shows.
    Init(Init),
    /// Install the pre-push hook into this repository.
    #[command(after_help = "\
A hook that is there already is kept, and runs after the gates have passed.

Examples:
  pushgate install
  pushgate uninstall             and the old hook is back, byte for byte")]
    Install,
    /// Take the hook away and give the old one back.
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
    /// Play the whole story with real pushes in a scratch directory.
    Demo(Demo),
    /// Print what makes a shell complete commands, options and environments.
    Completions(Completions),
    /// Print the manual: a page for each command.
    Man(Man),
    /// Show what a command does, with examples.
    Help(Help),
    /// End a suite when standard input ends without a word; a running one is guarded so.
    #[command(hide = true)]
    Guard {
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

/// `pushgate init`
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

/// `pushgate check`
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

/// `pushgate status`
#[derive(Debug, Args)]
#[command(after_help = "\
All remotes are asked at once, 10 s at most; no suite runs, and nothing is written but what the team
remembers. The next push is that of the local trunk branch, without overrides.

--json prints one object; what is not known is null:
  at, policy, whole        when; where the policy is from; whether everything could be asked
  trunk                    name, tip {id, subject, author, at}
  pushed                   branch, commit, trunk {stands, ahead, behind}, receipt {at, took_ms}
  environments             name, destination, after, and of each:
    remotes                name, live {commit, trunk, since, by, receipt}, error
    tried                  wanted, people {by, at, words}, soak {needed_ms, been_ms, until}
    window                 state, until, opens, timezone
    removed                commit, at, by: what a rollback took away
    push                   verdict (go, refused, undecided, nothing), gate, why, suite, hints
  remarks, errors          what else there is to know

Examples:
  pushgate status
  pushgate status --json | jq '.environments[] | {name, push: .push.verdict}'

Exit codes: 0 everything could be asked, 2 something could not; it is shown all the same.")]
pub struct Status {
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `pushgate approve`
#[derive(Debug, Args)]
#[command(after_help = "\
The commit is yours to sign off while it is live there: trunk's local tip, or HEAD, unless you name
another. The team gets it through trunk's remote, unless the policy says `share: false`.

Examples:
  pushgate approve
  pushgate approve staging -m 'the basket, on a phone'
  pushgate approve production --again    it was rolled back there, and may go again

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

/// `pushgate window`
#[derive(Debug, Args)]
#[command(after_help = "\
A moment is by your own clock unless it names a zone: `2026-12-24 23:00`, `today 18:00`,
`tomorrow 9:00`, `Fri 16:00`, `2026-12-24T23:00:00Z`, `2026-12-24T23:00[Europe/Madrid]`.

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

/// `pushgate log`
#[derive(Debug, Args)]
#[command(after_help = "\
Decisions of this clone, the team's sign-offs, deployments and rollbacks as far as they were fetched, and
`around`: pushes from this clone that went around the gate, found in git's own reflogs.

--json prints the ledger's lines as they are; others have `from`, notes or reflog.

Examples:
  pushgate log
  pushgate log --environment production --since 7d
  pushgate log --since 2026-11-01 --json | jq 'select(.verdict == \"overridden\")'")]
pub struct Log {
    /// Only what happened to this environment, or to `trunk`.
    #[arg(long, value_name = "ENV")]
    pub environment: Option<String>,
    /// Only what happened since: a date, a time, or how long ago (7d, 24h).
    #[arg(long, value_name = "WHEN")]
    pub since: Option<Since>,
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// `pushgate demo`
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

/// `pushgate completions`
#[derive(Debug, Args)]
#[command(after_help = "\
The script asks pushgate itself at each Tab: for the environments of the policy, for branches and
tags. It reads the repository, never the network. ./install.sh puts it in place for bash, zsh and fish.

Examples:
  pushgate completions bash > ~/.local/share/bash-completion/completions/pushgate
  pushgate completions fish > ~/.config/fish/completions/pushgate.fish
  pushgate completions zsh > ~/.zfunc/_pushgate    fpath+=~/.zfunc before compinit in ~/.zshrc
  pushgate completions elvish >> ~/.config/elvish/rc.elv
  pushgate completions powershell >> $PROFILE")]
pub struct Completions {
    /// The shell: bash, elvish, fish, powershell or zsh.
    #[arg(hide_possible_values = true)]
    pub shell: Shell,
}

/// A shell that can be told how to complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// bash 4 or newer.
    Bash,
    /// elvish.
    Elvish,
    /// fish.
    Fish,
    /// PowerShell.
    #[value(alias = "pwsh")]
    Powershell,
    /// zsh.
    Zsh,
}

/// `pushgate man`
#[derive(Debug, Args)]
#[command(after_help = "\
./install.sh puts the pages where `man` finds them: `man pushgate`, `man pushgate-check`.

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

/// `pushgate help`
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pushgate help check            the same as pushgate check --help")]
pub struct Help {
    /// The command; default: what there is.
    pub command: Option<String>,
}

/// `pushgate pre-push`
#[derive(Debug, Args)]
pub struct PrePush {
    /// The hook that was there before, run after the gates have passed.
    #[arg(long, value_name = "HOOK")]
    pub chain: Option<PathBuf>,
    /// The remote's name, or the URL as it was typed.
    #[arg(allow_hyphen_values = true)]
    pub remote: OsString,
    /// The URL.
    #[arg(allow_hyphen_values = true)]
    pub url: OsString,
}
