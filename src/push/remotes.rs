//! The remotes of a repository and where each leads, resolved as git does (git-config(1), `url.<base>.insteadOf`).

use bstr::{BStr, BString, ByteSlice};

/// An entry of git's configuration: its key, such as `remote.origin.url`, and its value.
pub type Entry = (BString, BString);

/// The configured remotes and the rewriting of URLs.
#[derive(Clone, Debug, Default)]
pub struct Remotes {
    remotes: Vec<Remote>,
    rewrites: Vec<Rewrite>,
}

#[derive(Clone, Debug, Default)]
struct Remote {
    name: BString,
    urls: Vec<BString>,
    push_urls: Vec<BString>,
}

#[derive(Clone, Debug)]
struct Rewrite {
    base: BString,
    prefix: BString,
    push_only: bool,
}

impl Remotes {
    /// Reads the remotes and the URL rewriting from the configuration, in its order.
    pub fn from_config<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Self {
        let mut found = Self::default();
        for (key, value) in entries {
            let Some((section, rest)) = key.split_once_str(".") else {
                continue;
            };
            let Some((name, variable)) = rest.rsplit_once_str(".") else {
                continue;
            };
            match (section, variable) {
                (b"remote", b"url") => add(&mut found.remote(name).urls, value),
                (b"remote", b"pushurl") => add(&mut found.remote(name).push_urls, value),
                (b"url", b"insteadof" | b"pushinsteadof") => found.rewrites.push(Rewrite {
                    base: name.into(),
                    prefix: value.clone(),
                    push_only: variable == b"pushinsteadof",
                }),
                _ => {}
            }
        }
        found
    }

    fn remote(&mut self, name: &[u8]) -> &mut Remote {
        let known = self.remotes.iter().position(|remote| remote.name == name);
        let at = known.unwrap_or_else(|| {
            self.remotes.push(Remote {
                name: name.into(),
                ..Remote::default()
            });
            self.remotes.len() - 1
        });
        &mut self.remotes[at]
    }

    fn find(&self, name: &[u8]) -> Option<&Remote> {
        self.remotes.iter().find(|remote| remote.name == name)
    }

    pub fn names(&self) -> impl Iterator<Item = &BStr> {
        self.remotes.iter().map(|remote| remote.name.as_bstr())
    }

    pub fn known(&self) -> Vec<String> {
        let text = |name: &BStr| name.to_str_lossy().into_owned();
        self.names().map(text).collect()
    }

    pub fn has(&self, name: &[u8]) -> bool {
        self.find(name).is_some()
    }

    /// Every URL that this remote may lead to: as written and rewritten, for fetching and pushing.
    pub fn urls(&self, name: &[u8]) -> Vec<BString> {
        let Some(remote) = self.find(name) else {
            return Vec::new();
        };
        let written = remote.urls.iter().chain(&remote.push_urls);
        let both = written.flat_map(|url| [url.clone(), self.rewrite(url, false)]);
        let mut urls: Vec<_> = both.chain(self.push_urls(name)).collect();
        urls.dedup();
        urls
    }

    pub fn push_urls(&self, name: &[u8]) -> Vec<BString> {
        let pushes = self.pushes(name).into_iter();
        pushes.map(|(_, pushed)| pushed).collect()
    }

    /// The URLs that a push to a remote, or to a URL as typed, goes to.
    pub(crate) fn pushed_urls(&self, remote: &BStr) -> Vec<BString> {
        let mut urls = self.push_urls(remote);
        if urls.is_empty() {
            urls.push(self.pushed_to(remote));
        }
        urls
    }

    pub fn push_url(&self, name: &[u8]) -> Option<BString> {
        self.push_urls(name).into_iter().next()
    }

    /// The URLs to push to: as written, and as git rewrites them.
    fn pushes(&self, name: &[u8]) -> Vec<(&BString, BString)> {
        let Some(remote) = self.find(name) else {
            return Vec::new();
        };
        // `pushInsteadOf` does not touch an explicit `pushurl`.
        let (urls, push) = match remote.push_urls.as_slice() {
            [] => (&remote.urls, true),
            _ => (&remote.push_urls, false),
        };
        urls.iter()
            .map(|url| (url, self.rewrite(url, push)))
            .collect()
    }

    /// The URL that a push to a URL as typed goes to.
    pub fn pushed_to(&self, url: &BStr) -> BString {
        self.rewrite(&url.into(), true)
    }

