//! What the team remembers goes from clone to clone: merged, raced for, refused and out of reach.

use std::{fs, process::Stdio, time::Instant};

use serde_json::Value;

use crate::support::{
    PATIENCE, Ran, Sandbox,
    notes_worker::{REF, clone, line, notes_worker, other_refs, tell, told},
    shared, until,
};

#[test]
fn ben_reads_what_ana_shared_and_ana_what_ben_added() {
    let shop = Sandbox::new();
    let ben = clone(&shop, "ben");
    let head = shop.ask(["rev-parse", "HEAD"]);
    let read = format!("read {head}");
    assert_eq!(
        tell(
            &shop,
            &shop.app,
            &[
                "fetch origin",
                &format!("add {}", line(&head, "ana")),
                "push origin"
            ]
        ),
        ["ok", "ok", "ok"]
    );
    assert_eq!(
        tell(&shop, &ben, &[&read, "fetch origin", &read]),
        ["", "ok", "ana"]
    );
    // Both add, neither knows of the other.
    assert_eq!(
        tell(
            &shop,
            &ben,
            &[&format!("add {}", line(&head, "ben")), "push origin"]
        ),
        ["ok", "ok"]
    );
    assert_eq!(
        tell(
            &shop,
            &shop.app,
            &[
                &format!("add {}", line(&head, "again")),
                "push origin",
                &read
            ]
        ),
        ["ok", "ok", "again ana ben"]
    );
    assert_eq!(
        tell(&shop, &ben, &["fetch origin", &read, "push origin"]),
        ["ok", "again ana ben", "ok"]
    );
    for place in [shop.app.as_path(), &ben, &shop.path("origin.git")] {
        assert_eq!(other_refs(&shop, place), REF);
        assert!(!place.join(".git/FETCH_HEAD").exists());
    }
    assert_eq!(
        shop.ask(["rev-parse", REF]),
        shop.run_in(&ben, "git", ["rev-parse", REF])
            .goes()
            .stdout
            .trim()
    );
}

#[test]
fn notes_of_commits_that_are_not_here_are_merged_all_the_same() {
    let shop = Sandbox::new();
    let ben = clone(&shop, "ben");
    let head = shop.ask(["rev-parse", "HEAD"]);
    let only_ana = shop.commit("only Ana has this");
    tell(
        &shop,
        &shop.app,
        &[&format!("add {}", line(&only_ana, "ana")), "push origin"],
    );
    assert_eq!(
        tell(
            &shop,
            &ben,
            &[
                &format!("add {}", line(&head, "ben")),
                "push origin",
                &format!("read {only_ana}")
            ]
        ),
        ["ok", "ok", "ana"]
    );
}

#[test]
#[ignore = "slow: ten clones at once"]
fn ten_clones_at_once_lose_nothing() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    let clones: Vec<_> = (0..10)
        .map(|number| clone(&shop, &format!("clone{number}")))
        .collect();
    let running: Vec<_> = (clones.iter().enumerate())
        .map(|(number, clone)| {
            let orders: Vec<_> = (0..3)
                .flat_map(|round| {
                    let line = line(&head, &format!("c{number}r{round}"));
                    [format!("add {line}"), "push origin".to_owned()]
                })
                .collect();
            let answers = shop.path(&format!("answers{number}"));
            let mut command = notes_worker(&shop, clone, &orders.join("\n"), &answers);
            command.env("LIMIT_MS", "120000").stdout(Stdio::null());
            command.spawn().unwrap()
        })
        .collect();
    for (number, mut child) in running.into_iter().enumerate() {
        assert!(child.wait().unwrap().success());
        let answers = fs::read_to_string(shop.path(&format!("answers{number}"))).unwrap();
        assert_eq!(answers, "ok\n".repeat(6), "clone {number}");
    }
    for clone in [&shop.app, &clones[0], &clones[9]] {
        let said = tell(&shop, clone, &["fetch origin", &format!("read {head}")]);
        assert_eq!(said[1].split(' ').count(), 30, "{said:?}");
        assert_eq!(other_refs(&shop, clone), REF);
    }
}

/// A hook of a bare repository.
fn server_hook(shop: &Sandbox, name: &str, script: &str) {
    let path = shop.path("origin.git/hooks").join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    shop.write("hook", &format!("#!/bin/sh\n{script}\n"));
    shop.run_in(
        &shop.app,
        "install",
        ["-m", "755", "hook", path.to_str().unwrap()],
    )
    .goes();
}

