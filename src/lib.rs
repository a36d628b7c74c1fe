//! pushgate: the gate in front of `git push staging master` and `git push production master`.
//!
//! The way of a push, which is also the map of this crate:
//!
//! 1. `hooks/pre-push` finds the program and hands over what git said: [`commands`] reads it,
//!    [`push`] understands it.
//! 2. [`destination`] and [`remotes`] tell where it really goes, whatever the remote is called.
//! 3. [`policy`] is what the team asks for, read from the pushed commit; [`calendar`] its hours.
//! 4. [`gates`] sort the refs by what governs them and ask the five questions, cheapest first.
//!    They ask the [`gates::World`]; [`world`] has the real answers, [`suite`] runs the tests.
//!    Where the tests run on a forge instead, [`ci`] reads what it says of the commit.
//! 5. [`judge`] holds it together, heeds the [`overrides`], and writes the [`ledger`]. What the team
//!    remembers of a commit is a [`record`], shared by git notes; [`history`] holds all that together.
//! 6. [`verdict`] is what came out, as data; [`report`] is what a person reads.
//!
//! Data flows one way: what is pure (push, ci, destination, remotes, policy, calendar, record, verdict, gates)
//! knows no clock, no disk, no network, no process and no terminal.

pub mod app;
pub mod calendar;
pub mod ci;
pub mod cli;
pub mod commands;
pub(crate) mod doctor;
pub(crate) mod file;
pub mod gates;
pub mod git;
pub mod hooks;
pub mod memory;
pub mod policy;
pub mod process;
pub mod push;
pub mod report;
pub mod suite;
pub(crate) mod text;
