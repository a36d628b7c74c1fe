//! Deploys over http: nginx with git-http-backend and a password, and servers that are of no help.

use std::{fs, net::TcpListener, os::unix::fs::symlink, path::PathBuf};

use crate::support::{
    POLICY, Ran, Sandbox,
    nginx::{Nginx, PASSWORD, USER},
    processes::{assert_no_process_in, living_in, script},
    story::{in_terminal, nowhere_in, tell, timed, took_less},
};

const REMOTES: [&str; 3] = ["origin", "staging", "production"];

/// [`POLICY`], whose suite writes down its environment.
const TELLTALE: &str = "\
suite:
  run: env >../environment
environments:
  staging: {}
  production: {after: staging, signoff: false}
";

/// A shop whose remotes lead where the closure says.
fn served(policy: &str, url: impl Fn(&Nginx, &str) -> String) -> (Sandbox, Nginx) {
    let shop = Sandbox::new();
    if policy != POLICY {
        shop.policy(policy);
        for remote in REMOTES {
            shop.push_ungated(remote, "master");
        }
    }
    let nginx = Nginx::serve(&shop);
    for remote in REMOTES {
        shop.git(["remote", "set-url", remote, &url(&nginx, remote)])
            .goes();
    }
    (shop, nginx)
}

/// A shop that deploys to a path, and whose trunk is at this URL.
fn with_origin(url: &str) -> Sandbox {
    let shop = Sandbox::new();
    shop.commit("two");
    shop.git(["remote", "set-url", "origin", url]).goes();
    shop
}

/// The same, at this place of the server.
fn with_origin_at(place: &str) -> (Sandbox, Nginx) {
    let shop = with_origin("/nowhere");
    let nginx = Nginx::serve(&shop);
    let url = nginx.url(place, "origin");
    shop.git(["remote", "set-url", "origin", &url]).goes();
    (shop, nginx)
}

/// Appends to the user's git configuration.
fn configure(shop: &Sandbox, text: &str) {
    let file = shop.path("home/.gitconfig");
    let before = fs::read_to_string(&file).unwrap();
    fs::write(file, before + text).unwrap();
}

/// Nobody let the password out: not to the terminal, not to our files, not to the suite.
#[track_caller]
fn password_is_kept(shop: &Sandbox, printed: &str) {
    assert!(!printed.contains(PASSWORD), "{printed}");
    nowhere_in(&shop.app.join(".git/pushgate"), PASSWORD);
    let suite = fs::read_to_string(shop.path("environment")).unwrap();
    assert!(
        suite.contains("HOME=") && !suite.contains(PASSWORD),
        "{suite}"
    );
}

/// git's programs with a `git` among them that writes down who called it and how.
struct Recorder {
    programs: PathBuf,
    calls: PathBuf,
}

impl Recorder {
    fn new(shop: &Sandbox) -> Self {
        let (programs, calls) = (shop.path("recorder"), shop.path("calls"));
        fs::create_dir(&programs).unwrap();
        let real = shop.ask(["--exec-path"]);
        for entry in fs::read_dir(&real).unwrap().flatten() {
            if entry.file_name() != "git" {
                symlink(entry.path(), programs.join(entry.file_name())).unwrap();
            }
        }
        let text = format!(
            "#!/bin/sh\nread -r caller </proc/$PPID/comm\n\
             printf '%s: %s\\n' \"$caller\" \"$*\" >>'{}'\nexec '{real}/git' \"$@\"\n",
            calls.display()
        );
        script(shop, &programs.join("git"), &text);
        Self { programs, calls }
    }

    /// Runs git so that the hook, and git itself, find the recorder first.
    fn git(&self, shop: &Sandbox, args: &[&str]) -> Ran {
        Ran::of(
            shop.command("git")
                .env("GIT_EXEC_PATH", &self.programs)
                .args(args),
        )
    }

    /// The calls of git by pushgate, and those by anybody else.
    fn calls(&self) -> (Vec<String>, Vec<String>) {
        let calls = fs::read_to_string(&self.calls).unwrap();
        let calls = calls.lines().map(str::to_owned);
        calls.partition(|call| call.starts_with("pushgate: "))
    }
}

