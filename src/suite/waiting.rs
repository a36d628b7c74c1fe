//! What is seen while a forge runs the suite.

use super::{Audience, screen::Screen};
use crate::ci::Progress;

/// The status line and the signs of life of a suite that runs here, with other words.
pub(crate) struct Waiting<'s>(Screen<'s>);

impl<'s> Waiting<'s> {
    pub(crate) fn new(audience: &'s dyn Audience) -> Self {
        let words = ["waiting for the checks", "no longer waiting for the checks"];
        Self(Screen::saying(words, audience, None))
    }
}

impl Progress for Waiting<'_> {
    fn line(&self, text: &str) {
        self.0.line(text);
    }

    fn tick(&self) {
        self.0.tick();
    }

    fn interrupted(&self, by: &str) {
        self.0.interrupted(by, &[]);
    }

    fn end(&self) {
        self.0.end();
    }
}
