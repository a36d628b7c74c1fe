//! Lines into a YAML file that a person wrote, and out again: the text is changed where it must be and
//! nowhere else, so that comments and order stay.

/// Where the first child of a key stands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    /// The offset at which its line begins.
    pub(crate) at: usize,
    /// How far it is indented.
    pub(crate) indent: usize,
}

/// A line that says something: where it ends, its indentation, and its text without that.
pub(crate) struct Line<'t> {
    end: usize,
    indent: usize,
    text: &'t str,
}

pub(crate) fn lines(text: &str) -> Vec<Line<'_>> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        let end = at + line.len();
        let said = line.trim_start_matches(' ');
        let indent = line.len() - said.len();
        let said = said.trim_end();
        if !said.is_empty() && !said.starts_with('#') {
            lines.push(Line {
                end,
                indent,
                text: said,
            });
        }
        at = end;
    }
    lines
}

/// Finds the place below these keys, each a child of the one before, all in block style.
pub(crate) fn below(text: &str, keys: &[&str]) -> Option<Spot> {
    let lines = lines(text);
    let mut rest = &lines[..];
    let mut indent = 0;
    let mut spot = None;
    for key in keys {
        let at = rest
            .iter()
            .position(|line| line.indent == indent && is_key(line.text, key))?;
        let end = rest[at].end;
        let after = &rest[at + 1..];
        let is_below = |line: &&Line<'_>| {
            line.indent > indent || (line.indent == indent && line.text.starts_with("- "))
        };
        let count = after.iter().take_while(is_below).count();
        rest = &after[..count];
        indent = rest.first()?.indent;
        // A comment above the first child may be about it.
        spot = Some(Spot { at: end, indent });
    }
    spot
}

/// `key:` and at most a comment.
pub(crate) fn is_key(line: &str, key: &str) -> bool {
    let rest = line
        .strip_prefix(key)
        .and_then(|rest| rest.strip_prefix(':'));
    rest.is_some_and(|rest| {
        rest.is_empty() || (rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#'))
    })
}

/// Puts lines where a spot is.
pub(crate) fn put(text: &str, spot: &Spot, lines: &str) -> String {
    let (before, after) = text.split_at(spot.at);
    let gap = if before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{gap}{}{after}", indented(text, lines, spot.indent))
}

/// Puts lines at the end, after an empty one.
pub(crate) fn append(text: &str, lines: &str) -> String {
    format!("{text}{}", indented(text, &format!("\n{lines}"), 0))
}

/// Takes lines out again, wherever and however deep they stand; `None`: they are not there as they
/// were written.
pub(crate) fn take(text: &str, lines: &str) -> Option<String> {
    let first = lines.lines().next()?;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let said = line.trim_start_matches(' ');
        if said.trim_end() == first.trim_end() {
            let ours = indented(text, lines, line.len() - said.len());
            if let Some(after) = text[at..].strip_prefix(&ours) {
                return Some(format!("{}{after}", &text[..at]));
            }
        }
        at += line.len();
    }
    None
}

/// Takes back what was put at the end.
pub(crate) fn take_end(text: &str, lines: &str) -> Option<String> {
    let ours = indented(text, &format!("\n{lines}"), 0);
    let (before, after) = text.split_once(&ours)?;
    Some(format!("{before}{after}"))
}

/// The lines as they would stand in this text.
pub(crate) fn indented(text: &str, lines: &str, indent: usize) -> String {
    let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let deep = " ".repeat(indent);
    let line = |line: &str| match line {
        "" => end.to_owned(),
        line => format!("{deep}{line}{end}"),
    };
    lines.lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "- id: ours\n  run: us\n";

    #[track_caller]
    fn case(text: &str, keys: &[&str], expected: &str) {
        let spot = below(text, keys).unwrap_or_else(|| panic!("no place in {text:?}"));
        let with = put(text, &spot, OURS);
        assert_eq!(with, expected);
        assert_eq!(take(&with, OURS).unwrap(), text);
    }

    #[track_caller]
    fn nowhere(text: &str, keys: &[&str]) {
        assert_eq!(below(text, keys), None, "{text:?}");
    }

    #[test]
    fn lines_stand_before_the_first_child_as_deep_as_it() {
        case(
            "# ours\nrepos:   # all\n- repo: local\n",
            &["repos"],
            "# ours\nrepos:   # all\n- id: ours\n  run: us\n- repo: local\n",
        );
        case(
            "a: 1\nrepos:\n\n  # why\n    - repo: local\nz: 1",
            &["repos"],
            "a: 1\nrepos:\n    - id: ours\n      run: us\n\n  # why\n    - repo: local\nz: 1",
        );
        case(
            "x:\n  jobs:\n    - a: 1\npre-push:\n  parallel: true\n  jobs:\n  - a: 1\n",
            &["pre-push", "jobs"],
            "x:\n  jobs:\n    - a: 1\npre-push:\n  parallel: true\n  jobs:\n  - id: ours\n    run: us\n  - a: 1\n",
        );
        case(
            "repos:\r\n  - repo: local\r\n",
            &["repos"],
            "repos:\r\n  - id: ours\r\n    run: us\r\n  - repo: local\r\n",
        );
    }

    #[test]
    fn what_is_not_in_block_style_has_no_place() {
        nowhere("repos: []\n", &["repos"]);
        nowhere("repos:\nother: 1\n", &["repos"]);
        nowhere("{repos: [a]}\n", &["repos"]);
        nowhere("x:\n  repos:\n    - a\n", &["repos"]);
        nowhere("repos: &a\n  - a\n", &["repos"]);
        nowhere("a:\n  x: 1\nb:\n  jobs:\n    - a\n", &["a", "jobs"]);
        nowhere("", &["repos"]);
    }

    #[test]
    fn what_was_appended_goes_again() {
        for text in ["a: 1\n", "a: 1", "", "a: 1\r\n", "a: 1\n\n\n"] {
            let with = append(text, OURS);
            assert_eq!(take_end(&with, OURS).unwrap(), text);
        }
    }

    #[test]
    fn lines_that_somebody_changed_stay() {
        assert_eq!(take("repos:\n- id: ours\n  run: them\n", OURS), None);
        assert_eq!(take("repos:\n- id: ours\n", OURS), None);
        assert_eq!(take_end("- id: ours\n  run: us\n", OURS), None);
    }
}
