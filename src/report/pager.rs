//! Shows a long text by a pager, as git does (git(1), `GIT_PAGER`).

use std::{
    env,
    io::{Write, stdout},
    process::{Command, Stdio},
};

use super::{Text, not_written, print_data, styled};
use crate::{
    gates::Stop,
    process::{SH, signals},
};

/// The exit code of a shell that finds no such program.
const NOT_FOUND: i32 = 127;

/// What git sets for pagers where nothing else is: short texts need no key to end, and colours stay.
const USUAL: [(&str, &str); 2] = [("LESS", "FRX"), ("LV", "-c")];

/// Writes what was asked for to the terminal through this command, unless it is `cat` or empty.
pub(crate) fn paged(text: impl Into<Text>, pager: &str) -> Result<(), Stop> {
    let text = text.into();
    if text.is_empty() || matches!(pager, "" | "cat") {
        return print_data(text);
    }
    let mut command = Command::new(SH);
    command.args(["-c", pager]).stdin(Stdio::piped());
    let unset = |(name, _): &(&str, &str)| env::var_os(name).is_none();
    command.envs(USUAL.into_iter().filter(unset));
    let Ok(mut child) = command.spawn() else {
        return print_data(text);
    };
    // Ctrl-C is for the pager, which we wait for.
    signals::watch();
    let shown = styled(text.as_str(), &stdout()).map_err(not_written)?;
    if let Some(mut input) = child.stdin.take() {
        // A reader that has had enough is no error.
        let _ = input.write_all(&shown);
    }
    match child.wait().map_err(not_written)?.code() {
        Some(NOT_FOUND) => print_data(text),
        _ => Ok(()),
    }
}
