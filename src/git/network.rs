//! Asks remotes for their refs: with the user's own git, within a time limit, and without a prompt.

use std::{
    env,
    ffi::OsString,
    process::Command,
    sync::{Mutex, MutexGuard},
    time::{Duration, Instant},
};

use bstr::{BStr, BString, ByteSlice, ByteVec};

use super::{Repository, login::askpass};
use crate::{
    gates::{LocalRepository as _, Stop, Tips, facts::TrunkName},
    memory::{lock::REFS as LOCKS, record::REF},
    process::{
        lock,
        program::{Output, ask_within},
        signals,
    },
    push::{
        Oid,
        url::{is_ssh, label},
    },
};

/// The usual time limit of a question.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// Where a fetch that is not dry would write the refs that have a destination.
const PROBE: &str = "refs/pushgate/asked/";

/// The name that a URL without a remote gets for one question; no remote is called so.
const UNNAMED: &str = "pushgate/asked";

/// The options that ssh gets, quoted for a shell.
///
/// Without a terminal no ssh asks anything: `BatchMode` only makes it fail at once. Its own time limits are longer
/// than ours, so that ours is the one that is reported.
///
/// They come first: of each, ssh takes the first (`ssh_config(5)`).
const SSH_OPTIONS: &str = " -oBatchMode=yes -oConnectTimeout=15 -oServerAliveInterval=5";

/// When git closes its end it has the whole answer, as its protocol tells. ssh would still wait until the server has
/// closed its own, a round trip later; so it goes to the background once it has logged in, and says nothing any more
/// (`ssh_config(5)`). An OpenSSH before 8.7 does not know how, and must not fail for that.
const LEFT_BEHIND: &str = " '-oIgnoreUnknown=*' -oForkAfterAuthentication=yes -oStdinNull=no";

/// git's exit code for options that it does not know.
const USAGE: i32 = 129;

/// Questions to remotes that have one time limit together.
#[derive(Clone, Copy)]
pub(crate) struct Network<'r> {
    pub(super) repository: &'r Repository,
    limit: Duration,
    pub(super) deadline: Instant,
    /// Whether ssh is left behind to close its connection.
    leaves_ssh: bool,
}

impl Repository {
    pub(crate) fn network(&self, limit: Duration) -> Network<'_> {
        Network {
            repository: self,
            limit,
            deadline: Instant::now() + limit,
            leaves_ssh: true,
        }
    }

    /// Whether the packed refs, as `git clone` leaves them, are about a thousand at most
    /// (git-pack-refs(1)); the remote then has as few.
    fn has_few_refs(&self) -> bool {
        const FEW: u64 = 64 * 1024;
        let packed = self.common_dir().join("packed-refs").metadata();
        packed.map_or(true, |file| file.len() <= FEW)
    }
}

