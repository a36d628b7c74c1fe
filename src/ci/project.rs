//! The project of a forge that a remote's URL leads to.

use std::path::PathBuf;

use bstr::BStr;

use crate::{
    cure::command,
    gates::Stop,
    git::Repository,
    policy::Forge,
    process::{self, variable},
    push::{destination::Destination, url::is_ssh},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Project {
    /// As the forge's program names it.
    pub host: String,
    /// `owner/repository`; GitLab has groups in groups.
    pub path: String,
}

/// Finds the forge's program, and the project that a remote is.
pub(crate) fn find(
    repository: &Repository,
    forge: Forge,
    remote: &str,
) -> Result<(PathBuf, Project), Stop> {
    let (name, program) = (forge.name(), forge.program());
    let (page, or_name) = match forge {
        Forge::Github => (
            "https://cli.github.com",
            ", or name it: GH_REPO=[HOST/]OWNER/REPOSITORY",
        ),
        Forge::Gitlab => ("https://gitlab.com/gitlab-org/cli", ""),
    };
    let found = process::find(program).ok_or_else(|| {
        Stop::undecided(format!("`{program}` asks {name}, and is not installed")).cure(
            format!("install it ({page}), then log in"),
            [command([program, "auth", "login"])],
        )
    })?;
    let project = Project::of_remote(repository, forge, remote).ok_or_else(|| {
        Stop::undecided(format!("`{remote}` is no project of {name}")).cure(
            format!("set its URL{or_name}"),
            [command(["git", "remote", "set-url", remote, "URL"])],
        )
    })?;
    Ok((found, project))
}

impl Project {
    /// The project that `GH_REPO` names; else that of the remote's URL as git rewrites it, or as it is
    /// written.
    pub(crate) fn of_remote(repository: &Repository, forge: Forge, remote: &str) -> Option<Self> {
        if forge == Forge::Github
            && let Some(name) = variable("GH_REPO")
        {
            return Self::named(&name, variable("GH_HOST").as_deref());
        }
        let rewritten = repository.remotes().fetch_url(remote.as_bytes());
        let key = format!("remote.{remote}.url");
        let mut config = repository.config.iter();
        let written = config.find(|(known, _)| *known == key.as_str());
        let urls = rewritten.iter().chain(written.map(|(_, url)| url));
        urls.map(AsRef::<BStr>::as_ref)
            .find_map(|url| Self::of(forge, &repository.destination(url), is_ssh(url)))
    }

    /// The project at a destination; `ssh`: its URL is one of ssh's, whose port is not the forge's.
    ///
    /// A host without a dot is an alias of ssh's configuration; the forge's own is meant.
    fn of(forge: Forge, destination: &Destination, ssh: bool) -> Option<Self> {
        let Destination::Server {
            platform: None,
            host,
            path,
            ..
        } = destination
        else {
            return None;
        };
        let name = host.split(':').next().unwrap_or_default();
        let host = match (forge, name) {
            (_, name) if ssh && !name.contains('.') => forge.home(),
            // gh has no ports.
            (Forge::Github, name) => name,
            (Forge::Gitlab, name) if ssh => name,
            (Forge::Gitlab, _) => host,
        };
        Self::new(forge, host, path)
    }

    /// The project that `GH_REPO` names: `[HOST/]OWNER/REPO` (gh help environment).
    pub(crate) fn named(text: &str, host: Option<&str>) -> Option<Self> {
        let forge = Forge::Github;
        match text.splitn(3, '/').collect::<Vec<_>>()[..] {
            [host, owner, name] => Self::new(forge, host, &format!("{owner}/{name}")),
            [_, _] => Self::new(forge, host.unwrap_or(forge.home()), text),
            _ => None,
        }
    }

    fn new(forge: Forge, host: &str, path: &str) -> Option<Self> {
        let parts: Vec<_> = path.split('/').collect();
        let is_name = |part: &&str| {
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            !part.is_empty() && **part != *"." && **part != *".." && part.chars().all(is_plain)
        };
        let is_deep = match forge {
            Forge::Github => parts.len() == 2,
            Forge::Gitlab => parts.len() >= 2,
        };
        (is_deep && parts.iter().all(is_name) && !host.is_empty() && !host.starts_with('-')).then(
            || Self {
                host: host.to_owned(),
                path: path.to_owned(),
            },
        )
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;
    use crate::push::destination::Reader;

    #[track_caller]
    fn case(forge: Forge, url: &str, expected: Option<(&str, &str)>) {
        let reader = Reader::default();
        let found = Project::of(forge, &reader.read(url.into()), is_ssh(url.into()));
        let found = found
            .as_ref()
            .map(|one| (one.host.as_str(), one.path.as_str()));
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn every_spelling_of_a_remote_leads_to_its_project() {
        let shop = Some(("github.com", "acme/shop"));
        for url in [
            "https://github.com/acme/shop.git",
            "https://x-access-token:abc@github.com/acme/shop",
            "git@github.com:acme/shop.git",
            "ssh://git@github.com/acme/shop.git",
            "ssh://git@ssh.github.com:443/acme/shop.git",
            "git@github-work:acme/shop.git",
        ] {
            case(Forge::Github, url, shop);
        }
        case(
            Forge::Github,
            "https://ghe.corp.example:8443/acme/shop.git",
            Some(("ghe.corp.example", "acme/shop")),
        );
        case(
            Forge::Gitlab,
            "https://gitlab.com/acme/web/shop.git",
            Some(("gitlab.com", "acme/web/shop")),
        );
        case(
            Forge::Gitlab,
            "https://git.corp.example:8443/acme/shop.git",
            Some(("git.corp.example:8443", "acme/shop")),
        );
        case(
            Forge::Gitlab,
            "ssh://git@git.corp.example:2222/acme/shop.git",
            Some(("git.corp.example", "acme/shop")),
        );
        case(
            Forge::Gitlab,
            "git@altssh.gitlab.com:acme/shop.git",
            Some(("gitlab.com", "acme/shop")),
        );
    }

    #[test]
    fn what_can_be_no_project_is_none() {
        case(Forge::Github, "/srv/git/shop.git", None);
        case(Forge::Github, "https://github.com/shop.git", None);
        case(Forge::Github, "https://github.com/acme/web/shop.git", None);
        case(Forge::Github, "https://github.com/acme/sh%20op", None);
        case(Forge::Gitlab, "https://gitlab.com/shop", None);
    }

    #[test]
    fn gh_repo_may_name_its_host() {
        let named = |text, host| {
            let project = Project::named(text, host)?;
            Some(format!("{} {}", project.host, project.path))
        };
        assert_eq!(named("acme/shop", None).unwrap(), "github.com acme/shop");
        assert_eq!(
            named("acme/shop", Some("ghe.example")).unwrap(),
            "ghe.example acme/shop"
        );
        assert_eq!(
            named("ghe.example/acme/shop", None).unwrap(),
            "ghe.example acme/shop"
        );
        assert_eq!(named("shop", None), None);
        assert_eq!(named("a/b/c/d", None), None);
    }
}
