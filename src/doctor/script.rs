//! A hook as git finds it: whether it can run, by what, and whose it is.

use bstr::{BStr, ByteSlice};

/// What stands where git looks for a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Script {
    /// Nothing.
    Missing,
    /// A directory.
    Directory,
    /// A link that leads nowhere.
    DanglingLink,
    /// A file without a byte.
    Empty,
    /// A file.
    File(File),
}

/// A file that may be a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Who wrote it.
    pub author: Author,
    /// Whether the system runs it.
    pub runs: Runs,
    /// Whether its first line names something that is there.
    pub interpreter: Interpreter,
}

/// Whether the system runs a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// It does.
    Yes,
    /// The file is not executable.
    NotExecutable,
    /// It is, and is on a file system that runs nothing.
    NoExec,
}

/// What the first line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Interpreter {
    /// Something that is there; or nothing, and the shell runs it.
    There,
    /// This, which is not there.
    Missing(String),
    /// A program whose name ends with a carriage return.
    CarriageReturn,
}

/// Who wrote a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Author {
    /// This version of ours.
    Us,
    /// An earlier one.
    Earlier,
    /// A later one.
    Newer,
    /// We did, and somebody changed it.
    Edited {
        /// Whether it still calls the program.
        calls: bool,
    },
    /// A tool that runs what its own file says.
    Tool {
        /// The tool.
        name: &'static str,
        /// The file.
        file: String,
        /// What that says of us.
        says: Says,
    },
    /// pre-commit or prek, which tell what their file names of one ref of a push.
    HalfDeaf {
        /// The tool.
        name: &'static str,
        /// The file.
        file: String,
    },
    /// Somebody else.
    Somebody {
        /// Whether it calls the program.
        calls: Call,
    },
}

/// Whether a script that somebody wrote calls the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// It does not.
    No,
    /// It does, where something else may take what git says, or pass over the answer.
    Unsure,
    /// It does, first, and heeds the answer.
    Sure,
}

/// What the file of a tool says of the gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Nothing in it calls the gate.
    Nothing,
    /// It calls it.
    Calls,
    /// It does, by lines of an earlier version.
    Earlier,
    /// It does, by words of somebody's own, where something else may come between.
    Unsure,
    /// It does so twice, and the second call would be made for ever.
    Twice,
    /// It does, with the line ends of Windows, which no shell reads.
    Windows,
    /// It does, and something else runs first, which may take what git says.
    Late,
    /// It would, and something leaves the call out, or may.
    LeftOut(String),
    /// It does by words of somebody's own, which may let go what the gates refuse: whose.
    OwnWords(String),
    /// Only the tool can tell, and does not: its words.
    Unasked(Vec<String>),
}

impl Says {
    /// Whether each push comes before the gates.
    pub fn is_gate(&self) -> bool {
        matches!(self, Self::Calls | Self::Earlier | Self::Unsure)
    }
}

impl Author {
    /// Whether the hook is ours, or was.
    pub fn is_us(&self) -> bool {
        match self {
            Self::Us | Self::Earlier | Self::Newer | Self::Edited { .. } => true,
            Self::Tool { .. } | Self::HalfDeaf { .. } | Self::Somebody { .. } => false,
        }
    }
}

/// The program that the first line names, and the one that `env` is to find; `None` where it names
/// none and the shell runs the script.
pub fn shebang(text: &[u8]) -> Option<(&BStr, Option<&BStr>)> {
    let line = text.strip_prefix(b"#!")?;
    let line = line.split(|b| *b == b'\n').next()?;
    let is_blank = |b: &u8| matches!(*b, b' ' | b'\t');
    let mut words = line.split(is_blank).filter(|word| !word.is_empty());
    let program = words.next()?.as_bstr();
    if !program.ends_with(b"/env") {
        return Some((program, None));
    }
    let is_word = |word: &&[u8]| !word.starts_with(b"-") && !word.contains(&b'=');
    Some((program, words.find(is_word).map(BStr::new)))
}

/// Whether the first line ends as Windows ends lines: the system then looks for a program of that name.
pub fn has_carriage_return(text: &[u8]) -> bool {
    let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
    line.starts_with(b"#!") && line.ends_with(b"\r")
}

/// Whether a line of it, other than a comment, names the program.
pub fn mentions(text: &[u8]) -> bool {
    text.lines().any(|line| code(line).contains_str("pushgate"))
}

/// Whether a line of it calls the program as a hook does.
pub fn calls(text: &[u8]) -> bool {
    let calls = |line: &[u8]| line.contains_str("pushgate") && line.contains_str("pre-push");
    text.lines().any(|line| calls(code(line)))
}

