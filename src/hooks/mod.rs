//! Our hook: install, uninstall, the chained hook, other hook managers.

pub(crate) mod call;
pub(crate) mod chain;
pub(crate) mod files;
pub(crate) mod managers;
