use super::*;

const A: &str = "35f6b13a0c3d3b1e7d1b0a1c2d3e4f5061728394";
const B: &str = "500b4f2a0c3d3b1e7d1b0a1c2d3e4f5061728394";
const ZERO: &str = "0000000000000000000000000000000000000000";

fn oid(text: &str) -> Oid {
    Oid::parse(text.as_bytes()).unwrap()
}

#[track_caller]
fn one(line: &str) -> Update {
    let mut updates = parse(format!("{line}\n").as_bytes()).unwrap();
    assert_eq!(updates.len(), 1);
    updates.remove(0)
}

#[track_caller]
fn bad(input: &[u8], number: usize) {
    assert_eq!(parse(input).unwrap_err().number, number);
}

#[test]
fn an_empty_input_holds_no_update() {
    assert_eq!(parse(b"").unwrap(), []);
}

#[test]
fn what_is_named_in_a_command_means_the_same_later() {
    for (source, expected) in [
        ("refs/heads/master", "master"),
        ("refs/heads/hot", "hot:master"),
        ("HEAD", "HEAD:master"),
        ("HEAD~1", &format!("{A}:master")),
        ("v1^{}", &format!("{A}:master")),
    ] {
        let update = one(&format!("{source} {A} refs/heads/master {B}"));
        assert_eq!(update.refspec(), expected, "{source}");
    }
}

#[test]
fn a_branch_is_set_to_a_commit() {
    assert_eq!(
        one(&format!("refs/heads/master {A} refs/heads/master {B}")),
        Update {
            source: "refs/heads/master".into(),
            commit: Some(oid(A)),
            target: "refs/heads/master".into(),
            replaces: Some(oid(B)),
        }
    );
}

#[test]
fn a_new_ref_replaces_nothing() {
    let update = one(&format!("HEAD {A} refs/heads/master {ZERO}"));
    assert_eq!(update.replaces, None);
}

#[test]
fn spaces_in_the_local_ref_belong_to_it() {
    for typed in ["HEAD@{1 day ago}", ":/the bug", "HEAD^{/a  b }", " x"] {
        let update = one(&format!("{typed} {A} refs/heads/master {B}"));
        assert_eq!(update.source, typed);
    }
}

#[test]
fn a_deletion_is_told_by_the_zero_id_not_by_its_text() {
    let deleted = one(&format!("(delete) {ZERO} refs/heads/master {B}"));
    assert_eq!((deleted.commit, deleted.replaces), (None, Some(oid(B))));
    let branch = one(&format!("(delete) {A} refs/heads/master {B}"));
    assert_eq!(branch.commit, Some(oid(A)));
}

#[test]
fn bytes_that_are_not_utf_8_are_kept() {
    let line = [
        b"refs/heads/latin\xe9 ",
        A.as_bytes(),
        b" refs/heads/latin\xe9 ",
        ZERO.as_bytes(),
        b"\n",
    ]
    .concat();
    let updates = parse(&line).unwrap();
    assert_eq!(updates[0].target(), b"refs/heads/latin\xe9".as_bstr());
}

#[test]
fn ids_of_sha_256_are_read() {
    let long = "a".repeat(64);
    let update = one(&format!("HEAD {long} refs/heads/master {}", "0".repeat(64)));
    assert_eq!(update.replaces, None);
}

#[test]
fn a_line_that_is_not_understood_is_an_error() {
    bad(b"\n", 1);
    bad(b"x\n", 1);
    bad(b"\0\0\0", 1);
    bad(format!("{A} refs/heads/master {B}\n").as_bytes(), 1);
    bad(
        format!("x {} refs/heads/master {B}\n", &A[..7]).as_bytes(),
        1,
    );
    bad(
        format!("x {} refs/heads/master {B}\n", A.to_uppercase()).as_bytes(),
        1,
    );
    bad(format!("x {A} refs/heads/master {B} \n").as_bytes(), 1);
    bad(
        format!("x {A} refs/heads/master {}\n", "b".repeat(64)).as_bytes(),
        1,
    );
    bad(format!("x {A} master {B}\n").as_bytes(), 1);
    let good = format!("x {A} refs/heads/master {B}\n");
    bad(format!("{good}{good}\n{good}").as_bytes(), 3);
    bad(
        format!(
            "{good}y {} refs/heads/x {}\n",
            "a".repeat(64),
            "b".repeat(64)
        )
        .as_bytes(),
        2,
    );
}

#[test]
fn a_bad_line_is_shown_short_and_printable() {
    let message = parse(&[b"\x1b[31m".as_slice(), &[b'x'; 5000]].concat())
        .unwrap_err()
        .to_string();
    assert!(
        message.len() < 300 && !message.contains('\x1b'),
        "{message}"
    );
}
