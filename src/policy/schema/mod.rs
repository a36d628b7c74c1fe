//! The policy as a JSON Schema (draft 7), for editors: what it accepts, the loader accepts.
//!
//! Written by hand beside the loader, because it says more than types can. Tests hold it against the
//! loader, and list the few things that no schema can say.

mod patterns;

use serde_json::{Value, json};

use super::leaf::Word;
use super::{By, Forge, In, On, Reason, defaults};

/// The most items of a list, and keys of a map, as `marks` has it.
const MOST: usize = 1000;

/// The schema.
pub fn schema() -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "The policy of pushgate (.pushgate.yml)",
        "description": "What a push must answer before it goes through. Read from the pushed commit.",
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": {
            "trunk": trunk(),
            "suite": suite(),
            "environments": {
                "description": "The deployment targets. A destination belongs to one of them.",
                "type": ["object", "null"],
                "maxProperties": MOST,
                "propertyNames": text("An environment's name.", "environment"),
                "additionalProperties": environment(),
            },
            "share": flag(
                "Whether sign-offs and deployments are shared with the team, as git notes \
                 (refs/notes/pushgate) on trunk's remote.",
                defaults::SHARE,
            ),
        },
        "definitions": {
            "name": form(
                &patterns::name(),
                "a name must not be empty, begin with `-`, or begin or end with a space",
            ),
            "environment": form(
                &patterns::environment(),
                "an environment needs a name, and `trunk` is not one",
            ),
            "branch": form(
                &patterns::branch(),
                "no branch can have this name; write its short name, such as `main`",
            ),
            "command": form(&patterns::command(), "a command must not be empty"),
            "path": form(
                &patterns::below(),
                "a path below the top of the repository, without `.`, `..` and `.git` in it",
            ),
            "variable": form(
                patterns::VARIABLE,
                "not the name of a variable: write one such as `RAILS_ENV`, without its value",
            ),
            "length": form(
                &patterns::length(),
                "not a duration: write one such as `30m`, `1h 30m` or `24h`",
            ),
            "limit": form(
                &patterns::limit(),
                "not a duration of any length: write one such as `30m`, `1h 30m` or `24h`",
            ),
            "reuse": form(
                &patterns::reuse(),
                "not a duration: write one such as `30m`, `1h 30m` or `24h`, or `never`",
            ),
            "zone": form(
                &patterns::zone(),
                "no time zone: write an IANA name such as `Europe/Madrid`, or `local`",
            ),
            "rule": form(&patterns::rule(), RULE),
            "closing": form(&patterns::closing(), RULE),
        },
    })
}

const RULE: &str = "no rule: write `Mon-Fri 09:00-16:00`, `22:00-07:00`, `Sat,Sun`, `2026-12-24`, \
                    `2026-12-24..2027-01-02` or `2026-12-24 18:00..2026-12-27 07:00`";

/// The form that a text must have, and what editors say instead of the pattern.
fn form(pattern: &str, otherwise: &str) -> Value {
    json!({ "pattern": pattern, "patternErrorMessage": otherwise })
}

fn trunk() -> Value {
    section(
        "Where deploys come from.",
        &json!({
            "branch": branch("The branch. Default: the one that the remote's HEAD names, else master or main."),
            "remote": with_default(
                name("The remote where the team meets."),
                &json!(defaults::REMOTE),
            ),
        }),
    )
}

