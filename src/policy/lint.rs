//! Finds rules of a policy that do nothing, windows that never open, and failures of the suite that nothing sees.

use bstr::ByteSlice;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use regex_lite::{Captures, Regex};
use serde::Serialize;

use super::defaults::DeployRemote;
use super::error::{Place, quoted};
use super::load::load_with_source;
use super::reader::Item;
use super::values::is_calendar;
use super::{Environment, Policy, PolicyError};
use crate::calendar::{Rule, Window, Zone};

/// The kind of a finding that is about a remote.
pub(crate) const UNNAMED_APP: &str = "unnamed-app";

/// Finds a place, which takes another look at the file.
type Where<'w> = &'w dyn Fn() -> Place;

/// The most findings that are told.
const MOST: usize = 50;

/// What is odd about a policy that holds, and where it stands.
#[derive(Serialize)]
pub(crate) struct Finding {
    #[serde(flatten)]
    pub(crate) place: Place,
    /// Its name for programs.
    pub(crate) kind: &'static str,
    pub(crate) message: String,
}

/// What the findings depend on besides the file.
pub(crate) struct Facts<'f> {
    pub(crate) now: Timestamp,
    pub(crate) local: &'f TimeZone,
    pub(crate) heroku: &'f [DeployRemote],
    /// Has the bytes of a calendar, or why not.
    pub(crate) read: &'f dyn Fn(&str) -> Result<Vec<u8>, String>,
}

/// Reads a policy and returns what is odd about it, in the order of the file.
pub(crate) fn lint(
    origin: &str,
    text: &[u8],
    facts: &Facts<'_>,
) -> Result<Vec<Finding>, PolicyError> {
    let (mut policy, source) = load_with_source(origin, text, facts.heroku)?;
    policy.read_holidays(facts.read);
    let root = Item::root(&source);
    let environments = root.inside("environments");
    let mut found = Vec::new();
    let mut add = |place: Where<'_>, kind, message| match found.len() {
        ..MOST => found.push(Finding {
            place: place(),
            kind,
            message,
        }),
        MOST => found.push(Finding {
            place: Place::default(),
            kind: "more",
            message: "there is more than what follows: fix that first".to_owned(),
        }),
        _ => {}
    };
    for environment in &policy.environments {
        // The default ones stand in no file.
        let is_written = environments.value.get(&environment.name).is_some();
        if is_written && !environment.window.is_always_open() {
            let item = environments.inside(&environment.name).inside("window");
            lint_window(environment, item, facts, &mut add);
        }
    }
    for remote in facts.heroku.iter().filter(|one| is_unnamed(one, &policy)) {
        let (remote, app) = (quoted(&remote.name), quoted(&remote.app));
        let message = format!(
            "the remote {remote} leads to the app {app}, which is on no environment: pushes there are refused"
        );
        add(&|| environments.key_place(), UNNAMED_APP, message);
    }
    let steps = root.inside("suite").inside("run").items().into_iter();
    let names = policy.environments.iter().map(|one| one.name.as_str());
    let live = names.map(|name| environments.inside(name).inside("live"));
    for command in steps.map(|step| step.inside("run")).chain(live) {
        for (line, why) in unseen_failures(command.value.as_str().unwrap_or_default()) {
            let place = || line_of(command.place(), line, text);
            add(&place, "unseen-failure", why.to_owned());
        }
    }
    found.sort_by_key(|finding| finding.place);
    Ok(found)
}

/// The place of a line of a script that begins at `start`, where it is written line by line (`run: |`).
fn line_of(start: Place, line: usize, file: &[u8]) -> Place {
    let mut lines = file.lines().skip(start.line.saturating_sub(1));
    let head = lines.next().unwrap_or_default();
    let is_block = head.get(start.column.saturating_sub(1)) == Some(&b'|');
    match lines.nth(line).filter(|_| is_block) {
        Some(text) => Place {
            line: start.line + 1 + line,
            column: 1 + text.len() - text.trim_ascii_start().len(),
        },
        None => start,
    }
}

