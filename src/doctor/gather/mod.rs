//! Looks at the hook for the doctor.

pub(crate) mod answer;
pub(crate) mod file;
pub(crate) mod hook;
pub(crate) mod settings;
