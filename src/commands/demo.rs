//! `pushgate demo`.
use super::Done;
use crate::cli::Demo;
pub(crate) fn run(_args: &Demo) -> Done {
    Ok(0)
}
