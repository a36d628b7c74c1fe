//! The bytes of git's objects, taken apart.

use bstr::ByteSlice;

use crate::{push::Oid, text::hex};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeEntry {
    /// git's file mode.
    pub(crate) mode: u32,
    pub(crate) id: Oid,
}

impl TreeEntry {
    pub(crate) const DIRECTORY: u32 = 0o040_000;
    pub(crate) const LINK: u32 = 0o120_000;
    pub(crate) const MODULE: u32 = 0o160_000;
    pub(crate) const EXECUTABLE: u32 = 0o100_755;

    pub(super) fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }
}

/// The tree and the parents that a commit names (gitformat-commit: `tree ID`, `parent ID`...).
pub(crate) fn commit_headers(bytes: &[u8]) -> Option<(Oid, Vec<Oid>)> {
    let mut lines = bytes.split(|b| *b == b'\n');
    let tree = Oid::parse(lines.next()?.strip_prefix(b"tree ")?)?;
    let parents = lines.map_while(|line| Oid::parse(line.strip_prefix(b"parent ")?));
    Some((tree, parents.collect()))
}

/// A person in a commit, `author` or `committer`: `Name <mail>`, and `SECONDS ZONE`.
pub(crate) fn commit_person<'b>(bytes: &'b [u8], role: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let mut headers = bytes.lines().take_while(|line| !line.is_empty());
    let person = headers.find_map(|line| line.strip_prefix(role)?.strip_prefix(b" "))?;
    Some(person.split_at(person.rfind_byte(b'>')? + 1))
}

/// The entry of this name in a tree (`MODE SP NAME NUL RAW-ID`, repeated).
pub(crate) fn tree_entry(bytes: &[u8], name: &[u8], id_width: usize) -> Option<TreeEntry> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let (mode, after) = rest.split_at_checked(rest.find_byte(b' ')?)?;
        let after = &after[1..];
        let (found, after) = after.split_at_checked(after.find_byte(0)?)?;
        let (raw, after) = after[1..].split_at_checked(id_width / 2)?;
        if found == name {
            return Some(TreeEntry {
                mode: u32::from_str_radix(mode.to_str().ok()?, 8).ok()?,
                id: Oid::parse(hex(raw).as_bytes())?,
            });
        }
        rest = after;
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_are_an_object_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = (commit_headers(&bytes), commit_person(&bytes, b"author"), tree_entry(&bytes, b"a", 40));
        }

        #[test]
        fn each_entry_of_a_tree_is_found_and_a_cut_tree_has_no_other(
            names in proptest::collection::btree_set("[^/\0]{1,8}", 1..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let mut tree = Vec::new();
            for (number, name) in (1..).zip(&names) {
                tree.extend_from_slice(format!("100644 {name}\0").as_bytes());
                tree.extend_from_slice(&[number; 20]);
            }
            let cut = &tree[..cut.index(tree.len())];
            for (number, name) in (1_u8..).zip(&names) {
                let id = Oid::parse(hex(&[number; 20]).as_bytes()).unwrap();
                let entry = TreeEntry { mode: 0o100_644, id };
                prop_assert_eq!(tree_entry(&tree, name.as_bytes(), 40), Some(entry.clone()));
                let found = tree_entry(cut, name.as_bytes(), 40);
                prop_assert!(found.is_none_or(|found| found == entry));
            }
        }
    }
}
