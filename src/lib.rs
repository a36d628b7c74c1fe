//! pushgate judges `git push staging master` and `git push production master` before they happen.
//!
//! The way of a push, which is also the map of this crate. Each part knows only those below it:
//!
//! - [`commands`]: one file a subcommand. `hooks/pre-push` calls `pushgate pre-push`, and git waits for
//!   it.
//! - `report` and `doctor`: what a person reads, and what `pushgate doctor` looks at.
//! - [`app`]: from a push to a decision. It finds the policy that governs which ref, asks the overrides
//!   and the gates, and writes down what was decided.
//! - `hooks`: installs our hook, and calls the hook that was there before.
//! - `ci` and `suite`: ask a forge whether the tests passed, or run them.
//! - [`git`]: everything that asks git: the repository, its remotes, and the team's notes.
//! - `process`: starts programs, and ends them with all that they started. `file`: writes files.
//! - [`gates`]: which refs are governed, the gates in their order, what they ask ([`gates::World`]) and
//!   what they answer.
//! - [`memory`]: the records of what was decided, deployed and signed off, and what follows from them.
//! - [`policy`]: `.pushgate.yml`. [`calendar`]: windows and holidays.
//! - [`push`]: what git tells the hook, and where a URL leads. [`cure`]: what to do about a refusal. `text`:
//!   quoting and spans of time. [`guides`]: what `pushgate help TOPIC` prints.
//!
//! From [`gates`] down, nothing asks a clock, a network, a process or a terminal. Only the ledger touches
//! the disk, and what reads a URL that is a path.

pub mod app;
pub mod calendar;
pub(crate) mod ci;
pub mod cli;
pub mod commands;
pub mod cure;
pub(crate) mod doctor;
pub(crate) mod file;
pub mod gates;
pub mod git;
pub mod guides;
pub(crate) mod hooks;
pub mod memory;
pub mod policy;
pub(crate) mod process;
pub mod push;
pub(crate) mod report;
pub mod suite;
pub(crate) mod text;
