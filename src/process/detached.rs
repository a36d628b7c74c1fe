//! A process that outlives this one, and that nobody waits for; and the `git push` that it waits for.

use std::{
    io,
    os::unix::process::parent_id,
    process::{Command, Stdio},
};

use nix::{
    errno::Errno,
    sys::signal::kill,
    unistd::{Pid, getpid},
};
use process_wrap::std::{CommandWrap, ProcessSession};

use super::proc::{self, Stat};

/// Starts it in a session of its own, without the terminal and without any file of ours: git waits for the
/// end of its pipes, which the hook inherits.
pub(crate) fn start(mut command: Command) -> io::Result<()> {
    close_fds::set_fds_cloexec(3, &[]);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut command = CommandWrap::from(command);
    command.wrap(ProcessSession);
    command.spawn().map(drop)
}

/// The `git push` that waits for this process, else the process that started it: its id, and when it
/// started.
pub(crate) fn git_push() -> (i32, u64) {
    let parent = parent_id().cast_signed();
    let git = proc::git_above(parent).or_else(|| Stat::of(parent));
    git.map_or((parent, 0), |git| (git.id, git.start))
}

/// Whether the `git push` that waits for this process says on its command line that it sends nothing. An alias
/// hides that.
pub(crate) fn is_dry_run() -> bool {
    let git = proc::git_above(parent_id().cast_signed());
    git.is_some_and(|git| says_dry_run(&proc::arguments(git.id)))
}

/// Whether the words of a `git push` say that it sends nothing.
///
/// Reads the options as git does: the last one counts, and a long one may be cut short where no
/// other begins so.
pub(crate) fn says_dry_run(words: &[impl AsRef<str>]) -> bool {
    const WITH_VALUE: [&str; 5] = [
        "exec",
        "push-option",
        "receive-pack",
        "recurse-submodules",
        "repo",
    ];
    let words = words.iter().map(AsRef::as_ref);
    let mut words = words.skip_while(|word| *word != "push").skip(1);
    let mut is_dry = false;
    while let Some(word) = words.next() {
        if let Some(name) = word.strip_prefix("--") {
            match name {
                "" | "end-of-options" => break,
                _ if "dry-run".starts_with(name) => is_dry = true,
                _ if "no-dry-run".starts_with(name) => is_dry = false,
                _ if WITH_VALUE.iter().any(|one| one.starts_with(name)) => drop(words.next()),
                _ => {}
            }
        } else if let Some(flags) = word.strip_prefix('-') {
            // What follows `o` is its value, or else the next word is.
            let (flags, value) = flags.split_once('o').unwrap_or((flags, "none"));
            is_dry |= flags.contains('n');
            if value.is_empty() {
                words.next();
            }
        }
    }
    is_dry
}

/// This process, for a push that it makes itself.
pub(crate) fn this() -> (i32, u64) {
    process(getpid().as_raw())
}

/// A process with when it started.
pub(crate) fn process(id: i32) -> (i32, u64) {
    (id, Stat::of(id).map_or(0, |found| found.start))
}

/// Whether another process is still there; 0 for when it started: not known. What this one has pushed itself
/// has ended when it asks.
pub(crate) fn is_running((id, start): (i32, u64)) -> bool {
    if id == getpid().as_raw() {
        return false;
    }
    if proc::is_told() {
        let is_same = |now: &Stat| now.start == start || start == 0;
        return Stat::of(id).is_some_and(|now| is_same(&now) && !now.has_ended());
    }
    kill(Pid::from_raw(id), None) != Err(Errno::ESRCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dry_run_is_read_as_git_reads_it() {
        let says =
            |line: &str| says_dry_run(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        for line in [
            "git push --dry-run production master",
            "git -C app push production master --dry",
            "git push -fn production",
            "git push --no-dry-run -n production",
            "git push --no-dry --dr production",
            "git push -fno VALUE production",
            "git push --recurse-submodules check -n production",
        ] {
            assert!(says(line), "{line}");
        }
        for line in [
            "git push production master",
            "git push -o -n production",
            "git push -on production",
            "git push -fo none production",
            "git push -fo -n production",
            "git push -n --no-dry-run production",
            "git push -n --no-dry production",
            "git push --push -n production",
            "git push --rece -n production",
            "git push production --end-of-options -n",
            "git push --delete production -- -n",
            "git --dry-run deploys",
        ] {
            assert!(!says(line), "{line}");
        }
    }
}
