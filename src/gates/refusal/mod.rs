//! Why a gate refuses a push: one file a gate, with the facts, the words and the hints side by side.

pub mod promotion;
pub mod suite;
pub mod target;
pub mod trunk;
pub mod window;

use std::fmt;

/// A refusal in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// One line; details follow on lines of their own.
    pub why: String,
    /// Commands that fix it, or words about it.
    pub hints: Vec<String>,
}

impl Explanation {
    pub(crate) fn new<H: Into<String>>(
        why: impl Into<String>,
        hints: impl IntoIterator<Item = H>,
    ) -> Self {
        Self {
            why: why.into(),
            hints: hints.into_iter().map(Into::into).collect(),
        }
    }
}

/// The facts of a refusal, by the gate that refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    Target(target::Refusal),
    Window(window::Refusal),
    Trunk(trunk::Refusal),
    Promotion(promotion::Refusal),
    Suite(suite::Refusal),
}

impl Refusal {
    pub fn explain(&self) -> Explanation {
        match self {
            Self::Target(refusal) => refusal.explain(),
            Self::Window(refusal) => refusal.explain(),
            Self::Trunk(refusal) => refusal.explain(),
            Self::Promotion(refusal) => refusal.explain(),
            Self::Suite(refusal) => refusal.explain(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.explain().why)
    }
}

macro_rules! from {
    ($($gate:ident($refusal:ty)),*) => {$(
        impl From<$refusal> for Refusal {
            fn from(refusal: $refusal) -> Self {
                Self::$gate(refusal)
            }
        }
    )*};
}

from!(
    Target(target::Refusal),
    Window(window::Refusal),
    Trunk(trunk::Refusal),
    Promotion(promotion::Refusal),
    Suite(suite::Refusal)
);