/// How a script for a shell calls the program; `heeds`: the shell ends where a command fails (`-e`).
///
/// The call has to come first, as whatever runs before it may take what git says; and its failure has to
/// end the script.
pub fn call(text: &[u8], heeds: bool) -> Call {
    if !calls(text) {
        return Call::No;
    }
    let lines = text.lines().map(code).map(<[u8]>::trim_ascii);
    let mut heeds = heeds;
    let mut lines = lines.filter(|line| !line.is_empty() && !line.starts_with(b"#"));
    for line in lines.by_ref() {
        if let Some(end) = heeded(line) {
            let is_last = lines.next().is_none();
            return match end {
                End::Script => Call::Sure,
                End::Command if heeds || is_last => Call::Sure,
                End::Command => Call::Unsure,
            };
        }
        heeds |= line.starts_with(b"set -e");
        if !is_harmless(line) {
            return Call::Unsure;
        }
    }
    Call::Unsure
}

/// What ends where a call says no.
pub(crate) enum End {
    Script,
    Command,
}

/// Whether a line is a call of the program and nothing else, and what its failure ends.
pub(crate) fn heeded(line: &[u8]) -> Option<End> {
    let (program, words) = line.split_once_str(" pre-push")?;
    let (is_exec, program) = match program.strip_prefix(b"exec ") {
        Some(program) => (true, program),
        None => (false, program),
    };
    let quote = program.first().filter(|b| matches!(b, b'\'' | b'"'));
    let inner = match quote {
        Some(quote) => program.strip_prefix(&[*quote])?.strip_suffix(&[*quote])?,
        None if program.find_byteset(b" \t;|&<>()$`").is_some() => return None,
        None => program,
    };
    if !inner.ends_with(b"pushgate") || quote.is_some_and(|quote| inner.contains(quote)) {
        return None;
    }
    let (words, answer) = match words.split_once_str("||") {
        Some((words, answer)) => (words, Some(answer.trim_ascii())),
        None => (words, None),
    };
    let is_plain = words.find_byteset(b";|&<>`").is_none();
    let exits = |answer: &[u8]| {
        let code = answer.strip_prefix(b"exit").map(<[u8]>::trim_ascii);
        code.is_some_and(|code| {
            code.is_empty() || (code != b"0" && code.iter().all(u8::is_ascii_digit))
        })
    };
    match answer {
        _ if !is_plain => None,
        Some(answer) => exits(answer).then_some(End::Script),
        None if is_exec => Some(End::Script),
        None => Some(End::Command),
    }
}

/// Options of the shell and variables, which read nothing.
pub(crate) fn is_harmless(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"export ").unwrap_or(line);
    let name = line.split(|b| *b == b'=').next().unwrap_or_default();
    let is_name = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
    let is_variable = line.contains(&b'=') && name.iter().all(is_name);
    let is_plain = line.find_byteset(b";|&<>`(").is_none();
    let is_one = line.starts_with(b"set ") || !line.contains(&b' ');
    is_plain && is_one && (is_variable || line.starts_with(b"set "))
}

/// A line without the comment at its end.
pub fn code(line: &[u8]) -> &[u8] {
    let mut quote = None;
    let mut before = b' ';
    for (at, b) in line.iter().copied().enumerate() {
        match (quote, b) {
            (None, b'#') if before.is_ascii_whitespace() || before == b';' => return &line[..at],
            (None, b'\'' | b'"') if before != b'\\' => quote = Some(b),
            (Some(open), _) if open == b => quote = None,
            _ => {}
        }
        before = b;
    }
    line
}

/// Whether a hook of ours that somebody edited still hands the push over.
pub fn passes_on(text: &[u8]) -> bool {
    let code = |line: &&[u8]| !line.trim_ascii_start().starts_with(b"#");
    text.lines()
        .filter(code)
        .any(|line| line.contains_str(" pre-push "))
}

/// The number in the line by which a hook of ours is known.
pub fn version(text: &[u8]) -> Option<u32> {
    let (_, rest) = text.split_once_str("# The pre-push hook of pushgate, version ")?;
    let end = rest.find_not_byteset("0123456789").unwrap_or(rest.len());
    rest[..end].to_str().ok()?.parse().ok()
}

