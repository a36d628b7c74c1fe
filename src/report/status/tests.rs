use super::*;
use crate::gates::facts::{self, Count, Difference};
use crate::memory::record::{Deployed, Event, Judged, Place};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn id(digit: char) -> Oid {
    Oid::parse(digit.to_string().repeat(40).as_bytes()).unwrap()
}

fn commit(digit: char, subject: &str) -> Commit {
    Commit {
        id: id(digit),
        subject: Some(subject.to_owned()),
        author: Some("Ana <ana@shop.example>".to_owned()),
        at: Some(at("2026-11-23T10:02:00Z")),
    }
}

fn live(digit: char, standing: Relation) -> Remote {
    Remote {
        name: "staging".to_owned(),
        live: Some(Live {
            commit: commit(
                digit,
                "Show the discount in the basket, however long it is told",
            ),
            git: None,
            standing: Some(standing),
            since: Some(at("2026-11-23T10:42:00Z")),
            by: Some("Ben <ben@shop.example>".to_owned()),
            deployment: None,
            is_gone: false,
            is_under_way: false,
            is_everywhere: true,
            receipt: None,
        }),
        error: None,
    }
}

fn deployed(commit: char, deployed: Deployed) -> Record {
    let event = Event::Deployed(deployed);
    let at = at("2026-11-20T23:10:00Z");
    Record::new(
        at,
        "Ana <ana@shop.example>",
        Place {
            environment: "production",
            destinations: &["shop".to_owned()],
        },
        &id(commit),
        event,
    )
}

fn window(until: Option<&str>, words: &str, last: &str) -> Window {
    Window::Known(Answer {
        at: at("2026-11-23T11:00:00Z"),
        open: true,
        closed_by: None,
        until: until.map(at),
        next_open: None,
        timezone: "UTC".to_owned(),
        words: words.to_owned(),
        last: last.to_owned(),
    })
}

fn listed(digit: char) -> facts::Commit {
    facts::Commit {
        id: id(digit),
        subject: "Show the discount in the basket".to_owned(),
        author: "Ben".to_owned(),
    }
}

fn contents() -> Contents {
    Contents {
        commit: id('a'),
        last: None,
        since: Some(id('b')),
        same_content: false,
        difference: Some(Difference {
            brings: vec![listed('a'), listed('d')],
            takes: Vec::new(),
        }),
    }
}

/// A pipeline that has a bit of everything.
fn status() -> Status {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let subject = "Show the discount in the basket, however long it is told";
    Status {
        locks: Vec::new(),
        at: at("2026-11-23T11:00:00Z"),
        reader: TimeZone::UTC,
        policy: ".pushgate.yml of aaaaaaa".to_owned(),
        trunk: Trunk {
            name: "origin/master".to_owned(),
            tip: Some(commit('a', subject)),
            error: None,
        },
        pushed: Some(Pushed {
            branch: "master".to_owned(),
            commit: id('a'),
            standing: Some(Relation::Behind(Count(0))),
            receipt: Some(Passed {
                at: at("2026-11-23T10:40:00Z"),
                took: Duration::from_secs(130),
            }),
            error: None,
        }),
        environments: vec![
            Environment {
                name: "staging".to_owned(),
                destination: "shop-staging".to_owned(),
                by_command: false,
                takes_any: false,
                after: None,
                remotes: vec![live('a', Relation::Behind(Count(0)))],
                tried: Some(Tried {
                    soak: Some(Soak {
                        needed: minutes(30),
                        been: Some(minutes(18)),
                        until: Some(at("2026-11-23T11:12:00Z")),
                    }),
                    wanted: 2,
                    people: vec![Record {
                        words: Some("the basket, on a phone".to_owned()),
                        ..Record::new(
                            at("2026-11-23T10:50:00Z"),
                            "Ben <ben@shop.example>",
                            Place {
                                environment: "staging",
                                destinations: &["shop-staging".to_owned()],
                            },
                            &id('a'),
                            Event::Signoff,
                        )
                    }],
                }),
                window: window(None, "always open", ""),
                removed: Vec::new(),
                next_push: NextPush::Nothing {
                    why: "nothing new: master is there".to_owned(),
                },
                contents: None,
            },
            Environment {
                name: "production".to_owned(),
                destination: "shop".to_owned(),
                by_command: false,
                takes_any: false,
                after: Some("staging".to_owned()),
                remotes: vec![live('b', Relation::Behind(Count(2)))],
                tried: None,
                window: window(
                    Some("2026-11-23T16:00:00Z"),
                    "open until Mon 2026-11-23 16:00",
                    "15:00",
                ),
                removed: vec![deployed(
                    'b',
                    Deployed {
                        replaces: Some(id('c')),
                        ..Deployed::new(Judged::Rollback)
                    },
                )],
                next_push: NextPush::Refused {
                    gate: "promotion",
                    why: "aaaaaaa has been on staging for 18m; it soaks for 30m".to_owned(),
                    also: vec!["lock", "suite"],
                    cures: vec![
                        Cure::run("get the newest, then push again", ["git pull"]),
                        Cure::words("or else"),
                    ],
                },
                contents: Some(contents()),
            },
        ],
        remarks: Vec::new(),
        errors: Vec::new(),
    }
}