#[test]
fn a_server_that_refuses_notes_is_quoted_and_they_stay_here() {
    for (hook, script) in [
        (
            "update",
            "case $1 in refs/notes/*) echo no notes here >&2; exit 1;; esac",
        ),
        (
            "pre-receive",
            "while read -r old new ref; do case $ref in refs/notes/*) echo no notes here >&2; exit 1;; esac; done",
        ),
    ] {
        let shop = Sandbox::new();
        server_hook(&shop, hook, script);
        let head = shop.ask(["rev-parse", "HEAD"]);
        let said = tell(
            &shop,
            &shop.app,
            &[
                &format!("add {}", line(&head, "ana")),
                "push origin",
                &format!("read {head}"),
            ],
        );
        assert_eq!(said[0], "ok");
        assert!(
            said[1].starts_with("`origin` does not take refs/notes/pushgate: [remote rejected] ("),
            "{said:?}"
        );
        assert!(said[1].contains("remote: no notes here"), "{said:?}");
        assert_eq!(said[2], "ana");
        assert_eq!(shop.tip("origin", "master"), head);
    }
}

const POLICY: &str = "suite: {run: 'true'}\nenvironments: {staging: {}}\n";

/// What is still to be shared: its remote, its tip, and why that failed, of each.
fn unshared(shop: &Sandbox) -> Vec<(String, String, Option<String>)> {
    let text = fs::read_to_string(shop.app.join(".git/pushgate/unshared"));
    let list: Vec<Value> = serde_json::from_str(&text.unwrap_or_default()).unwrap_or_default();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let each = list.iter().map(|one| {
        let [remote, tip] = ["remote", "tip"].map(|key| text(&one[key]).unwrap());
        (remote, tip, text(&one["why"]))
    });
    each.collect()
}

#[test]
fn what_one_remote_refuses_is_kept_for_it_while_another_is_told() {
    let shop = Sandbox::new();
    shop.git(["init", "-q", "--bare", "../upstream.git"]).goes();
    shop.git(["remote", "add", "upstream", "../upstream.git"])
        .goes();
    server_hook(&shop, "update", "case $1 in refs/notes/*) exit 1;; esac");
    fs::remove_file(shop.app.join("hook")).unwrap();
    shop.policy(POLICY);
    shop.commit_on_origin("two");
    shop.push("staging", "master").goes();
    assert_eq!(unshared(&shop)[0].0, "origin");
    shop.policy(&format!(
        "trunk: {{remote: upstream, branch: master}}\n{POLICY}"
    ));
    for remote in ["origin", "upstream"] {
        shop.push_ungated(remote, "master");
    }
    shop.push("staging", "master").goes();
    until("upstream is told", || {
        let left = unshared(&shop);
        (left.len() == 1 && left[0].0 == "origin").then_some(())
    });
    let bare = shop.path("upstream.git");
    let told = || shop.run_in(&bare, "git", ["rev-parse", REF]).goes().stdout;
    assert_eq!(told().trim(), shop.ask(["rev-parse", REF]));
    fs::remove_file(shop.path("origin.git/hooks/update")).unwrap();
    shop.pushgate(["status"]);
    shared(&shop.app);
}

#[test]
fn a_try_that_fails_late_does_not_undo_that_more_is_to_be_shared() {
    let shop = Sandbox::new();
    let wait = "touch ../waits; until test -e ../go; do sleep 0.02; done; exit 1";
    let wait = format!("case $1 in refs/notes/*) {wait};; esac");
    server_hook(&shop, "update", &wait);
    fs::remove_file(shop.app.join("hook")).unwrap();
    shop.policy(POLICY);
    let push = || {
        let mut push = shop.command("git");
        let pushed = push.args(["push", "-q", "staging", "master"]).output();
        assert!(pushed.unwrap().status.success());
    };
    shop.commit_on_origin("two");
    push();
    let waits = || shop.path("waits").exists().then_some(());
    until("the first try waits", waits);
    shop.commit_on_origin("three");
    push();
    // It finds the second deployment, while the first is still being shared.
    shop.pushgate(["check", "staging"]);
    let newest = shop.ask(["rev-parse", REF]);
    let (remote, tip, _) = unshared(&shop).remove(0);
    assert_eq!((remote, tip), ("origin".to_owned(), newest.clone()));
    fs::write(shop.path("go"), "").unwrap();
    until("the first try has failed", || unshared(&shop).remove(0).2);
    let (remote, tip, _) = unshared(&shop).remove(0);
    assert_eq!((remote, tip), ("origin".to_owned(), newest));
}