/// The program that a hook of ours names, quoted as we quote.
pub fn program(text: &[u8]) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once_str("\npushgate='")?;
    let mut path = Vec::new();
    let mut rest = rest;
    loop {
        let end = rest.find_byte(b'\'')?;
        path.extend_from_slice(&rest[..end]);
        rest = &rest[end..];
        match rest.strip_prefix(br"'\''") {
            Some(after) => {
                path.push(b'\'');
                rest = after;
            }
            None => return rest.starts_with(b"'\n").then_some(path),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
pub(crate) mod tests {
    use super::*;

    #[track_caller]
    fn names(text: &str, program: &str, by_env: Option<&str>) {
        let found = shebang(text.as_bytes()).unwrap();
        assert_eq!(found, (program.into(), by_env.map(BStr::new)), "{text}");
    }

    #[test]
    fn the_first_line_names_the_program() {
        names("#!/bin/sh\nexit\n", "/bin/sh", None);
        names("#! /bin/sh -e", "/bin/sh", None);
        names("#!/usr/bin/env bash\n", "/usr/bin/env", Some("bash"));
        names(
            "#!/usr/bin/env -S A=b ruby -w\n",
            "/usr/bin/env",
            Some("ruby"),
        );
        assert_eq!(shebang(b"exit 0\n"), None);
        assert_eq!(shebang(b""), None);
        assert_eq!(shebang(b"#!\n"), None);
    }

    #[test]
    fn the_line_end_of_windows_counts_in_the_first_line_alone() {
        assert!(has_carriage_return(b"#!/bin/sh\r\nexit\r\n"));
        assert!(!has_carriage_return(b"#!/bin/sh\nexit\r\n"));
        assert!(!has_carriage_return(b"exit\r\n"));
    }

    #[test]
    fn a_call_is_sure_where_it_comes_first_and_is_heeded() {
        let is = |text: &str, heeds| call(text.as_bytes(), heeds);
        for sure in [
            "pushgate pre-push -- \"$@\" || exit\nnpm test\n",
            "#!/bin/sh\n# ours\nset -eu\nexport PATH=\"$HOME/bin:$PATH\"\npushgate pre-push -- \"$@\"\nnpm test\n",
            "#!/bin/sh\nexec '/a b/pushgate' pre-push --chain=x -- \"$@\"\n",
            "#!/bin/sh\n\"$HOME/.cargo/bin/pushgate\" pre-push -- \"$@\" || exit 1\n",
            "pushgate pre-push -- \"$@\"\n",
        ] {
            assert_eq!(is(sure, false), Call::Sure, "{sure}");
        }
        for unsure in [
            "git lfs pre-push \"$@\"\npushgate pre-push -- \"$@\"\n",
            "cat >/dev/null\npushgate pre-push -- \"$@\" || exit\n",
            "x=$(cat)\npushgate pre-push -- \"$@\" || exit\n",
            "pushgate pre-push -- \"$@\" || true\n",
            "pushgate pre-push -- \"$@\" || exit 0\n",
            "pushgate pre-push -- \"$@\"; true\n",
            "pushgate pre-push -- \"$@\" &\n",
            "if [ \"$CI\" ]; then pushgate pre-push -- \"$@\"; fi\n",
            "if true; then\n  pushgate pre-push -- \"$@\"\nfi\n",
            "echo \"pushgate pre-push judges\"\n",
            "PUSHGATE=off pushgate pre-push -- \"$@\"\n",
        ] {
            assert_eq!(is(unsure, true), Call::Unsure, "{unsure}");
        }
        let unheeded = "pushgate pre-push -- \"$@\"\nnpm test\n";
        assert_eq!(
            (is(unheeded, false), is(unheeded, true)),
            (Call::Unsure, Call::Sure)
        );
        assert_eq!(is("npm test\n", true), Call::No);
    }

    #[test]
    fn a_comment_calls_nobody() {
        assert!(calls(b"pushgate pre-push -- \"$@\" || exit\n"));
        assert!(calls(
            b"#!/bin/sh\n  exec '/a b/pushgate' pre-push -- \"$@\"\n"
        ));
        assert!(!calls(b"# pushgate pre-push -- \"$@\"\n"));
        assert!(!calls(b"npm test # pushgate pre-push comes later\n"));
        assert!(!calls(b"npm test; # pushgate pre-push comes later\n"));
        assert!(calls(b"exec '/a #b/pushgate' pre-push # it judges\n"));
        assert!(calls(b"pushgate pre-push -- '{1}' '{2}' # {files}\n"));
        assert!(!calls(b"pushgate check\n"));
        assert!(mentions(b"run: pushgate check\n") && !mentions(b"# pushgate\n"));
    }

    #[test]
    fn the_version_and_the_program_of_our_hook_are_read_from_it() {
        let hook = |path: &str| {
            let text = include_str!("../../hooks/pre-push");
            text.replace("@PUSHGATE@", path).into_bytes()
        };
        assert!(version(&hook("x")).is_some_and(|number| number >= 2));
        assert_eq!(version(b"#!/bin/sh\n"), None);
        assert_eq!(
            program(&hook("'/usr/bin/pushgate'")).unwrap(),
            b"/usr/bin/pushgate"
        );
        assert_eq!(program(&hook(r"'/Ana'\''s/p'")).unwrap(), b"/Ana's/p");
        assert_eq!(program(&hook("'/a\nb'")).unwrap(), b"/a\nb");
        assert_eq!(program(&hook("$(which pushgate)")), None);
        assert_eq!(program(&hook("'/a' b")), None);
        assert_eq!(program(b"\npushgate='"), None);
    }
}
