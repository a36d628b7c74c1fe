//! What is seen while somebody else's machine runs the suite.

use super::{Audience, screen::Screen};

/// The screen of such a wait: the same status line and signs of life.
pub(crate) struct Waiting<'s>(Screen<'s>);

impl<'s> Waiting<'s> {
    pub(crate) fn new(audience: &'s dyn Audience) -> Self {
        let words = ["waiting for the checks", "no longer waiting for the checks"];
        Self(Screen::saying(words, audience, None))
    }

    /// Says a line.
    pub(crate) fn line(&self, text: &str) {
        self.0.line(text);
    }

    /// Shows how long it has been.
    pub(crate) fn tick(&self) {
        self.0.tick();
    }

    /// Says that somebody stopped it.
    pub(crate) fn interrupted(&self, by: &str) {
        self.0.interrupted(by, &[]);
    }

    /// Leaves the screen as a report may follow.
    pub(crate) fn end(&self) {
        self.0.end();
    }
}
