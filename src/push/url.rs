//! Git URLs: their parts, which of them use ssh, and how to print them without secrets.

use bstr::{BStr, ByteSlice};
use percent_encoding::percent_decode_str;

/// The parts of a remote URL that say where it leads; the password is dropped.
pub(super) struct Parts {
    pub(super) ssh: bool,
    pub(super) user: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<String>,
    pub(super) path: String,
}

impl Parts {
    /// Reads a URL as git does (git-fetch(1), "GIT URLS"); `None` for a path on this machine.
    pub(super) fn of(url: &BStr) -> Option<Self> {
        let text = url.to_str_lossy();
        let (scheme, authority, path) = match text.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("file") => return None,
            Some((scheme, rest)) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                let mut scheme = scheme.to_ascii_lowercase();
                // Remote helpers and git's old spellings: `git+ssh`, `ssh+git`.
                if scheme.contains("ssh") {
                    "ssh".clone_into(&mut scheme);
                }
                (scheme, &rest[..end], &rest[end..])
            }
            None => {
                // scp-like: a colon before the first slash; `[host]:path` holds an IPv6 address.
                let bracket = text.find("]:").map(|at| at + 1);
                let colon = bracket.or_else(|| text.find(':'))?;
                if text[..colon].contains('/') && bracket.is_none() {
                    return None;
                }
                ("ssh".to_owned(), &text[..colon], &text[colon + 1..])
            }
        };
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, authority),
        };
        let user = credentials.map(|c| c.split(':').next().unwrap_or_default().to_owned());
        // `[::1]:22` and `[::1]`; scp-like `[host:port]` as well.
        let bracketed = place
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'));
        let (host, port) = match bracketed {
            Some((inner, after)) if inner.matches(':').count() != 1 => {
                (inner, after.strip_prefix(':'))
            }
            other => {
                let text = other.map_or(place, |(inner, _)| inner);
                let parts = text.rsplit_once(':');
                parts.map_or((text, None), |(host, port)| (host, Some(port)))
            }
        };
        let own = match scheme.as_str() {
            "https" => "443",
            "http" => "80",
            "ssh" => "22",
            "git" => "9418",
            _ => "",
        };
        // The scp-like form is no URL: git does not decode it, and it has no query.
        let is_url = text.contains("://");
        let bare = match path.find(['?', '#']) {
            Some(end) if is_url => &path[..end],
            _ => path,
        };
        let decoded = percent_decode_str(bare).collect::<Vec<_>>();
        let decoded = decoded.to_str_lossy();
        let path = if is_url { decoded.as_ref() } else { bare };
        let path = path.trim_matches('/');
        let path = path.strip_suffix(".git").unwrap_or(path);
        let path = path.trim_end_matches('/');
        Some(Self {
            ssh: scheme == "ssh",
            user,
            host: host.trim_end_matches('.').to_ascii_lowercase(),
            port: port
                .filter(|p| !p.is_empty() && *p != own)
                .map(str::to_owned),
            // Many hosts take `Team/Shop` and `team/shop` for one; on the others this governs too much, never too little.
            path: path.to_lowercase(),
        })
    }

    pub(super) fn authority(&self) -> String {
        match &self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

/// Whether git reaches this URL by ssh.
pub fn is_ssh(url: &BStr) -> bool {
    Parts::of(url).is_some_and(|parts| parts.ssh)
}

/// Returns the arguments with which git calls ssh for a URL, and the host; `None` where git does not use ssh
/// for it, or refuses the host because it looks like an option.
pub(crate) fn ssh_call(url: &BStr) -> Option<(Vec<String>, String)> {
    let parts = Parts::of(url).filter(|parts| parts.ssh)?;
    let mut args = Vec::new();
    if let Some(port) = parts.port {
        args.extend(["-p".to_owned(), port]);
    }
    let host = parts.host.clone();
    args.push(match parts.user.filter(|user| !user.is_empty()) {
        Some(user) => format!("{user}@{}", parts.host),
        None => parts.host,
    });
    let is_odd = |word: &String| word.is_empty() || (word.starts_with('-') && word != "-p");
    (!host.is_empty() && !args.iter().any(is_odd)).then_some((args, host))
}

/// Removes what may be secret from the URLs of a text: user, password and query.
///
/// A password may contain a space or a quote, so this removes too much rather than too little.
pub fn redact(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        clean.push_str(before);
        let end = after.find(['/', '\n']).unwrap_or(after.len());
        rest = match after[..end].rfind('@') {
            Some(sign) => &after[sign + 1..],
            None => after,
        };
        let ends = |c: char| c.is_whitespace() || c == '\'' || c == '"';
        let url = &rest[..rest.find(ends).unwrap_or(rest.len())];
        if let Some(query) = url.find(['?', '#']) {
            clean.push_str(&url[..query]);
            rest = &rest[url.len()..];
        }
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_taken_out_of_any_text() {
        assert_eq!(
            redact("fatal: unable to access 'https://ana:s3cret@git.heroku.com/shop.git/': 401"),
            "fatal: unable to access 'https://git.heroku.com/shop.git/': 401"
        );
        assert_eq!(
            redact("https://a:b@x/ and ssh://c@y:22/z"),
            "https://x/ and ssh://y:22/z"
        );
        assert_eq!(redact("nothing here"), "nothing here");
        assert_eq!(
            redact("to 'https://ana:pa ss@x/y?token=s3cret' and https://x?k=1 it was"),
            "to 'https://x/y' and https://x it was"
        );
    }
}
