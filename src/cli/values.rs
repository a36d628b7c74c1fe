//! Values of options that are refused for what they say.

use crate::{process::variable, push::variables::REASON, text::says_something};

/// Takes words that say something, for others read them.
pub(super) fn words(text: &str) -> Result<String, &'static str> {
    let said = says_something(text).then(|| text.to_owned());
    said.ok_or("it has no letter and no digit")
}

/// Takes the reason of a rollback, which one that the environment gives must not contradict: one is recorded.
pub(super) fn reason(text: &str) -> Result<String, &'static str> {
    let given = variable(REASON).unwrap_or_default();
    if !["", text.trim()].contains(&given.trim()) {
        return Err("PUSHGATE_REASON gives another reason; leave one of them out");
    }
    words(text)
}
