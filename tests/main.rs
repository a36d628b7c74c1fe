//! Real `git push` through the really installed hook against real bare repositories, a folder a topic.
//!
//! One binary: linking libgit2 once is enough. Every test has a directory, a HOME and a git
//! configuration of its own, and sees nothing of whoever runs it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    // As expect-test writes them.
    clippy::needless_raw_string_hashes,
    missing_docs,
    unreachable_pub
)]

mod support;

mod commands;
mod documentation;
mod installation;
mod memory;
mod policy;
mod properties;
mod push;
mod suite;
