//! Starting and ending processes, and what ends us.

pub(crate) mod caller;
pub(crate) mod children;
pub(crate) mod connection;
pub(crate) mod family;
pub(crate) mod group;
pub(crate) mod guard;
pub mod signals;
pub(crate) mod terminal;
