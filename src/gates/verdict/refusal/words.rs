//! The words of a refusal: what, and why.

use std::fmt;

use bstr::BString;

use super::Refusal;
use crate::{
    calendar::ClosedBy,
    ci::{Asked, Check},
    gates::verdict::{Ending, Mismatch, Relation},
    policy::FILE,
    text::{clock, day_and_time, printable, signal_name, span},
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
                    Some(next) => write!(f, "; opens {}", day_and_time(next, &closed.zone, reader)),
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
                        day_and_time(*until, reader, reader)
                    ),
                    None => write!(
                        f,
                        "nothing tells since when {commit} is on {environment}, where it must be for {soak}: counted from now, until {}",
                        day_and_time(*until, reader, reader)
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
                day_and_time(*at, reader, reader)
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
