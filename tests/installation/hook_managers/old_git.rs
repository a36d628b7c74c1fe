//! A git whose `fetch` tells no program what it brought, as Debian 12 has it: every answer of the gate
//! `trunk` is that of a newer one.

use super::Street;

/// A shop with the gate, whose people have the older git.
fn with_old_git() -> Street {
    let street = Street::with(&["old-git/bin"]);
    let ran = street.run("git fetch --porcelain --dry-run");
    assert_eq!(ran.code, 129, "{ran}");
    street.run("pushgate install").goes();
    street
}

/// All refs, and whether git keeps what it fetched last.
fn refs(street: &Street) -> (String, bool) {
    let refs = street.shop.ask(["for-each-ref"]);
    (refs, street.file(".git/FETCH_HEAD").exists())
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn a_tip_that_is_not_here_is_fetched_and_counted() {
    let street = with_old_git();
    street.is_gated();
    street.shop.commit_on_origin("one");
    let before = refs(&street);
    street.shop.colleague_pushes("origin", "two");
    street.shop.colleague_pushes("origin", "three");
    street
        .run("git push staging master")
        .refused("trunk")
        .says("master is 2 commits behind origin/master")
        .never_says("grafts");
    assert_eq!(refs(&street), before);
    street.shop.commit("mine");
    street
        .run("git push staging master")
        .refused("trunk")
        .says("master and origin/master have diverged: 1 commit only here, 2 commits only there");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn nor_do_many_refs_hide_it() {
    let street = with_old_git();
    let head = street.shop.ask(["rev-parse", "HEAD"]);
    let mut lines = String::from("# pack-refs with: peeled fully-peeled sorted \n");
    for number in 0..1500 {
        lines += &format!("{head} refs/tags/v{number:04}\n");
    }
    std::fs::write(street.file(".git/packed-refs"), lines).unwrap();
    street.is_gated();
    street.shop.commit_on_origin("one");
    street.shop.colleague_pushes("origin", "two");
    street
        .run("git push staging master")
        .refused("trunk")
        .says("master is 1 commit behind origin/master");
}
