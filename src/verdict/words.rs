//! The words of a refusal, and the commands that cure it.

use std::{fmt, path::Path};

use bstr::{BStr, BString, ByteSlice};
use jiff::{Timestamp, tz::TimeZone};

use super::{Ending, Mismatch, Pushed, Refusal, Relation, Trouble, TrunkName};
use crate::{
    calendar::ClosedBy,
    ci::{Asked, Check},
    policy::{By, FILE, nearest},
};

impl fmt::Display for Refusal {
    #[allow(
        clippy::too_many_lines,
        reason = "one arm a refusal: this is the list of them"
    )]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deletion { branch } => {
                write!(
                    f,
                    "`{}` deploys from here and may not be deleted",
                    printable(branch.as_ref())
                )
            }
            Self::TwoCommits { commits } => {
                f.write_str("two commits for one place: ")?;
                for (index, (branch, id)) in commits.iter().enumerate() {
                    let comma = if index == 0 { "" } else { ", " };
                    write!(
                        f,
                        "{comma}{} to `{}`",
                        id.short(),
                        printable(branch.as_ref())
                    )?;
                }
                Ok(())
            }
            Self::NoCommit {
                id, kind, source, ..
            } => {
                write!(
                    f,
                    "`{}` ({}) is a {kind}, not a commit",
                    printable(source.as_ref()),
                    id.short()
                )
            }
            Self::UnknownDeployed { id, remote } => write!(
                f,
                "`{remote}` has {}, which this repository does not: somebody else pushed there",
                id.short()
            ),
            Self::UnknownApp {
                platform,
                app,
                policy: true,
            } => {
                write!(f, "{platform} app `{app}` is on no environment of {FILE}")
            }
            Self::UnknownApp {
                platform,
                app,
                policy: false,
            } => {
                write!(
                    f,
                    "`{app}` is a {platform} app, and no {FILE} says which environment it is"
                )
            }
            Self::Closed { closed, reader } => {
                let at = closed.at;
                match (&closed.by, closed.within_runway) {
                    (by @ (ClosedBy::Rule(_) | ClosedBy::Event { .. }), false) => {
                        write!(f, "closed by {by}")?;
                    }
                    (by @ (ClosedBy::Rule(_) | ClosedBy::Event { .. }), true) => {
                        write!(
                            f,
                            "{by} closes it at {}, within the runway",
                            clock(at, &closed.zone, reader)
                        )?;
                    }
                    (ClosedBy::OutsideOpen, false) => f.write_str("outside the open hours")?,
                    (ClosedBy::OutsideOpen, true) => {
                        write!(
                            f,
                            "the open hours end at {}, within the runway",
                            clock(at, &closed.zone, reader)
                        )?;
                    }
                }
                match closed.reopens {
                    Some(next) => write!(f, "; opens {}", moment(next, &closed.zone, reader)),
                    None => f.write_str("; it never opens"),
                }
            }
            Self::Behind {
                pushed,
                by,
                trunk,
                tip,
                ..
            } => write!(
                f,
                "{pushed} is {by} behind {trunk} (you push {}, {} has {})",
                pushed.id.short(),
                trunk.remote,
                tip.short()
            ),
            Self::Ahead {
                pushed,
                by,
                trunk,
                tip,
            } => write!(
                f,
                "{pushed} is {by} ahead of {trunk} (you push {}, {} has {})",
                pushed.id.short(),
                trunk.remote,
                tip.short()
            ),
            Self::Diverged {
                pushed,
                ahead,
                behind,
                trunk,
                tip,
            } => write!(
                f,
                "{pushed} and {trunk} have diverged: {ahead} only here, {behind} only there (you push {}, {} has {})",
                pushed.id.short(),
                trunk.remote,
                tip.short()
            ),
            Self::NotOnTrunk {
                pushed,
                ahead,
                trunk,
                tip,
                ..
            } => match ahead {
                Some(ahead) => write!(
                    f,
                    "{} is not on {trunk}: {ahead} of it never merged ({} has {})",
                    pushed.id.short(),
                    trunk.remote,
                    tip.short()
                ),
                None => write!(
                    f,
                    "{} shares no history with {trunk} ({})",
                    pushed.id.short(),
                    tip.short()
                ),
            },
            Self::Drops {
                pushed,
                by,
                commits,
                trunk,
            } => {
                write!(f, "{} would take {by} off {trunk}:", pushed.id.short())?;
                for commit in commits {
                    write!(
                        f,
                        "\n    {} {}",
                        commit.id.short(),
                        printable(commit.subject.as_bytes().as_ref())
                    )?;
                }
                if by.0 > commits.len() {
                    f.write_str("\n    ...")?;
                }
                Ok(())
            }
            Self::NeverDeployed {
                environment,
                remote,
                ..
            } => {
                write!(f, "nothing was ever pushed to {environment} (`{remote}`)")
            }
            Self::OtherCommit {
                pushed,
                environment,
                live,
                relation,
                same_content,
                ..
            } => {
                write!(
                    f,
                    "{environment} has {}, not {}",
                    live.short(),
                    pushed.short()
                )?;
                match relation {
                    Some(Relation::Ahead(by)) => write!(f, ", which is {by} ahead of it"),
                    Some(Relation::Behind(by)) => write!(f, ", which is {by} behind it"),
                    Some(Relation::Diverged { ahead, behind }) => {
                        write!(f, ": they have diverged, {ahead} here and {behind} there")
                    }
                    Some(Relation::Unrelated) => f.write_str(", with which it shares no history"),
                    None => Ok(()),
                }?;
                if *same_content {
                    f.write_str("; both have the same content")?;
                }
                Ok(())
            }
            Self::Soaking {
                pushed,
                environment,
                been,
                soak,
                until,
                reader,
            } => {
                let (commit, soak) = (pushed.short(), span(*soak));
                match been {
                    Some(been) => write!(
                        f,
                        "{commit} has been on {environment} for {}, and must be for {soak}: until {}",
                        span(*been),
                        moment(*until, reader, reader)
                    ),
                    None => write!(
                        f,
                        "nothing tells since when {commit} is on {environment}, where it must be for {soak}: counted from now, until {}",
                        moment(*until, reader, reader)
                    ),
                }
            }
            Self::NotSignedOff {
                pushed,
                environment,
                people,
                wanted,
                author,
                unverified,
            } => {
                let commit = pushed.short();
                match (people.as_slice(), wanted.people) {
                    ([], 1) => write!(f, "nobody has signed {commit} off on {environment}")?,
                    (some, all) => write!(
                        f,
                        "{} of {all} people have signed {commit} off on {environment}",
                        some.len()
                    )?,
                }
                if !people.is_empty() {
                    write!(f, ": {}", people.join(", "))?;
                }
                if let Some(author) = author {
                    write!(f, "; its author ({author}) does not count")?;
                }
                match unverified {
                    0 => Ok(()),
                    1 => f.write_str("; 1 sign-off does not verify"),
                    more => write!(f, "; {more} sign-offs do not verify"),
                }
            }
            Self::Removed {
                pushed,
                environment,
                at,
                by,
                reader,
            } => write!(
                f,
                "a rollback took {} off {environment} ({}, {by})",
                pushed.short(),
                moment(*at, reader, reader)
            ),
            Self::NoSuite { candidates } if candidates.is_empty() => {
                f.write_str("nothing says what runs your tests")
            }
            Self::NoSuite { candidates } => {
                write!(
                    f,
                    "which of these runs your entire suite? `{}`",
                    candidates.join("`, `")
                )
            }
            Self::Checkout {
                pushed,
                mismatch,
                after,
            } => checkout(f, pushed.short(), mismatch, *after),
            Self::Suite { step, ending, log } => {
                write!(f, "`{}` ", printable(step.as_bytes().as_ref()))?;
                match ending {
                    Ending::Failed(code) => write!(f, "failed with exit code {code}")?,
                    Ending::Killed(signal) => write!(f, "was ended by {}", signal_name(*signal))?,
                    Ending::CouldNotRun(why) => write!(f, "could not run: {why}")?,
                    Ending::TimedOut(limit) => {
                        write!(
                            f,
                            "took longer than its limit of {} and was stopped",
                            span(*limit)
                        )?;
                    }
                    Ending::WantsTerminal => f.write_str(
                        "wanted the terminal, which a suite in the background may not have",
                    )?,
                }
                match log {
                    Some(log) => write!(f, "\n    whole output: {}", log.display()),
                    None => Ok(()),
                }
            }
            Self::Checks {
                asked,
                red,
                missing,
            } => checks(f, asked, red, missing),
            Self::InsideSuite { process } => write!(
                f,
                "this push comes from inside the suite that runs (process {process}), and would wait for it for ever"
            ),
            Self::Unexpected { expected, log } => {
                write!(f, "passed, but nothing in its output matches `{expected}`")?;
                match log {
                    Some(log) => write!(f, "\n    whole output: {}", log.display()),
                    None => Ok(()),
                }
            }
            Self::Disconnected { took } => write!(
                f,
                "passed in {}, but the server closed git's connection meanwhile",
                span(*took)
            ),
            Self::NoReason { environment } => {
                write!(f, "an override of {environment} must say why")
            }
            Self::BadOverride {
                variable,
                word,
                known,
                nearest,
            } => {
                write!(
                    f,
                    "{variable} says `{}`; it knows {known}",
                    printable(word.as_bytes().as_ref())
                )?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => Ok(()),
                }
            }
        }
    }
}

