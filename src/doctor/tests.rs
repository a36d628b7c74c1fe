//! What comes of facts that no machine at hand has.

use super::{
    context::Git,
    facts::{Configured, Hook, Setting, Version},
    finding::{Cure, Status},
    hook,
    script::{Author, Call, File, Interpreter, Runs, Says, Script},
};

const OLD: Version = Version(2, 53);
const NEW: Version = Version(2, 54);

fn script(author: Author, runs: Runs, interpreter: Interpreter) -> Script {
    Script::File(File {
        author,
        runs,
        interpreter,
    })
}

fn ours() -> Script {
    script(Author::Us, Runs::Yes, Interpreter::There)
}

fn here(file: Script) -> Hook {
    Hook {
        directory: "hooks".to_owned(),
        setting: None,
        husky: false,
        off: None,
        path: "hooks/pre-push".to_owned(),
        file,
        kept: None,
        configured: Vec::new(),
        lefthook: false,
        no_install: None,
    }
}

fn git(version: Version, bare: Version) -> Git {
    Git {
        said: format!("git version {version}.0"),
        version: Some(version),
        bare: Some(bare),
    }
}

/// How the hook is, for a git of this version, beside the line on its directory.
fn of(here: &Hook, git: &Git) -> Vec<(Status, String)> {
    let lines = hook::judge(here, Some(git));
    lines
        .into_iter()
        .skip(1)
        .map(|line| (line.status, line.text))
        .collect()
}

#[track_caller]
fn one(here: &Hook, version: Version, state: Status, text: &str) {
    let found = of(here, &git(version, version));
    assert!(
        found.len() == 1 && found[0].0 == state && found[0].1.contains(text),
        "{found:?}"
    );
}

#[test]
fn versions_of_git_are_read_whoever_built_it() {
    let of = Version::of_git;
    assert_eq!(of("git version 2.47.3"), Some(Version(2, 47)));
    assert_eq!(
        of("git version 2.39.5 (Apple Git-154)"),
        Some(Version(2, 39))
    );
    assert_eq!(of("git version 2.55.0.618.g1a2b"), Some(Version(2, 55)));
    assert_eq!(of("git version 3.0-rc1"), Some(Version(3, 0)));
    assert_eq!(of("git version of-my-own"), None);
    assert_eq!(of("git version 2"), None);
    assert_eq!(of(""), None);
    assert!(Version(2, 9) < Version(2, 31));
}

#[test]
fn what_comes_of_a_hook_that_cannot_be_executed_depends_on_git() {
    for interpreter in [
        Interpreter::CarriageReturn,
        Interpreter::Missing("/gone".to_owned()),
    ] {
        let here = here(script(Author::Us, Runs::Yes, interpreter));
        one(
            &here,
            OLD,
            Status::Broken,
            "git 2.53 waits for ever at every push",
        );
        one(&here, NEW, Status::Broken, "git refuses every push");
    }
    one(
        &here(Script::Directory),
        OLD,
        Status::Broken,
        "waits for ever",
    );
}

#[test]
fn every_author_is_told_apart_and_whoever_does_not_call_us_is_broken() {
    let tool = |says| Author::Tool {
        name: "lefthook",
        file: "lefthook.yml".to_owned(),
        says,
    };
    let cases = [
        (Author::Us, Status::Ok),
        (Author::Earlier, Status::Warning),
        (Author::Newer, Status::Warning),
        (Author::Edited { calls: true }, Status::Warning),
        (Author::Edited { calls: false }, Status::Broken),
        (tool(Says::Calls), Status::Ok),
        (tool(Says::Earlier), Status::Warning),
        (tool(Says::Twice), Status::Broken),
        (tool(Says::Late), Status::Broken),
        (tool(Says::Windows), Status::Broken),
        (tool(Says::LeftOut("why".to_owned())), Status::Broken),
        (
            tool(Says::OwnWords("its job a".to_owned())),
            Status::Warning,
        ),
        (
            tool(Says::Unasked(vec!["words".to_owned()])),
            Status::Broken,
        ),
        (tool(Says::Nothing), Status::Broken),
        (Author::Somebody { calls: Call::Sure }, Status::Ok),
        (
            Author::Somebody {
                calls: Call::Unsure,
            },
            Status::Warning,
        ),
        (Author::Somebody { calls: Call::No }, Status::Broken),
        (tool(Says::Unsure), Status::Warning),
    ];
    for (author, state) in cases {
        for runs in [Runs::NotExecutable, Runs::NoExec] {
            let here = here(script(author.clone(), runs, Interpreter::There));
            one(&here, NEW, Status::Broken, "pushes are not judged");
        }
        let here = here(script(author.clone(), Runs::Yes, Interpreter::There));
        let found = of(&here, &git(NEW, NEW));
        assert_eq!(found[0].0, state, "{author:?}");
        // Whatever is wrong has a cure.
        let lines = hook::judge(&here, None);
        assert!(
            lines
                .iter()
                .all(|line| line.status == Status::Ok || !line.cures.is_empty())
        );
    }
}