fn suite() -> Value {
    let limit = limit("The limit for the whole run.");
    let mut suite = section(
        "The team's entire test run.",
        &json!({
            "run": run(),
            "ci": word::<Forge>(
                "The CI that has it run, and is asked whether it passed on the very commit: github \
                 (through gh) or gitlab (through glab). Nothing runs here then.",
                None,
            ),
            "checks": one_or_more(
                "The checks of the CI that have to pass. Default: all of them.",
                &name("The name of a check."),
                true,
            ),
            "on": word::<On>(
                "Which pushes need it: deploys; trunk (deploys, and pushes to trunk); or all.",
                Some("trunk"),
            ),
            "in": word::<In>(
                "Where it runs. checkout: here, and the tree must be exactly the pushed one. \
                 worktree: in a clean copy of it.",
                Some("checkout"),
            ),
            "timeout": with_default(limit, &json!("30m")),
            "reuse": with_default(
                or_zero(text(
                    "How long a pass counts for the same tree; `never`: it runs each time.",
                    "reuse",
                )),
                &json!("24h"),
            ),
            "env": {
                "description": "The variables whose values a pass depends on.",
                "type": "array",
                "minItems": 1,
                "maxItems": MOST,
                "uniqueItems": true,
                "items": text("The name of a variable, without its value.", "variable"),
            },
            "expect": {
                "description": "A regular expression that the output must match, so that a run without a test is no pass.",
                "type": "string",
                "minLength": 1,
            },
            "link": one_or_more(
                "Files of the checkout that git ignores and the worktree needs.",
                &below("A path below the top of the repository."),
                true,
            ),
            "interactive": flag("Whether the suite gets the terminal.", false),
        }),
    );
    // What says how to run something here says nothing about a CI.
    let here = ["run", "in", "env", "expect", "link", "interactive"];
    let given: Vec<_> = here
        .iter()
        .map(|key| json!({ "required": [key] }))
        .collect();
    merge(
        &mut suite,
        json!({
            "dependencies": {
                "checks": ["ci"],
                "ci": { "not": { "anyOf": given } },
            },
        }),
    );
    suite
}

/// The steps: a command, or a list of commands and maps.
fn run() -> Value {
    let mut step = command("One step: a command, or a map that has one.");
    merge(
        &mut step,
        json!({
            "type": ["string", "object"],
            "additionalProperties": false,
            "required": ["run"],
            "properties": {
                "run": command("The command, for `sh -c` at the top of the tree."),
                "name": name("What reports call it. Default: the command."),
                "timeout": limit("The step's own limit."),
                "dir": below("The directory that it runs in, below the top of the tree."),
                "parallel": flag(
                    "Whether it runs together with its neighbours that say so, too.",
                    false,
                ),
            },
        }),
    );
    let mut run = command(
        "What runs all of the tests: one shell command, or a list of steps. Default: found from the \
         project's own files.",
    );
    merge(
        &mut run,
        json!({
            "type": ["string", "array"],
            "minItems": 1,
            "maxItems": MOST,
            "items": step,
        }),
    );
    run
}

fn environment() -> Value {
    let mut environment = section(
        "A deployment target.",
        &json!({
            "remote": one_or_more(
                "The remote that pushes to it, or a list. Default: the environment's own name.",
                &name("A remote's name."),
                true,
            ),
            "app": one_or_more(
                "The Heroku app that it is, `HOST/APP` on another platform, or a list. The \
                 destination counts, whatever the remote is called.",
                &name("An app."),
                true,
            ),
            "after": name("The environment where the same commit must be live first."),
            "soak": with_default(
                length("How long the commit must have been live on the environment before."),
                &json!("0"),
            ),
            "signoff": signoff(),
            "window": window(),
            "branch": with_default(
                one_or_more(
                    "The branches whose push deploys there.",
                    &branch("A branch's short name."),
                    true,
                ),
                &json!(defaults::BRANCHES),
            ),
            "reason": word::<Reason>(
                "Whether an override must say why (PUSHGATE_REASON).",
                Some("optional"),
            ),
        }),
    );
    // Both are about the environment before it.
    merge(
        &mut environment,
        json!({
            "dependencies": { "soak": ["after"] },
            "if": {
                "required": ["signoff"],
                "properties": { "signoff": { "not": { "const": false } } },
            },
            "then": { "required": ["after"] },
        }),
    );
    environment
}