fn checks(
    f: &mut fmt::Formatter<'_>,
    asked: &Asked,
    red: &[Check],
    missing: &[String],
) -> fmt::Result {
    const MOST: usize = 10;
    let forge = asked.forge.name();
    match (red, missing) {
        ([], []) => return write!(f, "no check of {asked} has passed on {forge}"),
        ([], missing) => write!(f, "{asked} lacks {} on {forge}:", number(missing.len()))?,
        (red, []) => write!(
            f,
            "{} of {asked} did not pass on {forge}:",
            number(red.len())
        )?,
        (red, missing) => write!(
            f,
            "{} of {asked} did not pass on {forge}, and {} not there:",
            number(red.len()),
            match missing.len() {
                1 => "1 is".to_owned(),
                more => format!("{more} are"),
            }
        )?,
    }
    let missing = missing
        .iter()
        .map(|name| format!("`{}`: not there", printable(name.as_bytes().into())));
    let lines: Vec<_> = red.iter().map(Check::to_string).chain(missing).collect();
    for line in lines.iter().take(MOST) {
        write!(f, "\n    {line}")?;
    }
    if lines.len() > MOST {
        write!(f, "\n    and {} more", lines.len() - MOST)?;
    }
    Ok(())
}

fn number(checks: usize) -> String {
    match checks {
        1 => "1 check".to_owned(),
        more => format!("{more} checks"),
    }
}