#[test]
fn where_install_would_refuse_its_own_words_are_the_cure() {
    let mut here = here(Script::Missing);
    here.no_install = Some(vec!["do it by hand".to_owned()]);
    let lines = hook::judge(&here, None);
    assert_eq!(lines[1].cures, [Cure::Words("do it by hand".to_owned())]);
}

#[test]
fn the_setting_says_how_far_it_reaches() {
    let mut here = here(ours());
    let mut says = |scope: &str, place: Option<(&str, Option<usize>)>| {
        here.setting = Some(Setting {
            value: "hooks".to_owned(),
            scope: scope.to_owned(),
            place: place.map(|(file, line)| (file.to_owned(), line)),
        });
        let line = hook::judge(&here, None).swap_remove(0);
        (line.status, line.text)
    };
    let ok = |text: &str| {
        (
            Status::Ok,
            format!("git looks for hooks in hooks: core.hooksPath of {text}"),
        )
    };
    assert_eq!(
        says("local", Some((".git/config", Some(7)))),
        ok(".git/config:7")
    );
    assert_eq!(
        says("global", Some(("x", None))),
        ok("x, for all your repositories")
    );
    assert_eq!(
        says("system", Some(("x", Some(1)))),
        ok("x:1, for this whole machine")
    );
    assert_eq!(
        says("worktree", Some(("x", Some(1)))),
        ok("x:1, for this worktree alone")
    );
    assert_eq!(says("command", None).0, Status::Warning);
}

#[test]
fn the_gate_may_be_a_configured_hook_where_every_git_knows_those() {
    let mut here = here(Script::Missing);
    here.configured = vec![Configured {
        name: "pushgate".to_owned(),
        command: "pushgate pre-push --".to_owned(),
        scope: "global".to_owned(),
        is_ours: true,
        script: None,
    }];
    assert_eq!(of(&here, &git(NEW, NEW))[0].0, Status::Ok);
    let found = of(&here, &git(NEW, OLD));
    assert!(
        found[0].0 == Status::Warning && found[0].1.contains("the git of an editor is 2.53"),
        "{found:?}"
    );
    let found = of(&here, &git(OLD, OLD));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|(state, _)| *state == Status::Broken));
    let own = &mut here.configured[0];
    own.script = Some(("x/pre-push".to_owned(), Script::Missing));
    let found = of(&here, &git(NEW, NEW));
    assert_eq!(found[0].0, Status::Broken, "{found:?}");
    assert!(
        found[0]
            .1
            .contains("runs x/pre-push, which is missing: every push is refused")
    );
    here.configured[0].script = Some(("x/pre-push".to_owned(), ours()));
    assert_eq!(of(&here, &git(NEW, NEW))[0].0, Status::Ok);
    here.file = ours();
    let twice = hook::judge(&here, Some(&git(NEW, NEW))).swap_remove(2);
    assert!(twice.text.contains("judged twice"), "{twice:?}");
    assert_eq!(twice.status, Status::Warning);
    assert_eq!(
        twice.cures,
        [Cure::Command(
            "git config --global --remove-section hook.pushgate".to_owned()
        )]
    );
    assert_eq!(of(&here, &git(OLD, OLD)).len(), 1);
}
