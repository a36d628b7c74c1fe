//! Whether the programs of the suite are there, where it would run.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use super::{Finding, Found, LIMIT, Opened, from_here, is_runnable};
use crate::{
    app::preview::Preview,
    ci,
    gates::{Stop, Work, receipt},
    policy::{Ci, FILE, In, Step},
    process::{SH, program::run_within},
    text::{shell_word, span},
};

/// Whether the suite can run: its commands, its directories and its tree are there.
pub(crate) fn check(opened: &Opened) -> Found {
    let suite = &opened.policy.suite;
    if let Some(ci) = &suite.ci {
        return asked(ci, opened);
    }
    let steps = steps(opened)?;
    if steps.is_empty() {
        let text = "nothing is committed yet: the suite is found from the files of a commit";
        let hint = format!("commit, or say it under `suite.run` in {FILE}");
        return Ok(vec![Finding::warning(text).hint(hint)]);
    }
    if suite.place == In::Checkout && opened.world.work_tree().is_none() {
        return Err(Stop::bare());
    }
    let lacking: Vec<_> = steps
        .iter()
        .filter_map(|step| lacks(step, opened))
        .collect();
    if !lacking.is_empty() {
        return Ok(lacking);
    }
    Ok(vec![Finding::ok(runs(&steps, opened))])
}

/// The CI that is asked instead.
fn asked(asked: &Ci, opened: &Opened) -> Found {
    let (_, project) = ci::find(&opened.world, asked.forge, &opened.policy.trunk.remote)?;
    let checks = match asked.checks.as_slice() {
        [] => "all checks".to_owned(),
        checks => checks.join(", "),
    };
    let (host, path, program) = (project.host, project.path, asked.forge.program());
    let text = format!("{checks} of {host}/{path}, asked through {program}");
    Ok(vec![Finding::ok(text)])
}

/// The steps; none where they would be found from the files of a commit and there is none.
fn steps(opened: &Opened) -> Result<Vec<Step>, Stop> {
    let Some(commit) = &opened.commit else {
        return Ok(opened.policy.suite.steps.clone());
    };
    let preview = Preview::new(&opened.world, &opened.world);
    receipt::steps(&opened.policy, commit, &preview.world())
}

/// How long the suite took when it passed last.
pub(crate) fn last_took(opened: &Opened) -> Option<Duration> {
    let suite = &opened.policy.suite;
    if suite.ci.is_some() {
        return None;
    }
    let steps = steps(opened).ok()?;
    let work = Work::of(&opened.policy, opened.commit.as_ref()?, &steps);
    opened.world.last_took(&work).ok().flatten()
}

fn runs(steps: &[Step], opened: &Opened) -> String {
    let names: Vec<_> = steps.iter().map(step_name).collect();
    let mut text = names.join(", ");
    let suite = &opened.policy.suite;
    if suite.steps.is_empty() {
        text += ", found from the project's files";
    }
    if suite.place == In::Worktree {
        text += ", in a worktree of its own";
    }
    if let Some(took) = last_took(opened) {
        text += &format!("; took {} last time", span(took));
    }
    text
}

fn step_name(step: &Step) -> &str {
    step.name.as_deref().unwrap_or(step.run.trim())
}

/// The program of a command, after the variables before it, where no shell is needed to tell it.
fn first_word(command: &str) -> Option<&str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_./+@%-,:=".contains(c);
    let words = command.split_whitespace();
    let mut plain = words.take_while(|word| word.chars().all(is_plain));
    plain
        .find(|word| !word.contains('='))
        .filter(|word| !word.starts_with('-'))
}

/// What keeps a step from running, as far as the work tree shows.
fn lacks(step: &Step, opened: &Opened) -> Option<Finding> {
    let word = first_word(&step.run);
    let of = match step_name(step) {
        name if word == Some(name) => String::new(),
        name => format!(" of `{name}`"),
    };
    let directory = (opened.world.work_tree()?).join(step.dir.as_deref().unwrap_or_default());
    if !directory.is_dir() {
        let finding = Finding::broken(format!("the directory{of} is not there"));
        return Some(finding.hint(format!("fix `dir` in {FILE}")));
    }
    let word = word?;
    let file = directory.join(word);
    let is_path = word.contains('/');
    if (is_path && is_runnable(&file)) || (!is_path && is_known(word)) {
        None
    } else if is_path && file.is_file() {
        let path = shell_word(&from_here(&file));
        let command = format!("chmod +x {path} && git commit -m 'Make it executable' {path}");
        Some(Finding::broken(format!("`{word}`{of} is not executable")).run(command))
    } else {
        let finding = Finding::broken(format!("`{word}`{of} is not found"));
        Some(finding.hint(format!("install it, or fix `suite.run` in {FILE}")))
    }
}

/// Whether the shell knows a word: a program on PATH, or a word of its own.
fn is_known(word: &str) -> bool {
    let mut command = Command::new(SH);
    command
        .args(["-c", "command -v \"$1\"", "sh", word])
        .stdin(Stdio::null());
    // Without a shell it cannot be told here; the suite will tell.
    !matches!(run_within(command, LIMIT), Ok(Some(said)) if !said.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_of_a_simple_command_is_told() {
        assert_eq!(first_word("bin/rails test"), Some("bin/rails"));
        assert_eq!(
            first_word("  RAILS_ENV=test  PATH=a:b exec bundle exec rspec"),
            Some("exec")
        );
        assert_eq!(first_word("A=b npm test"), Some("npm"));
        assert_eq!(first_word("cd web && npm test"), Some("cd"));
        assert_eq!(first_word("make test; echo"), Some("make"));
        assert_eq!(first_word("A='b c d' make"), None);
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
