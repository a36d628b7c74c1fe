//! What ails a clone: facts in, lines out, each ok, a warning or broken, with its cure.

pub(crate) mod clock;
pub mod facts;
pub(crate) mod gather;
pub(crate) mod hook;
pub(crate) mod memory;
pub(crate) mod policy;
pub(crate) mod program;
pub(crate) mod remotes;
pub mod script;
pub(crate) mod suite;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;

pub use suite::first_word;

use self::facts::Facts;
use crate::gates::verdict::Trouble;

/// What a line is about, in the order of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    /// This program, and git.
    Program,
    /// What git runs before a push.
    Hook,
    /// What the team asks for.
    Policy,
    /// Where pushes go.
    Remotes,
    /// What runs the tests.
    Suite,
    /// What this clone and the team remember.
    Memory,
    /// The time, and whose.
    Clock,
}

impl Group {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Hook => "hook",
            Self::Policy => "policy",
            Self::Remotes => "remotes",
            Self::Suite => "suite",
            Self::Memory => "memory",
            Self::Clock => "clock",
        }
    }
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    Ok,
    /// It works, and may not do what somebody expects.
    Warning,
    /// Pushes are refused for it, or not judged.
    Broken,
}

impl State {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Broken => "broken",
        }
    }
}

/// What mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cure {
    /// A command for the shell, to be copied as it is.
    Run(String),
    /// What no command does alone.
    Words(String),
}

impl Cure {
    pub(crate) fn run(command: impl Into<String>) -> Self {
        Self::Run(command.into())
    }

    pub(crate) fn words(words: impl Into<String>) -> Self {
        Self::Words(words.into())
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What it belongs to.
    pub group: Group,
    /// Its name for programs.
    pub check: &'static str,
    /// How it is.
    pub state: State,
    /// The facts.
    pub text: String,
    /// What somebody else said of it, line by line.
    pub details: Vec<String>,
    /// What to do, in this order.
    pub cures: Vec<Cure>,
}

impl Line {
    pub(crate) fn new(
        group: Group,
        check: &'static str,
        state: State,
        text: impl Into<String>,
    ) -> Self {
        Self {
            group,
            check,
            state,
            text: text.into(),
            details: Vec::new(),
            cures: Vec::new(),
        }
    }

    pub(crate) fn cure(mut self, cure: Cure) -> Self {
        self.cures.push(cure);
        self
    }

    pub(crate) fn run(self, command: impl Into<String>) -> Self {
        self.cure(Cure::run(command))
    }

    pub(crate) fn hint(self, words: impl Into<String>) -> Self {
        self.cure(Cure::words(words))
    }

    pub(crate) fn detail(mut self, lines: &[String]) -> Self {
        self.details.extend(lines.iter().cloned());
        self
    }

    /// What a trouble says, and what it says against itself.
    pub(crate) fn trouble(
        group: Group,
        check: &'static str,
        state: State,
        trouble: &Trouble,
    ) -> Self {
        let line = Self::new(group, check, state, trouble.to_string()).detail(trouble.causes());
        trouble.cures().into_iter().fold(line, Self::hint)
    }
}

/// Judges everything that was found.
pub fn judge(facts: &Facts) -> Vec<Line> {
    let mut lines = program::judge(facts);
    match &facts.repository {
        Some(Ok(here)) => {
            lines.extend(hook::judge(here, facts.git.as_ref().ok()));
            lines.extend(policy::judge(&here.policy, &facts.overrides));
            lines.extend(remotes::judge(here));
            lines.extend(suite::judge(&here.suite));
            lines.extend(memory::judge(&here.memory));
        }
        Some(Err(trouble)) => lines.push(hook::nowhere(trouble)),
        None => {}
    }
    lines.extend(clock::judge(&facts.clock));
    lines
}

/// The worst of all lines.
pub fn worst(lines: &[Line]) -> State {
    let states = lines.iter().map(|line| line.state);
    states.max().unwrap_or(State::Ok)
}
