//! The configuration as YAML, which both read.

use serde_yaml::Value;

use super::super::edit;

/// The hook as `repos` lists it.
pub(super) const LINES: &str = "\
- repo: local
  hooks:
    - id: pushgate
      name: pushgate
      entry: pushgate pre-push --from pre-commit
      language: system
      stages: [pre-push]
      always_run: true
      pass_filenames: false
      verbose: true
";
const ID: &str = "pushgate";
const CALL: &str = "pushgate pre-push";

/// Whether any of its hooks is the gate.
pub(super) fn calls(text: &str) -> bool {
    let Ok(config) = serde_yaml::from_str::<Value>(text) else {
        return text.contains(CALL);
    };
    let lists = config.get("repos").and_then(Value::as_sequence);
    let mut hooks = lists
        .into_iter()
        .flatten()
        .filter_map(|repo| repo.get("hooks")?.as_sequence())
        .flatten();
    let says = |hook: &Value, key: &str, what: &dyn Fn(&str) -> bool| {
        hook.get(key).and_then(Value::as_str).is_some_and(what)
    };
    hooks.any(|hook| {
        says(hook, "id", &|id| id == ID) || says(hook, "entry", &|entry| entry.contains(CALL))
    })
}

/// The configuration with our lines first among its repositories; why not, where that is not safe.
pub(super) fn with_lines(text: &str) -> Result<String, String> {
    let read = |text: &str| serde_yaml::from_str::<Value>(text).map_err(|error| error.to_string());
    let mut expected = read(text)?;
    let spot =
        edit::below(text, &["repos"]).ok_or("its `repos` is not a list with one item to a line")?;
    let with = edit::put(text, &spot, LINES);
    let ours = read(LINES)?.as_sequence().cloned().unwrap_or_default();
    let repos = expected.get_mut("repos").and_then(Value::as_sequence_mut);
    repos.ok_or("its `repos` is not a list")?.splice(0..0, ours);
    if read(&with)? == expected {
        Ok(with)
    } else {
        Err("the lines would change what else it says".to_owned())
    }
}

/// The configuration without our lines; `None`: they are not there as they were written.
pub(super) fn without_lines(text: &str) -> Option<Result<String, String>> {
    let without = edit::take(text, LINES)?;
    Some(is_all_else(text, &without).map(|()| without))
}

/// Whether the second text says all that the first does, but for our hook; why not, where it does not.
fn is_all_else(text: &str, without: &str) -> Result<(), String> {
    let read = |text: &str| serde_yaml::from_str::<Value>(text).map_err(|error| error.to_string());
    let mut expected = read(text)?;
    let ours = read(LINES)?.as_sequence().cloned().unwrap_or_default();
    let repos = expected.get_mut("repos").and_then(Value::as_sequence_mut);
    let repos = repos.ok_or("its `repos` is not a list")?;
    if let Some(at) = repos.iter().position(|repo| ours.contains(repo)) {
        repos.remove(at);
    }
    if repos.is_empty() {
        return Err("without pushgate its `repos` would be empty".to_owned());
    }
    if read(without)? == expected {
        Ok(())
    } else {
        Err("without our lines it would say something else".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(text: &str) {
        let with = with_lines(text).unwrap();
        assert!(calls(&with) && !calls(text));
        assert_eq!(edit::take(&with, LINES).unwrap(), text);
        assert!(
            text.lines().all(|line| with.lines().any(|l| l == line)),
            "{with}"
        );
    }

    #[test]
    fn the_lines_go_in_and_out_of_what_people_write() {
        case("repos:\n- repo: local\n  hooks: []\n");
        case(
            "# ours\ndefault_stages: [pre-commit]\nrepos: # all of them\n  # the first\n  - repo: https://x/y\n    rev: v1 # pinned\n    hooks:\n      - id: a\n        args: [--x, 'it''s']\nfail_fast: true",
        );
        case("repos:\r\n    - repo: meta\r\n      hooks: [{id: identity}]\r\n");
    }

    #[test]
    fn what_cannot_be_edited_safely_is_refused() {
        for text in [
            "",
            "repos: []\n",
            "{repos: [{repo: meta, hooks: []}]}\n",
            "repos:\n",
            "hooks: 1\n",
            "repos: [\n",
            "a: |\n  x\nrepos: &all\n  - repo: meta\n    hooks: []\n",
            // The first `repos:` is text.
            "note: '\n\nrepos:\n\n  - no'\nrepos: [{repo: meta, hooks: []}]\n",
        ] {
            assert!(with_lines(text).is_err(), "{text}");
        }
    }

    #[test]
    fn lines_go_only_where_all_else_stays() {
        let goes = |text: &str| is_all_else(text, &edit::take(text, LINES).unwrap());
        let other = "- repo: meta\n  hooks: []\n";
        assert_eq!(goes(&format!("repos:\n{LINES}{other}")), Ok(()));
        let empty = goes(&format!("repos:\n{LINES}")).unwrap_err();
        assert!(empty.contains("would be empty"), "{empty}");
        let words = LINES.replace('\n', "\n  ");
        let text = format!("repos:\n{other}note: |\n  {}\n", words.trim_end());
        assert!(goes(&text).is_err(), "{text}");
        let more = format!("repos:\n{LINES}      args: [x]\n{other}");
        assert!(goes(&more).is_err());
    }

    #[test]
    fn the_gate_is_known_by_its_id_and_by_its_command() {
        assert!(calls(
            "repos:\n- repo: https://x/pushgate\n  rev: v1\n  hooks: [{id: pushgate}]\n"
        ));
        assert!(calls(
            "repos:\n- repo: local\n  hooks: [{id: x, entry: /bin/pushgate pre-push --from pre-commit}]\n"
        ));
        assert!(!calls(
            "repos:\n- repo: local\n  hooks: [{id: x, entry: y}] # pushgate pre-push\n"
        ));
    }
}
