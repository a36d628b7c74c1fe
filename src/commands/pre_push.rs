//! `pushgate pre-push REMOTE URL`: what the hook calls. The verdict, then the hook that was there
//! before, then the ledger, which tells what came of both.

use std::env;

use super::Done;
use crate::hooks::{
    call::Call,
    chain::{self, Chained, Then},
};
use crate::{
    app::{
        Event, Judgement, judge, let_go,
        overrides::{Overrides, SWITCH},
    },
    cli::PrePush,
    gates::{route::remote_label, verdict::Trouble},
    git::Real,
    process::signals,
    push::parse,
    report,
};

pub(crate) fn run(args: &PrePush) -> Done {
    signals::watch();
    let then = Then::of(args);
    then.as_ref().map_or(Ok(()), Then::ends)?;
    let Some(call) = Call::of(args)? else {
        return Ok(0);
    };
    let (input, read) = match call.input() {
        Ok(input) => (input, Ok(())),
        Err(trouble) => (Vec::new(), Err(trouble)),
    };
    let mut judged = match read.and_then(|()| decide(&call, &input)) {
        Ok(judged) => judged,
        Err(trouble) => stand_aside(&call, trouble)?,
    };
    let verdict = match &judged {
        Some((judgement, _)) => {
            super::say_strangers(judgement);
            report::judgement(&judgement.said);
            judgement.decision.exit_code()
        }
        None => 0,
    };
    let code = match (signals::signal(), then) {
        (Some(signal), _) => {
            stopped(&mut judged, "signal", "it ended the push");
            Ok(128 + signal)
        }
        (None, Some(then)) if verdict == 0 => {
            let chained = chain::run(&then, [&call.remote, &call.url], input);
            heed(chained, &then.to_string(), &mut judged)
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

fn decide(call: &Call, input: &[u8]) -> Result<Judged, Trouble> {
    if input.is_empty() {
        return Ok(None);
    }
    let mut push = call.push();
    push.updates = parse(input).map_err(|error| Trouble::Input {
        why: error.to_string(),
    })?;
    let world = Real::open()?.pushing(push.url.as_ref());
    let judgement = judge(&push, Event::Push, &world, variable);
    Ok(Some((judgement, world)))
}

/// Lets go what could not even be asked about, if that is what somebody wants: loudly, and with a
/// trace where there is a place for one.
fn stand_aside(call: &Call, trouble: Trouble) -> Result<Judged, Trouble> {
    let Some(overrides) = Overrides::read(variable).ok().filter(|it| it.off) else {
        return Err(trouble);
    };
    let push = call.push();
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

fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Takes the answer of what came after the gates as the last word.
fn heed(chained: Result<Chained, Trouble>, then: &str, judged: &mut Judged) -> Done {
    let (why, code) = match chained {
        Ok(Chained::Agreed) => return Ok(0),
        Ok(Chained::Refused(code)) => {
            let why = format!("exit code {code}");
            report::say(&format!("{then} refused: {why}"));
            (why, Ok(code))
        }
        Ok(Chained::Stopped { by }) => {
            report::say(&format!("{then} was stopped: {by}"));
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
