//! One answer of a forge, as `gh api --include` and `glab api --include` print it: the line with the
//! status, the headers, a blank line, and the body.

use bstr::{ByteSlice, ByteVec};
use jiff::{Timestamp, fmt::rfc2822};
use serde::de::DeserializeOwned;

/// The pieces of such an answer.
#[derive(Debug)]
pub(crate) struct Page {
    /// The status of HTTP.
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Page {
    /// What a forge answers where all is well.
    #[cfg(test)]
    pub(crate) fn of(body: &serde_json::Value) -> Self {
        let printed = format!("HTTP/2.0 200 OK\r\n\r\n{body}");
        Self::read(printed.as_bytes()).expect("an answer")
    }

    /// Takes what was printed apart; `None`: it is no such answer.
    pub(crate) fn read(printed: &[u8]) -> Option<Self> {
        let mut rest = printed;
        let mut line = || {
            let (line, after) = rest.split_once_str("\n")?;
            rest = after;
            Some(line.trim_ascii_end().to_str_lossy().into_owned())
        };
        let status = line()?;
        let status = status.strip_prefix("HTTP/")?.split(' ').nth(1)?;
        let status = status.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let header = line()?;
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':')?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        Some(Self {
            status,
            headers,
            body: Vec::from_slice(rest),
        })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// Whether a further page follows (RFC 8288, as both forges document it).
    pub(crate) fn has_next(&self) -> bool {
        let links = self.header("link").unwrap_or_default();
        links.split(',').any(|link| link.contains("rel=\"next\""))
    }

    /// Whether it was one question too many: 429, or 403 with the words of GitHub's limits.
    pub(crate) fn is_rate_limit(&self) -> bool {
        let spent = self.header("x-ratelimit-remaining") == Some("0");
        let later = self.header("retry-after").is_some();
        self.status == 429 || (self.status == 403 && (spent || later))
    }

    /// The forge's own words for an error.
    pub(crate) fn message(&self) -> Option<String> {
        let body: serde_json::Value = serde_json::from_slice(&self.body).ok()?;
        let word = ["message", "error"]
            .iter()
            .find_map(|key| body.get(key)?.as_str());
        word.map(str::to_owned)
    }

    /// What the forge's clock said (RFC 9110, section 6.6.1).
    pub(crate) fn date(&self) -> Option<Timestamp> {
        let date = rfc2822::parse(self.header("date")?).ok()?;
        Some(date.timestamp())
    }

    /// The body as JSON of this shape.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
pub(crate) mod tests {
    use super::*;

    #[test]
    fn status_headers_and_body_are_told_apart() {
        let page = Page::read(b"HTTP/2.0 403 Forbidden\r\nX-Ratelimit-Remaining: 0\r\nLink: <https://x/?page=1>; rel=\"prev\", <https://x/?page=3>; rel=\"next\"\r\n\r\n{\"message\":\"slow\n\ndown\"}").unwrap();
        assert_eq!(page.status, 403);
        assert!(page.has_next() && page.is_rate_limit());
        let page = Page::read(b"HTTP/1.1 404 Not Found\nLink: <https://x/?page=1>; rel=\"prev\"\n\n{\"message\":\"404 Commit Not Found\"}").unwrap();
        assert!(!page.has_next() && !page.is_rate_limit());
        assert_eq!(page.message().unwrap(), "404 Commit Not Found");
    }

    #[test]
    fn the_forges_clock_is_heard() {
        let date = |header: &str| {
            let page = format!("HTTP/2.0 200 OK\r\n{header}\r\n[]");
            Page::read(page.as_bytes()).unwrap().date()
        };
        let seven = date("Date: Sun, 22 Nov 2026 07:00:00 GMT\r\n");
        assert_eq!(seven, Some("2026-11-22T07:00:00Z".parse().unwrap()));
        assert_eq!(date("Date: soon\r\n"), None);
        assert_eq!(date(""), None);
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for text in [
            "",
            "HTTP/1.1 200 OK",
            "HTTP/1.1 x OK\n\n",
            "{}\n\n",
            "HTTP/1.1 200 OK\nA: b\n",
        ] {
            assert!(Page::read(text.as_bytes()).is_none(), "{text}");
        }
    }
}
