//! The configuration as TOML, which prek reads before any other. What is put at its end changes nothing
//! before it.

use bstr::ByteSlice;

use super::super::edit;
use crate::doctor::script;

/// The hook as one more of `repos`.
pub(super) const LINES: &str = "\
[[repos]]
repo = \"local\"

[[repos.hooks]]
id = \"pushgate\"
name = \"pushgate\"
entry = \"pushgate pre-push --from pre-commit\"
language = \"system\"
stages = [\"pre-push\"]
always_run = true
pass_filenames = false
verbose = true
";
const IDS: [&str; 2] = ["id=\"pushgate\"", "id='pushgate'"];

/// Whether any of its hooks is the gate.
pub(super) fn calls(text: &str) -> bool {
    let names_it = |line: &[u8]| {
        let line = script::code(line).replace(" ", "");
        IDS.iter().any(|id| line.contains_str(id))
    };
    script::calls(text.as_bytes()) || text.as_bytes().lines().any(names_it)
}

/// The configuration with our lines last; why not, where that is not safe.
pub(super) fn with_lines(text: &str) -> Result<String, String> {
    let is_value = |line: &str| {
        let rest = line.trim_start().strip_prefix("repos");
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    if text.lines().any(is_value) {
        return Err("its `repos` is not written as one `[[repos]]` after another".to_owned());
    }
    Ok(edit::append(text, LINES))
}

/// The configuration without our lines; `None`: they are not there as they were written.
pub(super) fn without_lines(text: &str) -> Option<String> {
    edit::take_end(text, LINES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_go_in_and_out_of_what_people_write() {
        for text in [
            "",
            "# ours\nfail_fast = true",
            "[[repos]]\nrepo = \"local\"\nhooks = [\n  { id = \"x\" }, # x\n]\n",
            "[[repos]]\r\nrepo = \"builtin\"\r\n[[repos.hooks]]\r\nid = \"x\"\r\n",
        ] {
            let with = with_lines(text).unwrap();
            assert!(
                with.starts_with(text) && calls(&with) && !calls(text),
                "{with}"
            );
            assert_eq!(without_lines(&with).unwrap(), text);
        }
    }

    #[test]
    fn what_cannot_be_added_to_is_refused() {
        for text in ["repos = []\n", "a = 1\n repos=[\n{repo = \"local\"}]\n"] {
            assert!(with_lines(text).is_err(), "{text}");
        }
        assert_eq!(without_lines("[[repos]]\nrepo = \"local\"\n"), None);
    }

    #[test]
    fn the_gate_is_known_by_its_id_and_by_its_command() {
        assert!(calls("hooks = [{ name = \"x\", id = \"pushgate\" }]\n"));
        assert!(calls("[[repos.hooks]]\nid='pushgate'\n"));
        assert!(calls(
            "entry = \"/bin/pushgate pre-push --from pre-commit\"\n"
        ));
        assert!(!calls(
            "# id = \"pushgate\"\nid = \"x\" # pushgate pre-push\n"
        ));
    }
}
