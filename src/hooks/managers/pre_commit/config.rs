//! What such a configuration says, in whatever form it is written: whether a hook of it is the gate, and
//! whether the tool calls that at every push.

use serde_yaml::Value;

use crate::doctor::script::Says;

pub(crate) const ID: &str = "pushgate";
/// What both call the stage, and what they called it once.
pub(crate) const STAGES: [&str; 2] = ["pre-push", "push"];

/// What it says of the gate.
pub(crate) fn says(config: &Value) -> Says {
    let mut said = Says::Nothing;
    for repo in items(config.get("repos")) {
        for hook in items(repo.get("hooks")).filter(|hook| is_gate(hook)) {
            match left_out(hook, repo, config) {
                None => return Says::Calls,
                Some(why) if said == Says::Nothing => said = Says::LeftOut(why),
                Some(_) => {}
            }
        }
    }
    said
}

/// By its name, or by its command.
pub(crate) fn is_gate(hook: &Value) -> bool {
    let text = |key: &str| hook.get(key).and_then(Value::as_str);
    let args = items(hook.get("args")).filter_map(Value::as_str);
    let command: Vec<_> = text("entry").into_iter().chain(args).collect();
    let command = command.join(" ");
    text("id") == Some(ID) || (command.contains("pushgate") && command.contains("pre-push"))
}

/// Why the tool passes over it, at some pushes at least. What a repository of hooks says of its own
/// comes before `default_stages`, and ours says `pre-push` and `always_run`.
pub(crate) fn left_out(hook: &Value, repo: &Value, config: &Value) -> Option<String> {
    let is_local = repo.get("repo").and_then(Value::as_str) == Some("local");
    let stages = |from: &Value, key: &str| -> Option<Vec<String>> {
        let value = from.get(key)?;
        let words: Vec<_> = match value.as_str() {
            Some(word) => vec![word.to_owned()],
            None => items(Some(value))
                .filter_map(|word| Some(word.as_str()?.to_owned()))
                .collect(),
        };
        // None at all is as good as all.
        (!words.is_empty()).then_some(words)
    };
    let (key, named) = match stages(hook, "stages") {
        Some(own) => ("stages", own),
        None if is_local => (
            "default_stages",
            stages(config, "default_stages").unwrap_or_default(),
        ),
        None => ("", Vec::new()),
    };
    let is_push = |word: &String| STAGES.contains(&word.as_str());
    if !named.is_empty() && !named.iter().any(is_push) {
        return Some(format!(
            "only at {} (`{key}`), not at `pre-push`",
            named.join(", ")
        ));
    }
    let always = hook.get("always_run").and_then(Value::as_bool);
    (!always.unwrap_or(!is_local)).then(|| {
        "without `always_run` it is left out of a push in which it sees no file for it".to_owned()
    })
}

/// The items of a list; none where there is none.
pub(crate) fn items(list: Option<&Value>) -> impl Iterator<Item = &Value> {
    list.and_then(Value::as_sequence).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn case(top: &str, repo: &str, hook: &str, why: Option<&str>) {
        let text = format!("{top}\nrepos:\n- {repo}\n  hooks: [{{id: a}}, {{{hook}}}]\n");
        let said = says(&serde_yaml::from_str(&text).unwrap());
        match (why, &said) {
            (None, Says::Calls) => {}
            (Some(words), Says::LeftOut(why)) if why.contains(words) => {}
            _ => panic!("{text} {said:?}"),
        }
    }

    #[test]
    fn the_gate_is_known_by_its_id_and_by_its_command() {
        case("", "repo: https://x/pushgate", "id: pushgate", None);
        let own = "id: x, always_run: true, ";
        let local = "repo: local";
        let entry = format!("{own}entry: /bin/pushgate pre-push --from pre-commit");
        case("", local, &entry, None);
        let args = format!("{own}entry: pushgate, args: [pre-push, --from, pre-commit]");
        case("", local, &args, None);
        let other = "repos:\n- repo: local\n  hooks: [{id: x, entry: y}] # pushgate pre-push\n";
        assert_eq!(says(&serde_yaml::from_str(other).unwrap()), Says::Nothing);
        for nothing in ["", "a", "repos: 1", "repos: [1, {hooks: 1}, {hooks: [1]}]"] {
            let config = serde_yaml::from_str(nothing).unwrap();
            assert_eq!(says(&config), Says::Nothing, "{nothing}");
        }
    }

    #[test]
    fn what_leaves_it_out_is_named() {
        let (local, theirs) = ("repo: local", "repo: https://x/pushgate");
        let always = "id: pushgate, always_run: true";
        let with = |more: &str| format!("{always}, {more}");
        case(
            "",
            local,
            &with("stages: [manual]"),
            Some("only at manual (`stages`)"),
        );
        case("", local, &with("stages: [pre-commit, push]"), None);
        case(
            "default_stages: [manual]",
            local,
            &with("stages: []"),
            Some("(`default_stages`)"),
        );
        case(
            "default_stages: [manual]",
            local,
            &with("stages: [pre-push]"),
            None,
        );
        case("default_stages: [manual]", theirs, "id: pushgate", None);
        case(
            "",
            theirs,
            "id: pushgate, stages: [manual]",
            Some("(`stages`)"),
        );
        case("", local, "id: pushgate", Some("`always_run`"));
        case(
            "",
            theirs,
            "id: pushgate, always_run: false",
            Some("`always_run`"),
        );
        case("exclude: .*", local, &with("files: nothing"), None);
    }

    #[test]
    fn one_that_is_called_is_enough() {
        let text = "repos:\n- repo: local\n  hooks: [{id: pushgate, stages: [manual]}]\n- repo: https://x/pushgate\n  hooks: [{id: pushgate}]\n";
        assert_eq!(says(&serde_yaml::from_str(text).unwrap()), Says::Calls);
    }
}
