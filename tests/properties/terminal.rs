//! What reaches a terminal: no text from elsewhere moves its cursor or turns its direction, and one room alone
//! writes to it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::support::{PUSHGATE, Ran, Sandbox, follow_up};

/// What a terminal acts upon: a sequence of 7 bits, one of 8, and two marks that turn the direction of a text.
const ODD: &str = "\u{1b}[2J\u{9b}2J\u{202e}\u{2066}";

const PIPELINE: &str =
    "environments:\n  staging: {}\n  production: {after: staging, signoff: false}\n";

/// A shop to which odd texts come.
struct Hostile {
    shop: Sandbox,
}

impl Hostile {
    /// Runs a program, whose own lines must show the text, escaped.
    #[track_caller]
    fn shows(&self, program: &str, args: &[&str]) {
        let shown = self.runs(program, args);
        assert!(shown, "{ODD:?} is shown nowhere: {args:?}");
    }

    /// Runs it with colours and without; whether it shows the text.
    #[track_caller]
    fn runs(&self, program: &str, args: &[&str]) -> bool {
        let colours = [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")].map(|colour| {
            let mut command = self.shop.command(program);
            command.args(args).env("TERM", "xterm").envs([colour]);
            let ran = Ran::of(&mut command);
            follow_up(&self.shop.app);
            is_shown(&ran)
        });
        colours.contains(&true)
    }

    #[track_caller]
    fn pushes(&self, args: &[&str]) {
        self.shows("git", &[&["push"], args].concat());
    }

    fn new() -> Self {
        Self {
            shop: Sandbox::new(),
        }
    }

    fn policy(&self, text: &str) {
        self.shop.policy(text);
        self.shop.push_ungated("origin", "master");
    }
}

/// Our lines, which hold no sequence but those of a style.
#[track_caller]
fn clean_lines(ran: &Ran) -> String {
    let mut text = format!("{}\n{}", ran.stdout, ran.stderr);
    for style in ["0", "1", "2", "31", "32", "33", "36"] {
        text = text.replace(&format!("\u{1b}[{style}m"), "");
    }
    // What git says of a push is no word of ours.
    let of_git = ["To ", "remote: ", "error: ", " ! [", " + ", " * ["];
    let lines = text.lines();
    let lines = lines.filter(|line| !of_git.iter().any(|start| line.starts_with(start)));
    let ours = lines.collect::<Vec<_>>().join("\n");
    let acts = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t')) || (ODD.contains(c) && !c.is_ascii())
    };
    assert!(!ours.contains(acts), "{ran:?}");
    ours
}

/// Whether our lines show the whole text, escaped.
#[track_caller]
fn is_shown(ran: &Ran) -> bool {
    let ours = clean_lines(ran);
    let odd = ODD.chars().filter(|c| !c.is_ascii() || c.is_control());
    let escaped = odd.map(|c| c.escape_default().to_string());
    // What a policy's errors quote has the replacement character in its place.
    ours.contains(char::REPLACEMENT_CHARACTER) || escaped.into_iter().all(|one| ours.contains(&one))
}

/// The odd text within a string of YAML.
fn in_yaml() -> String {
    let escape = |c: char| format!("\\U{:08X}", u32::from(c));
    ODD.chars().map(escape).collect()
}

#[test]
fn the_words_of_a_commit_and_the_name_of_a_branch_are_escaped() {
    let it = Hostile::new();
    let (shop, odd) = (&it.shop, ODD);
    for words in [["odd ", ""], ["", "odd "]] {
        let [subject, author] = words.map(|word| format!("plain {word}{odd} words"));
        let author = format!("--author={author} <eve@shop.example>");
        shop.git(["commit", "-q", "--allow-empty", "-m", &subject, &author])
            .goes();
        shop.push_ungated("origin", "master");
        it.runs("git", &["push", "staging", "master"]);
        it.shows(PUSHGATE, &["status"]);
        // It names what would be lost.
        it.pushes(&["--force", "origin", "HEAD~1:master"]);
    }
    // git allows no control character of ASCII in a name.
    let name = odd.replace(['\u{1b}', '['], "");
    let branch = format!("feature{name}");
    shop.git(["switch", "-q", "-c", &branch]).goes();
    shop.commit("three");
    let ran = shop.push("production", &format!("{branch}:master"));
    assert!(
        ran.stderr.contains(r"feature2J\u{9b}2J\u{202e}\u{2066}"),
        "{ran}"
    );
    clean_lines(&ran);
}

