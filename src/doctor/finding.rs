//! What a check finds: how well something works, the facts in words, and how to fix it.

use serde::Serialize;

use crate::gates::Undecided;

/// How well something works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Ok,
    /// It works, though perhaps not as expected.
    Warning,
    /// Because of it pushes are refused, or are not judged.
    Broken,
}

/// A way to fix it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) enum Cure {
    /// A complete command for the shell.
    #[serde(rename = "run")]
    Command(String),
    /// What no command does alone.
    #[serde(rename = "hint")]
    Words(String),
}

/// The result of a check, as a person reads it and, as one of `lines`, in `doctor --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// The heading that it stands under; the list of checks fills in both.
    pub(crate) group: &'static str,
    pub(crate) check: &'static str,
    #[serde(rename = "state")]
    pub(crate) status: Status,
    pub(crate) text: String,
    /// What another program said of it, line by line.
    pub(crate) details: Vec<String>,
    /// In the order in which to try them.
    pub(crate) cures: Vec<Cure>,
}

impl Finding {
    pub(crate) fn new(status: Status, text: impl Into<String>) -> Self {
        Self {
            group: "",
            check: "",
            status,
            text: text.into(),
            details: Vec::new(),
            cures: Vec::new(),
        }
    }

    pub(crate) fn ok(text: impl Into<String>) -> Self {
        Self::new(Status::Ok, text)
    }

    pub(crate) fn warning(text: impl Into<String>) -> Self {
        Self::new(Status::Warning, text)
    }

    pub(crate) fn broken(text: impl Into<String>) -> Self {
        Self::new(Status::Broken, text)
    }

    /// What could not be answered is broken.
    pub(crate) fn error(error: impl Into<Undecided>) -> Self {
        let error = error.into();
        let finding = Self::broken(error.message).details(&error.details);
        finding.cures(error.cures)
    }

    pub(crate) fn cure(mut self, cure: Cure) -> Self {
        self.cures.push(cure);
        self
    }

    pub(crate) fn run(self, command: impl Into<String>) -> Self {
        self.cure(Cure::Command(command.into()))
    }

    pub(crate) fn hint(self, words: impl Into<String>) -> Self {
        self.cure(Cure::Words(words.into()))
    }

    pub(crate) fn cures(self, cures: impl IntoIterator<Item = crate::cure::Cure>) -> Self {
        (cures.into_iter()).fold(self, |finding, cure| {
            let finding = finding.hint(cure.words);
            cure.commands.into_iter().fold(finding, Self::run)
        })
    }

    pub(crate) fn details(mut self, lines: &[String]) -> Self {
        self.details.extend_from_slice(lines);
        self
    }
}

/// The worst status of all.
pub(crate) fn worst(findings: &[Finding]) -> Status {
    let statuses = findings.iter().map(|finding| finding.status);
    statuses.max().unwrap_or(Status::Ok)
}
