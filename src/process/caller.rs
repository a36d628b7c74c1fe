//! The `git push` that we belong to, wherever between it and us other programs stand: a shell of
//! husky's, lefthook, pre-commit. They go on waiting for us when it is gone.

use std::fs;

/// How many programs stand between, at most; a shell or two each.
pub(crate) const MOST: usize = 12;

/// A process, told from a later one with its number.
#[derive(Debug)]
pub(crate) struct Process {
    id: u32,
    start: String,
}

impl Process {
    /// The nearest git above a process; `None` where there is none, or the system does not tell.
    pub(crate) fn git_above(mut id: u32) -> Option<Self> {
        for _ in 0..MOST {
            let it = Stat::of(id)?;
            if it.name == "git" {
                return Some(Self {
                    id,
                    start: it.start,
                });
            }
            id = it.parent;
        }
        None
    }

    pub(crate) fn is_gone(&self) -> bool {
        Stat::of(self.id).is_none_or(|now| now.start != self.start || now.state == "Z")
    }
}

/// What `/proc/PID/stat` says of a process (proc(5)).
pub(crate) struct Stat {
    name: String,
    state: String,
    parent: u32,
    start: String,
}

impl Stat {
    pub(crate) fn of(id: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
    }

    /// The name stands in parentheses and may hold some of its own.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (before, after) = text.rsplit_once(") ")?;
        let (_, name) = before.split_once(" (")?;
        let mut fields = after.split(' ');
        Some(Self {
            name: name.to_owned(),
            state: fields.next()?.to_owned(),
            parent: fields.next()?.parse().ok()?,
            // The 22nd of all, and the 20th of these.
            start: fields.nth(17)?.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_hold_anything() {
        let fields = "S 41 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20 21";
        for name in ["git", "a) S 7 (b", "x y"] {
            let it = Stat::parse(&format!("42 ({name}) {fields}")).unwrap();
            assert_eq!(it.name, name);
            assert_eq!(
                (it.state.as_str(), it.parent, it.start.as_str()),
                ("S", 41, "777")
            );
        }
        assert!(Stat::parse("42 (git").is_none());
        assert!(Stat::parse("42 (git) S 41").is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_that_lives_is_not_gone_and_another_with_its_number_is() {
        let id = std::process::id();
        let start = Stat::of(id).unwrap().start;
        assert!(!Process { id, start }.is_gone());
        let start = "1".to_owned();
        assert!(Process { id, start }.is_gone());
    }
}
