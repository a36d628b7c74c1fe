//! Git URLs: their parts, which of them use ssh, and how to print them without secrets.

use bstr::{BStr, ByteSlice};
use percent_encoding::percent_decode_str;

use crate::text::printable;

/// The parts of a remote URL that say where it leads; the password is dropped.
pub(super) struct Parts {
    pub(super) ssh: bool,
    pub(super) user: Option<String>,
    pub(super) host: String,
    /// `None` where it is the scheme's own.
    pub(super) port: Option<String>,
    /// In its [normal form](normal), without slashes at its ends.
    pub(super) path: String,
    /// The user who logs in, where the path begins in that user's home directory.
    pub(super) home: Option<String>,
}

impl Parts {
    /// Reads a URL as git does (git-fetch(1), "GIT URLS"); `None` for a path on this machine.
    pub(super) fn of(url: &BStr) -> Option<Self> {
        let text = url.to_str_lossy();
        let (scheme, authority, path) = match text.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("file") => return None,
            Some((scheme, rest)) => {
                // Remote helpers (`http::https`), and git's old spellings (`git+ssh`, `ssh+git`).
                let scheme = scheme.rsplit("::").next().unwrap_or(scheme);
                let scheme = match scheme.to_ascii_lowercase() {
                    ssh if ssh.contains("ssh") => "ssh".to_owned(),
                    other => other,
                };
                // git decodes a URL before it looks for the host, and curl the parts of one.
                let is_web = scheme.starts_with("http");
                let rest = if is_web {
                    rest.to_owned()
                } else {
                    decode(rest)
                };
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                let (authority, path) = rest.split_at(end);
                let path = &path[..path.find(['?', '#']).unwrap_or(path.len())];
                if is_web {
                    (scheme, decode(authority), decode(path))
                } else {
                    (scheme, authority.to_owned(), path.to_owned())
                }
            }
            None => {
                // scp-like: a colon before the first slash. It is no URL: git does not decode it, and it has no
                // query.
                let first = text.find(':')?;
                if text[..first].contains('/') {
                    return None;
                }
                // Brackets may hold colons.
                let bracket = text.find("]:").filter(|_| text[..first].contains('['));
                let colon = bracket.map_or(first, |at| at + 1);
                let (authority, path) = (&text[..colon], &text[colon + 1..]);
                ("ssh".to_owned(), authority.to_owned(), path.to_owned())
            }
        };
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, authority.as_str()),
        };
        // Brackets hold an IPv6 address, and also `[HOST:PORT]`, `[USER@HOST]` and `[USER@HOST:PORT]`.
        let user = credentials.map(|c| c.split(':').next().unwrap_or_default());
        let user = user.map(|user| user.trim_start_matches('['));
        let (inner, after) = place.split_once(']').unwrap_or((place, ""));
        let inner = inner.trim_start_matches('[');
        let (host, port) = match (after.strip_prefix(':'), inner.split_once(':')) {
            (Some(port), _) => (inner, Some(port)),
            (None, Some((host, port))) if !port.contains(':') => (host, Some(port)),
            _ => (inner, None),
        };
        let own = match scheme.as_str() {
            "https" => "443",
            "http" => "80",
            "ssh" => "22",
            "git" => "9418",
            _ => "",
        };
        let port = port.map(|port| port.trim_start_matches('0'));
        let ssh = scheme == "ssh";
        // The home directory of the user who logs in, where a path without a slash begins.
        let named = path
            .trim_start_matches('/')
            .strip_prefix('~')
            .and_then(|named| named.split_once('/'));
        let (home, path) = match named.filter(|_| ssh) {
            Some((who, within)) if who.is_empty() || Some(who) == user => (user, within),
            Some(_) => (None, path.as_str()),
            None => (
                user.filter(|_| ssh && !path.starts_with('/')),
                path.as_str(),
            ),
        };
        let path = normal(path.as_bytes(), !ssh || path.starts_with('/'));
        Some(Self {
            ssh,
            user: user.map(str::to_owned),
            home: (home.filter(|home| !home.is_empty())).map(str::to_lowercase),
            // IDNA takes these for full stops, too (RFC 3490, 3.1).
            host: (host.replace(['\u{3002}', '\u{ff0e}', '\u{ff61}'], "."))
                .trim_end_matches('.')
                .to_ascii_lowercase(),
            port: port
                .filter(|port| !port.is_empty() && *port != own)
                .map(str::to_owned),
            // Many hosts take `Team/Shop` and `team/shop` for one; on the others this governs too much, never too
            // little. So it is with `HOST:/PATH` and `HOST:PATH`.
            path: path.to_str_lossy().to_lowercase(),
        })
    }
}

fn decode(text: &str) -> String {
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    bytes.to_str_lossy().into_owned()
}

/// The normal form of a path: without doubled slashes, `.` and `..`, as far as that can be followed, and
/// without `.git` at its end, for git looks for `PATH`, `PATH.git` and `PATH/.git`.
pub(super) fn normal(path: &[u8], from_root: bool) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in path.split(|b| *b == b'/') {
        match part {
            b"" | b"." => {}
            b".." if parts.last().is_some_and(|last| *last != b"..") => drop(parts.pop()),
            b".." if from_root => {}
            _ => parts.push(part),
        }
    }
    if let Some(last) = parts.pop() {
        // `..git` is a name, and no way.
        let stem = last.strip_suffix(b".git");
        let stem = stem.filter(|stem| !matches!(*stem, b"." | b".."));
        let stem = stem.unwrap_or(last);
        parts.extend(Some(stem).filter(|stem| !stem.is_empty()));
    }
    parts.join(&b'/')
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

/// A remote's name, or a URL, as commands and reports name it.
pub fn label(remote: &BStr) -> String {
    redact(&printable(remote))
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
    fn a_slash_before_the_colon_makes_it_a_path() {
        for path in ["/]:srv/shop", "./a:b", "/srv/[a]:b"] {
            assert!(Parts::of(path.into()).is_none(), "{path}");
        }
        for host in ["h]:srv/shop", "a[b]:c", "[::1]:a"] {
            assert!(is_ssh(host.into()), "{host}");
        }
    }

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
