//! Looks at the repository for the doctor.

pub(crate) mod answer;
pub(crate) mod file;
pub(crate) mod gather;
pub(crate) mod hook;
pub(crate) mod place;
pub(crate) mod remotes;
pub(crate) mod settings;
pub(crate) mod suite;
