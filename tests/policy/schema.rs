//! The JSON Schema of a policy against the loader: a real validator accepts and refuses what it does.

use std::{fs, sync::LazyLock};

use expect_test::expect;
use jsonschema::Validator;
use pushgate::policy::{load, schema::schema};
use serde_json::{Map, Value, json};

use crate::{
    documentation::pages,
    support::{PUSHGATE, Ran, Sandbox},
};

static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| jsonschema::validator_for(&schema()).expect("a schema"));

/// Whether the schema accepts a value.
pub fn accepts(value: &Value) -> bool {
    VALIDATOR.is_valid(value)
}

/// A policy as an editor hands it to the schema: keys are text there; `None` where it is no YAML.
fn value(text: &[u8]) -> Option<Value> {
    serde_yaml::from_slice(text).ok().map(as_json)
}

fn as_json(value: serde_yaml::Value) -> Value {
    match value {
        serde_yaml::Value::Mapping(map) => {
            let key = |key: serde_yaml::Value| match as_json(key) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let entries = map.into_iter();
            Value::Object(entries.map(|(k, v)| (key(k), as_json(v))).collect())
        }
        serde_yaml::Value::Sequence(items) => items.into_iter().map(as_json).collect(),
        serde_yaml::Value::Tagged(tagged) => as_json(tagged.value),
        plain => serde_json::to_value(plain).unwrap_or(Value::Null),
    }
}

/// Why no schema can name the fault that the loader found; `None`: a schema can.
pub fn beyond(message: &str) -> Option<&'static str> {
    const TEXT: &str = "how the text is written is gone once it was read as YAML";
    const MEANING: &str = "what a text means is for the loader to say";
    const OTHERS: &str = "no schema compares an environment with the others";
    let named = [
        ("the file has ", Some(TEXT)),
        ("not UTF-8 ", Some(TEXT)),
        ("invisible character ", Some(TEXT)),
        ("a tab in the indentation", Some(TEXT)),
        ("not valid YAML: ", Some(TEXT)),
        (" are not accepted here; ", Some(TEXT)),
        ("a key must be text, ", Some(TEXT)),
        ("duplicate key ", Some(TEXT)),
        ("unknown environment ", Some(OTHERS)),
        (" can never be pushed to: ", Some(OTHERS)),
        (" already; a destination has one environment", Some(OTHERS)),
        (".0`", Some("to a schema, 1.0 is a whole number")),
        ("did you mean `never`?", Some(MEANING)),
        ("unknown key ", None),
        ("unknown value ", None),
        ("missing key ", None),
        ("expected ", None),
        ("more than 4000 keys and values", Some(TEXT)),
        (" is an empty list; ", None),
        (" is listed twice", None),
        ("a window needs `open` or `closed`", None),
        (" is reserved; ", None),
        ("`checks` needs `ci`", None),
        (" needs `after`, ", None),
        (" is about a suite that runs here; ", None),
    ];
    let why = named.iter().find(|(words, _)| message.contains(words));
    why.map_or(Some(MEANING), |(_, why)| *why)
}

/// The loader refused this text: so does the schema, unless it cannot; then it accepts it.
#[track_caller]
pub fn agrees_with_refusal(text: &[u8], message: &str) {
    let shown = String::from_utf8_lossy(text);
    match (value(text), beyond(message)) {
        (Some(value), Some(why)) => {
            let either = why.contains(" text ");
            assert!(either || accepts(&value), "{message}, but {why}:\n{shown}");
        }
        (Some(value), None) => {
            assert!(
                !accepts(&value),
                "the schema accepts, but: {message}\n{shown}"
            );
        }
        (None, why) => assert!(why.is_some(), "no YAML, but: {message}\n{shown}"),
    }
}

/// The loader accepted this text: so does the schema.
#[track_caller]
pub fn agrees_with_acceptance(text: &str) {
    let value = value(text.trim_start_matches('\u{feff}').as_bytes()).expect("YAML");
    let errors: Vec<_> = VALIDATOR
        .iter_errors(&value)
        .map(|e| e.to_string())
        .collect();
    assert!(errors.is_empty(), "the schema refuses: {errors:#?}\n{text}");
}

#[test]
fn it_is_a_schema_of_draft_7() {
    let schema = schema();
    assert!(jsonschema::draft7::meta::is_valid(&schema));
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    let shop = Sandbox::bare();
    let printed = shop.pushgate(["schema"]).goes().stdout;
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), schema);
}

