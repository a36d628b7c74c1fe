//! `pushgate pre-push REMOTE URL`: what the hook calls. The verdict, then the hook that was there before.

use std::{
    env, fs,
    io::{self, Read, Write, stdin},
    os::{
        fd::AsFd,
        unix::{ffi::OsStrExt, fs::FileTypeExt, process::ExitStatusExt},
    },
    path::Path,
    process::{Command, Stdio},
    thread,
};

use super::Done;
use crate::{
    cli::PrePush,
    judge::{Event, judge},
    push::{Push, parse},
    report,
    verdict::Trouble,
    world::{Real, signals},
};

pub(crate) fn run(args: &PrePush) -> Done {
    let input = read_input()?;
    if !input.is_empty() {
        signals::watch();
        let push = Push {
            remote: args.remote.as_bytes().into(),
            url: args.url.as_bytes().into(),
            updates: parse(&input).map_err(|error| Trouble::Input {
                why: error.to_string(),
            })?,
        };
        let world = Real::open()?.pushing(push.url.as_ref());
        let judgement = judge(&push, Event::Push, &world, |name| {
            env::var_os(name).map(|value| value.to_string_lossy().into_owned())
        });
        report::judgement(&judgement.said);
        if let Some(signal) = signals::signal() {
            return Ok(128 + signal);
        }
        if judgement.decision.exit_code() != 0 {
            return Ok(judgement.decision.exit_code());
        }
    }
    match &args.chain {
        Some(hook) => chain(hook, args, input),
        None => Ok(0),
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

/// Runs the hook that was there before, with the same arguments and input, and keeps its exit code.
fn chain(hook: &Path, args: &PrePush, input: Vec<u8>) -> Done {
    let failed = |error: &io::Error| Trouble::io(format!("run {}", hook.display()), error);
    let spawn = |command: &mut Command| {
        command
            .arg(&args.remote)
            .arg(&args.url)
            .stdin(Stdio::piped())
            .spawn()
    };
    let child = spawn(&mut Command::new(hook)).or_else(|error| match error.raw_os_error() {
        // No `#!` line: git runs such a hook by the shell, and so do we.
        Some(code) if code == nix::errno::Errno::ENOEXEC as i32 => {
            spawn(Command::new("sh").arg(hook))
        }
        _ => Err(error),
    });
    let mut child = child.map_err(|error| failed(&error))?;
    if let Some(mut pipe) = child.stdin.take() {
        // A hook that never reads must not keep us waiting; one that stops reading is no error.
        thread::spawn(move || drop(pipe.write_all(&input)));
    }
    let status = child.wait().map_err(|error| failed(&error))?;
    let code = status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    let code = u8::try_from(code).unwrap_or(1);
    if code != 0 {
        report::say(&format!(
            "the hook that was here before ({}) refused: exit code {code}",
            hook.display()
        ));
    }
    Ok(code)
}
