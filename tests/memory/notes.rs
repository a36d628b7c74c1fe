//! What the team remembers, as git notes: kept and read in one repository, and raced for.

use std::{env, fs, os::unix::fs::PermissionsExt, process::Stdio};

use crate::support::{
    Ran, Sandbox,
    notes_worker::{ANSWERS, REF, line, notes_worker, tell, told, work},
};

/// The library opens the repository that it is called in, so it is called in a process of its own.
#[test]
fn the_notes_worker_answers_each_order() {
    if work() {
        return;
    }
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    let add = format!("add {}", line(&head, "basket"));
    let (read, verify) = (format!("read {head}"), format!("verify {head}"));
    assert_eq!(
        tell(&shop, &shop.app, &[&add, &read, &verify]),
        ["ok", "basket", "0 of 1"]
    );
}

fn note(shop: &Sandbox, commit: &str) -> String {
    shop.git(["notes", "--ref", REF, "show", commit])
        .goes()
        .stdout
}

#[test]
fn what_is_added_is_read_back_and_git_shows_it() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    let (basket, till) = (line(&head, "basket"), line(&head, "till"));
    let orders = [
        &format!("read {head}"),
        &format!("add {basket}"),
        &format!("add {till}"),
        &format!("add {basket}"),
        &format!("read {head}"),
    ];
    let orders: Vec<_> = orders.iter().map(|order| order.as_str()).collect();
    assert_eq!(
        tell(&shop, &shop.app, &orders),
        ["", "ok", "ok", "ok", "basket till"]
    );
    assert_eq!(note(&shop, &head), format!("{basket}\n{till}\n"));
    // Nothing changed the third time.
    assert_eq!(shop.ask(["rev-list", "--count", REF]), "2");
    assert_eq!(
        shop.ask(["log", "-1", "--format=%an <%ae> %s", REF]),
        format!("Ana <ana@shop.example> signoff {} on staging", &head[..7])
    );
    shop.git(["fsck", "--strict"]).goes();
}

#[test]
fn notes_of_any_fanout_are_found_and_kept_in_their_place() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    for path in [
        head.clone(),
        format!("{}/{}", &head[..2], &head[2..]),
        format!(
            "{}/{}/{}/{}",
            &head[..2],
            &head[2..4],
            &head[4..6],
            &head[6..]
        ),
    ] {
        shop.write("old", &(line(&head, "old") + "\n"));
        let script = format!(
            "export GIT_INDEX_FILE=$PWD/scratch && rm -f scratch && git update-index --add --cacheinfo 100644,$(git hash-object -w old),{path} && git update-ref {REF} $(git commit-tree -m old $(git write-tree))"
        );
        shop.run_in(&shop.app, "sh", ["-ec", &script]).goes();
        assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "old");
        assert_eq!(
            told(&shop, &shop.app, &format!("add {}", line(&head, "new"))),
            "ok"
        );
        assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "new old");
        assert_eq!(shop.ask(["ls-tree", "-r", "--name-only", REF]), path);
    }
}

#[test]
fn a_note_that_stands_twice_is_read_whole() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    shop.write("one", &(line(&head, "one") + "\n"));
    shop.write("two", &(line(&head, "two") + "\n"));
    let script = format!(
        "export GIT_INDEX_FILE=$PWD/scratch; git update-index --add --cacheinfo 100644,$(git hash-object -w one),{head} --cacheinfo 100644,$(git hash-object -w two),{}/{} && git update-ref {REF} $(git commit-tree -m old $(git write-tree))",
        &head[..2],
        &head[2..]
    );
    shop.run_in(&shop.app, "sh", ["-ec", &script]).goes();
    assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "one two");
    told(&shop, &shop.app, &format!("add {}", line(&head, "three")));
    assert_eq!(
        told(&shop, &shop.app, &format!("read {head}")),
        "one three two"
    );
    // git reads both, too.
    let shown = shop.ask(["notes", "--ref", REF, "show", &head]);
    for words in ["one", "two", "three"] {
        assert!(shown.contains(&line(&head, words)), "{words} in {shown}");
    }
}

