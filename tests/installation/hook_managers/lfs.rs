//! git-lfs, whose hook uploads the objects of a push: installed before us, after us, and by force.

use std::fs;

use expect_test::expect;

use super::Street;

#[test]
#[ignore = "slow: needs the other hook managers"]
fn its_hook_uploads_when_the_gates_pass_and_not_when_they_refuse() {
    let street = Street::new();
    street.run("git lfs install --local").goes();
    let theirs = street.picture(".git/hooks");
    assert!(
        street
            .read(".git/hooks/pre-push")
            .contains("git lfs pre-push")
    );
    street.run("pushgate install").goes().is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: installed [root]/app/.git/hooks/pre-push
        pushgate: git clones no hooks; with the program, each colleague types once:
            pushgate install
        pushgate: the hook that was there runs after the gates: [root]/app/.git/.pushgate-hooks/pre-push
    "#]]);
    let is_on = street.lfs_object();
    assert!(!is_on("staging"));
    street.shop.commit("stray");
    street.run("git push staging HEAD:master").refused("trunk");
    assert!(!is_on("staging"));
    street.run("git reset -q --hard origin/master").goes();
    street.run("git push staging master").goes();
    assert!(is_on("staging"));
    street.is_gated();
    street.run("pushgate uninstall").goes();
    assert_eq!(street.picture(".git/hooks"), theirs);
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn installed_after_us_it_leaves_ours_alone_and_says_so() {
    let street = Street::new();
    street.run("pushgate install").goes();
    let ours = street.read(".git/hooks/pre-push");
    for again in ["git lfs install --local", "git lfs update"] {
        let ran = street.run(again);
        assert_eq!(ran.code, 2, "{ran}");
        let said = ran.to_string();
        assert!(said.contains("Hook already exists: pre-push"), "{said}");
        assert_eq!(street.read(".git/hooks/pre-push"), ours);
    }
    street.is_gated();
    // Its other commands say nothing, and no object would be uploaded.
    let is_on = street.lfs_object();
    let words = "no hook calls git-lfs";
    let ran = street.run("git push staging master").goes();
    assert!(ran.to_string().contains(words), "{ran}");
    assert!(!is_on("staging"));
    let ran = street.run("pushgate doctor");
    assert!(ran.stdout.contains(words), "{ran}");
    // By what is printed.
    street.run("git lfs update --force").goes();
    street.run("pushgate install").goes();
    let ran = street.run("pushgate doctor");
    assert!(!ran.stdout.contains(words), "{ran}");
    street.shop.commit_on_origin("more");
    let ran = street.run("git push staging master").goes();
    assert!(!ran.to_string().contains(words), "{ran}");
}

#[test]
#[ignore = "slow: needs the other hook managers"]
fn what_it_takes_by_force_is_missed_and_taken_back() {
    for force in ["git lfs install --local --force", "git lfs update --force"] {
        let street = Street::new();
        street.run("git lfs install --local --skip-repo").goes();
        street.run("pushgate install").goes();
        street.run(force).goes();
        let theirs = street.read(".git/hooks/pre-push");
        assert!(theirs.contains("git lfs pre-push"), "{theirs}");
        let ran = street.run("pushgate status").goes();
        assert!(
            ran.stdout
                .contains("the hook is not installed here: pushgate install"),
            "{ran}"
        );
        // Twice: the second time, what waits behind us is what they write again.
        for _ in 0..2 {
            street
                .run("pushgate install")
                .goes()
                .says("the hook that was there runs after the gates");
            assert!(street.read(".git/hooks/pre-push").contains("pushgate"));
            street.run(force).goes();
        }
        street.run("pushgate install").goes();
        let is_on = street.lfs_object();
        street.shop.commit("stray");
        street.run("git push staging HEAD:master").refused("trunk");
        assert!(!is_on("staging"));
        street.run("git push staging origin/master:master").goes();
        assert!(is_on("staging"));
        street.run("pushgate uninstall").goes();
        assert_eq!(street.read(".git/hooks/pre-push"), theirs);
    }
}

#[test]
#[ignore = "slow: needs git-lfs"]
fn where_repositories_share_our_hook_theirs_is_the_repositorys_own() {
    let street = Street::new();
    street.run("pushgate install").goes();
    let (own, shared) = (street.file(".git/hooks"), street.shop.path("hooks"));
    fs::create_dir(&shared).unwrap();
    fs::rename(own.join("pre-push"), shared.join("pre-push")).unwrap();
    let shared = shared.display();
    street
        .run(&format!("git config core.hooksPath {shared}"))
        .goes();
    street.run("git lfs install --local --skip-repo").goes();
    let is_on = street.lfs_object();
    let setting = format!("core.hooksPath={}", own.display());
    let cure = format!("git -c '{setting}' lfs update");
    let ran = street.run("git push staging master").goes();
    assert!(ran.stderr.contains(&cure), "{ran}");
    assert!(!is_on("staging"));
    street.run(&cure.replace('\'', "")).goes();
    // What went without its files gets them, too.
    assert!(
        ran.stderr.contains("    git lfs push --all staging\n"),
        "{ran}"
    );
    street.run("git lfs push --all staging").goes();
    assert!(is_on("staging"));
    street.shop.commit_on_origin("more");
    let ran = street.run("git push staging master").goes();
    assert!(!ran.stderr.contains("git-lfs"), "{ran}");
}
