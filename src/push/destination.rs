//! Where a push really goes: host and app, read from the URL, whatever the remote is called.

use std::{
    fmt,
    io::Read,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
};

use bstr::{BStr, ByteSlice};
use percent_encoding::percent_decode;

use super::url::{Parts, normal};
use crate::file;

/// A platform that deploys what is pushed to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Platform {
    /// <https://devcenter.heroku.com/articles/git>
    Heroku,
    /// <https://dokku.com/docs/deployment/application-deployment/>
    Dokku,
    /// <https://piku.github.io/>
    Piku,
    /// <https://doc.scalingo.com/platform/deployment/deploy-with-git>
    Scalingo,
    /// <https://www.clever-cloud.com/developers/doc/quickstart/>
    CleverCloud,
    /// <https://www.gigalixir.com/docs/>
    Gigalixir,
}

impl Platform {
    /// Its name, and the branches that it builds, as far as its pages tell; none: any ref.
    ///
    /// Dokku's deploy branch is a setting of the server and Piku takes any ref.
    fn facts(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Heroku => ("Heroku", &["master", "main"]),
            Self::Dokku => ("Dokku", &[]),
            Self::Piku => ("Piku", &[]),
            Self::Scalingo => ("Scalingo", &["master", "main"]),
            Self::CleverCloud => ("Clever Cloud", &["master"]),
            Self::Gigalixir => ("Gigalixir", &["master", "main"]),
        }
    }

    /// Whether a push of this branch may deploy there.
    pub fn builds(self, branch: &BStr) -> bool {
        self.builds_tags() || self.facts().1.iter().any(|built| branch == *built)
    }

    /// Whether a push of a tag may deploy there, like that of any ref.
    pub fn builds_tags(self) -> bool {
        self.facts().1.is_empty()
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.facts().0)
    }
}

/// Where a push goes. Two spellings of one place are equal, and no credential is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Destination {
    Server {
        /// The platform that the path is an app of.
        platform: Option<Platform>,
        /// Lower case, with the port where one is written that is not the scheme's own; one name for the
        /// many hosts of Heroku.
        host: String,
        /// Without slashes at its ends and without `.git`.
        path: String,
        /// The user in whose home directory it is, where two users of the host may have the same path.
        home: Option<String>,
    },
    Path(PathBuf),
    /// An environment that no remote leads to, by its app or its own name: a command deploys there.
    Named(String),
}

/// What the URL of such an environment begins with: no transport of git is called so
/// (gitremote-helpers(7), `<transport>::<address>`).
const NAMED: &str = "pushgate::";

/// The hosts where forges take ssh on port 443 too, and the hosts that they stand for.
const SECOND_HOSTS: [(&str, &str); 3] = [
    ("ssh.github.com", "github.com"),
    ("altssh.gitlab.com", "gitlab.com"),
    ("altssh.bitbucket.org", "bitbucket.org"),
];

/// Reads URLs. Holds the facts about the machine that their meaning depends on.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    pub directory: PathBuf,
    /// Further hosts of Heroku (`HEROKU_GIT_HOST`, `HEROKU_HOST`).
    pub heroku_hosts: Vec<String>,
}

impl Reader {
    /// Reads a URL as git does: scheme, scp-like, or a path (git-fetch(1), "GIT URLS").
    pub fn read(&self, url: &BStr) -> Destination {
        if let Some(name) = url.strip_prefix(NAMED.as_bytes()) {
            return Destination::Named(name.to_str_lossy().into_owned());
        }
        match Parts::of(url) {
            Some(parts) => self.server(parts),
            None if url.len() >= 7 && url[..7].eq_ignore_ascii_case(b"file://") => {
                // git ignores the host and decodes percent-encoding (RFC 3986).
                let rest = &url[7..];
                let path = &rest[rest.find_byte(b'/').unwrap_or(0)..];
                self.path(&percent_decode(path).collect::<Vec<_>>())
            }
            None => self.path(url),
        }
    }

    fn path(&self, path: &[u8]) -> Destination {
        let joined = self.directory.join(path.to_path_lossy());
        let mut git = joined.components().as_path().as_os_str().to_owned();
        git.push(".git");
        // `LINK/..` is where the link leads; a place that is not there has no links.
        let real = real_path(&joined).or_else(|| real_path(Path::new(&git)));
        let path = normal(real.unwrap_or(joined).as_os_str().as_bytes(), true);
        Destination::Path(Path::new("/").join(path.to_path_lossy()))
    }

    fn server(&self, parts: Parts) -> Destination {
        let platform = self.platform(&parts);
        let second = SECOND_HOSTS.iter().find(|(host, _)| *host == parts.host);
        let host = match (platform, second) {
            (Some(Platform::Heroku), _) => "git.heroku.com".to_owned(),
            (Some(Platform::Scalingo | Platform::CleverCloud | Platform::Gigalixir), _) => {
                parts.host
            }
            (_, Some((_, first))) => (*first).to_owned(),
            (_, None) => match parts.port {
                Some(port) => format!("{}:{port}", parts.host),
                None => parts.host,
            },
        };
        let of_user = parts.path.strip_prefix('~').filter(|_| platform.is_none());
        let (home, path) = match of_user.and_then(|path| path.split_once('/')) {
            Some((who, within)) => (Some(who.to_owned()), within.to_owned()),
            None => (parts.home, parts.path),
        };
        let home = match platform {
            None => home,
            // Other users of the same machine have homes of their own.
            Some(Platform::Dokku | Platform::Piku) => parts.user,
            Some(_) => None,
        };
        Destination::Server {
            platform,
            host,
            path,
            // All users of a forge log in as one.
            home: home.filter(|home| home != "git"),
        }
    }

