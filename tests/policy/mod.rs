//! The policy file: its errors, what is odd about it, and its schema.

mod errors;
mod lint;
pub(crate) mod schema;
