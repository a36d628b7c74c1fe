//! The two forms of such a configuration. Each is read before and after a change of its text: nothing
//! else may mean anything else.

use std::path::Path;

use serde_yaml::Value;

use super::{super::edit, config, toml, yaml};
use crate::doctor::script::{self, Says};

pub(crate) const NO_LIST: &str = "its `repos` is not a list";

/// How a configuration is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Yaml,
    Toml,
}

impl Form {
    pub(crate) fn of(path: &Path) -> Self {
        match path.extension() {
            Some(ending) if ending == "toml" => Self::Toml,
            _ => Self::Yaml,
        }
    }

    pub(crate) fn lines(self) -> &'static str {
        match self {
            Self::Yaml => yaml::LINES,
            Self::Toml => toml::LINES,
        }
    }

    /// Where the lines go, before the name of the file.
    pub(crate) fn place(self) -> &'static str {
        match self {
            Self::Yaml => "below `repos` of",
            Self::Toml => "at the end of",
        }
    }

    /// What a configuration says of the gate.
    pub(crate) fn says(self, text: &str) -> Says {
        match self.read(text) {
            Ok(config) => config::says(&config),
            // Whoever writes so means it, and the tool may read more than we do.
            Err(_) if script::calls(text.as_bytes()) => Says::Calls,
            Err(_) => Says::Nothing,
        }
    }

    /// The configuration with our lines: first of all as YAML, last as TOML. Why not, where that is
    /// not safe.
    pub(crate) fn with_lines(self, text: &str) -> Result<String, String> {
        let mut expected = self.read(text)?;
        let repos = repos(&mut expected).ok_or(NO_LIST)?;
        let (with, at, why) = match self {
            Self::Yaml => {
                let why = "its `repos` is not a list with one item to a line";
                let spot = edit::below(text, &["repos"]).ok_or(why)?;
                let with = edit::put(text, &spot, self.lines());
                (with, 0, "the lines would change what else it says")
            }
            Self::Toml => {
                let why = "its `repos` is not written as one `[[repos]]` after another";
                (edit::append(text, self.lines()), repos.len(), why)
            }
        };
        repos.splice(at..at, self.ours());
        if self.read(&with).is_ok_and(|with| with == expected) {
            Ok(with)
        } else {
            Err(why.to_owned())
        }
    }

    /// The configuration without our lines; why they stay, where that is not safe; `None`: they are not
    /// there as they were written.
    pub(crate) fn without_lines(self, text: &str) -> Option<Result<String, String>> {
        let without = match self {
            Self::Yaml => edit::take(text, self.lines())?,
            Self::Toml => edit::take_end(text, self.lines())?,
        };
        Some(self.is_all_else(text, &without).map(|()| without))
    }

    /// Whether the second text says all that the first does, but for our hook; why not, where it does
    /// not.
    pub(crate) fn is_all_else(self, text: &str, without: &str) -> Result<(), String> {
        let mut expected = self.read(text)?;
        let ours = self.ours();
        let repos = repos(&mut expected).ok_or(NO_LIST)?;
        if let Some(at) = repos.iter().position(|repo| ours.contains(repo)) {
            repos.remove(at);
        }
        if repos.is_empty() {
            return Err("without pushgate its `repos` would be empty".to_owned());
        }
        if self.read(without).is_ok_and(|without| without == expected) {
            Ok(())
        } else {
            Err("without our lines it would say something else".to_owned())
        }
    }

    pub(crate) fn read(self, text: &str) -> Result<Value, String> {
        match self {
            Self::Yaml => yaml::read(text),
            Self::Toml => toml::read(text),
        }
    }

    /// What our lines say.
    pub(crate) fn ours(self) -> Vec<Value> {
        let said = self.read(self.lines()).unwrap_or_default();
        let list = said.get("repos").unwrap_or(&said);
        config::items(Some(list)).cloned().collect()
    }
}

pub(crate) fn repos(config: &mut Value) -> Option<&mut Vec<Value>> {
    config.get_mut("repos").and_then(Value::as_sequence_mut)
}

#[cfg(test)]
mod tests {
    use super::{Form::*, *};

