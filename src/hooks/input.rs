//! What git tells the hook on standard input.

use std::{
    fs,
    io::{self, Read, stdin},
    os::{fd::AsFd, unix::fs::FileTypeExt},
};

use crate::gates::Stop;

/// Reads all of standard input. git always uses a pipe, an empty one where there is nothing to push;
/// a terminal or /dev/null would look the same, and a push would go unjudged.
pub(crate) fn read_input() -> Result<Vec<u8>, Stop> {
    let failed = |error: io::Error| {
        let text = "could not read the refs from standard input";
        Stop::undecided(text).detail(error.to_string())
    };
    let file = fs::File::from(stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    let kind = file.metadata().map_err(failed)?.file_type();
    if kind.is_char_device() {
        let text = "standard input is not the list of refs that git hands to a pre-push hook";
        let words = "git calls the hook; to ask for a verdict by hand";
        return Err(Stop::undecided(text).cure(words, ["pushgate check"]));
    }
    let mut input = Vec::new();
    stdin().lock().read_to_end(&mut input).map_err(failed)?;
    Ok(input)
}
