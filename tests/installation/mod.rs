//! How the hook and the program come to a machine, and who else is there.

pub(crate) mod hook_managers;
mod install;
mod install_script;
mod packages;
