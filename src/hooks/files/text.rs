//! The text of the hook, and whether a hook is of our making.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use bstr::{BString, ByteSlice};

/// The hook as it stands in `hooks/`, with a place for the path of the program.
pub(crate) const HOOK: &[u8] = include_bytes!("../../../hooks/pre-push");
/// What earlier versions wrote.
pub(crate) const EARLIER: [&[u8]; 1] = [include_bytes!("../../../hooks/earlier/pre-push-1")];
pub(crate) const PLACE: &[u8] = b"@PUSHGATE@";
/// The line by which a hook of ours is known, whoever has edited it since.
pub(crate) const MARK: &[u8] = b"# The pre-push hook of pushgate, version ";

/// Who wrote a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// We did.
    Us,
    /// We did, and somebody changed it.
    UsAndSomebody,
    /// Somebody else.
    Somebody,
}

/// The hook that calls this program.
pub(crate) fn hook_for(program: &OsStr) -> Vec<u8> {
    HOOK.replace(PLACE, quote(program.as_bytes()))
}

/// Tells a hook of ours by its whole text: only the path of the program may be another.
pub(crate) fn author(hook: &[u8]) -> Author {
    let is_ours = [HOOK].iter().chain(&EARLIER).any(|ours| {
        ours.split_once_str(PLACE).is_some_and(|(before, after)| {
            hook.strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after))
                .is_some_and(|program| !program.contains(&b'\n') || is_quoted(program))
        })
    });
    match is_ours {
        true => Author::Us,
        false if hook.contains_str(MARK) => Author::UsAndSomebody,
        false => Author::Somebody,
    }
}

/// A word of the shell that means exactly these bytes.
pub(crate) fn quote(bytes: &[u8]) -> BString {
    let inner = bytes.replace("'", r"'\''");
    [b"'".as_slice(), &inner, b"'"].concat().into()
}

/// Whether the text is one word, quoted as we quote.
pub(crate) fn is_quoted(text: &[u8]) -> bool {
    let inner = text
        .strip_prefix(b"'")
        .and_then(|rest| rest.strip_suffix(b"'"));
    inner.is_some_and(|inner| !inner.replace(r"'\''", "").contains(&b'\''))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 3] = ["/usr/bin/pushgate", "/Ana's bin/pushgate", "/a\nb'/p"];

    #[test]
    fn what_this_version_and_the_earlier_ones_write_is_ours() {
        for path in PATHS {
            assert_eq!(author(&hook_for(path.as_ref())), Author::Us, "{path}");
            for earlier in EARLIER {
                let hook = earlier.replace(PLACE, quote(path.as_bytes()));
                assert_ne!(hook, hook_for(path.as_ref()));
                assert_eq!(author(&hook), Author::Us, "{path}");
            }
        }
    }

    #[test]
    fn every_template_has_one_place_for_the_program_and_the_mark() {
        for template in [HOOK].iter().chain(&EARLIER) {
            assert_eq!(template.find_iter(PLACE).count(), 1);
            assert!(template.contains_str(MARK));
        }
    }

    #[test]
    fn a_line_more_or_less_is_somebodys_work() {
        let hook = hook_for(PATHS[0].as_ref());
        let edits: [Vec<u8>; 4] = [
            [hook.as_slice(), b"make deploy\n"].concat(),
            hook.replace("exit 1\n", "exit 0\n"),
            hook.replace("/pushgate'\n", "/pushgate'\nPUSHGATE=off\n"),
            hook.replace("/pushgate'\n", "/pushgate' x='\n'\n"),
        ];
        for edit in edits {
            assert_eq!(author(&edit), Author::UsAndSomebody, "{}", edit.as_bstr());
        }
        assert_eq!(author(b"#!/bin/sh\npushgate pre-push\n"), Author::Somebody);
        assert_eq!(author(b""), Author::Somebody);
    }
}
