//! `pushgate pre-push REMOTE URL`: what the hook calls. The verdict, then the hook that was there
//! before, then the ledger, which tells what came of both.

use std::{
    env, fs,
    io::{self, Read, stdin},
    os::{
        fd::AsFd,
        unix::{ffi::OsStrExt, fs::FileTypeExt},
    },
};

use super::{
    Done,
    chain::{self, Chained},
};
use crate::{
    cli::PrePush,
    gates::route::remote_label,
    judge::{Event, Judgement, judge, let_go},
    overrides::{Overrides, SWITCH},
    push::{Push, parse},
    report,
    verdict::Trouble,
    world::{Real, signals},
};

pub(crate) fn run(args: &PrePush) -> Done {
    signals::watch();
    let (input, read) = match read_input() {
        Ok(input) => (input, Ok(())),
        Err(trouble) => (Vec::new(), Err(trouble)),
    };
    let mut judged = match read.and_then(|()| decide(args, &input)) {
        Ok(judged) => judged,
        Err(trouble) => stand_aside(args, trouble)?,
    };
    let verdict = match &judged {
        Some((judgement, _)) => {
            super::say_strangers(judgement);
            report::judgement(&judgement.said);
            judgement.decision.exit_code()
        }
        None => 0,
    };
    let code = match (signals::signal(), &args.chain) {
        (Some(signal), _) => {
            stopped(&mut judged, "signal", "it ended the push");
            Ok(128 + signal)
        }
        (None, Some(hook)) if verdict == 0 => {
            let chained = chain::run(hook, args, input);
            heed(chained, &hook.display().to_string(), &mut judged)
        }
        (None, _) => Ok(verdict),
    };
    if let Some((judgement, world)) = &mut judged {
        report::judgement(&judgement.settle(world));
        if matches!(code, Ok(0)) {
            return Ok(judgement.decision.exit_code());
        }
    }
    code
}

/// What was judged, and where; nothing where there is nothing to push.
type Judged = Option<(Judgement, Real)>;

fn decide(args: &PrePush, input: &[u8]) -> Result<Judged, Trouble> {
    if input.is_empty() {
        return Ok(None);
    }
    let mut push = push(args);
    push.updates = parse(input).map_err(|error| Trouble::Input {
        why: error.to_string(),
    })?;
    let world = Real::open()?.pushing(push.url.as_ref());
    let judgement = judge(&push, Event::Push, &world, variable);
    Ok(Some((judgement, world)))
}

/// Lets go what could not even be asked about, if that is what somebody wants: loudly, and with a
/// trace where there is a place for one.
fn stand_aside(args: &PrePush, trouble: Trouble) -> Result<Judged, Trouble> {
    let Some(overrides) = Overrides::read(variable).ok().filter(|it| it.off) else {
        return Err(trouble);
    };
    let push = push(args);
    match Real::open() {
        Ok(world) => Ok(Some((let_go(&push, trouble, &world, &overrides), world))),
        Err(_) => {
            report::warn(&format!(
                "push to {} is not checked, and nothing keeps a trace of it: {SWITCH} is off",
                remote_label(&push)
            ));
            report::warn(&format!("it could not have been: {trouble}"));
            Ok(None)
        }
    }
}

/// What git says on the command line.
fn push(args: &PrePush) -> Push {
    Push {
        remote: args.remote.as_bytes().into(),
        url: args.url.as_bytes().into(),
        updates: Vec::new(),
    }
}

fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Takes the answer of the hook that was there before as the last word.
fn heed(chained: Result<Chained, Trouble>, hook: &str, judged: &mut Judged) -> Done {
    let (why, code) = match chained {
        Ok(Chained::Agreed) => return Ok(0),
        Ok(Chained::Refused(code)) => {
            let why = format!("exit code {code}");
            report::say(&format!(
                "the hook that was here before ({hook}) refused: {why}"
            ));
            (why, Ok(code))
        }
        Ok(Chained::Stopped { by }) => {
            report::say(&format!(
                "the hook that was here before ({hook}) was stopped: {by}"
            ));
            let code = signals::signal().map_or(1, |signal| 128 + signal);
            (format!("stopped ({by})"), Ok(code))
        }
        Err(trouble) => (trouble.in_one_line(), Err(trouble)),
    };
    stopped(judged, "chained", &why);
    code
}

fn stopped(judged: &mut Judged, by: &str, why: &str) {
    if let Some((judgement, _)) = judged {
        judgement.stopped(by, why);
    }
}

/// Everything that git has to say. It always says it through a pipe, an empty one where there is
/// nothing to push; anything else would be taken for that, and let a push go unjudged.
fn read_input() -> Result<Vec<u8>, Trouble> {
    let failed = |error: io::Error| Trouble::io("read the refs from standard input", &error);
    let file = fs::File::from(stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    if file
        .metadata()
        .map_err(failed)?
        .file_type()
        .is_char_device()
    {
        return Err(Trouble::Input {
            why: "standard input is not the list of refs that git hands to a pre-push hook"
                .to_owned(),
        });
    }
    let mut input = Vec::new();
    stdin().lock().read_to_end(&mut input).map_err(failed)?;
    Ok(input)
}