#[test]
#[ignore = "slow: needs a web server"]
fn the_story_by_name_with_a_credential_store() {
    let (shop, nginx) = served(TELLTALE, |nginx, name| nginx.url("shut", name));
    let credentials = format!("http://{USER}:{PASSWORD}@{}\n", nginx.authority());
    fs::write(shop.path("home/.git-credentials"), credentials).unwrap();
    configure(&shop, "[credential]\n\thelper = store\n");
    let printed = tell(&shop, "staging", "production", |args| shop.git(args));
    password_is_kept(&shop, &printed);
    assert!(nginx.answered("ana 200 POST /shut/origin.git/git-upload-pack") > 0);
}

#[test]
#[ignore = "slow: needs a web server"]
fn the_story_by_url_with_the_password_in_it() {
    let (shop, nginx) = served(TELLTALE, Nginx::url_with_password);
    let recorder = Recorder::new(&shop);
    let printed = tell(
        &shop,
        &nginx.url_with_password("staging"),
        &nginx.url_with_password("production"),
        |args| recorder.git(&shop, args),
    );
    password_is_kept(&shop, &printed);
    let (ours, others) = recorder.calls();
    for question in ["fetch", "ls-remote"] {
        assert!(ours.iter().any(|call| call.contains(question)), "{ours:#?}");
    }
    assert!(
        !ours.iter().any(|call| call.contains(PASSWORD)),
        "{ours:#?}"
    );
    // git itself hands it to its helpers: the recorder would have seen it.
    assert!(others.iter().any(|call| call.contains(PASSWORD)));
    let remotes: Vec<_> = shop
        .ledger()
        .iter()
        .map(|line| line["remote"].to_string())
        .collect();
    let [.., staging, production] = remotes.as_slice() else {
        panic!("{remotes:?}")
    };
    assert_eq!(*staging, format!("\"{}\"", nginx.url("shut", "staging")));
    assert_eq!(
        *production,
        format!("\"{}\"", nginx.url("shut", "production"))
    );
}

#[test]
#[ignore = "slow: needs a web server"]
fn the_story_with_a_credential_helper_on_the_command_line() {
    let (shop, _nginx) = served(TELLTALE, |nginx, name| nginx.url("shut", name));
    let helper =
        format!("credential.helper=!f() {{ echo username={USER}; echo password={PASSWORD}; }}; f");
    let printed = tell(&shop, "staging", "production", |args| {
        shop.git(["-c", &helper].iter().chain(args))
    });
    password_is_kept(&shop, &printed);
}

#[test]
#[ignore = "slow: needs a web server"]
fn the_story_through_an_instead_of() {
    let (shop, nginx) = served(POLICY, |_, name| format!("shop:{name}.git"));
    let base = nginx.url("open", "").replace("/.git", "/");
    configure(&shop, &format!("[url \"{base}\"]\n\tinsteadOf = shop:\n"));
    tell(&shop, "staging", "production", |args| shop.git(args));
    // The same app, typed as the short URL and as the long one.
    let old = shop.ask(["rev-parse", "HEAD"]);
    shop.commit("two");
    for url in ["shop:staging.git".to_owned(), nginx.url("open", "staging")] {
        shop.push(&url, "master")
            .refused("trunk")
            .says("push to staging (")
            .says("1 commit ahead of origin/master");
    }
    assert_eq!(shop.tip("staging", "master"), old);
}

#[test]
#[ignore = "slow: needs a web server"]
fn the_story_through_a_push_instead_of() {
    // What is fetched from is of no use; what is pushed to counts.
    let (shop, nginx) = served(POLICY, |nginx, name| match name {
        "origin" => nginx.url("open", name),
        _ => format!("/nowhere/{name}.git"),
    });
    let base = nginx.url_with_password("").replace("/.git", "/");
    configure(
        &shop,
        &format!("[url \"{base}\"]\n\tpushInsteadOf = /nowhere/\n"),
    );
    let recorder = Recorder::new(&shop);
    let printed = tell(&shop, "staging", "production", |args| {
        recorder.git(&shop, args)
    });
    assert!(!printed.contains(PASSWORD), "{printed}");
    let (ours, _) = recorder.calls();
    assert!(
        !ours.iter().any(|call| call.contains(PASSWORD)),
        "{ours:#?}"
    );
}

