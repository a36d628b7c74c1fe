//! What a check finds: how well something works, the facts in words, and how to fix it.

use serde::Serialize;

use crate::{cure::Cure, gates::Stop};

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
    /// In the order in which to read them.
    pub(crate) cures: Vec<Advice>,
}

/// What to do about a finding: words, which may announce the commands after them, or a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Advice {
    Hint(String),
    Run(String),
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
    pub(crate) fn error(error: impl Into<Stop>) -> Self {
        let error = error.into();
        let finding = Self::broken(error.why).details(&error.details);
        finding.cures(error.cures)
    }

    pub(crate) fn run(self, command: impl Into<String>) -> Self {
        self.advice([Advice::Run(command.into())])
    }

    /// Words that the commands after them belong to.
    pub(crate) fn hint(self, words: impl Into<String>) -> Self {
        self.advice([Advice::Hint(words.into())])
    }

    pub(crate) fn cures(self, cures: impl IntoIterator<Item = Cure>) -> Self {
        let parts = cures.into_iter().flat_map(|Cure { words, commands }| {
            let hint = (!words.is_empty()).then_some(Advice::Hint(words));
            hint.into_iter()
                .chain(commands.into_iter().map(Advice::Run))
        });
        self.advice(parts)
    }

    pub(crate) fn advice(mut self, parts: impl IntoIterator<Item = Advice>) -> Self {
        self.cures.extend(parts);
        self
    }

    pub(crate) fn details(mut self, lines: &[String]) -> Self {
        self.details.extend_from_slice(lines);
        self
    }
}

pub(crate) fn worst(findings: &[Finding]) -> Status {
    let statuses = findings.iter().map(|finding| finding.status);
    statuses.max().unwrap_or(Status::Ok)
}