#[test]
fn the_texts_of_a_policy_are_escaped() {
    let it = Hostile::new();
    let odd = in_yaml();
    let suite = "suite: {run: 'true'}\n";
    for window in [
        format!("{{closed: [\"22:00-07:00 {odd}\"]}}"),
        format!("{{timezone: \"Europe/{odd}\", closed: [Mon]}}"),
    ] {
        it.policy(&format!(
            "{suite}environments: {{staging: {{window: {window}}}}}\n"
        ));
        it.pushes(&["staging", "master"]);
        it.shows(PUSHGATE, &["doctor"]);
        it.shows(PUSHGATE, &["check", "--policy"]);
    }
    // A step without a name is called by its command; the suite's output is its own.
    it.policy(&format!("suite: {{run: [\"false {odd}\"]}}\n{PIPELINE}"));
    it.pushes(&["staging", "master"]);
    it.shows(PUSHGATE, &["doctor"]);
    it.shows(PUSHGATE, &["log"]);
}

#[test]
fn the_names_of_remotes_apps_and_files_are_escaped() {
    let it = Hostile::new();
    let (shop, odd) = (&it.shop, ODD);
    shop.commit_on_origin("two");
    shop.write(&format!("left {odd}"), "x");
    it.pushes(&["staging", "master"]);
    let id = shop.ask(["rev-parse", "HEAD"]);
    let line = format!(
        "refs/heads/master {id} refs/heads/master {}\n",
        "0".repeat(40)
    );
    let app = format!("https://git.heroku.com/shop{odd}.git");
    for (remote, url) in [(app.as_str(), app.as_str()), (odd, app.as_str())] {
        for colour in [("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")] {
            let mut command = shop.command(PUSHGATE);
            command.args(["pre-push", "--", remote, url]).envs([colour]);
            assert!(
                is_shown(&Ran::fed(&mut command, line.as_bytes())),
                "{remote}"
            );
        }
    }
    let remote = format!("remote.odd{odd}.url");
    shop.git([
        "config",
        &remote,
        shop.path("production.git").to_str().unwrap(),
    ])
    .goes();
    shop.git(["config", "--remove-section", "remote.production"])
        .goes();
    it.policy(&format!(
        "suite: {{run: 'true'}}\nenvironments:\n  production: {{remote: \"odd{}\"}}\n",
        in_yaml()
    ));
    shop.commit("ahead");
    it.shows(PUSHGATE, &["doctor"]);
    it.runs(PUSHGATE, &["status"]);
}

#[test]
fn a_reason_and_the_words_of_a_server_are_escaped() {
    let it = Hostile::new();
    let (shop, odd) = (&it.shop, ODD);
    let reason = format!("the site {odd} is down");
    let variables = [("PUSHGATE", "off"), ("PUSHGATE_REASON", &reason)];
    it.shop.commit_on_origin("two");
    shop.push_with(&variables, "production", "master").goes();
    it.shows(PUSHGATE, &["log"]);
    it.runs(PUSHGATE, &["status"]);
    let words = format!("printf 'fatal: no %s here\\n' '{odd}' >&2; exit 1;");
    shop.git(["config", "remote.origin.uploadpack", &words])
        .goes();
    it.pushes(&["staging", "master"]);
    it.shows(PUSHGATE, &["status"]);
    it.shows(PUSHGATE, &["doctor"]);
}

/// The source files outside of `src/report`, the unit tests left out.
fn others(directory: &Path, found: &mut Vec<(PathBuf, String)>) {
    for entry in fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let (path, stem) = (entry.path(), entry.path().with_extension(""));
        if stem.ends_with("tests") || path.ends_with("src/report") {
            continue;
        }
        if path.is_dir() {
            others(&path, found);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            found.push((path, code.to_owned()));
        }
    }
}

#[test]
fn nothing_but_the_report_writes_to_a_terminal() {
    let mut files = Vec::new();
    others(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    assert!(files.len() > 100, "too few files were found");
    // To ask about a stream, or to hand it to a child, is not to write to it.
    let harmless = [
        "terminal_size_of(stderr())",
        "stderr().as_fd()",
        "stderr().is_terminal()",
        "stdout().is_terminal()",
        "child.stdout().take()",
        "child.stderr().take()",
        "said.use_stderr()",
    ];
    let writes = [
        "stdout()",
        "stderr()",
        "print!(",
        "println!(",
        "AutoStream",
        "\\x1b",
        "\\u{1b}",
    ];
    let mut found = Vec::new();
    for (path, code) in files {
        let code = harmless
            .iter()
            .fold(code, |code, call| code.replace(call, ""));
        let lines = code
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let lines = lines.filter(|line| writes.iter().any(|word| line.contains(word)));
        found.extend(lines.map(|line| format!("{}: {line}", path.display())));
    }
    assert!(found.is_empty(), "{found:#?}");
}
