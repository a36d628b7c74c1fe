//! `pushgate pre-push REMOTE URL`, which the hook calls: the gates, then the hook that was there
//! before, then the decision.

use std::{
    ffi::OsStr,
    fs,
    io::{self, Read, stdin},
    os::{
        fd::AsFd,
        unix::{ffi::OsStrExt, fs::FileTypeExt},
    },
};

use super::Done;
use crate::{
    app::{
        answers::PushRunner,
        decide::{Event, Pending, Stopped, had_nothing_to_send, judge, leave_out_judged, let_go},
        overrides::{Overrides, SWITCH},
    },
    cli::PrePush,
    commands::Error,
    cure::command,
    git::Repository,
    hooks::{
        chained::{self, Chained},
        directory::HooksDirectory,
        gate::judged_by_git,
        lfs, pre_commit,
    },
    process::{detached::is_dry_run, signals},
    push::{Push, parse, url::label},
    report,
};

pub(crate) fn run(args: &PrePush) -> Done {
    signals::watch();
    let chained = chained(args);
    chained.as_ref().map_or(Ok(()), Chained::refuse_circle)?;
    let (remote, url) = match (&args.remote, &args.url) {
        (Some(remote), Some(url)) => (remote.clone(), url.clone()),
        _ => pre_commit::remote_and_url()?,
    };
    if args.from.is_some()
        && let Some(hook) = judged_by_git()
    {
        report::say(&format!("judged already, by {}", hook.display()));
        return Ok(0);
    }
    let input = match &args.from {
        None => read_input(),
        Some(_) => pre_commit::line(&url),
    };
    let (input, read) = match input {
        Ok(input) => (input, Ok(())),
        Err(error) => (Vec::new(), Err(error)),
    };
    let mut judged = match read.and_then(|()| judged(&remote, &url, &input)) {
        Ok(judged) => judged,
        Err(error) => without_judgement(&remote, &url, error)?,
    };
    let verdict = match &mut judged {
        Some((pending, _)) => {
            super::say_misspelt(pending);
            report::messages(&pending.messages);
            pending.exit_code()
        }
        None => 0,
    };
    let chained = match chained {
        None if args.from.is_none() && verdict == 0 => silenced(judged.as_ref()),
        chained => chained,
    };
    let is_alone = chained.is_none() && args.from.is_none();
    let (code, stopped) = match (signals::signal(), chained) {
        (Some(signal), _) => {
            let why = "it ended the push".to_owned();
            (Ok(128 + signal), Some(Stopped { by: "signal", why }))
        }
        (None, Some(chained)) if verdict == 0 => {
            let code = chained
                .refuse_circle()
                .and_then(|()| chained::run(&chained, [&remote, &url], input));
            after(code, &chained.name)
        }
        (None, _) => (Ok(verdict), None),
    };
    let Some((pending, repository)) = judged else {
        return code;
    };
    if is_alone
        && verdict == 0
        && let Some(left_out) = lfs::left_out(&repository)
        && left_out.behind.is_none()
    {
        report::warn(
            "no hook calls git-lfs, so the files that it keeps stay here; have ours call it:",
        );
        let upload = command(["git", "lfs", "push", "--all", &remote.to_string_lossy()]);
        for command in left_out.cure.into_iter().chain([upload]) {
            report::print(format_args!("    {command}\n"));
        }
    }
    let recorded = pending.record(stopped, &repository);
    report::messages(&recorded.messages);
    match code {
        Ok(0) => Ok(recorded.decision.exit_code()),
        code => code,
    }
}

