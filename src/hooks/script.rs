//! The text of our hook, how it is told from others, and whether another hook calls the gate.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use bstr::{BString, ByteSlice};

pub(crate) const NAME: &str = "pre-push";

/// The hook as it stands in `hooks/`, with a placeholder for the path of the program.
const TEMPLATE: &[u8] = include_bytes!("../../hooks/pre-push");
const PLACEHOLDER: &[u8] = b"@PUSHGATE@";
/// The start of the line that marks a hook as ours, even after it was edited.
const MARK: &[u8] = b"# The pre-push hook of pushgate";

/// Who wrote a hook, by its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// It is what this version writes; only the path of the program may be another.
    Ours,
    /// It has our mark, and was edited or is of another version.
    OursChanged,
    Foreign,
}

/// The hook that calls this program.
pub(crate) fn hook_for(program: &OsStr) -> Vec<u8> {
    TEMPLATE.replace(PLACEHOLDER, quote(program.as_bytes()))
}

pub(crate) fn author(hook: &[u8]) -> Author {
    let as_written = |path: Vec<u8>| hook_for(OsStr::from_bytes(&path)) == hook;
    if program(hook).is_some_and(as_written) {
        Author::Ours
    } else if hook.contains_str(MARK) {
        Author::OursChanged
    } else {
        Author::Foreign
    }
}

/// The program that a hook of ours calls by its path.
pub(crate) fn program(hook: &[u8]) -> Option<Vec<u8>> {
    let (_, rest) = hook.split_once_str("\npushgate='")?;
    // The template has an empty line behind it.
    let (word, _) = rest.split_once_str("'\n\n")?;
    Some(word.replace(QUOTED_QUOTE, "'"))
}

/// A single quote within a word of the shell that is in single quotes.
const QUOTED_QUOTE: &str = r"'\''";

/// A word of the shell that means exactly these bytes.
fn quote(bytes: &[u8]) -> BString {
    let inner = bytes.replace("'", QUOTED_QUOTE);
    [b"'".as_slice(), &inner, b"'"].concat().into()
}

/// How a script calls the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    No,
    /// As its first command, and it ends where the gate refuses.
    First,
    /// Where another command may read the refs before, or the answer may be ignored.
    Unclear,
}

/// Tells how a script calls the program; `errexit`: the shell that runs it ends where a command
/// fails (`-e`).
pub(crate) fn call(text: &[u8], errexit: bool) -> Call {
    if !calls(text) {
        return Call::No;
    }
    let lines = text.lines().map(code).map(<[u8]>::trim_ascii);
    let mut commands = lines.filter(|line| !line.is_empty() && !line.starts_with(b"set "));
    let first = commands.next().unwrap_or_default();
    let is_call = first.contains_str("pushgate") && first.contains_str(" pre-push ");
    let mut is_last = || commands.next().is_none();
    let is_heeded = first.starts_with(b"exec ")
        || first.ends_with(b"\"$@\" || exit")
        || first.ends_with(b"\"$@\" || exit 1")
        || (first.ends_with(b"\"$@\"") && (errexit || is_last()));
    if is_call && is_heeded {
        Call::First
    } else {
        Call::Unclear
    }
}

/// Whether a line calls the program as a hook does.
pub(crate) fn calls(text: &[u8]) -> bool {
    let calls = |line: &[u8]| line.contains_str("pushgate") && line.contains_str(" pre-push");
    text.lines().any(|line| calls(code(line)))
}

/// Whether a line names the program.
pub(crate) fn mentions(text: &[u8]) -> bool {
    text.lines().any(|line| code(line).contains_str("pushgate"))
}

/// A line without the comment at its end.
pub(crate) fn code(line: &[u8]) -> &[u8] {
    match line.find(" #").or_else(|| line.find("\t#")) {
        _ if line.starts_with(b"#") => b"",
        Some(at) => &line[..at],
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATHS: [&str; 3] = ["/usr/bin/pushgate", "/Ana's bin/pushgate", "/a\nb'/p"];

    #[test]
    fn a_hook_of_ours_is_known_whichever_program_it_calls() {
        assert_eq!(TEMPLATE.find_iter(PLACEHOLDER).count(), 1);
        assert!(TEMPLATE.contains_str(MARK));
        for path in PATHS {
            let hook = hook_for(path.as_ref());
            assert_eq!(author(&hook), Author::Ours, "{path}");
            assert_eq!(program(&hook).unwrap(), path.as_bytes());
        }
    }

    #[test]
    fn a_line_more_or_less_is_a_change() {
        let hook = hook_for(PATHS[0].as_ref());
        let edits: [Vec<u8>; 5] = [
            [hook.as_slice(), b"make deploy\n"].concat(),
            hook.replace("exit 1\n", "exit 0\n"),
            hook.replace("/pushgate'\n", "/pushgate'\nPUSHGATE=off\n"),
            hook.replace("/pushgate'\n", "/pushgate' x='\n'\n"),
            hook.replace("'/usr/bin/pushgate'", "$(which pushgate)"),
        ];
        for edit in edits {
            assert_ne!(edit, hook);
            assert_eq!(author(&edit), Author::OursChanged, "{}", edit.as_bstr());
        }
        assert_eq!(author(b"#!/bin/sh\npushgate pre-push\n"), Author::Foreign);
        assert_eq!(author(b""), Author::Foreign);
    }

    #[test]
    fn a_call_counts_where_it_comes_first_and_is_heeded() {
        let is = |text: &str, errexit| call(text.as_bytes(), errexit);
        for first in [
            "pushgate pre-push -- \"$@\" || exit\nnpm test\n",
            "#!/bin/sh\n# ours\n\nexec '/a b/pushgate' pre-push --chain=x -- \"$@\"\n",
            "#!/bin/sh\n\"$HOME/.cargo/bin/pushgate\" pre-push -- \"$@\" || exit 1\n",
            "pushgate pre-push -- \"$@\" # judges\n",
        ] {
            assert_eq!(is(first, false), Call::First, "{first}");
        }
        for unclear in [
            "git lfs pre-push \"$@\"\npushgate pre-push -- \"$@\"\n",
            "cat >/dev/null\npushgate pre-push -- \"$@\" || exit\n",
            "pushgate pre-push -- \"$@\" || true\n",
            "pushgate pre-push -- \"$@\" || exit 0\n",
            "pushgate pre-push -- \"$@\"; true\n",
            "pushgate pre-push -- \"$@\" &\n",
            "if [ \"$CI\" ]; then pushgate pre-push -- \"$@\"; fi\n",
            "if true; then\n  pushgate pre-push -- \"$@\"\nfi\n",
            "echo \"pushgate pre-push judges\"\n",
        ] {
            assert_eq!(is(unclear, true), Call::Unclear, "{unclear}");
        }
        let unheeded = "pushgate pre-push -- \"$@\"\nnpm test\n";
        assert_eq!(is(unheeded, false), Call::Unclear);
        assert_eq!(is(unheeded, true), Call::First);
        assert_eq!(is("npm test\n", true), Call::No);
    }

    #[test]
    fn a_comment_is_no_call() {
        assert!(calls(
            b"#!/bin/sh\n  exec '/a b/pushgate' pre-push -- \"$@\"\n"
        ));
        assert!(!calls(b"# pushgate pre-push -- \"$@\"\n"));
        assert!(!calls(b"npm test # pushgate pre-push comes later\n"));
        assert!(!calls(b"npm test; # pushgate pre-push comes later\n"));
        assert!(!calls(b"pushgate check\n"));
        assert!(mentions(b"run: pushgate check\n") && !mentions(b"# pushgate\n"));
    }
}
