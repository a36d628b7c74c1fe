//! `pushgate init`.
use super::Done;
use crate::cli::Init;
pub(crate) fn run(_args: &Init) -> Done {
    Ok(0)
}
