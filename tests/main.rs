//! Real `git push` through the really installed hook against real bare repositories, one file a topic.
//!
//! One binary: linking libgit2 once is enough. Every test has a directory, a HOME and a git
//! configuration of its own, and sees nothing of whoever runs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    missing_docs,
    unreachable_pub
)]

mod support;

mod approve;
mod bad_input;
mod calendar_properties;
mod chained;
mod ci;
mod commands;
mod completions;
mod did_you_mean;
mod doctor;
mod endings;
mod everywhere;
mod governing;
mod holidays;
mod http;
mod install;
mod install_script;
mod lint;
mod log;
mod manual;
mod model;
mod neighbours;
mod nesting;
mod notes;
mod notes_shared;
mod overrides;
mod packages;
mod pictures;
mod pipelines;
mod policy_errors;
mod policy_properties;
mod promotion;
mod properties;
mod readme;
mod receipts;
mod record;
mod repositories;
mod rollback;
mod schema;
mod schema_properties;
mod signatures;
mod signoff;
mod soak;
mod ssh;
mod status;
mod suite;
mod target;
mod team;
mod trunk;
mod window;
mod window_picture;
mod worktree;