fn checkout(
    f: &mut fmt::Formatter<'_>,
    pushed: &str,
    mismatch: &Mismatch,
    after: bool,
) -> fmt::Result {
    match mismatch {
        Mismatch::OtherTree { head: Some(head) } if after => {
            write!(
                f,
                "while the suite ran, {} was checked out; {pushed} is pushed",
                head.short()
            )
        }
        Mismatch::OtherTree { head: Some(head) } => {
            write!(
                f,
                "you push {pushed}, but {} is checked out: its tests would prove nothing",
                head.short()
            )
        }
        Mismatch::OtherTree { head: None } => {
            write!(f, "you push {pushed}, but nothing is checked out")
        }
        Mismatch::Changed(files) => {
            let when = if after { "after the suite, " } else { "" };
            write!(
                f,
                "{when}the checkout is not {pushed}: {}",
                list(files, "changed or untracked")
            )
        }
        Mismatch::Hidden(files) => write!(
            f,
            "the checkout may not be {pushed}: {}",
            list(files, "hidden from git status")
        ),
    }
}

/// `3 files changed: a, b, c`.
fn list(files: &[BString], what: &str) -> String {
    const MOST: usize = 5;
    let names: Vec<_> = files
        .iter()
        .take(MOST)
        .map(|file| printable(file.as_ref()))
        .collect();
    let more = match files.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let noun = if files.len() == 1 { "file" } else { "files" };
    format!("{} {noun} {what}: {}{more}", files.len(), names.join(", "))
}