impl Network<'_> {
    /// The tips of trunk, of the locks and, with `notes`, of the team's notes on trunk's remote, in one question, and
    /// with their commits, so that ahead and behind can be counted. Also whether all of it came along: git has seen
    /// to it then that the notes are whole; or git's words where a fetch failed.
    ///
    /// A fetch brings all of it in one connection. On this machine, where a connection costs nothing, a list
    /// of refs takes a process less, and is enough where the tip and the locks are here.
    /// The fetch is filtered by the server (ls-remote is not) and writes no ref: one that moved
    /// `refs/remotes` unasked would defeat `--force-with-lease`.
    ///
    /// Ten thousand branches must not slow it down. Without a destination it reads no local ref to
    /// compare with. And git checks that the tip's history is complete from the refs here
    /// (fetch.hideRefs, git-config(1)): the local branches, HEAD and trunk's tracking ref are enough.
    pub(super) fn trunk_tips(
        &self,
        trunk: &TrunkName,
        url: &BStr,
        notes: bool,
    ) -> Result<(Tips, Result<(), Vec<String>>), Stop> {
        let branch = format!("refs/heads/{}", trunk.branch);
        let all_locks = format!("{LOCKS}*");
        // Asked where the fetch failed, it is to tell why.
        let telling = Self {
            leaves_ssh: false,
            ..*self
        };
        let brought = |output: Output| output.is_ok().then_some(()).ok_or(output.stderr);
        let list = || {
            let refs = [branch.as_str(), &all_locks, REF];
            let refs = if notes { &refs[..] } else { &refs[..2] };
            telling.list(Some(trunk.remote.as_bytes().into()), url, refs)
        };
        let tracking = trunk.tracking_ref();
        let fetch = |options: &[&str]| {
            let mut fetch = self.fetch(&[], &["refs/heads/", REF, &tracking]);
            fetch.arg("--dry-run").args(options);
            fetch.args(["--", &trunk.remote, &branch]);
            // Patterns: a ref that is not there would be an error.
            fetch.arg(format!("+{all_locks}:{PROBE}{all_locks}"));
            if notes {
                fetch.arg(format!("+{REF}*:{PROBE}{REF}*"));
            }
            self.ask(fetch, &trunk.remote, url)
        };
        if is_local(url) && self.repository.has_few_refs() {
            let tips = list()?;
            let mut needed = tips.iter().filter(|(name, _)| name != REF);
            let is_here = |id| matches!(self.repository.backend().header(id), Ok(Some(_)));
            if needed.all(|(_, id)| is_here(id)) {
                return Ok((tips, Err(Vec::new())));
            }
            return Ok((tips, brought(fetch(&[])?)));
        }
        let mut output = fetch(&["--porcelain"])?;
        // A git older than 2.41 does not know --porcelain: without it, the fetch brings the commits, and
        // a list has the tips.
        if output.code == Some(USAGE) {
            output = fetch(&[])?;
        }
        // `FLAG OLD NEW LOCAL-REF` (git-fetch(1)).
        let fetched = |line: &[u8]| {
            let mut fields = line.rsplitn(3, |b| *b == b' ');
            let name = match fields.next()?.to_str().ok()? {
                "FETCH_HEAD" => &branch,
                name => name.strip_prefix(PROBE)?,
            };
            Some((name.to_owned(), Oid::parse(fields.next()?)?))
        };
        let tips: Tips = output.stdout.lines().filter_map(fetched).collect();
        if output.is_ok() && tips.iter().any(|(name, _)| *name == branch) {
            return Ok((tips, Ok(())));
        }
        // A missing branch, a read-only repository and a dead server all fail: the simpler question
        // tells them apart.
        let brought = brought(output);
        match (list(), brought) {
            // The first try has git's reason: git removes a wrong password from the store, and the second
            // only misses it. Of ssh, the second tells more.
            (Err(error), Err(words)) if !error.details.is_empty() && !is_ssh(url) => {
                Err(Stop::unreachable(&trunk.remote, words))
            }
            (tips, brought) => Ok((tips?, brought)),
        }
    }

    /// The error for a trunk that is not there: the server may have renamed it.
    pub(super) fn no_trunk(&self, trunk: &TrunkName, url: &BStr) -> Stop {
        let local = self.repository.local_branch(&trunk.branch);
        let is_here = matches!(local, Ok(Some(_)));
        match self.default_branch(&trunk.remote, url) {
            Ok(Some(to)) if to != trunk.branch => Stop::renamed_trunk(trunk, &to, is_here),
            _ => Stop::no_trunk(trunk, is_here),
        }
    }

    /// Builds a fetch that writes objects and nothing else, and that offers the server only what these refs
    /// here lead to.
    pub(super) fn fetch(&self, config: &[&str], offered: &[&str]) -> Command {
        let mut fetch = self.repository.git.network(config);
        fetch.args(["-c", "fetch.writeCommitGraph=false"]);
        fetch.args(["-c", "fetch.hideRefs=refs/"]);
        for name in offered {
            fetch.args(["-c", &format!("fetch.hideRefs=!{name}")]);
        }
        fetch.args(["fetch", "--no-tags", "--no-prune", "--no-write-fetch-head"]);
        fetch.args([
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--refmap=",
        ]);
        fetch
    }

    /// The refs of these names, or with these beginnings (`NAME*`); those that do not exist are left out. Without the name of a remote, the
    /// URL is asked as it is: `insteadOf` has been looked up already.
    pub(super) fn list(
        &self,
        remote: Option<&BStr>,
        url: &BStr,
        refs: &[&str],
    ) -> Result<Tips, Stop> {
        let mut command = self.repository.git.network(["ls-remote", "--"]);
        if remote.is_none() {
            name(&mut command, url);
        }
        command
            .arg(remote.unwrap_or(UNNAMED.into()).to_os_str_lossy())
            .args(refs);
        let label = label(remote.unwrap_or(url));
        let output = self.ask(command, &label, url)?;
        if !output.is_ok() {
            return Err(Stop::unreachable(&label, output.stderr));
        }
        // A pattern also matches `refs/heads/x/refs/heads/master`: names are compared in full.
        let is_asked = |name: &&str| {
            // Of a tag, what it leads to stands on a line of its own.
            !name.ends_with("^{}")
                && refs.iter().any(|asked| match asked.strip_suffix('*') {
                    Some(beginning) => name.starts_with(beginning),
                    None => asked == name,
                })
        };
        let tip = |line: &[u8]| {
            let (id, name) = line.split_once_str("\t")?;
            let name = name.to_str().ok().filter(is_asked)?;
            Some((name.to_owned(), Oid::parse(id)?))
        };
        Ok(output.stdout.lines().filter_map(tip).collect())
    }

    /// Asks a remote until the deadline; one that has given no answer to this process is not waited for again.
    pub(super) fn ask(&self, command: Command, remote: &str, url: &BStr) -> Result<Output, Stop> {
        let answer = self.call(command, remote, url)?;
        answer.ok_or_else(|| {
            silent().push(url.to_owned());
            self.no_answer(remote)
        })
    }

    pub(super) fn no_answer(&self, remote: &str) -> Stop {
        let limit = self.limit.as_secs();
        Stop::undecided(format!("`{remote}` gave no answer within {limit} s")).hint_ask(remote)
    }

    /// Runs a call of git over the network until the deadline; `None`: it had not ended by then.
    pub(super) fn call(
        &self,
        mut command: Command,
        remote: &str,
        url: &BStr,
    ) -> Result<Option<Output>, Stop> {
        if silent().iter().any(|known| known == url) {
            return Ok(None);
        }
        if is_ssh(url)
            && let Some(mut ssh) = self.repository.own_ssh()
        {
            let program = ssh.find_byte(b' ').unwrap_or(ssh.len());
            let left = if self.leaves_ssh { LEFT_BEHIND } else { "" };
            ssh.insert_str(program, format!("{SSH_OPTIONS}{left}"));
            command.env("GIT_SSH_COMMAND", ssh.to_os_str_lossy());
        }
        if let Some(askpass) = askpass(self.repository.config("core.askpass")) {
            command.env("GIT_ASKPASS", askpass);
        }
        let left = self.deadline.saturating_duration_since(Instant::now());
        let answer = ask_within(command, left, remote)?;
        // Who waited no longer was not kept waiting.
        signals::check()?;
        Ok(answer)
    }
}