fn signoff() -> Value {
    let people = json!({ "type": "integer", "minimum": 1, "maximum": 100 });
    let mut count = people.clone();
    describe(&mut count, "How many people.");
    let mut signoff = people;
    describe(
        &mut signoff,
        "Who must have signed the commit off on the environment before: true (anybody), false \
         (nobody), a number of people, or a map. Default: true where `after` is set.",
    );
    merge(
        &mut signoff,
        json!({
            "type": ["boolean", "integer", "object"],
            "additionalProperties": false,
            "properties": {
                "count": with_default(count, &json!(1)),
                "by": word::<By>(
                    "Whose sign-off counts. another: not that of the commit's author.",
                    Some("anyone"),
                ),
                "signed": flag("Whether only sign-offs that git verifies count.", false),
            },
        }),
    );
    signoff
}

fn window() -> Value {
    // What editors propose; as `examples` they would show hundreds at once.
    let zones: Vec<Value> = patterns::zones()
        .into_iter()
        .map(|zone| json!({ "label": zone, "body": zone }))
        .collect();
    let mut timezone = text(
        "The zone of the rules: an IANA name, or `local`, the clock of whoever pushes.",
        "zone",
    );
    merge(
        &mut timezone,
        json!({ "default": "local", "defaultSnippets": zones }),
    );
    let mut window = section(
        "When it may be pushed to.",
        &json!({
            "timezone": timezone,
            "open": one_or_more(
                "When it is open: a rule, or a list. Default: always.",
                &text("When it is open.", "rule"),
                false,
            ),
            "closed": one_or_more(
                "When it is closed: a rule, the path of an iCalendar file of the repository, or a \
                 list. It wins over `open`.",
                &text("When it is closed.", "closing"),
                false,
            ),
            "runway": with_default(
                length("How long it must stay open after the push, so that somebody is around."),
                &json!("0"),
            ),
        }),
    );
    merge(
        &mut window,
        json!({
            "type": "object",
            "anyOf": [{ "required": ["open"] }, { "required": ["closed"] }],
        }),
    );
    window
}

/// A map of these keys and no others, which may be left empty.
fn section(description: &str, properties: &Value) -> Value {
    json!({
        "description": description,
        "type": ["object", "null"],
        "additionalProperties": false,
        "properties": properties,
    })
}

/// A text that has one of the forms above.
fn text(description: &str, form: &str) -> Value {
    json!({
        "description": description,
        "type": "string",
        "allOf": [{ "$ref": format!("#/definitions/{form}") }],
    })
}

fn name(description: &str) -> Value {
    text(description, "name")
}

fn branch(description: &str) -> Value {
    text(description, "branch")
}

fn command(description: &str) -> Value {
    text(description, "command")
}

fn below(description: &str) -> Value {
    text(description, "path")
}

fn limit(description: &str) -> Value {
    text(description, "limit")
}

fn length(description: &str) -> Value {
    or_zero(text(description, "length"))
}

/// Zero is the one number that needs no unit.
fn or_zero(mut length: Value) -> Value {
    let zero = json!({ "type": ["string", "number"], "minimum": 0, "maximum": 0 });
    merge(&mut length, zero);
    length
}

fn flag(description: &str, default: bool) -> Value {
    json!({ "description": description, "type": "boolean", "default": default })
}

fn word<W: Word>(description: &str, default: Option<&str>) -> Value {
    let mut word = json!({ "description": description, "enum": W::WORDS });
    if let Some(default) = default {
        merge(&mut word, json!({ "default": default }));
    }
    word
}

/// One such text, or a list of at least one, which may hold none twice.
fn one_or_more(description: &str, item: &Value, once: bool) -> Value {
    let mut several = item.clone();
    describe(&mut several, description);
    merge(
        &mut several,
        json!({
            "type": ["string", "array"],
            "minItems": 1,
            "maxItems": MOST,
            "uniqueItems": once,
            "items": item,
        }),
    );
    several
}

fn with_default(mut schema: Value, default: &Value) -> Value {
    merge(&mut schema, json!({ "default": default }));
    schema
}

fn describe(schema: &mut Value, description: &str) {
    merge(schema, json!({ "description": description }));
}

/// Adds keys to a schema, or replaces them.
fn merge(schema: &mut Value, keys: Value) {
    if let (Value::Object(schema), Value::Object(keys)) = (schema, keys) {
        schema.extend(keys);
    }
}