impl Refusal {
    /// The commands, or the words, that cure it.
    #[allow(
        clippy::too_many_lines,
        reason = "one arm a refusal: this is the list of them"
    )]
    pub fn cures(&self) -> Vec<String> {
        let one = |cure: String| vec![cure];
        match self {
            Self::Deletion { .. } => one("leave it; to take the app down, use the platform's own tools".to_owned()),
            Self::TwoCommits { .. } => one("push one commit".to_owned()),
            Self::NoCommit { kind: "tag", source, target, remote, .. } => {
                one(format!("git push {remote} {}^{{}}:{}", printable(source.as_ref()), printable(target.as_ref())))
            }
            Self::NoCommit { .. } => one("push a commit".to_owned()),
            Self::UnknownDeployed { remote, .. } => one(format!("git fetch {remote}, look at what is there, then push again")),
            Self::UnknownApp { app, policy, .. } => one(if *policy {
                format!("add `app: {app}` to its environment in {FILE}, and commit it")
            } else {
                "pushgate init, then look it over and commit it".to_owned()
            }),
            Self::Closed { closed, .. } => match closed.reopens {
                Some(_) => vec![
                    "push again then".to_owned(),
                    "if it cannot wait: PUSHGATE_SKIP=window PUSHGATE_REASON=\"why\" before the same git push".to_owned(),
                ],
                None => one(format!("mend the window in {FILE}: no hour passes all of its rules")),
            },
            Self::Behind { trunk, local_is_newest: true, remote, .. } => {
                one(format!("push the newest: git push {remote} {}", trunk.branch))
            }
            Self::Behind { trunk, pushed, .. } => one(format!(
                "{}git pull --ff-only {} {branch}, then push {}",
                switch(pushed, trunk),
                trunk.remote,
                if pushed.branch.is_some() { "again" } else { trunk.branch.as_str() },
                branch = trunk.branch,
            )),
            Self::Ahead { trunk, .. } => one(format!("git push {} {} first", trunk.remote, trunk.branch)),
            Self::Diverged { trunk, pushed, .. } => one(format!(
                "{}git pull --rebase {} {branch} (or merge), run the tests, git push {1} {branch}, then push again",
                switch(pushed, trunk),
                trunk.remote,
                branch = trunk.branch,
            )),
            Self::NotOnTrunk { trunk, source, pushed, .. } => one(format!(
                "merge it first: git switch {} && git merge {}, git push {} {0}, then push {0}",
                trunk.branch,
                match source.strip_prefix(b"refs/heads/") {
                    Some(branch) => printable(branch.as_ref()),
                    // `HEAD` names another commit once trunk is checked out.
                    None => pushed.id.short().to_owned(),
                },
                trunk.remote
            )),
            Self::Drops { trunk, pushed, .. } if pushed.branch.is_some() => one(format!(
                "{}git pull --rebase {} {} keeps them; to undo one, git revert it",
                switch(pushed, trunk),
                trunk.remote,
                trunk.branch,
            )),
            Self::Drops { trunk, pushed, .. } => one(format!(
                "keep them: {}git pull --ff-only {} {branch} && git merge {}, then push {branch}",
                switch(pushed, trunk),
                trunk.remote,
                pushed.id.short(),
                branch = trunk.branch,
            )),
            Self::NeverDeployed { remote, refspec, environment } | Self::OtherCommit { remote, refspec, environment, .. } => {
                one(format!("git push {remote} {refspec}, try it on {environment}, then push again"))
            }
            Self::Soaking { .. } => one("push again then".to_owned()),
            Self::NotSignedOff { environment, wanted, .. } => one(format!(
                "{}, then pushgate approve {environment} -m \"what was tried\"",
                match wanted.by {
                    By::Another => format!("have somebody else try it on {environment}"),
                    By::Anyone => format!("try it on {environment}"),
                }
            )),
            Self::Removed { environment, .. } => vec![
                "push another commit, one that mends what was wrong".to_owned(),
                format!("or, if it may go there again: pushgate approve --again {environment}"),
            ],
            Self::NoSuite { .. } => one(format!(
                "set `suite.run` in {FILE}, and commit it:\n    suite:\n      run: COMMAND"
            )),
            Self::Checkout { pushed, mismatch, after } => checkout_cures(pushed.short(), mismatch, *after),
            Self::Suite { ending, .. } => match ending {
                Ending::Failed(_) | Ending::Killed(_) => one("mend it, commit, and push again".to_owned()),
                Ending::CouldNotRun(_) => one(format!("try it by hand from the top of the repository; `suite.run` of {FILE} names it")),
                Ending::TimedOut(_) => one(format!("mend what hangs, or raise `suite.timeout` in {FILE}")),
                Ending::WantsTerminal => one(format!("have it ask nothing, or set `suite.interactive: true` in {FILE}")),
            },
            Self::Checks { asked, red, missing } => match (red.as_slice(), missing.as_slice()) {
                ([_, ..], _) => vec![
                    "mend it, commit, and push again".to_owned(),
                    "or have it run once more there, then push again".to_owned(),
                ],
                ([], []) => one(format!(
                    "see that {} checks what is pushed to {}, and that {} is there",
                    asked.forge.name(),
                    asked.remote,
                    asked.commit.short()
                )),
                ([], _) => one(format!("see that they run, or mend `suite.checks` in {FILE}")),
            },
            Self::InsideSuite { .. } => one(
                "have the suite push a repository that it made itself, or set PUSHGATE_SKIP=suite for that push".to_owned(),
            ),
            Self::Unexpected { .. } => one(format!("see that its tests run, or mend `suite.expect` in {FILE}")),
            Self::Disconnected { .. } => vec![
                "push again: it will go at once".to_owned(),
                "run pushgate check before the next push, or set ServerAliveInterval in ~/.ssh/config".to_owned(),
            ],
            Self::NoReason { .. } => one("PUSHGATE_REASON=\"why\" before the same git push".to_owned()),
            Self::BadOverride { variable, .. } => one(format!("mend or unset {variable}, then push again")),
        }
    }
}

