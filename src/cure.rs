//! What to do about something that did not go: words, and the commands that they announce.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::shell_word;

/// One way out of a refusal or an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cure {
    /// Lower case, without a full stop, and without the colon before the commands.
    pub words: String,
    /// Complete commands for a shell, in their order; none where only words can help.
    pub commands: Vec<String>,
}

impl Cure {
    pub(crate) fn words(words: impl Into<String>) -> Self {
        Self::run(words, [""; 0])
    }

    pub(crate) fn run(
        words: impl Into<String>,
        commands: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            words: words.into(),
            commands: commands.into_iter().map(Into::into).collect(),
        }
    }
}

/// All of it in one line, where there is no room for more.
impl fmt::Display for Cure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        if self.commands.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.commands.join(" && "))
    }
}

/// Writes a command so that a shell reads back these very words.
pub(crate) fn command<W: AsRef<str>>(words: impl IntoIterator<Item = W>) -> String {
    let quoted = words.into_iter().map(|word| shell_word(word.as_ref()));
    quoted.collect::<Vec<_>>().join(" ")
}
