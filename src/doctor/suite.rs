//! Whether what runs the tests is there.

use super::{
    Group, Line, State,
    facts::{AskedCi, Found, Step, Suite},
};
use crate::{
    policy::{FILE, In},
    text::{shell_word, span},
};

pub(crate) fn judge(suite: &Suite) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(ci) = &suite.ci {
        return vec![asked(ci)];
    }
    match &suite.steps {
        Ok(steps) => {
            let lacking: Vec<_> = steps.iter().filter_map(lacks).collect();
            if steps.is_empty() {
                let text =
                    "nothing is committed yet: the suite is found from the files of a commit";
                lines.push(
                    new("suite", State::Warning, text)
                        .hint(format!("commit, or say it under `suite.run` in {FILE}")),
                );
            } else if lacking.is_empty() {
                lines.push(new("suite", State::Ok, runs(suite, steps)));
            }
            lines.extend(lacking);
        }
        Err((why, cures)) => {
            let line = new("suite", State::Broken, why);
            lines.push(cures.iter().cloned().fold(line, Line::hint));
        }
    }
    if let Some(trouble) = &suite.nowhere {
        lines.push(Line::trouble(Group::Suite, "place", State::Broken, trouble));
    }
    lines
}

pub(crate) fn asked(ci: &AskedCi) -> Line {
    let program = ci.forge.program();
    match &ci.project {
        Ok(project) if ci.checks.is_empty() => {
            let text = format!("all checks of {project}, asked through {program}");
            new("suite", State::Ok, text)
        }
        Ok(project) => {
            let checks = ci.checks.join(", ");
            let text = format!("{checks} of {project}, asked through {program}");
            new("suite", State::Ok, text)
        }
        Err(trouble) => Line::trouble(Group::Suite, "suite", State::Broken, trouble),
    }
}

pub(crate) fn new(check: &'static str, state: State, text: impl Into<String>) -> Line {
    Line::new(Group::Suite, check, state, text)
}

pub(crate) fn runs(suite: &Suite, steps: &[Step]) -> String {
    let mut text = match steps {
        [one] => one.name.clone(),
        several => {
            let names: Vec<_> = several.iter().map(|step| step.name.as_str()).collect();
            format!("{} steps: {}", several.len(), names.join(", "))
        }
    };
    if suite.is_detected {
        text += ", found from the project's files";
    }
    if suite.place == In::Worktree {
        text += ", in a worktree of its own";
    }
    if let Some(took) = suite.last_took {
        text += &format!("; took {} last time", span(took));
    }
    text
}

/// The program that a command begins with, where the command is so simple that this can be told.
///
/// Variables before it, and words that only pass a command on, are left out.
pub fn first_word(command: &str) -> Option<&str> {
    const PASS_ON: [&str; 4] = ["exec", "env", "time", "nohup"];
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./+@%-".contains(c);
    let is_value = |c: char| is_plain(c) || ",:=".contains(c);
    for word in command.split_whitespace() {
        if let Some((name, value)) = word.split_once('=') {
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let is_variable = !name.is_empty() && name.chars().all(is_name);
            if !is_variable || !value.chars().all(is_value) {
                return None;
            }
        } else if !word.chars().all(is_plain) || word.starts_with('-') {
            return None;
        } else if !PASS_ON.contains(&word) {
            return Some(word);
        }
    }
    None
}

/// What a step lacks.
pub(crate) fn lacks(step: &Step) -> Option<Line> {
    let broken = |text: String| new("command", State::Broken, text);
    let word = step.word.as_deref().unwrap_or_default();
    let of = if step.name == word {
        String::new()
    } else {
        format!(" of `{}`", step.name)
    };
    match step.found {
        Found::There => None,
        Found::Missing => Some(
            broken(format!("`{word}`{of} is not found"))
                .hint(format!("install it, or mend `suite.run` in {FILE}")),
        ),
        Found::NotExecutable => {
            let path = shell_word(step.path.as_deref().unwrap_or(word));
            Some(
                broken(format!("`{word}`{of} is not executable")).run(format!(
                    "chmod +x {path} && git commit -m 'Make it executable' {path}"
                )),
            )
        }
        Found::NoDirectory => Some(
            broken(format!("the directory{of} is not there")).hint(format!("mend `dir` in {FILE}")),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_of_a_simple_command_is_told() {
        assert_eq!(first_word("bin/rails test"), Some("bin/rails"));
        assert_eq!(
            first_word("  RAILS_ENV=test  PATH=a:b exec bundle exec rspec"),
            Some("bundle")
        );
        assert_eq!(first_word("env A=b npm test"), Some("npm"));
        assert_eq!(first_word("cd web && npm test"), Some("cd"));
        assert_eq!(first_word("make test; echo"), Some("make"));
        assert_eq!(first_word("./go+1.2_x@3"), Some("./go+1.2_x@3"));
    }

    #[test]
    fn what_only_a_shell_understands_is_not_judged() {
        for command in [
            "",
            "  ",
            "(cd web; npm test)",
            "{ make; }",
            "\"$HOME/bin/x\" y",
            "$RUNNER",
            "`x`",
            "! false",
            "A=$(x) make",
            "env -i make",
            "'a b' c",
            "a\\ b",
            "A=b",
            "~/bin/x",
            "[ -x a ]",
            "-x",
            "make;",
        ] {
            assert_eq!(first_word(command), None, "{command}");
        }
    }
}