/// The way to the local trunk branch, where something else is checked out.
fn switch(pushed: &Pushed, trunk: &TrunkName) -> String {
    if pushed.checked_out {
        String::new()
    } else {
        format!("git switch {} && ", trunk.branch)
    }
}

fn checkout_cures(pushed: &str, mismatch: &Mismatch, after: bool) -> Vec<String> {
    match mismatch {
        Mismatch::Changed(_) if after => vec![
            "have the suite leave the tree as it was, or ignore in .gitignore what it writes".to_owned(),
        ],
        Mismatch::Changed(_) => vec!["commit them, or git stash --include-untracked, then push again".to_owned()],
        Mismatch::OtherTree { .. } => vec![format!("git switch --detach {pushed}, then push again")],
        Mismatch::Hidden(_) => vec![
            "git update-index --no-assume-unchanged --no-skip-worktree FILE, then commit or restore it".to_owned(),
            "in a sparse checkout: git sparse-checkout disable, or `suite.in: worktree`".to_owned(),
        ],
    }
}

impl Trouble {
    /// The commands, or the words, that cure it.
    #[allow(
        clippy::too_many_lines,
        reason = "one arm a trouble: this is the list of them"
    )]
    pub fn cures(&self) -> Vec<String> {
        vec![match self {
            Self::NoAnswer { remote, .. } | Self::Unreachable { remote, .. } => {
                format!(
                    "see that `git ls-remote {remote}` answers without asking for anything, then try again"
                )
            }
            Self::Ci(why) => return why.cures(),
            Self::WhichEnvironment { known } => match known.first() {
                Some(name) => format!("name it: pushgate approve {name}"),
                None => format!(
                    "no environment of {FILE} comes `after` another; name the one you tried"
                ),
            },
            Self::NotSigned { .. } => {
                "see that `git commit -S` works: gpg.format and user.signingKey (git-config(1))"
                    .to_owned()
            }
            Self::NotShared { remote, .. } => format!(
                "let the team push refs/notes/pushgate to {remote}, or set `share: false` in {FILE}"
            ),
            Self::NoTrunkRemote { remote, .. } => {
                format!("git remote add {remote} URL, or name another in `trunk.remote` of {FILE}")
            }
            Self::NoTrunk(trunk) => {
                format!(
                    "git push {} {}, or name another in `trunk.branch` of {FILE}",
                    trunk.remote, trunk.branch
                )
            }
            Self::WhichTrunk { remote, .. } => {
                format!(
                    "git remote set-head {remote} --auto, or name it in `trunk.branch` of {FILE}"
                )
            }
            Self::NoRemote { remote, .. } => {
                format!("git remote add {remote} URL, then try again")
            }
            Self::Shallow { remote, .. } => {
                format!("git fetch --unshallow {remote}, then try again")
            }
            Self::Lacking { id } => {
                format!("git cat-file -e {id} fetches it, then try again")
            }
            Self::Input { .. } => {
                "git calls the hook; to ask for a verdict by hand: pushgate check".to_owned()
            }
            Self::NoCommit { .. } => "commit first, or name another with --commit".to_owned(),
            Self::NoEnvironment { name, known } if !did_you_mean(name, known).is_empty() => {
                return Vec::new();
            }
            Self::NoEnvironment { .. } => {
                format!("add it to `environments` in {FILE} (pushgate init writes one)")
            }
            Self::NoCommand { .. } => "pushgate help".to_owned(),
            Self::SharedHooks { directory, own } => {
                let own = own.to_string_lossy();
                let mut cures = vec![format!(
                    "git config core.hooksPath {}, then pushgate install",
                    shell_word(&own)
                )];
                if directory.as_os_str() != "/dev/null" {
                    let cure = by_hand(&directory.join("pre-push"));
                    cures.push(format!("or {cure}"));
                }
                cures.push("or pushgate install --config, with git 2.54 or newer".to_owned());
                return cures;
            }
            Self::NotEdited { .. } => {
                "add the lines above by hand, then pushgate install".to_owned()
            }
            Self::LfsBeside { .. } => {
                "pushgate uninstall && pushgate install, which puts git-lfs behind the gate"
                    .to_owned()
            }
            Self::OldGit { .. } => {
                "pushgate uninstall && pushgate install, which git of any age reads".to_owned()
            }
            Self::Untold { .. } => {
                "pushgate install puts the gate where it hears all of a push, then try again"
                    .to_owned()
            }
            Self::TwoHooks { hook, kept } => format!(
                "put what you need of {} into {}, remove the first, then pushgate install",
                kept.display(),
                hook.display()
            ),
            Self::Exists { cure, .. } => (*cure).to_owned(),
            Self::Bare => "push from a clone with a work tree".to_owned(),
            Self::NoGit { .. } => "install git, or put it on the PATH".to_owned(),
            Self::NoRepository { .. } => "cd into the clone that you push from".to_owned(),
            Self::NoWorkTree => "run pushgate init in a clone".to_owned(),
            Self::TwoEnvironments { .. } => {
                format!("name it on one of them only: remotes and `app` in {FILE}")
            }
            Self::Holidays(error) => {
                format!(
                    "mend {}, or take it off `closed` in {FILE}; commit it, and try again",
                    error.path
                )
            }
            Self::Policy { .. } => format!("mend {FILE}, commit it, and try again"),
            Self::LinkInTheWay {
                link,
                tracked: true,
                ..
            } => {
                format!("take `{link}` off `suite.link` in {FILE}: the worktree has it already")
            }
            Self::LinkInTheWay { path, .. } => {
                format!(
                    "rm -r {}, then try again",
                    shell_word(&path.to_string_lossy())
                )
            }
            Self::Interrupted { .. }
            | Self::SuiteStopped { .. }
            | Self::Demo { .. }
            | Self::Git { .. }
            | Self::NoZone { .. }
            | Self::Moment(_)
            | Self::Io { .. } => {
                return Vec::new();
            }
        }]
    }
}

