//! `pushgate check --policy`: what is odd about the policy, without the network.

use serde_json::json;

use super::{Done, print_data, print_json};
use crate::{
    git::Repository,
    policy::{FILE, lint::Finding},
    report,
};

pub(crate) fn run(as_json: bool) -> Done {
    let world = Repository::open()?;
    let found = world.lint_policy().inspect_err(|error| {
        if as_json {
            let error = error.in_one_line();
            let all = json!({ "policy": FILE, "findings": [], "error": error });
            let _ = print_json(&all);
        }
    });
    let found = found?;
    match &found {
        None => report::say(&format!("there is no {FILE}: the built-in policy holds")),
        Some((origin, findings)) if findings.is_empty() && !as_json => {
            report::say(&format!("{origin} is valid: nothing to say about it"));
        }
        Some(_) => {}
    }
    let (origin, findings) = found.unwrap_or_else(|| (FILE.to_owned(), Vec::new()));
    if as_json {
        let all = json!({ "policy": origin, "findings": findings, "error": null });
        print_json(&all)?;
    } else {
        let line = |finding: &Finding| finding.words(&origin) + "\n";
        print_data(findings.iter().map(line).collect::<String>())?;
    }
    Ok(u8::from(!findings.is_empty()))
}
