//! What a ref is at the other end, right now.

use bstr::BStr;
use std::time::Instant;

use super::{Real, network::LIMIT};
use crate::{git::Error, push::Oid};

impl Real {
    /// What a ref of the place that a push goes to names; `None` where there is none yet.
    pub(crate) fn tip_there(&self, url: &BStr, name: &str) -> Result<Option<Oid>, Error> {
        let deadline = Instant::now() + LIMIT;
        let mut tips = self.network().list(None, url, &[name], deadline)?;
        Ok(tips.pop().map(|(_, id)| id))
    }
}
