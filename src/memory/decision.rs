//! Whether a push may go, as the ledger and the hook's exit code say it.

use strum::IntoStaticStr;

/// The decision about a push; of several, the last one here outweighs the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Decision {
    Go,
    /// It goes because an override said so.
    Overridden,
    /// It could not be decided, so it does not go.
    Undecided,
    Refused,
}

impl Decision {
    /// The word for it in the ledger and in `--json`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The hook's exit code: 0 lets git push, anything else stops it (githooks(5)).
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Go | Self::Overridden => 0,
            Self::Refused => 1,
            Self::Undecided => 2,
        }
    }

    /// Whether git may push.
    pub fn permits(self) -> bool {
        self.exit_code() == 0
    }
}
