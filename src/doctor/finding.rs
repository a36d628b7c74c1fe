//! What a check finds: how well something works, the facts in words, and how to fix it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

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
    /// In the order in which to try them; commands that need no words have none.
    #[serde(serialize_with = "as_list")]
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
    pub(crate) fn error(error: impl Into<Stop>) -> Self {
        let error = error.into();
        let finding = Self::broken(error.why).details(&error.details);
        finding.cures(error.cures)
    }

    pub(crate) fn run(self, command: impl Into<String>) -> Self {
        self.cures([Cure::run("", [command])])
    }

    /// Words that the commands after them belong to.
    pub(crate) fn hint(self, words: impl Into<String>) -> Self {
        self.cures([Cure::words(words)])
    }

    pub(crate) fn cures(mut self, cures: impl IntoIterator<Item = Cure>) -> Self {
        self.cures.extend(cures);
        self
    }

    pub(crate) fn details(mut self, lines: &[String]) -> Self {
        self.details.extend_from_slice(lines);
        self
    }
}

/// Writes `{"hint": words}` and `{"run": command}` one after the other.
fn as_list<S: Serializer>(cures: &[Cure], to: S) -> Result<S::Ok, S::Error> {
    let parts = cures.iter().flat_map(|Cure { words, commands }| {
        let hint = (!words.is_empty()).then_some(("hint", words));
        hint.into_iter()
            .chain(commands.iter().map(|command| ("run", command)))
    });
    to.collect_seq(parts.map(|part| BTreeMap::from([part])))
}

pub(crate) fn worst(findings: &[Finding]) -> Status {
    let statuses = findings.iter().map(|finding| finding.status);
    statuses.max().unwrap_or(Status::Ok)
}
