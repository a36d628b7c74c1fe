//! The policy file: what init writes, its errors, what is odd about it, and its schema.

mod errors;
mod init;
mod lint;
pub(crate) mod schema;