/// What a shell script does not end with the failure of, though it runs under `sh -e`, and on which of its lines.
fn unseen_failures(script: &str) -> Vec<(usize, &'static str)> {
    // What is quoted, comments, and the words of a `case`.
    const PLAIN: &str = r#"\\.|'[^']*'|"(\\.|[^"\\])*"|(^|\s)#[^\n]*|[\w*.-]+(\|[\w*.-]+)+\)"#;
    const PIPE: &str = r"[^|>]\|[^|]";
    const AND: &str = r"&&[ \t]*(\n\s*)?[^\s\\][^\n;]*[\n;]\s*[^\s;}&|]";
    // A failure in these is meant.
    const CONDITION: &str = r"\b(if|while|until|elif)\b[^\n;]*";
    const UNSEEN: [(&str, &str); 8] = [
        (
            PIPE,
            "only the last command of a pipe counts: no other failure is seen",
        ),
        (
            r"\|\|\s*(/\S*/)?(true|:)(\s|;|\)|$)",
            "`|| true` hides a failure",
        ),
        (
            r"\|\|\s*((echo|printf)\b|\{\s*(echo|printf)\b[^;\n}]*;?\s*\}|(exit|return) 0\b|\w+=)",
            "what comes after `||` hides a failure",
        ),
        (
            AND,
            "the failure of a command before `&&` is not seen, unless it is the last line",
        ),
        (
            r"(^|\s)set \+(e|o errexit)",
            "`set +e` hides every failure after it",
        ),
        (
            r"(^|\s)find\s[^\n]*-exec\s",
            "`find` goes on after a failure of what it runs",
        ),
        (
            r"[^&<>|]&([^&>]|$)",
            "the failure of a command with `&` after it is not seen",
        ),
        (
            r"(^|[;\n])\s*!\s[^\n]*\n\s*\S",
            "what `!` says is not seen, unless it is the last line",
        ),
    ];
    // These are about what is quoted, too.
    const QUOTED: [(&str, &str); 3] = [
        (
            r#"(^|[;\s])(export|readonly|local|declare)\s+\w+="?(\$\(|`)"#,
            "the failure of a command whose output is exported is not seen: assign it on a line before",
        ),
        (
            r#"(^|[\s;&|(`/])(ba|da|k|z)?sh(\s+-[a-df-z]*c\s+|\s*<<<\s*)("[^"]*|'[^']*)[;\n]"#,
            "of what `sh -c` is given only the last command counts: say `sh -e -c`",
        ),
        (
            r"(^|[\s;&|(`/])(ba|da|k|z)?sh(\s+-[a-df-z]+)*\s*<<[^<]",
            "a shell goes on after a failure in what `<<` gives it: say `sh -e`",
        ),
    ];
    let find = |pattern: &str, text: &str| {
        let found = Regex::new(pattern).ok()?.find(text)?;
        // It may begin with the line feed, or the blanks, before what it is about.
        let blank = found.as_str().len() - found.as_str().trim_start().len();
        Some(text[..found.start() + blank].matches('\n').count())
    };
    let keep_lines = |found: &Captures<'_>| {
        let is_comment = found[0].trim_start().starts_with('#');
        let lines = found[0].matches('\n').count();
        (if is_comment { " " } else { "x" }).to_owned() + &"\n".repeat(lines)
    };
    let plain = Regex::new(PLAIN).map(|plain| plain.replace_all(script, keep_lines).into_owned());
    let plain = plain.unwrap_or_default();
    let pipefail = find(r"(^|\s)-\w*o\s+pipefail", &plain).is_some();
    let unseen = UNSEEN
        .iter()
        .filter(|(pattern, _)| !(pipefail && *pattern == PIPE));
    let bare = Regex::new(CONDITION).map(|one| one.replace_all(&plain, "x").into_owned());
    let bare = bare.unwrap_or_default();
    let unseen = unseen.map(|(pattern, why)| {
        let text = if *pattern == AND { &bare } else { &plain };
        (find(pattern, text), *why)
    });
    let quoted = QUOTED
        .iter()
        .map(|(pattern, why)| (find(pattern, script), *why));
    let conditions = functions(&plain).into_iter().map(|name| {
        let condition =
            format!(r"\b(if|while|until|elif)\s+(!\s+)?{name}\b|\b{name}\b[^\n;()]*(\|\||&&)");
        (
            find(&condition, &plain),
            "a function goes on after a failure where `if`, `&&` or `||` asks how it ended",
        )
    });
    let all = unseen.chain(quoted).chain(conditions);
    all.filter_map(|(line, why)| Some((line?, why))).collect()
}

