//! pre-commit and prek run the hook that was there before theirs first, with all that git said: there the
//! gate hears each push. Their configuration can name it, too, for clones where only they were
//! installed; but what they tell such a hook is one ref of the push, and for some pushes they call none.

use std::path::Path;

use serde_yaml::Value;

use super::{edit, read, say_commit, warn_of_path, write};
use crate::{
    commands::{
        Done,
        hooks::{Hooks, Owner},
    },
    report,
    verdict::Trouble,
    world::Real,
};

const CONFIG: &str = ".pre-commit-config.yaml";
/// The hook as `repos` lists it.
const LINES: &str = "\
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

/// Tells of the lines for clones without our hook, or writes them.
pub(in crate::commands) fn install(hooks: &Hooks, world: &Real, is_written: bool) -> Done {
    let top = world.work_tree().ok_or(Trouble::Bare)?;
    let owner = hooks.owner.unwrap_or(Owner::PreCommit);
    report::say(&format!(
        "{owner} runs it before its own hooks, and leaves it there: it hears each push"
    ));
    let path = top.join(CONFIG);
    let before = read(&path)?.unwrap_or_default();
    let text = text(&path, before)?;
    if calls(&text) {
        report::say(&format!("{} calls pushgate already", path.display()));
    } else if is_written {
        match with_lines(&text) {
            Ok(with) => write(&path, with.as_bytes(), 0o644)?,
            Err(why) => {
                show(owner)?;
                return Err(Trouble::NotEdited { path, why });
            }
        }
        report::say(&format!("{} calls pushgate now", path.display()));
        say_commit(&path, world);
        warn_of_path();
    } else {
        report::say(&format!(
            "for clones in which only {owner} is installed, these lines go below `repos` of {CONFIG} (pushgate install --write puts them there):"
        ));
        show(owner)?;
    }
    Ok(0)
}

/// The lines, for copying, and what they are not good for.
fn show(owner: Owner) -> Result<(), Trouble> {
    report::data(LINES).map_err(|error| Trouble::io("print the lines", &error))?;
    let passes = match owner {
        Owner::Prek => "deletions, rollbacks, further refs, and commits that the remote has",
        _ => "deletions, further refs, and new refs for commits that the remote has",
    };
    report::say(&format!(
        "called so, the gate hears of one ref of a push; {owner} lets {passes} go without a word to it"
    ));
    Ok(())
}

/// Takes the lines out where they are as they were written.
pub(in crate::commands) fn uninstall(world: &Real) -> Result<u8, Trouble> {
    let Some(path) = world.work_tree().map(|top| top.join(CONFIG)) else {
        return Ok(0);
    };
    let Some(text) = read(&path)?.and_then(|text| String::from_utf8(text).ok()) else {
        return Ok(0);
    };
    if let Some(without) = edit::take(&text, LINES) {
        if let Err(why) = is_all_else(&text, &without) {
            report::say(&format!("{}: {why}: left as it is", path.display()));
            return Ok(1);
        }
        write(&path, without.as_bytes(), 0o644)?;
        report::say(&format!("{} is again what it was before", path.display()));
        say_commit(&path, world);
    } else if calls(&text) {
        report::say(&format!(
            "{} calls pushgate by words of its own: left as it is",
            path.display()
        ));
        return Ok(1);
    }
    Ok(0)
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

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Trouble> {
    String::from_utf8(bytes).map_err(|_| Trouble::NotEdited {
        path: path.to_owned(),
        why: "it is not UTF-8".to_owned(),
    })
}

/// Whether any of its hooks is the gate.
fn calls(text: &str) -> bool {
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
fn with_lines(text: &str) -> Result<String, String> {
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
