//! Why a push is refused, in words.

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
