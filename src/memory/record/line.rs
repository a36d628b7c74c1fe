//! A record as one line of JSON, as it is written and read.

use std::fmt;

use super::{Event, LONGEST_NAME, MOST_WORDS, Record, VERSION, tidy};

/// The longest line that is read; what we write is shorter.
const LONGEST_LINE: usize = 64 * 1024;
/// The most gates that a record names.
const MOST_GATES: usize = 16;

impl Record {
    /// Parses one line. A key that a later version adds is ignored.
    pub fn parse(line: &[u8]) -> Option<Self> {
        if line.len() > LONGEST_LINE {
            return None;
        }
        let record: Self = serde_json::from_slice(line).ok()?;
        record.is_whole().then(|| record.tidied())
    }

    /// Whether it is of this version, and names an environment and where that is.
    pub(in crate::memory) fn is_whole(&self) -> bool {
        let name = &self.environment;
        let is_name = !name.is_empty() && tidy(name, LONGEST_NAME) == *name;
        self.v == VERSION && is_name && !self.destinations.is_empty()
    }

    /// The texts of people as a terminal may show them, and no longer than they are read.
    fn tidied(mut self) -> Self {
        self.by = tidy(&self.by, LONGEST_NAME);
        let words = match &mut self.event {
            Event::Signoff { words } | Event::Unlock { words } | Event::Again { words, .. } => {
                words
            }
            Event::Deployed(deployed) => {
                deployed.gates.truncate(MOST_GATES);
                for gate in &mut deployed.gates {
                    *gate = tidy(gate, LONGEST_NAME);
                }
                &mut deployed.reason
            }
        };
        if let Some(words) = words {
            *words = tidy(words, MOST_WORDS);
        }
        self
    }
}

/// One line, without a line feed.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // JSON escapes every line feed. Nothing here can fail to be JSON.
        let line = serde_json::to_string(&self.clone().tidied());
        f.write_str(&line.map_err(|_| fmt::Error)?)
    }
}
