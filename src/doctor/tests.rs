//! What comes of facts that no machine at hand has.

use super::{
    Cure, Group, Line, State,
    facts::{
        Configured, Git, Hook, Keepalive, Memory, Notes, Policy, Remote, Repository, Role, Setting,
        Suite, Version,
    },
    hook, remotes,
    script::{Author, Call, File, Interpreter, Runs, Says, Script},
    worst,
};
use crate::{
    gates::verdict::{Trouble, TrunkName},
    policy::In,
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

fn remote(name: &str, role: Role) -> Remote {
    Remote {
        name: name.to_owned(),
        destination: name.to_owned(),
        role: Ok(role),
        heroku: false,
        asked: Ok(vec!["master".to_owned()]),
        keepalive: None,
    }
}

fn trunk() -> Remote {
    remote(
        "origin",
        Role {
            trunk: true,
            ..Role::default()
        },
    )
}

fn here(file: Script) -> Repository {
    Repository {
        hook: Ok(Hook {
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
        }),
        policy: Policy {
            loaded: Err(Trouble::Bare),
            findings: Ok(Vec::new()),
        },
        has_commit: true,
        trunk: Ok(TrunkName {
            remote: "origin".to_owned(),
            branch: "master".to_owned(),
        }),
        remotes: vec![trunk()],
        absent: Vec::new(),
        suite: Suite {
            steps: Ok(Vec::new()),
            is_detected: false,
            last_took: Some(std::time::Duration::from_secs(90)),
            place: In::Checkout,
            nowhere: None,
            ci: None,
        },
        memory: Memory {
            directory: "state".to_owned(),
            writable: Ok(()),
            ledger_path: "state/ledger".to_owned(),
            ledger: Ok((0, Vec::new())),
            notes: Some(Notes::None),
        },
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
fn of(here: &Repository, git: &Git) -> Vec<(State, String)> {
    let lines = hook::judge(here, Some(git));
    assert!(lines.iter().all(|line| line.group == Group::Hook));
    lines
        .into_iter()
        .skip(1)
        .map(|line| (line.state, line.text))
        .collect()
}

#[track_caller]
fn one(here: &Repository, version: Version, state: State, text: &str) {
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
            State::Broken,
            "git 2.53 waits for ever at every push",
        );
        one(&here, NEW, State::Broken, "git refuses every push");
    }
    one(
        &here(Script::Directory),
        OLD,
        State::Broken,
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
        (Author::Us, State::Ok),
        (Author::Earlier, State::Warning),
        (Author::Newer, State::Warning),
        (Author::Edited { calls: true }, State::Warning),
        (Author::Edited { calls: false }, State::Broken),
        (tool(Says::Calls), State::Ok),
        (tool(Says::Earlier), State::Warning),
        (tool(Says::Twice), State::Broken),
        (tool(Says::Late), State::Broken),
        (tool(Says::Windows), State::Broken),
        (tool(Says::LeftOut("why".to_owned())), State::Broken),
        (tool(Says::OwnWords("its job a".to_owned())), State::Warning),
        (tool(Says::Unasked(vec!["words".to_owned()])), State::Broken),
        (tool(Says::Nothing), State::Broken),
        (Author::Somebody { calls: Call::Sure }, State::Ok),
        (
            Author::Somebody {
                calls: Call::Unsure,
            },
            State::Warning,
        ),
        (Author::Somebody { calls: Call::No }, State::Broken),
        (tool(Says::Unsure), State::Warning),
    ];
    for (author, state) in cases {
        for runs in [Runs::NotExecutable, Runs::NoExec] {
            let here = here(script(author.clone(), runs, Interpreter::There));
            one(&here, NEW, State::Broken, "pushes are not judged");
        }
        let here = here(script(author.clone(), Runs::Yes, Interpreter::There));
        let found = of(&here, &git(NEW, NEW));
        assert_eq!(found[0].0, state, "{author:?}");
        // Whatever is wrong has a cure.
        let lines = hook::judge(&here, None);
        assert!(
            lines
                .iter()
                .all(|line| line.state == State::Ok || !line.cures.is_empty())
        );
    }
}

#[test]
fn where_install_would_refuse_its_own_words_are_the_cure() {
    let mut here = here(Script::Missing);
    here.hook.as_mut().unwrap().no_install = Some(vec!["do it by hand".to_owned()]);
    let lines = hook::judge(&here, None);
    assert_eq!(lines[1].cures, [Cure::Words("do it by hand".to_owned())]);
}

#[test]
fn the_setting_says_how_far_it_reaches() {
    let mut here = here(ours());
    let mut says = |scope: &str, place: Option<(&str, Option<usize>)>| {
        here.hook.as_mut().unwrap().setting = Some(Setting {
            value: "hooks".to_owned(),
            scope: scope.to_owned(),
            place: place.map(|(file, line)| (file.to_owned(), line)),
        });
        let line = hook::judge(&here, None).swap_remove(0);
        (line.state, line.text)
    };
    let ok = |text: &str| {
        (
            State::Ok,
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
    assert_eq!(says("command", None).0, State::Warning);
}

#[test]
fn the_gate_may_be_a_configured_hook_where_every_git_knows_those() {
    let mut here = here(Script::Missing);
    here.hook.as_mut().unwrap().configured = vec![Configured {
        name: "pushgate".to_owned(),
        command: "pushgate pre-push --".to_owned(),
        scope: "global".to_owned(),
        is_ours: true,
        script: None,
    }];
    assert_eq!(of(&here, &git(NEW, NEW))[0].0, State::Ok);
    let found = of(&here, &git(NEW, OLD));
    assert!(
        found[0].0 == State::Warning && found[0].1.contains("the git of an editor is 2.53"),
        "{found:?}"
    );
    let found = of(&here, &git(OLD, OLD));
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|(state, _)| *state == State::Broken));
    let own = &mut here.hook.as_mut().unwrap().configured[0];
    own.script = Some(("x/pre-push".to_owned(), Script::Missing));
    let found = of(&here, &git(NEW, NEW));
    assert_eq!(found[0].0, State::Broken, "{found:?}");
    assert!(
        found[0]
            .1
            .contains("runs x/pre-push, which is missing: every push is refused")
    );
    here.hook.as_mut().unwrap().configured[0].script = Some(("x/pre-push".to_owned(), ours()));
    assert_eq!(of(&here, &git(NEW, NEW))[0].0, State::Ok);
    here.hook.as_mut().unwrap().file = ours();
    let twice = hook::judge(&here, Some(&git(NEW, NEW))).swap_remove(2);
    assert!(twice.text.contains("judged twice"), "{twice:?}");
    assert_eq!(twice.state, State::Warning);
    assert_eq!(
        twice.cures,
        [Cure::Run(
            "git config --global --remove-section hook.pushgate".to_owned()
        )]
    );
    assert_eq!(of(&here, &git(OLD, OLD)).len(), 1);
}

#[test]
fn a_remote_of_nobodys_is_no_more_than_a_warning() {
    let dead = || {
        Err(Trouble::Unreachable {
            remote: "x".to_owned(),
            words: vec!["fatal: no".to_owned()],
        })
    };
    let mut here = here(ours());
    here.remotes = vec![
        trunk(),
        Remote {
            asked: dead(),
            ..remote("fork", Role::default())
        },
    ];
    let states = |here: &Repository| {
        remotes::judge(here)
            .iter()
            .map(|line| line.state)
            .collect::<Vec<_>>()
    };
    assert_eq!(states(&here), [State::Ok, State::Warning]);
    here.remotes[1].role = Ok(Role {
        environment: Some("staging".to_owned()),
        ..Role::default()
    });
    assert_eq!(states(&here), [State::Ok, State::Broken]);
    here.remotes[1] = Remote {
        heroku: true,
        ..remote("staging", here.remotes[1].role.clone().unwrap())
    };
    here.remotes[1].asked = Err(Trouble::Unreachable {
        remote: "staging".to_owned(),
        words: vec!["fatal: could not read Username for 'https://git.heroku.com': terminal prompts disabled".to_owned()],
    });
    let line = remotes::judge(&here).swap_remove(1);
    assert_eq!(line.cures, [Cure::Run("heroku login".to_owned())]);
}

#[test]
fn a_host_is_told_of_once_however_many_remotes_are_there() {
    let mut here = here(ours());
    let keepalive = |interval| {
        Some(Keepalive {
            host: "h".to_owned(),
            ssh: "ssh".to_owned(),
            from_environment: false,
            interval,
        })
    };
    let environment = |name: &str| Role {
        environment: Some(name.to_owned()),
        ..Role::default()
    };
    let elsewhere = Keepalive {
        host: "elsewhere".to_owned(),
        ..keepalive(30).unwrap()
    };
    let with = |keepalive, remote| Remote {
        keepalive,
        ..remote
    };
    here.remotes = vec![
        with(keepalive(0), trunk()),
        with(keepalive(0), remote("fork", Role::default())),
        with(Some(elsewhere), remote("staging", environment("staging"))),
        with(
            keepalive(0),
            remote("production", environment("production")),
        ),
    ];
    let slow = |here: &Repository| {
        let lines = remotes::judge(here);
        lines
            .into_iter()
            .filter(|line| line.check == "keepalive")
            .collect::<Vec<Line>>()
    };
    let found = slow(&here);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].cures,
        [Cure::Run(
            "git config core.sshCommand 'ssh -o ServerAliveInterval=30'".to_owned()
        )]
    );
    assert_eq!(worst(&found), State::Warning);
    for remote in &mut here.remotes {
        remote.keepalive = keepalive(60);
    }
    assert_eq!(slow(&here), []);
    here.suite.last_took = Some(std::time::Duration::from_mins(1));
    here.remotes[0].keepalive = keepalive(0);
    assert_eq!(slow(&here), []);
}