#[test]
fn git_s_own_notes_and_ours_live_in_one_ref() {
    let shop = Sandbox::new();
    let mut commits = Vec::new();
    // So many that git begins a directory of its own.
    for number in 0..40 {
        let commit = shop.commit(&format!("commit {number}"));
        let text = line(&commit, &format!("git{number}"));
        shop.git(["notes", "--ref", REF, "add", "-m", &text, &commit])
            .goes();
        commits.push(commit);
    }
    for (number, commit) in commits.iter().enumerate().step_by(7) {
        assert_eq!(
            told(&shop, &shop.app, &format!("add {}", line(commit, "ours"))),
            "ok"
        );
        assert_eq!(
            told(&shop, &shop.app, &format!("read {commit}")),
            format!("git{number} ours")
        );
    }
    let text = line(&commits[7], "later");
    shop.git(["notes", "--ref", REF, "append", "-m", &text, &commits[7]])
        .goes();
    assert_eq!(
        told(&shop, &shop.app, &format!("read {}", commits[7])),
        "git7 later ours"
    );
    assert_eq!(
        told(&shop, &shop.app, &format!("read {}", commits[8])),
        "git8"
    );
}

#[test]
fn damaged_foreign_and_copied_lines_are_ignored_and_kept() {
    let shop = Sandbox::new();
    let old = shop.ask(["rev-parse", "HEAD"]);
    let head = shop.commit("two");
    let odd = [
        "not JSON".to_owned(),
        line(&old, "of another commit"),
        line(&head, "cut")[..60].to_owned(),
    ];
    shop.git(["notes", "--ref", REF, "add", "-m", &odd.join("\n"), &head])
        .goes();
    assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "");
    told(&shop, &shop.app, &format!("add {}", line(&head, "true")));
    assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "true");
    let text = note(&shop, &head);
    assert!(
        odd.iter().all(|line| text.lines().any(|kept| kept == line)),
        "{text}"
    );
    // A later version may tell what this one does not understand.
    let later = line(&head, "from later").replace("\"v\":1", "\"v\":2");
    shop.git(["notes", "--ref", REF, "append", "-m", &later, &head])
        .goes();
    let why = format!(
        "a newer pushgate has written into the note of {}",
        &head[..7]
    );
    assert_eq!(told(&shop, &shop.app, &format!("read {head}")), why);
    told(&shop, &shop.app, &format!("add {}", line(&head, "too")));
    assert!(note(&shop, &head).contains(&later));
}

#[test]
fn an_amended_commit_takes_no_sign_off_with_it() {
    let shop = Sandbox::new();
    let old = shop.commit("two");
    told(&shop, &shop.app, &format!("add {}", line(&old, "true")));
    shop.git(["config", "notes.rewriteRef", REF]).goes();
    shop.amend("three");
    let head = shop.ask(["rev-parse", "HEAD"]);
    assert_eq!(note(&shop, &head), note(&shop, &old));
    assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "");
}

#[test]
fn a_note_that_is_huge_is_ignored_and_has_room_for_ours() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    for size in [2_000_000, 20_000_000] {
        shop.write("huge", &("x".repeat(999) + "\n").repeat(size / 1000));
        shop.git(["notes", "--ref", REF, "add", "-f", "-F", "huge", &head])
            .goes();
        assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "");
        assert_eq!(
            told(&shop, &shop.app, &format!("add {}", line(&head, "ours"))),
            "ok"
        );
        assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "ours");
    }
}

#[test]
fn a_ref_that_cannot_be_read_is_no_empty_memory() {
    for format in ["sha1", "sha256"] {
        let shop = Sandbox::with_init(&[&format!("--object-format={format}")]);
        let head = shop.commit("one");
        let add = format!("add {}", line(&head, "ours"));
        told(&shop, &shop.app, &add);
        let file = shop.app.join(".git").join(REF);
        let tip = fs::read_to_string(&file).unwrap();
        for broken in [
            "rubbish\n".to_owned(),
            tip.replace(|c: char| c.is_ascii_hexdigit(), "1"),
        ] {
            fs::write(&file, &broken).unwrap();
            let said = tell(&shop, &shop.app, &[&format!("read {head}"), &add]);
            assert!(
                said.iter()
                    .all(|said| said.starts_with("could not ") || said.ends_with("no commit here")),
                "{said:?}"
            );
            assert_eq!(fs::read_to_string(&file).unwrap(), broken);
        }
        // A blob where a commit should be.
        shop.write("blob", "x");
        fs::remove_file(&file).unwrap();
        let blob = shop.ask(["hash-object", "-w", "blob"]);
        shop.git(["update-ref", REF, &blob]).goes();
        let said = told(&shop, &shop.app, &format!("read {head}"));
        assert!(said.ends_with("which is no commit here"), "{said}");
    }
}

