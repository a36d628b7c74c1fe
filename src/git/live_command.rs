//! The command of an environment that prints the commit which really runs there (`live` in the policy).

use std::{env, ops::RangeInclusive, time::Duration};

use bstr::ByteSlice;

use super::{Repository, command::removed, network::silent};
use crate::{
    cure::command,
    gates::Stop,
    policy::FILE,
    process::{program::ask_within, shell::script, variable},
    push::{Oid, url::redact, variables::LIVE},
    text::{cut, printable},
};

/// How many digits an id has: git itself abbreviates none to fewer.
const DIGITS: RangeInclusive<usize> = 7..=64;

impl Repository {
    /// Runs the command of an environment for at most this long, and reads the commit that it prints.
    pub(crate) fn ask_live_command(
        &self,
        environment: &str,
        live: &str,
        limit: Duration,
    ) -> Result<Oid, Stop> {
        let directory = self.work_tree().unwrap_or_else(|| self.common_dir());
        // git calls its hooks at the top, wherever the push was typed.
        let is_below = variable("GIT_PREFIX").is_some()
            || env::current_dir().is_ok_and(|here| here != directory);
        let enter = is_below.then(|| command(["cd", &directory.to_string_lossy()]));
        // A script of several lines is run by a command of one, which can be copied.
        let run = if live.trim_end().contains('\n') {
            command(["printf", "%s\\n"].into_iter().chain(live.lines())) + " | sh -e"
        } else {
            command(["sh", "-e", "-c", live])
        };
        let name = format!("`live` of {environment}");
        let failed = |how: &str| {
            let words = "see what it prints, and why";
            let commands = enter.iter().chain([&run]);
            Stop::undecided(format!("{name} {how}")).cure(words, commands)
        };
        if variable(LIVE).is_some() {
            let hint = format!("call nothing in it that asks what is live: fix it in {FILE}");
            return Err(Stop::undecided(format!("{name} asks for itself")).hint(hint));
        }
        let ask = || {
            if silent().iter().any(|known| known == live) {
                return Ok(None);
            }
            let mut shell = script(live, directory, &removed());
            shell.env(LIVE, "1");
            ask_within(shell, limit, &name)
        };
        let Some(output) = ask()? else {
            silent().push(live.into());
            let how = format!("gave no answer within {} s", limit.as_secs());
            return Err(failed(&how));
        };
        let printed = output.line().to_str_lossy();
        let id = printed.trim();
        let is_id = DIGITS.contains(&id.len()) && id.bytes().all(|b| b.is_ascii_hexdigit());
        let how = match output.code {
            Some(0) if is_id => {
                return self.resolve(&id.to_ascii_lowercase()).map_err(|what| {
                    let words = "fetch what is missing, then try again";
                    let fetch = command(["git", "fetch", "--all"]);
                    failed(&format!("printed {}, which {what}", excerpt(id))).cure(words, [fetch])
                });
            }
            Some(0) if id.is_empty() => "printed nothing on its first line".to_owned(),
            Some(0) => format!("printed no commit id, but `{}`", excerpt(id)),
            Some(code) => format!("ended with exit code {code}"),
            None => "was killed".to_owned(),
        };
        Err(failed(&how).details(brief(&output.stderr)))
    }

    /// The commit of an id, in full or abbreviated; in full, it need not be here.
    fn resolve(&self, id: &str) -> Result<Oid, &'static str> {
        const MISSING: &str = "names no commit here";
        let full = Oid::parse(id.as_bytes());
        if let Some(full) = full.filter(|full| self.is_commit(full) != Ok(Some(false))) {
            return Ok(full);
        }
        // A branch may be called like an id: no ref is looked at.
        let found = self.git.run(["rev-parse", &format!("--disambiguate={id}")]);
        let found = found.map_err(|_| MISSING)?;
        let ids = found.stdout.lines().filter_map(Oid::parse);
        let mut commits = ids.filter(|id| self.is_commit(id) == Ok(Some(true)));
        match (commits.next(), commits.next()) {
            (Some(commit), None) => Ok(commit),
            (Some(_), Some(_)) => Err("begins the ids of several commits here"),
            (None, _) => Err(MISSING),
        }
    }
}

/// The last lines of an error.
fn brief(lines: &[String]) -> Vec<String> {
    const MOST: usize = 5;
    let rest = lines.len().saturating_sub(MOST);
    lines[rest..].iter().map(|line| excerpt(line)).collect()
}

/// The beginning of a line, escaped.
fn excerpt(line: &str) -> String {
    const MOST: usize = 100;
    // Enough for a password to be known as one.
    let line = redact(&cut(line, 10 * MOST, ""));
    printable(cut(&line, MOST, "...").as_bytes().into())
}