    /// The platform of a URL. A path that no app can have is the platform's too on a host where it takes
    /// pushes: the policy names no such app, so the push is refused.
    fn platform(&self, parts: &Parts) -> Option<Platform> {
        let host = parts.host.as_str();
        let within = |domain: &str| {
            let rest = host.strip_suffix(domain);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let is_app = is_segment(&parts.path);
        match parts.user.as_deref().filter(|_| parts.ssh) {
            _ if self.is_heroku(parts, is_app) => Some(Platform::Heroku),
            _ if within("scalingo.com") && (is_app || host.starts_with("ssh.")) => {
                Some(Platform::Scalingo)
            }
            _ if within("clever-cloud.com") && (is_app || host.starts_with("push-")) => {
                Some(Platform::CleverCloud)
            }
            _ if host == "git.gigalixir.com" => Some(Platform::Gigalixir),
            Some("dokku") => Some(Platform::Dokku),
            Some("piku") => Some(Platform::Piku),
            _ => None,
        }
    }

    fn is_heroku(&self, parts: &Parts, is_app: bool) -> bool {
        let host = parts.host.as_str();
        // An alias of the ssh configuration, one for each account: `heroku.work`.
        let account = host.strip_prefix("heroku.");
        let is_account = account.is_some_and(|label| !label.contains('.'));
        let mut others = self.heroku_hosts.iter();
        matches!(host, "git.heroku.com" | "heroku.com")
            || others.any(|known| known.eq_ignore_ascii_case(host))
            || (parts.ssh && is_account && is_app)
    }
}

impl Destination {
    /// Whether a push to one may go to the other.
    pub fn may_be(&self, other: &Self) -> bool {
        is_one_place(&self.to_string(), &other.to_string())
    }

    pub fn platform(&self) -> Option<Platform> {
        match self {
            Self::Server { platform, .. } => *platform,
            Self::Path(_) | Self::Named(_) => None,
        }
    }

    pub fn heroku_app(&self) -> Option<&str> {
        match self {
            Self::Server { platform, path, .. } if *platform == Some(Platform::Heroku) => {
                Some(path)
            }
            _ => None,
        }
    }

    /// Whether an `app` of the policy means this place: a Heroku app's name, or `HOST/APP`.
    pub fn is_app(&self, word: &str) -> bool {
        if !word.contains('/') {
            return (self.heroku_app()).is_some_and(|app| app.eq_ignore_ascii_case(word));
        }
        // Whatever its port, which is the scheme's own or is written.
        ["ssh", "https"].iter().any(|scheme| {
            let named = Reader::default().read(format!("{scheme}://{word}").as_str().into());
            self.may_be(&named)
        })
    }

    /// A short name for headlines: a Heroku app's name, a directory's, or the whole.
    pub fn brief(&self) -> String {
        match (self, self.heroku_app()) {
            (Self::Path(path), _) => {
                let name = path.file_name().unwrap_or(path.as_os_str());
                name.to_string_lossy().into_owned()
            }
            (_, Some(app)) if is_segment(app) => app.to_owned(),
            _ => self.to_string(),
        }
    }
}

/// Whether two destinations, as records name them, may be one place: which user logs in to a server may stand in
/// the configuration of ssh alone.
pub fn is_one_place(one: &str, other: &str) -> bool {
    fn parts(text: &str) -> (Option<&str>, &str) {
        let parts = text.split_once('@');
        match parts.filter(|(user, _)| !user.contains('/')) {
            Some((user, place)) => (Some(user), place),
            None => (None, text),
        }
    }
    let ((user, place), (other, there)) = (parts(one), parts(other));
    place == there && (user == other || user.is_none() || other.is_none())
}

fn is_segment(path: &str) -> bool {
    !path.is_empty() && !path.contains('/')
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server {
                host,
                path,
                home: Some(home),
                ..
            } => write!(f, "{home}@{host}/{path}"),
            Self::Server { host, path, .. } => write!(f, "{host}/{path}"),
            Self::Path(path) => write!(f, "{}", path.display()),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// The `https` URL of a Heroku app, for asking one that no remote leads to.
pub fn heroku_url(app: &str) -> String {
    format!("https://git.heroku.com/{app}.git")
}

/// What stands for the URL of an environment that no remote leads to.
pub fn named_url(name: &str) -> String {
    format!("{NAMED}{name}")
}

/// Where a path of this machine leads to: through links, and through files that name a repository
/// (gitrepository-layout(5), `gitdir` and `commondir`).
fn real_path(path: &Path) -> Option<PathBuf> {
    const MOST: u64 = 4096;
    let real = path.canonicalize().ok()?;
    let named = |file: &Path, word: &[u8]| {
        let mut text = Vec::new();
        let opened = file::open_followed(file).ok()?;
        opened.take(MOST).read_to_end(&mut text).ok()?;
        let name = text.strip_prefix(word)?.trim_ascii_end().to_path_lossy();
        file.parent()?.join(name).canonicalize().ok()
    };
    let file = if real.is_file() {
        real.clone()
    } else {
        real.join(".git")
    };
    let Some(git_dir) = named(&file, b"gitdir: ") else {
        return Some(real);
    };
    Some(named(&git_dir.join("commondir"), b"").unwrap_or(git_dir))
}

#[cfg(test)]
mod tests;