/// The functions that a script defines, as a regular expression has their names.
fn functions(script: &str) -> Vec<String> {
    let Ok(definition) = Regex::new(r"(^|[;\n])\s*(function\s+)?([\w-]+)\s*\(\)") else {
        return Vec::new();
    };
    let found = definition.captures_iter(script);
    found.map(|one| regex_lite::escape(&one[3])).collect()
}

/// Whether no environment governs a push there: its app is listed nowhere, and its name only where
/// other apps are.
fn is_unnamed(remote: &DeployRemote, policy: &Policy) -> bool {
    let has_app =
        |one: &Environment| (one.apps.iter()).any(|app| app.eq_ignore_ascii_case(&remote.app));
    let has_name = |one: &Environment| one.apps.is_empty() && one.remotes.contains(&remote.name);
    !(policy.environments.iter()).any(|one| has_app(one) || has_name(one))
}

fn lint_window(
    environment: &Environment,
    item: Item<'_>,
    facts: &Facts<'_>,
    add: &mut dyn FnMut(Where<'_>, &'static str, String),
) {
    let name = quoted(&environment.name);
    let key = || item.key_place();
    let texts = |list, calendars| {
        let items = item.inside(list).items().into_iter();
        items.filter(move |item| item.value.as_str().is_some_and(is_calendar) == calendars)
    };
    let zone = environment.window.timezone.resolve(facts.local);
    let calendars = environment.window.holidays.iter();
    for (holidays, item) in calendars.zip(texts("closed", true)) {
        let error = holidays.error().map(ToString::to_string);
        if let Some(message) = error.or_else(|| holidays.shortage(facts.now, &zone)) {
            add(&|| item.place(), "calendar", message);
        }
    }
    // A calendar that cannot be read closes everything, which is no fault of the rules.
    let mut window = environment.window.clone();
    (window.holidays).retain(|holidays| holidays.error().is_none());
    if window.timezone == Zone::Local {
        let zone = item.value.get("timezone");
        let place = || zone.map_or_else(key, |zone| item.source.place(zone));
        let message = format!(
            "the hours of {name} are by the clock of whoever pushes, another one for each; name a `timezone`"
        );
        add(&place, "local-zone", message);
    }
    let without_runway = Window {
        runway: SignedDuration::ZERO,
        ..window.clone()
    };
    if never_opens(&window, facts) {
        let mut message = format!("the window of {name} never opens");
        if !never_opens(&without_runway, facts) {
            message += ": no hour passes all of its rules for the whole runway";
        }
        add(&key, "never-opens", message);
    }
    for (list, rules) in [("open", &window.open), ("closed", &window.closed)] {
        for (index, (rule, item)) in rules.iter().zip(texts(list, false)).enumerate() {
            let text = quoted(&rule.to_string());
            let mut add = |kind, message| add(&|| item.place(), kind, message);
            if window.is_over(rule, facts.now, facts.local) {
                add("past", format!("{text} is past; remove it"));
                continue;
            }
            if let Some(by) = covering(rules, index) {
                let message = format!(
                    "{text} changes nothing: {} covers it",
                    quoted(&by.to_string())
                );
                add("swallowed", message);
            }
            let closing = || closing(&without_runway, rule, facts);
            if let Some(by) = (list == "open").then(closing).flatten() {
                let message = format!("{text} opens nothing: {by} closes all of it");
                add("contradiction", message);
            }
        }
    }
}

fn never_opens(window: &Window, facts: &Facts<'_>) -> bool {
    let checked = window.check(facts.now, facts.local);
    checked.is_err_and(|closed| closed.reopens.is_none())
}

/// The rule of the same list that covers this one; of two that say the same, the first stays.
fn covering(rules: &[Rule], index: usize) -> Option<&Rule> {
    let rule = &rules[index];
    let covers = |(other, by): &(usize, &Rule)| {
        *other != index && by.includes(rule) && (*other < index || !rule.includes(by))
    };
    rules.iter().enumerate().find(covers).map(|(_, by)| by)
}

/// What leaves nothing of an `open` rule: a rule of `closed`, or several of them.
fn closing(window: &Window, rule: &Rule, facts: &Facts<'_>) -> Option<String> {
    if let Some(by) = window.closed.iter().find(|closed| closed.includes(rule)) {
        return Some(quoted(&by.to_string()));
    }
    let alone = Window {
        open: vec![rule.clone()],
        ..window.clone()
    };
    never_opens(&alone, facts).then(|| "`closed`".to_owned())
}
