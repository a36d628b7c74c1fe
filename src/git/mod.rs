//! Everything that asks git: the repository, its remotes, and the team's notes.

mod backend;
mod cat_file;
pub(crate) mod command;
mod error;
pub(crate) mod files;
mod libgit2;
mod live_command;
mod local;
pub(crate) mod locks;
mod login;
mod mailmap;
pub(crate) mod network;
pub mod notes;
pub(crate) mod objects;
mod push;
mod reflog;
mod remotes;
mod repository;
mod trunk;
mod version;
pub(crate) mod work_tree;

pub(crate) use command::Git;
pub(crate) use push::pause;
pub(crate) use reflog::{Moved, SECOND};
pub use repository::Repository;
pub(crate) use version::Version;
