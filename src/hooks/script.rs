//! The text of our hook, how it is told from others, and whether another hook calls the gate.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

use bstr::{BString, ByteSlice};

pub(crate) const NAME: &str = "pre-push";

/// The hook as it stands in `hooks/`, with a placeholder for the path of the program.
const TEMPLATE: &[u8] = include_bytes!("../../hooks/pre-push");
const PLACEHOLDER: &[u8] = b"@PUSHGATE@";
/// The start of the line that marks a hook as ours, even after it was edited.
const MARK: &[u8] = b"# The pre-push hook of pushgate";

/// Whether what runs before a push calls the gate, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Nothing is there.
    Missing,
    No,
    /// By what this version writes; only the path of the program may be another.
    AsWritten,
    /// By what pushgate wrote, edited or of another version.
    Changed,
    /// In other words: as its first command, and it ends where the gate refuses.
    OwnWords,
    /// In a way in which some pushes may not be judged; why.
    Unclear(&'static str),
    /// What pushgate wrote is there, and does not work; how, in words that follow its name.
    Broken(&'static str),
}

impl Call {
    /// Whether pushgate wrote it.
    pub(crate) fn is_ours(&self) -> bool {
        matches!(self, Self::AsWritten | Self::Changed | Self::Broken(_))
    }

    /// Whether something is there that pushgate did not write.
    pub(crate) fn is_foreign(&self) -> bool {
        !self.is_ours() && *self != Self::Missing
    }

    /// Whether the gate judges every push; `None` where that cannot be told.
    pub(crate) fn judges(&self) -> Option<bool> {
        match self {
            Self::AsWritten | Self::Changed | Self::OwnWords => Some(true),
            Self::Unclear(_) => None,
            Self::Missing | Self::No | Self::Broken(_) => Some(false),
        }
    }
}

/// The hook that calls this program.
pub(crate) fn hook_for(program: &OsStr) -> Vec<u8> {
    TEMPLATE.replace(PLACEHOLDER, quote(program.as_bytes()))
}

/// How a hook that git runs calls the gate.
pub(crate) fn of_hook(hook: &[u8]) -> Call {
    let as_written = |path: Vec<u8>| hook_for(OsStr::from_bytes(&path)) == hook;
    // A package has the template itself: it finds the program on PATH.
    if hook == TEMPLATE || program(hook).is_some_and(as_written) {
        Call::AsWritten
    } else if !hook.contains_str(MARK) {
        own_words(hook, false)
    } else if calls(hook) {
        Call::Changed
    } else {
        Call::Broken("was pushgate's, and an edit took the call away: pushes are not judged")
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

/// How a script that pushgate did not write calls it; `errexit`: the shell that runs it ends where a
/// command fails (`-e`).
pub(crate) fn own_words(text: &[u8], errexit: bool) -> Call {
    if !calls(text) {
        return Call::No;
    }
    let lines = text.lines().map(code).map(<[u8]>::trim_ascii);
    let mut commands = lines.filter(|line| !line.is_empty() && !line.starts_with(b"set "));
    let first = commands.next().unwrap_or_default();
    let is_last = commands.next().is_none();
    let is_heeded = first.starts_with(b"exec ")
        || first.ends_with(b"\"$@\" || exit")
        || first.ends_with(b"\"$@\" || exit 1")
        || (first.ends_with(b"\"$@\"") && (errexit || is_last));
    if first.contains_str("pushgate") && first.contains_str(" pre-push ") && is_heeded {
        Call::OwnWords
    } else {
        Call::Unclear("something else may take what git says, or pass over the answer")
    }
}

/// Whether a line calls the program as a hook does.
pub(crate) fn calls(text: &[u8]) -> bool {
    let calls = |line: &[u8]| line.contains_str("pushgate") && line.contains_str(" pre-push");
    text.lines().any(|line| calls(code(line)))
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
            assert_eq!(of_hook(&hook), Call::AsWritten, "{path}");
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
            assert_eq!(of_hook(&edit), Call::Changed, "{}", edit.as_bstr());
        }
        let (cut, _) = hook.split_once_str("exec").unwrap();
        assert!(matches!(of_hook(cut), Call::Broken(_)));
        assert!(!of_hook(b"#!/bin/sh\npushgate pre-push\n").is_ours());
        assert!(!of_hook(b"").is_ours());
    }

    #[test]
    fn a_call_counts_where_it_comes_first_and_is_heeded() {
        let is = |text: &str, errexit| own_words(text.as_bytes(), errexit);
        for first in [
            "pushgate pre-push -- \"$@\" || exit\nnpm test\n",
            "#!/bin/sh\n# ours\n\nexec '/a b/pushgate' pre-push --chain=x -- \"$@\"\n",
            "#!/bin/sh\n\"$HOME/.cargo/bin/pushgate\" pre-push -- \"$@\" || exit 1\n",
            "pushgate pre-push -- \"$@\" # judges\n",
        ] {
            assert_eq!(is(first, false), Call::OwnWords, "{first}");
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
            assert!(matches!(is(unclear, true), Call::Unclear(_)), "{unclear}");
        }
        let unheeded = "pushgate pre-push -- \"$@\"\nnpm test\n";
        assert!(matches!(is(unheeded, false), Call::Unclear(_)));
        assert_eq!(is(unheeded, true), Call::OwnWords);
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
    }
}