#[test]
#[ignore = "slow: needs a web server"]
fn a_pushurl_is_asked_and_rewritten_only_once() {
    let (shop, nginx) = served(POLICY, |nginx, name| nginx.url("open", name));
    // As git does it: what a rule made is not looked up again, though the rule would match it.
    let host = format!("http://{}/", nginx.authority());
    configure(
        &shop,
        &format!("[url \"{host}open/\"]\n\tinsteadOf = {host}\n"),
    );
    for remote in REMOTES {
        let url = format!("{host}{remote}.git");
        shop.git(["remote", "set-url", remote, &url]).goes();
    }
    // A remote may have the name of this program.
    shop.git(["remote", "add", "pushgate", "/nowhere.git"])
        .goes();
    for remote in ["staging", "production"] {
        shop.git(["remote", "set-url", remote, "/nowhere.git"])
            .goes();
        let url = format!("{host}{remote}.git");
        shop.git(["config", &format!("remote.{remote}.pushurl"), &url])
            .goes();
    }
    tell(&shop, "staging", "production", |args| shop.git(args));
    assert_eq!(nginx.answered("/open/open/"), 0);
}

#[test]
#[ignore = "slow: needs a web server"]
fn the_story_of_apps_that_no_remote_leads_to_but_a_rule_does() {
    let policy = "\
suite: {run: 'true'}
environments:
  staging: {app: shop-staging}
  production: {app: shop-production, after: staging, signoff: false}
";
    for variable in ["insteadOf", "pushInsteadOf"] {
        let (shop, nginx) = served(policy, |nginx, name| nginx.url("open", name));
        for remote in ["staging", "production"] {
            shop.git(["remote", "remove", remote]).goes();
        }
        let base = nginx.url("open", "").replace("/.git", "/");
        let rule = format!("[url \"{base}\"]\n\t{variable} = https://git.heroku.com/shop-\n");
        configure(&shop, &rule);
        tell(
            &shop,
            "https://git.heroku.com/shop-staging.git",
            "https://git.heroku.com/shop-production.git",
            |args| shop.git(args),
        );
        // The same under a remote's name that the policy does not know.
        shop.git([
            "remote",
            "add",
            "eu",
            "https://git.heroku.com/shop-staging.git",
        ])
        .goes();
        shop.commit("two");
        shop.push("eu", "master")
            .refused("trunk")
            .says("push to staging (");
    }
}

/// Gives a repository without packed refs two thousand branches, or tags.
fn clutter(shop: &Sandbox, git_dir: &str, kind: &str) {
    let tip = shop.ask(["rev-parse", "HEAD"]);
    let refs: Vec<_> = (0..2000)
        .map(|number| format!("{tip} refs/{kind}/feature/{number:04}\n"))
        .collect();
    let packed = shop.path(git_dir).join("packed-refs");
    assert!(!packed.exists());
    let header = "# pack-refs with: peeled fully-peeled sorted \n";
    fs::write(packed, header.to_owned() + &refs.concat()).unwrap();
}

#[test]
#[ignore = "slow: needs a web server"]
fn trunk_among_two_thousand_branches_is_found() {
    let (shop, _nginx) = served(POLICY, |nginx, name| nginx.url("open", name));
    clutter(&shop, "origin.git", "heads");
    let listed = shop.ask(["ls-remote", "origin", "refs/heads/feature/*"]);
    assert_eq!(listed.lines().count(), 2000);
    tell(&shop, "staging", "production", |args| shop.git(args));
    // A clone that knows of them all asks in another way.
    shop.git(["fetch", "-q", "origin"]).goes();
    shop.git(["pack-refs", "--all"]).goes();
    tell(&shop, "staging", "production", |args| shop.git(args));
}