    /// The URLs as written, in the configuration or on the command line, that git rewrites to `url` for a push.
    pub fn written(&self, remote: &BStr, url: &BStr) -> Vec<BString> {
        if !self.has(remote) {
            return vec![remote.into()];
        }
        let pushes = self.pushes(remote).into_iter();
        let leads_there = pushes.filter(|(_, pushed)| pushed == url);
        leads_there.map(|(written, _)| written.clone()).collect()
    }

    /// The URL that git fetches from: the first of several.
    pub fn fetch_url(&self, name: &[u8]) -> Option<BString> {
        let remote = self.find(name)?;
        Some(self.rewrite(remote.urls.first()?, false))
    }

    /// Rewrites a URL: the longest prefix wins; for a push `pushInsteadOf` goes before `insteadOf`.
    fn rewrite(&self, url: &BString, push: bool) -> BString {
        let longest = |push_only: bool| {
            (self.rewrites.iter())
                .filter(|rule| rule.push_only == push_only && url.starts_with(&rule.prefix))
                .max_by_key(|rule| rule.prefix.len())
        };
        let for_push = push.then(|| longest(true)).flatten();
        let rule = for_push.or_else(|| longest(false));
        match rule {
            Some(rule) => [&rule.base, &url[rule.prefix.len()..]].concat().into(),
            None => url.clone(),
        }
    }
}

/// An empty value clears the list (git 2.46).
fn add(list: &mut Vec<BString>, value: &BString) {
    if value.is_empty() {
        list.clear();
    } else {
        list.push(value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remotes(entries: &[(&str, &str)]) -> Remotes {
        let entries: Vec<Entry> = (entries.iter())
            .map(|(key, value)| (BString::from(*key), BString::from(*value)))
            .collect();
        Remotes::from_config(&entries)
    }

    #[test]
    fn a_name_may_hold_dots_and_slashes() {
        let found = remotes(&[("remote.prod/eu.west.url", "/srv/app")]);
        assert_eq!(found.push_urls(b"prod/eu.west"), ["/srv/app"]);
    }

    #[test]
    fn the_longest_prefix_is_replaced() {
        let found = remotes(&[
            ("remote.p.url", "https://git.heroku.com/shop.git"),
            (
                "url.ssh://git@heroku.com/.insteadof",
                "https://git.heroku.com/",
            ),
            ("url.https://other/.insteadof", "https://"),
        ]);
        assert_eq!(found.push_urls(b"p"), ["ssh://git@heroku.com/shop.git"]);
    }

    #[test]
    fn push_instead_of_is_for_pushing_and_leaves_an_explicit_pushurl_alone() {
        let rules = [
            ("url.ssh://b/.pushinsteadof", "https://a/"),
            ("remote.p.url", "https://a/x"),
        ];
        let found = remotes(&rules);
        assert_eq!(found.push_urls(b"p"), ["ssh://b/x"]);
        assert_eq!(found.fetch_url(b"p").unwrap(), "https://a/x");
        let found = remotes(&[rules[0], rules[1], ("remote.p.pushurl", "https://a/y")]);
        assert_eq!(found.push_urls(b"p"), ["https://a/y"]);
    }

    #[test]
    fn several_urls_are_all_pushed_to_and_an_empty_one_clears_them() {
        let found = remotes(&[("remote.p.url", "/a"), ("remote.p.url", "/b")]);
        assert_eq!(found.push_urls(b"p"), ["/a", "/b"]);
        let found = remotes(&[
            ("remote.p.url", "/a"),
            ("remote.p.url", ""),
            ("remote.p.url", "/b"),
        ]);
        assert_eq!(found.push_urls(b"p"), ["/b"]);
    }

    #[test]
    fn what_was_written_is_what_leads_to_the_url_that_is_pushed_to() {
        let found = remotes(&[
            ("url.http://proxy/.insteadof", "https://git.heroku.com/"),
            ("remote.p.url", "https://git.heroku.com/never-pushed-to.git"),
            ("remote.p.pushurl", "https://git.heroku.com/shop.git"),
            ("remote.p.pushurl", "/a"),
        ]);
        let written = |remote: &str, url: &str| found.written(remote.into(), url.into());
        let heroku = "https://git.heroku.com/shop.git";
        assert_eq!(written("p", "http://proxy/shop.git"), [heroku]);
        assert_eq!(written("p", "/a"), ["/a"]);
        assert_eq!(written(heroku, "http://proxy/shop.git"), [heroku]);
        assert_eq!(found.pushed_to(heroku.into()), "http://proxy/shop.git");
    }
}