/// Reads all of standard input. git always uses a pipe, an empty one where there is nothing to push;
/// a terminal or /dev/null would look the same, and a push would go unjudged.
fn read_input() -> Result<Vec<u8>, Error> {
    let failed = |error: io::Error| {
        let text = "could not read the refs from standard input";
        Error::undecided(text).detail(error.to_string())
    };
    let file = fs::File::from(stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    let kind = file.metadata().map_err(failed)?.file_type();
    if kind.is_char_device() {
        let text = "standard input is not the list of refs that git hands to a pre-push hook";
        let words = "git calls the hook; to ask for a verdict by hand";
        return Err(Error::undecided(text).cure(words, ["pushgate check"]));
    }
    let mut input = Vec::new();
    stdin().lock().read_to_end(&mut input).map_err(failed)?;
    Ok(input)
}

/// The hook that runs after the gates.
fn chained(args: &PrePush) -> Option<Chained> {
    let hook = args.chain.as_deref().map(Chained::hook);
    hook.or_else(|| args.rest.as_deref().map(Chained::rest))
        .or_else(|| args.lfs.then(Chained::lfs))
}

/// The repository's own hook, which git does not call where `core.hooksPath` leads to a shared directory.
fn silenced(judged: Option<&(Pending, Repository)>) -> Option<Chained> {
    let opened;
    let repository = match judged {
        Some((_, repository)) => repository,
        None => {
            opened = Repository::open().ok()?;
            &opened
        }
    };
    repository.config("core.hookspath")?;
    let hooks = HooksDirectory::of(repository).ok()?;
    hooks.silenced().map(Chained::hook)
}

/// The push without its refs.
fn push(remote: &OsStr, url: &OsStr) -> Push {
    Push {
        remote: remote.as_bytes().into(),
        url: url.as_bytes().into(),
        updates: Vec::new(),
        deploy: None,
        is_dry: is_dry_run(),
    }
}

/// What the gates say, and where it is written down; `None` where there is nothing to push.
type Judged = Option<(Pending, Repository)>;

fn judged(remote: &OsStr, url: &OsStr, input: &[u8]) -> Result<Judged, Error> {
    if input.is_empty() {
        if let Ok(repository) = Repository::open() {
            had_nothing_to_send(remote.as_bytes().into(), url.as_bytes().into(), &repository);
        }
        return Ok(None);
    }
    let mut push = push(remote, url);
    push.updates = parse(input).map_err(|error| {
        let words = "git calls the hook; to ask for a verdict by hand";
        Error::undecided(error.to_string()).cure(words, ["pushgate check"])
    })?;
    let repository = Repository::open()?;
    leave_out_judged(&mut push, &repository);
    if push.updates.is_empty() {
        return Ok(None);
    }
    let runner = PushRunner::new(&repository, &report::Stderr, true, Some(push.url.as_ref()));
    let overrides = Overrides::of_environment();
    let pending = judge(&push, Event::Push, &repository, &runner, overrides.as_ref());
    Ok(Some((pending, repository)))
}

/// Lets a push go that could not be judged, if `PUSHGATE=off`: loudly, and with an entry in the ledger
/// where there is one.
fn without_judgement(remote: &OsStr, url: &OsStr, error: Error) -> Result<Judged, Error> {
    let Some(overrides) = Overrides::of_environment().ok().filter(|it| it.off) else {
        return Err(error);
    };
    let push = push(remote, url);
    if let Ok(repository) = Repository::open() {
        let pending = let_go(&push, error, &repository, &overrides);
        return Ok(Some((pending, repository)));
    }
    report::warn(&format!(
        "push to {} is not checked, and nothing keeps a trace of it: {SWITCH} is off",
        label(push.remote.as_ref())
    ));
    report::warn(&format!("it could not have been: {error}"));
    Ok(None)
}

/// The exit code, and what stopped the push, where the hook that runs after the gates did.
fn after(code: Result<u8, Error>, chained: &str) -> (Done, Option<Stopped>) {
    let (why, code) = match (code, signals::interrupted()) {
        (Err(error), _) => (error.in_one_line(), Err(error)),
        (Ok(_), Some(by)) => {
            report::say(&format!("{chained} was stopped: {by}"));
            let code = signals::signal().map_or(1, |signal| 128 + signal);
            (format!("stopped ({by})"), Ok(code))
        }
        (Ok(0), None) => return (Ok(0), None),
        (Ok(code), None) => {
            let why = format!("exit code {code}");
            report::say(&format!("{chained} refused: {why}"));
            (why, Ok(code))
        }
    };
    let by = "chained";
    (code, Some(Stopped { by, why }))
}