#[test]
#[ignore = "slow: needs a web server"]
fn a_password_that_nobody_gave_is_asked_of_nobody() {
    let (shop, nginx) = with_origin_at("shut");
    let calls = shop.path("asked");
    let program = script(
        &shop,
        &shop.path("askpass"),
        &format!(
            "#!/bin/sh\necho \"$1\" >>'{}'\nexec sleep 300\n",
            calls.display()
        ),
    );
    configure(&shop, &format!("[core]\n\taskPass = {program}\n"));
    let asking = |args: &[&str]| {
        let mut command = shop.command("timeout");
        command
            .env_remove("GIT_TERMINAL_PROMPT")
            .env("DISPLAY", ":0");
        for name in ["GIT_ASKPASS", "SSH_ASKPASS"] {
            command.env(name, &program);
        }
        Ran::of(command.args(args))
    };
    let (ran, took) = timed(|| asking(&["20", "git", "push", "staging", "master"]));
    took_less(took, 25, &ran);
    ran.undecided("trunk")
        .says("could not ask `origin` for its branches")
        .says(&format!(
            "could not read Username for 'http://{}'",
            nginx.authority()
        ))
        .says("see that this answers without asking for anything, then try again:\n    git ls-remote origin\n");
    assert!(!calls.exists(), "{}", fs::read_to_string(&calls).unwrap());
    assert_eq!(
        shop.last_gates(),
        [
            "target passed",
            "window passed",
            "trunk undecided",
            "lock undecided"
        ]
    );
    // git by itself would have asked.
    asking(&["1", "git", "ls-remote", "origin"]);
    assert!(
        fs::read_to_string(&calls)
            .unwrap()
            .starts_with("Username for")
    );
}

#[test]
#[ignore = "slow: needs a web server"]
fn an_askpass_that_needs_no_person_answers() {
    let (shop, _nginx) = with_origin_at("shut");
    let program = script(
        &shop,
        &shop.path("askpass"),
        &format!("#!/bin/sh\ncase $1 in Username*) echo {USER} ;; *) echo {PASSWORD} ;; esac\n"),
    );
    let push = |variables: &[(&str, &str)]| {
        let mut command = shop.command("git");
        command
            .args(["push", "staging", "master"])
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .env("GIT_ASKPASS", &program)
            .envs(variables.iter().copied());
        Ran::of(&mut command)
    };
    // Where a window could be opened, a person would be asked.
    push(&[("DISPLAY", ":0")])
        .undecided("trunk")
        .says("  GIT_ASKPASS is not asked, for it may open a window");
    push(&[("DISPLAY", ":0"), ("VSCODE_GIT_IPC_HANDLE", "/run/x")]).refused("trunk");
    push(&[]).refused("trunk");
    // The last that git looks at.
    let mut command = shop.command("git");
    command.args(["push", "staging", "master"]);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "GIT_ASKPASS"] {
        command.env_remove(name);
    }
    Ran::of(command.env("SSH_ASKPASS", &program)).refused("trunk");
}

#[test]
#[ignore = "slow: needs a web server"]
fn a_terminal_is_not_asked_for_a_password_either() {
    let (shop, nginx) = with_origin_at("shut");
    // git's complaint holds the same words, but no line of it starts with them.
    let prompt = format!("Username for 'http://{}':", nginx.authority());
    let is_asked = |ran: &Ran| ran.stderr.lines().any(|line| line.starts_with(&prompt));
    let (ran, took) = timed(|| in_terminal(&shop, "git push staging master"));
    took_less(took, 25, &ran);
    let ran = ran.undecided("trunk").says("could not read Username");
    assert!(!is_asked(&ran), "{ran}");
    // git by itself would have asked.
    let ran = in_terminal(&shop, "git ls-remote origin");
    assert!(is_asked(&ran), "{ran}");
}

