//! What Linux tells of processes (proc(5)). Elsewhere nothing is known.

use std::fs;

use bstr::ByteSlice;

/// Between git and this process there may be a few others: shells, husky, lefthook, pre-commit. They
/// go on waiting when git is gone, so that git itself has to be watched.
const MOST_BETWEEN: usize = 12;

/// One process, from `/proc/PID/stat`.
pub(super) struct Stat {
    pub(super) id: i32,
    pub(super) name: String,
    state: char,
    pub(super) parent: i32,
    pub(super) group: i32,
    /// When it started; tells it from a later process with the same id.
    pub(super) start: u64,
}

impl Stat {
    pub(super) fn of(id: i32) -> Option<Self> {
        let text = fs::read(format!("/proc/{id}/stat")).ok()?;
        Self::parse(&text.to_str_lossy())
    }

    /// The name stands in parentheses, and may contain spaces and parentheses.
    fn parse(text: &str) -> Option<Self> {
        let (before, after) = text.rsplit_once(") ")?;
        let (id, name) = before.split_once(" (")?;
        let fields: Vec<&str> = after.split(' ').collect();
        Some(Self {
            id: id.parse().ok()?,
            name: name.to_owned(),
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            start: fields.get(19)?.parse().ok()?,
        })
    }

    /// Whether it has ended; its parent may not have asked yet how.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }

    /// Whether it has ended since this was read.
    pub(super) fn is_gone(&self) -> bool {
        Self::of(self.id).is_none_or(|now| now.start != self.start || now.has_ended())
    }
}

/// Finds the nearest git among a process and those above it, if there is one and the system tells.
pub(super) fn git_above(process: i32) -> Option<Stat> {
    let mut stat = Stat::of(process)?;
    for _ in 0..MOST_BETWEEN {
        if stat.name == "git" {
            return Some(stat);
        }
        stat = Stat::of(stat.parent)?;
    }
    None
}

/// Whether the system tells of processes.
pub(super) fn is_told() -> bool {
    fs::metadata("/proc/self/stat").is_ok()
}

/// All processes; `None` where the system does not tell.
pub(super) fn all() -> Option<Vec<Stat>> {
    if !is_told() {
        return None;
    }
    let entries = fs::read_dir("/proc").ok()?.flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Some(ids.filter_map(Stat::of).collect())
}

/// The children of a process, those included that have ended and that it has not asked about.
pub(super) fn children(id: i32) -> Vec<Stat> {
    listed_children(id).unwrap_or_else(|| {
        let mut all = all().unwrap_or_default();
        all.retain(|process| process.parent == id);
        all
    })
}

/// The same where the kernel lists them by each thread of their parent (`CONFIG_PROC_CHILDREN`): there are few,
/// among hundreds of processes.
fn listed_children(id: i32) -> Option<Vec<Stat>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{id}/task")).ok()? {
        let list = fs::read_to_string(thread.ok()?.path().join("children")).ok()?;
        let ids = list.split_whitespace().filter_map(|id| id.parse().ok());
        children.extend(ids.filter_map(Stat::of));
    }
    Some(children)
}

/// The words that a process was started with; none where the system does not tell.
pub(super) fn arguments(id: i32) -> Vec<String> {
    let text = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    let words = text.split_str("\0");
    words.map(|word| word.to_str_lossy().into_owned()).collect()
}

/// Whether the environment that a process was started with contains this text.
pub(super) fn environment_contains(id: i32, text: &str) -> bool {
    fs::read(format!("/proc/{id}/environ")).is_ok_and(|environment| environment.contains_str(text))
}

/// The signals that this process was started with as ignored, a bit each.
pub(super) fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let fields = "S 41 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20 21";
        for name in ["git", "a) S 7 (b", "x y"] {
            let stat = Stat::parse(&format!("42 ({name}) {fields}")).unwrap();
            assert_eq!(stat.name, name);
            assert_eq!(
                (stat.id, stat.state, stat.parent, stat.group, stat.start),
                (42, 'S', 41, 2, 777)
            );
        }
        assert!(Stat::parse("42 (git").is_none());
        assert!(Stat::parse("42 (git) S 41").is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_child_that_has_ended_is_listed_until_it_is_waited_for() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let id = child.id().cast_signed();
        let mine = || {
            let mut children = children(std::process::id().cast_signed()).into_iter();
            children.find(|one| one.id == id)
        };
        assert!(!mine().unwrap().has_ended());
        drop(child.stdin.take());
        while !mine().unwrap().has_ended() {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.wait().unwrap();
        assert!(mine().is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_lives_is_not_gone_and_another_with_its_number_is() {
        let mut stat = Stat::of(std::process::id().cast_signed()).unwrap();
        assert!(!stat.is_gone());
        stat.start = 1;
        assert!(stat.is_gone());
    }
}
