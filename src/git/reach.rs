//! What the refs of a remote are now.

use std::time::Instant;

use bstr::BStr;

use super::Real;
use crate::{git::Error, push::Oid};

impl Real {
    /// What these refs of a remote are now, at each place that it is fetched from or pushed to.
    pub(crate) fn reach(&self, remote: &BStr, refs: &[&str]) -> Result<Vec<(String, Oid)>, Error> {
        let network = self.network();
        let deadline = Instant::now() + network.limit;
        let fetched = self.remotes.fetch_url(remote);
        let mut tips = Vec::new();
        if let Some(url) = &fetched {
            tips = network.list(Some(remote), url.as_ref(), refs, deadline)?;
        }
        for url in self.remotes.push_urls(remote) {
            if Some(&url) != fetched.as_ref() {
                tips.extend(network.list(None, url.as_ref(), refs, deadline)?);
            }
        }
        Ok(tips)
    }
}