#[test]
#[ignore = "slow: needs a web server"]
fn a_wrong_password_is_told_from_a_missing_one() {
    let (shop, nginx) = with_origin_at("shut");
    let credentials = format!("http://{USER}:wrong@{}\n", nginx.authority());
    configure(&shop, "[credential]\n\thelper = store\n");
    for clone in ["small", "cluttered"] {
        // git takes it out of the store each time.
        fs::write(shop.path("home/.git-credentials"), &credentials).unwrap();
        if clone == "cluttered" {
            clutter(&shop, "app/.git", "tags");
        }
        shop.push("staging", "master")
            .undecided("trunk")
            .says("Authentication failed for 'http://127.0.0.1:");
    }
}

#[test]
#[ignore = "slow: needs a web server"]
fn a_server_that_never_answers_is_given_up_after_ten_seconds() {
    // Nobody ever accepts, but the kernel lets clients in.
    let silent = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let shop = with_origin(&format!(
        "http://{}/origin.git",
        silent.local_addr().unwrap()
    ));
    let (ran, took) = timed(|| shop.push("staging", "master"));
    took_less(took, 25, &ran);
    assert!(took.as_secs() >= 10, "{took:?}: {ran}");
    ran.undecided("trunk")
        .says("`origin` gave no answer within 10 s");
    assert_no_process_in(shop.root());
}

#[test]
#[ignore = "slow: needs a web server"]
fn a_credential_helper_that_hangs_is_ended_with_the_question() {
    let (shop, nginx) = with_origin_at("shut");
    let helper = shop.path("helper");
    script(&shop, &helper, "#!/bin/sh\nsleep 300 & sleep 301\n");
    configure(
        &shop,
        &format!("[credential]\n\thelper = {}\n", helper.display()),
    );
    let (ran, took) = timed(|| shop.push("staging", "master"));
    took_less(took, 25, &ran);
    ran.undecided("trunk")
        .says("`origin` gave no answer within 10 s");
    drop(nginx);
    assert_no_process_in(shop.root());
}

#[test]
#[ignore = "slow: needs a web server"]
fn a_server_that_is_broken_is_quoted() {
    let (shop, nginx) = with_origin_at("broken");
    let (ran, took) = timed(|| shop.push("staging", "master"));
    took_less(took, 25, &ran);
    ran.undecided("trunk")
        .says("The requested URL returned error: 500");
    assert!(nginx.answered("500 GET /broken/origin.git/info/refs") > 0);
}

/// Where nobody listens: tcpmux is long forgotten.
const NOBODY: &str = "127.0.0.1:1";

#[test]
#[ignore = "slow: needs a web server"]
fn a_server_that_is_not_there_is_quoted() {
    let shop = with_origin(&format!("http://{USER}:{PASSWORD}@{NOBODY}/origin.git"));
    let (ran, took) = timed(|| shop.push("staging", "master"));
    took_less(took, 25, &ran);
    ran.undecided("trunk")
        .says(&format!("unable to access 'http://{NOBODY}/origin.git/'"))
        .says("connect to")
        .never_says(PASSWORD);
}

#[test]
#[ignore = "slow: needs a web server"]
fn a_staging_that_is_not_there_is_quoted_too() {
    let url = format!("http://{USER}:{PASSWORD}@{NOBODY}/staging.git");
    for variable in ["url", "pushurl"] {
        let shop = Sandbox::new();
        shop.commit_on_origin("two");
        shop.git(["config", &format!("remote.staging.{variable}"), &url])
            .goes();
        let (ran, took) = timed(|| shop.push("production", "master"));
        took_less(took, 25, &ran);
        ran.undecided("promotion")
            .says(&format!("unable to access 'http://{NOBODY}/staging.git/'"))
            .never_says(PASSWORD);
    }
}

#[test]
#[ignore = "slow: needs a web server"]
fn the_web_server_is_gone_at_the_end() {
    let (shop, nginx) = served(POLICY, |nginx, name| nginx.url("open", name));
    shop.git(["ls-remote", "origin"]).goes();
    let living = living_in(shop.root());
    for name in ["nginx", "fcgiwrap"] {
        assert!(living.iter().any(|line| line.contains(name)), "{living:?}");
    }
    drop(nginx);
    assert_no_process_in(shop.root());
}