    #[track_caller]
    fn goes_in_and_out(form: Form, text: &str) {
        let with = form.with_lines(text).unwrap();
        assert_eq!(
            (form.says(text), form.says(&with)),
            (Says::Nothing, Says::Calls)
        );
        assert_eq!(form.without_lines(&with).unwrap().unwrap(), text);
        assert!(
            text.lines().all(|line| with.lines().any(|l| l == line)),
            "{with}"
        );
    }

    #[test]
    fn the_lines_go_into_what_people_write_and_out_again() {
        for text in [
            "repos:\n- repo: local\n  hooks: []\n",
            "# ours\ndefault_stages: [pre-commit]\nrepos: # all of them\n  # the first\n  - repo: https://x/y\n    rev: v1 # pinned\n    hooks:\n      - id: a\n        args: [--x, 'it''s']\nfail_fast: true",
            "repos:\r\n    - repo: meta\r\n      hooks: [{id: identity}]\r\n",
        ] {
            goes_in_and_out(Yaml, text);
        }
        for text in [
            "[[repos]]\nrepo = \"local\"\nhooks = [\n  { id = \"x\" }, # x\n]",
            "share = 5\r\n[[repos]]\r\nrepo = \"builtin\"\r\n[[repos.hooks]]\r\nid = \"x\"\r\n",
            "fail_fast = true\n[[repos]]\nrepo = 'meta'\nrepos = 1\n",
        ] {
            goes_in_and_out(Toml, text);
        }
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
            assert!(Yaml.with_lines(text).is_err(), "{text}");
        }
        for (text, why) in [
            ("", "is not a list"),
            ("fail_fast = true\n", "is not a list"),
            ("repos = []\n", "one `[[repos]]` after"),
            (
                "a = 1\n repos=[\n{repo = \"local\"}]\n",
                "one `[[repos]]` after",
            ),
            ("\"repos\" = [{repo = \"meta\"}]\n", "one `[[repos]]` after"),
            ("'repos' = [{repo = \"meta\"}]\n", "one `[[repos]]` after"),
            ("a = 1\nrepos [\n", "line 2 "),
            ("[[repos]]\nrepo = 1\nrepo = 2\n", "line 3 "),
        ] {
            let refused = Toml.with_lines(text).unwrap_err();
            assert!(
                refused.contains(why) && !refused.contains('\n'),
                "{refused}"
            );
        }
    }

    #[test]
    fn lines_go_only_where_all_else_stays() {
        let stay = |form: Form, text: &str, words: &str| {
            let why = form.without_lines(text).unwrap().unwrap_err();
            assert!(why.contains(words), "{text} {why}");
        };
        let (lines, other) = (yaml::LINES, "- repo: meta\n  hooks: []\n");
        stay(Yaml, &format!("repos:\n{lines}"), "would be empty");
        let words = lines.replace('\n', "\n  ");
        let text = format!("repos:\n{other}note: |\n  {}\n", words.trim_end());
        stay(Yaml, &text, "something else");
        let more = format!("repos:\n{lines}      args: [x]\n{other}");
        stay(Yaml, &more, "something else");
        let (lines, other) = (
            toml::LINES,
            "[[repos]]\nrepo = \"meta\"\nhooks = [{id = \"x\"}]\n",
        );
        stay(Toml, &format!("\n{lines}"), "would be empty");
        for (before, after) in [
            (other, "\n[[repos.hooks]]\nid = \"team\"\n"),
            (other, "log_file = \"push.log\"\n"),
            (
                "[[repos]]\n[[repos.hooks]]\nid = \"x\"\n",
                "log_file = \"push.log\"\n",
            ),
            (
                "[[repos]]\n[[repos.hooks]]\nid = \"x\"\n",
                "\n[[repos.hooks]]\nid = \"team\"\n",
            ),
        ] {
            stay(Toml, &format!("{before}\n{lines}{after}"), "something else");
        }
        stay(Toml, &format!("{other}\n{lines}verbose = true\n"), "line ");
        assert_eq!(Toml.without_lines(other), None);
    }

    #[test]
    fn what_is_not_read_here_calls_it_by_its_command() {
        for (text, says) in [
            (
                "a = 1.5\n[[repos]]\nentry = \"pushgate pre-push\"\n",
                Says::Calls,
            ),
            ("repos [", Says::Nothing),
            ("# pushgate pre-push\n", Says::Nothing),
        ] {
            assert_eq!(Toml.says(text), says, "{text}");
        }
    }
}