#[test]
fn ten_writers_at_once_lose_nothing() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    let mut running: Vec<_> = (0..10)
        .map(|number| {
            let orders: Vec<_> = (0..5)
                .map(|round| format!("add {}", line(&head, &format!("w{number}r{round}"))))
                .collect();
            let answers = shop.path(&format!("answers{number}"));
            notes_worker(&shop, &shop.app, &orders.join("\n"), &answers)
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in &mut running {
        assert!(child.wait().unwrap().success());
    }
    for number in 0..10 {
        let answers = fs::read_to_string(shop.path(&format!("answers{number}"))).unwrap();
        assert_eq!(answers, "ok\n".repeat(5));
    }
    assert_eq!(
        told(&shop, &shop.app, &format!("read {head}"))
            .split(' ')
            .count(),
        50
    );
    assert_eq!(note(&shop, &head).lines().count(), 50);
}

#[test]
fn somebody_who_moves_the_ref_meanwhile_loses_nothing() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    told(&shop, &shop.app, &format!("add {}", line(&head, "first")));
    // The first fast-import finds that git has written since we read the ref.
    let real = crate::support::tool("git", "git");
    let text = line(&head, "meanwhile");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *fast-import*) test -e ../moved || {{ : >../moved; {0} notes --ref {REF} append -m '{text}' {head}; }};; esac\nexec {0} \"$@\"\n",
        real.display()
    );
    fs::create_dir(shop.path("bin")).unwrap();
    fs::write(shop.path("bin/git"), script).unwrap();
    fs::set_permissions(shop.path("bin/git"), fs::Permissions::from_mode(0o755)).unwrap();
    let answers = shop.path("answers");
    let path = format!(
        "{}:{}",
        shop.path("bin").display(),
        env::var("PATH").unwrap()
    );
    let mut command = notes_worker(
        &shop,
        &shop.app,
        &format!("add {}", line(&head, "ours")),
        &answers,
    );
    Ran::of(command.env("PATH", path)).goes();
    assert!(shop.path("moved").exists());
    assert_eq!(fs::read_to_string(&answers).unwrap(), "ok\n");
    assert_eq!(
        told(&shop, &shop.app, &format!("read {head}")),
        "first meanwhile ours"
    );
}

#[test]
fn a_read_only_repository_and_a_full_disk_are_said() {
    let shop = Sandbox::new();
    let head = shop.ask(["rev-parse", "HEAD"]);
    told(&shop, &shop.app, &format!("add {}", line(&head, "ana")));
    let before = shop.ask(["rev-parse", REF]);
    // A disk that is full: no file may grow.
    let answers = shop.path("answers");
    fs::write(&answers, "").unwrap();
    let inner = notes_worker(
        &shop,
        &shop.app,
        &format!("add {}", line(&head, "more")),
        &answers,
    );
    let args: Vec<_> = inner.get_args().map(|arg| arg.to_str().unwrap()).collect();
    let program = inner.get_program().to_str().unwrap().to_owned();
    let mut full = shop.command("sh");
    full.envs(
        inner
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    );
    full.env(ANSWERS, "/dev/stderr");
    let script = format!(
        "ulimit -f 0; trap '' XFSZ; exec {program} {}",
        args.join(" ")
    );
    let ran = Ran::of(full.args(["-c", &script]));
    assert!(
        ran.stderr.contains("could not run `git fast-import`"),
        "{ran}"
    );
    assert_eq!(shop.ask(["rev-parse", REF]), before);
    let left = fs::read_dir(shop.app.join(".git")).unwrap();
    let left = left.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(
        !left
            .into_iter()
            .any(|name| name.starts_with("fast_import_crash"))
    );
    // A directory in the way of the lock stands for one that nobody may write to: root may.
    let lock = shop.app.join(".git/pushgate/notes.lock");
    fs::remove_file(&lock).unwrap();
    fs::create_dir(&lock).unwrap();
    let said = told(&shop, &shop.app, &format!("add {}", line(&head, "more")));
    assert!(
        said.starts_with("could not write ") && said.contains("notes.lock"),
        "{said}"
    );
    assert_eq!(told(&shop, &shop.app, &format!("read {head}")), "ana");
}