#[test]
fn a_read_only_server_keeps_nothing_from_being_read() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    tell(
        &shop,
        &shop.app,
        &[&format!("add {}", line(&head, "ana")), "push origin"],
    );
    shop.run_in(
        shop.path("origin.git"),
        "git",
        ["config", "transfer.hideRefs", "refs/notes"],
    )
    .goes();
    let said = tell(
        &shop,
        &shop.app,
        &[
            "fetch origin",
            &format!("add {}", line(&head, "more")),
            "push origin",
            &format!("read {head}"),
        ],
    );
    assert_eq!((said[0].as_str(), said[3].as_str()), ("ok", "ana more"));
    assert!(said[2].contains("deny updating a hidden ref"), "{said:?}");
}

#[test]
fn no_server_is_an_error_with_git_s_words() {
    let shop = Sandbox::new();
    shop.git(["remote", "set-url", "origin", "/nowhere/at-all.git"])
        .goes();
    let head = shop.ask(["rev-parse", "HEAD"]);
    let said = tell(
        &shop,
        &shop.app,
        &[
            &format!("add {}", line(&head, "ana")),
            "fetch origin",
            "push origin",
            "fetch upstream",
        ],
    );
    assert_eq!(said[0], "ok");
    assert!(
        said[1].contains("'/nowhere/at-all.git' does not appear to be a git repository"),
        "{said:?}"
    );
    assert!(
        said[2].contains("does not appear to be a git repository"),
        "{said:?}"
    );
    assert!(
        said[3].contains("there is no remote `upstream`"),
        "{said:?}"
    );
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    // git runs this in the place of the server's side, for a fetch and for a push.
    shop.script("asleep", "#!/bin/sh\nexec sleep 1000\n");
    let asleep = shop.app.join("asleep");
    for key in ["remote.origin.uploadpack", "remote.origin.receivepack"] {
        shop.git(["config", key, asleep.to_str().unwrap()]).goes();
    }
    told(&shop, &shop.app, &format!("add {}", line(&head, "ana")));
    let answers = shop.path("answers");
    let started = Instant::now();
    let mut command = notes_worker(&shop, &shop.app, "fetch origin\npush origin", &answers);
    Ran::of(command.env("LIMIT_MS", "700")).goes();
    assert!(started.elapsed() < PATIENCE);
    let said = fs::read_to_string(&answers).unwrap();
    assert_eq!(
        said.lines()
            .filter(|line| line.contains("gave no answer"))
            .count(),
        2,
        "{said}"
    );
}

#[test]
fn our_own_push_runs_nobody_s_hook() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    for hook in ["pre-push", "reference-transaction"] {
        shop.script(
            &format!(".git/hooks/{hook}"),
            "#!/bin/sh\necho ran >>../hooks-ran\nexit 1\n",
        );
    }
    let said = tell(
        &shop,
        &shop.app,
        &[
            "fetch origin",
            &format!("add {}", line(&head, "ana")),
            "push origin",
        ],
    );
    assert_eq!(said, ["ok", "ok", "ok"]);
    assert!(!shop.path("hooks-ran").exists());
}

#[test]
fn a_user_without_a_name_who_signs_everything_is_asked_nothing() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    fs::write(
        shop.path("home/.gitconfig"),
        "[user]\n\tuseConfigOnly = true\n\tsigningkey = nobody\n[commit]\n\tgpgsign = true\n[push]\n\tgpgSign = true\n[gpg]\n\tprogram = /bin/false\n[fetch]\n\tprune = true\n[init]\n\tdefaultBranch = master\n",
    )
    .unwrap();
    let said = tell(
        &shop,
        &shop.app,
        &[
            &format!("add {}", line(&head, "ana")),
            "push origin",
            "fetch origin",
            &format!("read {head}"),
        ],
    );
    assert_eq!(said, ["ok", "ok", "ok", "ana"]);
}

