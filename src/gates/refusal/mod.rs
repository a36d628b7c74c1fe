//! Why a gate refuses a push: one file a gate, with the facts, the words and the hints side by side.

pub mod promotion;
pub mod suite;
pub mod target;
pub mod trunk;
pub mod window;

use std::fmt;

use super::explanation::Explanation;

/// The facts of a refusal, by the gate that refuses.
#[derive(Clone, Debug)]
pub enum Refusal {
    Target(target::Refusal),
    Window(window::Refusal),
    Trunk(trunk::Refusal),
    Promotion(promotion::Refusal),
    Suite(suite::Refusal),
}

impl Refusal {
    /// Puts the facts into words.
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

impl From<target::Refusal> for Refusal {
    fn from(refusal: target::Refusal) -> Self {
        Self::Target(refusal)
    }
}

impl From<window::Refusal> for Refusal {
    fn from(refusal: window::Refusal) -> Self {
        Self::Window(refusal)
    }
}

impl From<trunk::Refusal> for Refusal {
    fn from(refusal: trunk::Refusal) -> Self {
        Self::Trunk(refusal)
    }
}

impl From<promotion::Refusal> for Refusal {
    fn from(refusal: promotion::Refusal) -> Self {
        Self::Promotion(refusal)
    }
}

impl From<suite::Refusal> for Refusal {
    fn from(refusal: suite::Refusal) -> Self {
        Self::Suite(refusal)
    }
}