/// How a hook that is not ours to write calls the gate: first, because what reads the refs before
/// leaves none to judge; and heeding the answer, because the hook goes on otherwise.
fn by_hand(hook: &Path) -> String {
    format!(
        "let {} begin with this line: pushgate pre-push -- \"$@\" || exit (with --chain=HOOK before the -- where HOOK needs the refs, too)",
        hook.display()
    )
}

/// A word of the shell, in quotes only where it needs them.
pub(crate) fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@%,:".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Bytes for a person: what is not text or would move the cursor is shown as an escape.
pub(crate) fn printable(bytes: &BStr) -> String {
    let mut text = String::with_capacity(bytes.len());
    for c in bytes.to_str_lossy().chars() {
        if c.is_control() {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
    text
}

/// `a`, `b` or `c`.
pub(crate) fn alternatives(words: &[String]) -> String {
    match words {
        [] => "none".to_owned(),
        [one] => format!("`{one}`"),
        [first @ .., last] => format!("`{}` or `{last}`", first.join("`, `")),
    }
}

/// The nearest of the words, if one is near.
pub(crate) fn did_you_mean(word: &str, words: &[String]) -> String {
    match nearest(word, words.iter().map(String::as_str)) {
        Some(nearest) => format!("; did you mean `{}`?", printable(nearest.into())),
        None => String::new(),
    }
}

/// `2m 10s`.
pub fn span(duration: std::time::Duration) -> String {
    let seconds = duration.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => format!("{} ms", duration.as_millis()),
        (0, 0, s) if s < 10 && duration.subsec_millis() >= 100 => {
            format!("{:.1}s", duration.as_secs_f64())
        }
        (0, 0, s) => format!("{s}s"),
        (0, m, 0) => format!("{m}m"),
        (0, m, s) => format!("{m}m {s}s"),
        (h, 0, _) => format!("{h}h"),
        (h, m, _) => format!("{h}h {m}m"),
    }
}

/// An hour of the day, in the window's zone and, where its clock differs, in the reader's own.
pub(crate) fn clock(at: Timestamp, zone: &TimeZone, reader: &TimeZone) -> String {
    both(at, zone, reader, "%H:%M")
}

/// A day and an hour, likewise.
pub(crate) fn moment(at: Timestamp, zone: &TimeZone, reader: &TimeZone) -> String {
    both(at, zone, reader, "%a %Y-%m-%d %H:%M")
}

fn both(at: Timestamp, zone: &TimeZone, reader: &TimeZone, format: &str) -> String {
    let there = at.to_zoned(zone.clone());
    let here = at.to_zoned(reader.clone());
    let text = there.strftime(format).to_string();
    if there.datetime() == here.datetime() {
        return text;
    }
    let name = zone
        .iana_name()
        .map_or_else(|| there.strftime("%:z").to_string(), str::to_owned);
    format!("{text} {name} ({} here)", here.strftime("%a %H:%M"))
}

/// `SIGTERM`, or the number where the system has no name for it.
fn signal_name(number: i32) -> String {
    nix::sys::signal::Signal::try_from(number)
        .map_or_else(|_| format!("signal {number}"), |signal| signal.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[track_caller]
    fn spans(milliseconds: u64, expected: &str) {
        assert_eq!(span(Duration::from_millis(milliseconds)), expected);
    }

    #[test]
    fn durations_read_as_people_say_them() {
        spans(0, "0 ms");
        spans(420, "420 ms");
        spans(1420, "1.4s");
        spans(12_900, "12s");
        spans(60_000, "1m");
        spans(130_000, "2m 10s");
        spans(3_600_000, "1h");
        spans(5_400_000, "1h 30m");
    }

    #[test]
    fn escapes_in_names_do_not_reach_the_terminal() {
        assert_eq!(
            printable(b"a\x1b[2Jb\xff".as_bstr()),
            "a\\u{1b}[2Jb\u{fffd}"
        );
    }

    #[test]
    fn signals_have_their_names() {
        assert_eq!(signal_name(9), "SIGKILL");
        assert_eq!(signal_name(64), "signal 64");
    }
}