fn parsed(status: &Status) -> serde_json::Value {
    status.json().unwrap()
}

fn plain(status: &Status, columns: usize) -> String {
    anstream::adapter::strip_str(draw(status, columns).as_str()).to_string()
}

#[test]
fn a_pipeline_is_one_screen() {
    assert_eq!(
        plain(&status(), 80),
        "\
trunk origin/master
  now       aaaaaaa Show the discount in the basket, however long it is told
            by Ana, 58m ago
  here      your master is the same
  suite     passed on aaaaaaa 20m ago, in 2m 10s
  policy    .pushgate.yml of aaaaaaa

staging (shop-staging)
  live      aaaaaaa Show the discount in the basket, however long it is told
            the newest of trunk, since 10:42 (18m), by Ben
  soak      18m of 30m, done 11:12
  tried     by Ben, 10:50: the basket, on a phone
            1 of 2 people
  window    always open
  git push  nothing new: master is there

production (shop), after staging
  live      bbbbbbb Show the discount in the basket, however long it is told
            2 commits behind trunk, since 10:42 (18m), by Ben
  removed   ccccccc by a rollback of Ana, Fri 2026-11-20 23:10
  window    open until Mon 2026-11-23 16:00, for pushes before 15:00
  next      deploys 2 commits since bbbbbbb:
    aaaaaaa Show the discount in the basket (Ben)
    ddddddd Show the discount in the basket (Ben)
  git push  refused by promotion: aaaaaaa has been on staging for 18m; it soaks
            for 30m; also by lock, suite
            get the newest, then push again:
    git pull
"
    );
}

#[test]
fn no_line_is_wider_than_the_screen() {
    let mut status = status();
    status
        .remarks
        .push("the hook is not installed here: pushgate install".to_owned());
    status.environments[0].name = "a-staging-with-a-name-that-nobody-could-want-to-type".to_owned();
    for columns in [20, 30, 35, 36, 40, 41, 60, 79, 80, 200] {
        let text = plain(&status, columns);
        for line in text.lines() {
            assert!(
                textwrap::core::display_width(line) <= columns,
                "{columns}: {line}\n{text}"
            );
            assert_eq!(line.trim_end(), line, "{text}");
        }
    }
    let narrow = plain(&status, 40);
    assert!(
        narrow.contains("  now       aaaaaaa Show the discount...\n"),
        "{narrow}"
    );
    assert!(
        narrow.contains("\na-staging-with-a-name-that-nobody-cou...\n"),
        "{narrow}"
    );
}

#[test]
fn what_does_not_answer_hides_nothing_else() {
    let mut status = status();
    assert!(status.is_whole());
    let remote = &mut status.environments[0].remotes[0];
    remote.live = None;
    remote.error = Some("`staging` gave no answer within 10 s".to_owned());
    assert!(!status.is_whole());
    let text = plain(&status, 80);
    assert!(
        text.contains("  live      not known: `staging` gave no answer within 10 s\n"),
        "{text}"
    );
    assert!(text.contains("  live      bbbbbbb "), "{text}");
    let json = parsed(&status);
    assert_eq!(json["whole"], false);
    assert_eq!(
        json["environments"][0]["remotes"][0]["error"],
        "`staging` gave no answer within 10 s"
    );
}

#[test]
fn that_there_is_no_network_is_said_once() {
    let mut status = status();
    for (environment, host) in status.environments.iter_mut().zip(["a", "b"]) {
        let remote = &mut environment.remotes[0];
        remote.live = None;
        remote.error = Some(format!(
            "could not ask `x` for its branches: fatal: unable to access 'https://{host}/x.git/': Could not resolve host: {host}"
        ));
    }
    let text = plain(&status, 200);
    assert_eq!(text.matches("Could not resolve host").count(), 1, "{text}");
    let again = "  live      not known: could not ask `x` for its branches, as above\n";
    assert!(text.contains(again), "{text}");
}

#[test]
fn a_program_reads_the_same() {
    let json = parsed(&status());
    assert_eq!(json["whole"], true);
    assert_eq!(json["trunk"]["tip"]["id"], id('a').as_str());
    assert_eq!(json["pushed"]["receipt"]["took_ms"], 130_000);
    let [staging, production] = [0, 1].map(|index| &json["environments"][index]);
    assert_eq!(staging["remotes"][0]["live"]["trunk"]["stands"], "same");
    assert_eq!(staging["tried"]["soak"]["been_ms"], 18 * 60_000);
    assert_eq!(
        staging["tried"]["people"][0]["words"],
        "the basket, on a phone"
    );
    assert_eq!(production["remotes"][0]["live"]["trunk"]["behind"], 2);
    assert_eq!(production["window"]["until"], "2026-11-23T16:00:00Z");
    assert_eq!(production["removed"][0]["replaces"], id('c').as_str());
    assert_eq!(production["push"]["gate"], "promotion");
    assert_eq!(production["push"]["cures"][1]["words"], "or else");
}