/// Every key of a policy that a schema has, and what it says of it.
fn keys(schema: &Value, found: &mut Vec<(String, Value)>) {
    match schema {
        Value::Object(map) => {
            if let Some(Value::Object(properties)) = map.get("properties") {
                // The conditions repeat keys to compare their values.
                let described = |(_, value): &(&String, &Value)| value.get("not").is_none();
                let properties = properties.iter().filter(described);
                found.extend(properties.map(|(key, value)| (key.clone(), value.clone())));
            }
            map.values().for_each(|value| keys(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

#[test]
fn every_key_has_a_description_for_the_editor_to_show() {
    let mut found = Vec::new();
    keys(&schema(), &mut found);
    assert!(found.len() > 30, "{}", found.len());
    for (key, value) in found {
        let description = value["description"].as_str().unwrap_or_default();
        assert!(description.ends_with(['.', ')', ']']), "{key}: {value:#}");
    }
}

#[test]
fn it_knows_the_keys_that_the_loader_knows() {
    let known = |text: &str| {
        let error = load("F", text.as_bytes(), &[]).unwrap_err();
        let (_, expected) = error.message.split_once("; expected ").unwrap();
        // Every other part between backticks is a key.
        let keys = expected.split('`').skip(1).step_by(2);
        let mut allowed: Vec<_> = keys.map(str::to_owned).collect();
        allowed.sort();
        allowed
    };
    let schema = schema();
    let environment = "/properties/environments/additionalProperties";
    for (text, place) in [
        ("nonsense: 1", String::new()),
        ("trunk: {nonsense: 1}", "/properties/trunk".to_owned()),
        ("suite: {nonsense: 1}", "/properties/suite".to_owned()),
        (
            "suite: {run: [{nonsense: 1, run: a}]}",
            "/properties/suite/properties/run/items".to_owned(),
        ),
        ("environments: {a: {nonsense: 1}}", environment.to_owned()),
        (
            "environments: {a: {window: {nonsense: 1}}}",
            format!("{environment}/properties/window"),
        ),
        (
            "environments: {a: {signoff: {nonsense: 1}}}",
            format!("{environment}/properties/signoff"),
        ),
    ] {
        let properties = schema.pointer(&place).unwrap()["properties"]
            .as_object()
            .unwrap();
        let mut named: Vec<_> = properties.keys().cloned().collect();
        named.sort();
        assert_eq!(named, known(text), "{place}");
    }
}

#[test]
fn the_defaults_it_names_are_the_defaults() {
    use pushgate::policy::Environment;
    // Each default written out is the policy with nothing written.
    let text = |named: bool| {
        let with = |schema: &Value| {
            let properties = schema["properties"].as_object().unwrap().iter();
            let defaults = properties.filter_map(|(key, value)| {
                let default = value.get("default").filter(|_| named)?;
                Some((key.clone(), default.clone()))
            });
            defaults.collect::<Map<_, _>>()
        };
        let schema = schema();
        let mut all = with(&schema);
        for section in ["trunk", "suite"] {
            all.insert(section.into(), with(&schema["properties"][section]).into());
        }
        let environment = &schema["properties"]["environments"]["additionalProperties"];
        let properties = &environment["properties"];
        let mut last = with(environment);
        let mut window = with(&properties["window"]);
        window.insert("closed".into(), json!("22:00-07:00"));
        last.insert("window".into(), window.into());
        let signoff = if named {
            with(&properties["signoff"]).into()
        } else {
            json!(true)
        };
        last.insert("signoff".into(), signoff);
        last.insert("after".into(), json!("a"));
        all.insert("environments".into(), json!({ "a": {}, "b": last }));
        Value::Object(all).to_string()
    };
    let (named, left_out) = (text(true), text(false));
    assert_ne!(named, left_out);
    let (named, left_out) = (
        load("named", named.as_bytes(), &[]).unwrap(),
        load("left out", left_out.as_bytes(), &[]).unwrap(),
    );
    assert_eq!(
        (&named.trunk, &named.suite),
        (&left_out.trunk, &left_out.suite)
    );
    assert_eq!(named.share, left_out.share);
    let last =
        |policy: &pushgate::policy::Policy| -> Environment { policy.environments[1].clone() };
    assert_eq!(
        format!("{:?}", last(&named)),
        format!("{:?}", last(&left_out))
    );
}

#[test]
fn the_policies_of_the_pages_and_what_init_writes_are_accepted() {
    let mut count = 0;
    for page in pages() {
        // The job files say whose they are in their first line.
        let blocks = page.blocks("yaml").into_iter();
        for block in blocks.filter(|block| !block.starts_with("# .git")) {
            agrees_with_acceptance(block);
            count += 1;
        }
    }
    assert!(count >= 3);
    let shop = Sandbox::bare();
    agrees_with_acceptance(&shop.pushgate(["init", "--stdout"]).goes().stdout);
}

#[test]
fn init_and_install_put_it_where_the_policy_says_and_uninstall_takes_it_away() {
    let shop = Sandbox::bare();
    let copy = shop.app.join(".git/pushgate/schema.json");
    shop.pushgate(["init"]).goes();
    let policy = fs::read_to_string(shop.app.join(".pushgate.yml")).unwrap();
    let line = policy.lines().next().unwrap();
    let path = line
        .strip_prefix("# yaml-language-server: $schema=")
        .expect("the line that the YAML language server reads");
    let printed = shop.pushgate(["schema"]).goes().stdout;
    assert_eq!(fs::read_to_string(shop.app.join(path)).unwrap(), printed);
    assert_eq!(shop.app.join(path), copy);
    fs::write(&copy, "of an older version").unwrap();
    shop.pushgate(["install"]).goes();
    assert_eq!(fs::read_to_string(&copy).unwrap(), printed);
    shop.pushgate(["uninstall"])
        .goes()
        .never_says("the ledger stays");
    assert!(!copy.parent().unwrap().exists());
}

/// The YAML language server takes the path from the directory of the policy.
#[test]
fn where_dot_git_is_a_file_init_says_what_leads_editors_to_it() {
    let shop = Sandbox::bare();
    shop.commit("one");
    shop.pushgate(["init"]).goes().never_says("schema:");
    fs::remove_file(shop.app.join(".pushgate.yml")).unwrap();
    shop.git(["worktree", "add", "-q", "../second"]).goes();
    let second = shop.path("second");
    let ran = shop.run_in(&second, PUSHGATE, ["init"]);
    let ran = ran.is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: wrote [root]/second/.pushgate.yml
          trunk: origin/master
          suite: nothing says what runs your tests: fill in `suite.run`
          staging: remote staging
          production: remote production, after staging
            closed 22:00-07:00 (UTC): your hours?
          next: look it over and commit it
          schema: .git is a file here, so editors do not find what the first line names: pushgate schema > pushgate.schema.json, commit it, and name it in that line
          and then: pushgate install
    "#]]);
    let cure = ran.stderr.split_once("names: ").expect("a cure").1;
    let (command, rest) = cure.split_once(", commit it").unwrap();
    assert!(rest.starts_with(", and name it in that line\n"), "{ran}");
    // Taken at its word, it works in both.
    let command = command.replace("pushgate schema", &format!("{PUSHGATE} schema"));
    shop.run_in(&second, "sh", ["-c", &command]).goes();
    let file = command.split("> ").nth(1).unwrap();
    let policy = fs::read_to_string(second.join(".pushgate.yml")).unwrap();
    let named = policy.replacen(".git/pushgate/schema.json", file, 1);
    assert_ne!(named, policy);
    fs::write(second.join(".pushgate.yml"), named).unwrap();
    shop.run_in(&second, "git", ["add", ".pushgate.yml", file])
        .goes();
    shop.run_in(&second, "git", ["commit", "-q", "-m", "policy"])
        .goes();
    shop.git(["merge", "-q", "second"]).goes();
    let printed = shop.pushgate(["schema"]).goes().stdout;
    for tree in [&shop.app, &second] {
        let policy = fs::read_to_string(tree.join(".pushgate.yml")).unwrap();
        let line = policy.lines().next().unwrap();
        let path = line.split_once("$schema=").unwrap().1;
        assert_eq!(fs::read_to_string(tree.join(path)).unwrap(), printed);
    }
}

#[test]
fn an_editor_without_the_schema_is_no_reason_to_go_without_the_hook() {
    let shop = Sandbox::bare();
    fs::write(shop.app.join(".git/pushgate"), "in the way").unwrap();
    shop.pushgate(["install"]).is(&expect![[r#"
        exit 0
        --- stderr
        pushgate: installed [root]/app/.git/hooks/pre-push
        pushgate: git clones no hooks; with the program, each colleague types once:
            pushgate install
        pushgate: editors have no schema: could not write [root]/app/.git/pushgate/schema.json: Not a directory (os error 20)
        pushgate: no environment is known here, so no deploy is judged: pushgate init writes a policy
    "#]]);
    shop.pushgate(["uninstall"]).goes();
}

#[test]
fn it_is_printed_anywhere() {
    let shop = Sandbox::bare();
    let ran = Ran::of(shop.command(PUSHGATE).arg("schema").current_dir("/")).goes();
    assert_eq!(ran.stdout, format!("{:#}\n", schema()));
    assert_eq!(ran.stderr, "");
}

/// Texts that a schema can tell from others, and those that only the loader reads.
#[test]
fn names_paths_and_commands_are_refused_as_one_types() {
    let case = |policy: Value, accepted: bool| {
        assert_eq!(accepts(&policy), accepted, "{policy}");
        if !accepted {
            let text = policy.to_string();
            assert!(load("F", text.as_bytes(), &[]).is_err(), "{text}");
        }
    };
    case(json!({"suite": {"env": ["A=b"]}}), false);
    case(json!({"suite": {"run": " "}}), false);
    case(json!({"suite": {"link": "../x"}}), false);
    case(json!({"suite": {"link": "a/.git"}}), false);
    case(json!({"trunk": {"branch": "feature/*"}}), false);
    case(json!({"trunk": {"branch": "refs/tags/v1"}}), false);
    case(json!({"trunk": {"remote": "-x"}}), false);
    case(json!({"environments": {"Trunk": {}}}), false);
    case(json!({"suite": {"timeout": 30}}), false);
    case(json!({"suite": {"timeout": "30 minits"}}), true);
    case(
        json!({"environments": {"a": {"window": {"open": "nonsense"}}}}),
        true,
    );
}
