//! The names of the environment variables that pushgate reads and sets.

/// Turns the gates off for one push.
pub const SWITCH: &str = "PUSHGATE";
/// Names gates that are skipped.
pub const SKIP: &str = "PUSHGATE_SKIP";
/// Says that a push is a rollback.
pub const ROLLBACK: &str = "PUSHGATE_ROLLBACK";
/// Says why.
pub const REASON: &str = "PUSHGATE_REASON";
/// The process ids of the calls that run the present one as what follows their gates, outermost first.
pub const AFTER: &str = "PUSHGATE_AFTER";
/// The name of the file that says what the deploy around this process has judged.
pub const DEPLOY: &str = "PUSHGATE_DEPLOY";
/// What the command of a deploy is told: where it deploys, what, and what it replaces.
pub const ENVIRONMENT: &str = "PUSHGATE_ENVIRONMENT";
pub const COMMIT: &str = "PUSHGATE_COMMIT";
pub const REPLACES: &str = "PUSHGATE_REPLACES";
/// The suites that a process is a part of, outermost first: a line `PID-TIME.STEP DIRECTORY` each, with
/// the common directory of the tested repository.
pub(crate) const RUNNING: &str = "PUSHGATE_RUNNING";
/// Set for the command that prints what is live, which must not ask for itself.
pub(crate) const LIVE: &str = "PUSHGATE_LIVE";
/// Set by the scripts that complete command lines.
pub(crate) const COMPLETE: &str = "PUSHGATE_COMPLETE";