/// The URLs, and the commands that tell what is live, that have given no answer to this process.
pub(super) fn silent() -> MutexGuard<'static, Vec<BString>> {
    static SILENT: Mutex<Vec<BString>> = Mutex::new(Vec::new());
    lock(&SILENT)
}

/// Whether a URL is a path of this machine (git-clone(1), "Git URLs").
fn is_local(url: &BStr) -> bool {
    !is_ssh(url) && (url.starts_with(b"file://") || !url.contains_str("://"))
}

/// Names a URL in git's environment: it may hold a password, and every user can read arguments.
fn name(command: &mut Command, url: &BStr) {
    let count = env::var("GIT_CONFIG_COUNT").ok();
    let count = count.and_then(|count| count.parse::<usize>().ok());
    let count = count.unwrap_or(0);
    let url = url.to_os_str_lossy();
    // The longest `insteadOf` wins: the whole URL, which it leaves as it is.
    let mut itself = OsString::from("url.");
    itself.push(&url);
    itself.push(".insteadOf");
    let keys = [format!("remote.{UNNAMED}.url").into(), itself];
    command.env("GIT_CONFIG_COUNT", (count + keys.len()).to_string());
    for (index, key) in (count..).zip(keys) {
        command.env(format!("GIT_CONFIG_KEY_{index}"), key);
        command.env(format!("GIT_CONFIG_VALUE_{index}"), &url);
    }
}