#[test]
#[ignore = "slow: needs another git"]
fn sha_256_and_reftable_remember_alike() {
    let shop = Sandbox::with_init(&["--object-format=sha256"]);
    shop.commit_on_origin("one");
    let other = Sandbox::with_init(&["--object-format=sha256", "--ref-format=reftable"]);
    other.commit_on_origin("one");
    for shop in &[shop, other] {
        let ben = clone(shop, "ben");
        let head = shop.ask(["rev-parse", "HEAD"]);
        assert_eq!(head.len(), 64);
        let read = format!("read {head}");
        assert_eq!(
            tell(
                shop,
                &shop.app,
                &[
                    &read,
                    &format!("add {}", line(&head, "ana")),
                    "push origin",
                    &read
                ]
            ),
            ["", "ok", "ok", "ana"]
        );
        assert_eq!(
            tell(
                shop,
                &ben,
                &[&format!("add {}", line(&head, "ben")), "push origin", &read]
            ),
            ["ok", "ok", "ana ben"]
        );
        assert_eq!(
            tell(shop, &shop.app, &["fetch origin", &read]),
            ["ok", "ana ben"]
        );
    }
}

#[test]
fn a_partial_clone_and_a_shallow_one_get_the_notes_whole() {
    let shop = Sandbox::new();
    let head = shop.commit_on_origin("two");
    for (key, value) in [
        ("uploadpack.allowFilter", "true"),
        ("uploadpack.allowAnySHA1InWant", "true"),
    ] {
        shop.run_in(shop.path("origin.git"), "git", ["config", key, value])
            .goes();
    }
    tell(
        &shop,
        &shop.app,
        &[&format!("add {}", line(&head, "ana")), "push origin"],
    );
    let url = format!("file://{}", shop.path("origin.git").display());
    for (name, option) in [("partial", "--filter=blob:none"), ("shallow", "--depth=1")] {
        shop.run_in(shop.root(), "git", ["clone", "-q", option, &url, name])
            .goes();
        let place = shop.path(name);
        let said = tell(
            &shop,
            &place,
            &[
                "fetch origin",
                &format!("read {head}"),
                &format!("add {}", line(&head, name)),
                "push origin",
            ],
        );
        assert_eq!(said[0], "ok", "{name}");
        assert!(said[1].contains("ana"), "{name}: {said:?}");
        assert_eq!(said[2..], ["ok", "ok"], "{name}");
    }
    assert_eq!(
        tell(&shop, &shop.app, &["fetch origin", &format!("read {head}")])[1],
        "ana partial shallow"
    );
}

#[test]
fn a_remote_whose_notes_are_no_notes_changes_nothing_here() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    told(&shop, &shop.app, &format!("add {}", line(&head, "ana")));
    let tip = shop.ask(["rev-parse", REF]);
    shop.write("blob", "x");
    let origin = shop.path("origin.git");
    let blob = shop.ask([
        "--git-dir",
        origin.to_str().unwrap(),
        "hash-object",
        "-w",
        "blob",
    ]);
    shop.run_in(&origin, "git", ["update-ref", REF, &blob])
        .goes();
    let said = told(&shop, &shop.app, "fetch origin");
    assert!(
        said.contains("its refs/notes/pushgate cannot be read"),
        "{said}"
    );
    assert_eq!(shop.ask(["rev-parse", REF]), tip);
    // An ordinary history is no harm: it has no notes in it.
    shop.run_in(&origin, "git", ["update-ref", REF, "refs/heads/master"])
        .goes();
    assert_eq!(
        tell(
            &shop,
            &shop.app,
            &["fetch origin", &format!("read {head}"), "push origin"]
        ),
        ["ok", "ana", "ok"]
    );
}

#[test]
fn notes_that_were_rewritten_on_the_server_come_back() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    tell(
        &shop,
        &shop.app,
        &[&format!("add {}", line(&head, "ana")), "push origin"],
    );
    shop.push_ungated("origin", &format!(":{REF}"));
    let ben = clone(&shop, "ben");
    tell(
        &shop,
        &ben,
        &[&format!("add {}", line(&head, "ben")), "push origin"],
    );
    // Two histories without a common beginning.
    assert_eq!(
        tell(&shop, &shop.app, &["push origin", &format!("read {head}")]),
        ["ok", "ana ben"]
    );
}
