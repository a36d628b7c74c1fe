//! Shows a long text by a pager, as git does (git(1), `GIT_PAGER`).

use std::{
    env,
    io::{self, Write, stdout},
    process::{Command, Stdio},
};

use anstream::AutoStream;

use super::{Text, data};
use crate::process::{SH, signals};

/// The exit code of a shell that finds no such program.
const NOT_FOUND: i32 = 127;

/// What git sets for pagers where nothing else is: short texts need no key to end, and colours stay.
const USUAL: [(&str, &str); 2] = [("LESS", "FRX"), ("LV", "-c")];

/// Writes what was asked for to the terminal through this command, unless it is `cat` or empty.
pub(crate) fn paged(text: impl Into<Text>, pager: &str) -> io::Result<()> {
    let text = text.into();
    if text.is_empty() || matches!(pager, "" | "cat") {
        return data(text);
    }
    let mut command = Command::new(SH);
    command.args(["-c", pager]).stdin(Stdio::piped());
    let unset = |(name, _): &(&str, &str)| env::var_os(name).is_none();
    command.envs(USUAL.into_iter().filter(unset));
    let Ok(mut child) = command.spawn() else {
        return data(text);
    };
    // Ctrl-C is for the pager, which we wait for.
    signals::watch();
    let mut stream = AutoStream::new(Vec::new(), AutoStream::choice(&stdout()));
    stream.write_all(text.as_str().as_bytes())?;
    if let Some(mut input) = child.stdin.take() {
        // A reader that has had enough is no error.
        let _ = input.write_all(&stream.into_inner());
    }
    match child.wait()?.code() {
        Some(NOT_FOUND) => data(text),
        _ => Ok(()),
    }
}
