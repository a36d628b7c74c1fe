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
use crate::calendar::{Window, Zone};

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

impl Finding {
    /// It and its place, as a person reads it.
    pub(crate) fn words(&self, origin: &str) -> String {
        let Place { line, column } = self.place;
        format!("{origin}:{line}:{column}: {}", self.message)
    }
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

/// What is quoted, comments, and the words of a `case`.
const PLAIN: &str = r#"\\.|'[^']*'|"(\\.|[^"\\])*"|(^|\s)#[^\n]*|[\w*.-]+(\|[\w*.-]+)+\)"#;

/// A command that may be the test itself, not a question about the machine: a script of the repository, or a tool.
const TEST: &str = r"(?x)
    ((\w+=\S*|env|time|timeout\s+\S+)\s+)*
    ( (\.{1,2}/|[\w.-]+/)[\w./-]+ | (ba|da|k|z)?sh
    | (npm|pnpm|yarn|bun|bundle|poetry|uv|pipenv|cargo|go|mix|rails|dotnet|composer|docker(\s|-)compose)
      (\s+[-+]\S+)*\s+(run|exec|t|test|nextest|lint|fmt|format|clippy|vet|build|check|typecheck)
    | npx|make|rake|just|tox|nox|mvn|gradle|pytest|rspec|rubocop|eslint|jest|vitest|mocha|tsc|ruff|mypy|flake8|phpunit
    | shellcheck|prettier|python3?\s+(-m\s+(pytest|unittest)|manage\.py\s+test)
    )([^\w-][^;\n]*)?[;\n]\s*";

/// What hides a failure, and why. What a group with a name finds is seen all the same, or meant.
const UNSEEN: [(&str, &str); 9] = [
    (
        r"(?<pipefail>\s-\w*o\s+pipefail[\s\S]*)|[^|>]\|[^|]",
        "only the last command of a pipe counts: no other failure is seen",
    ),
    (
        r"\|\|\s*((/\S*/)?(true|:)(\s|;|\)|$)|(?<kept>\w+=[\s\S]*\b(exit|return) [x$])|(echo|printf)\b|\{\s*(echo|printf)\b[^;\n}]*;?\s*\}|(exit|return) 0\b|\w+=)",
        "what comes after `||` hides a failure",
    ),
    (
        r"(?x)\b(el)?if\s+(
            (?<question>(!\s+)?(\[|\(\(|\$|(test|command|type|which|hash|grep|true|false)\s)|(git|diff|cmp)\s)
            | (?<asks>bundle\s+check\b|[^!\s;][^;\n]*\s--version\b|\S*/(is|has|needs?|should|can)[-_]\w)
            | !\s[^;\n]*[;\n]\s*then\s+((echo|printf|true|:|exit\ 0)\b[^;\n]*[;\n]\s*)+(else|fi)\b
            | [^!\s;][^;\n]*[;\n]\s*then\s+([^;\n]+[;\n]\s*else\s+)?((echo|printf|true|:|exit\ 0)\b[^;\n]*[;\n]\s*)+fi\b
            | <TEST>then\s+([^;\n]+[;\n]\s*)*?(fi\b|(?<other>(el(se|if)|exit|return|false|if|case|for|while|until)\b))
        )",
        "a failure that only `if` sees is hidden: end its branch with `exit 1`",
    ),
    (
        r"(?x)\b(while\s+<TEST>do\b|until\s+<TEST>do\b[\s\S]*?(\bbreak\b|(?<repeated>\bdone\b)))",
        "a failure that ends a loop is not seen: run that command once more after `done`",
    ),
    (
        r"(?<condition>\b(if|while|until|elif)\b[^\n;]*)|&&[ \t]*(\n\s*)?[^\s\\][^\n;]*[\n;]\s*[^\s;}&|]",
        "the failure of a command before `&&` is not seen, unless it is the last line",
    ),
    (
        r"(^|[\s;({])set\s+([^\n;]*\s)?\+(\w*e|o\s+errexit)",
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

/// The same of what is quoted, too.
const QUOTED: [(&str, &str); 4] = [
    (
        r#"(?x)(?<literal>'[^']*') | (?<assigned>(^|[;\s])\w+=("[^"]*"|\S*))
        | (^|[;\s])(export|readonly|local|declare)\s+\w+="?(\$\(|`)
        | (^|[;\s])(echo|printf|:)\s([^\n;']|'[^']*')*?(\$\(|`)
            (?<question>(date|git|pwd|hostname|whoami|uname|id|nproc|cat|head|tail|wc|basename|dirname)\b|\S+\ -+[vV])?
        | [\ \t]"?(\$\(|`)((ba|da|k|z)?sh\s|[\w.-]*/)"#,
        "the failure of a command whose output is an argument, or exported, is not seen: assign it on a line before",
    ),
    (
        r#"(^|[;\s])trap\s+("[^"]*|'[^']*)\bexit 0\b[^\n]*\s(EXIT|0)\b"#,
        "`exit 0` in a `trap` of EXIT hides every failure",
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

/// What a shell script does not end with the failure of, though it runs under `sh -e`, and on which of its lines.
fn unseen_failures(script: &str) -> Vec<(usize, &'static str)> {
    let without = |quotes: bool| {
        let keep = |found: &Captures<'_>| {
            let is_comment = found[0].trim_start().starts_with('#');
            let lines = "\n".repeat(found[0].matches('\n').count());
            match (is_comment, quotes) {
                (true, _) => " ".to_owned() + &lines,
                (_, true) => "x".to_owned() + &lines,
                _ => found[0].to_owned(),
            }
        };
        let plain = Regex::new(PLAIN).map(|plain| plain.replace_all(script, keep).into_owned());
        plain.unwrap_or_default()
    };
    let (plain, quoted) = (without(true), without(false));
    let find = |pattern: &str, text: &str| {
        let pattern = Regex::new(&pattern.replace("<TEST>", TEST)).ok()?;
        let names: Vec<_> = pattern.capture_names().flatten().collect();
        let mut found = pattern.captures_iter(text);
        let found = found
            .find(|one| names.iter().all(|name| one.name(name).is_none()))?
            .get(0)?;
        // It may begin with the line feed, or the blanks, before what it is about.
        let blank = found.as_str().len() - found.as_str().trim_start().len();
        Some(text[..found.start() + blank].matches('\n').count())
    };
    let definition = Regex::new(r"(^|[;\n])\s*(function\s+)?([\w-]+)\s*\(\)").ok();
    let functions = definition.iter().flat_map(|one| one.captures_iter(&plain));
    let functions: Vec<_> = functions.map(|one| regex_lite::escape(&one[3])).collect();
    let names = functions.join("|");
    let asked =
        format!(r"\b(if|while|until|elif)\s+(!\s+)?({names})\b|\b({names})\b[^\n;()]*(\|\||&&)");
    let asked = (!names.is_empty()).then_some((
        &*asked,
        "a function goes on after a failure where `if`, `&&` or `||` asks how it ended",
    ));
    let in_plain = UNSEEN.into_iter().chain(asked);
    let all = in_plain
        .map(|one| (one, &plain))
        .chain(QUOTED.map(|one| (one, &quoted)));
    all.filter_map(|((pattern, why), text)| Some((find(pattern, text)?, why)))
        .collect()
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
        for (rule, item) in rules.iter().zip(texts(list, false)) {
            let text = quoted(&rule.to_string());
            let alone = Window {
                open: vec![rule.clone()],
                ..without_runway.clone()
            };
            let unclosed = Window {
                closed: Vec::new(),
                holidays: Vec::new(),
                ..alone.clone()
            };
            if never_opens(&unclosed, facts) {
                let message = format!("{text} is past; remove it");
                add(&|| item.place(), "past", message);
            } else if list == "open" && never_opens(&alone, facts) {
                let message = format!("{text} opens nothing: `closed` closes all of it");
                add(&|| item.place(), "contradiction", message);
            }
        }
    }
}

fn never_opens(window: &Window, facts: &Facts<'_>) -> bool {
    let checked = window.check(facts.now, facts.local);
    checked.is_err_and(|closed| closed.reopens.is_none())
}
