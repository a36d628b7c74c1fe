//! Whether there is a repository that git reads.

use super::{context::Context, finding::Finding};

pub(crate) fn check(context: &Context) -> Vec<Finding> {
    const SAFE: &str = "git config --global --add safe.directory ";
    let broken = |text: &str| Finding::broken("repository", text);
    let Some(Err(error)) = &context.repository else {
        return Vec::new();
    };
    let words = &error.details;
    let command = |line: &String| line.find(SAFE).map(|at| line[at..].to_owned());
    if let Some(command) = words.iter().find_map(command) {
        let text = "git does not trust this repository: it belongs to another user";
        return vec![broken(text).run(command)];
    }
    let is_none = |line: &String| line.contains("not a git repository");
    if words.iter().any(is_none) {
        let text = "this is no git repository: there is nothing to gate here";
        return vec![broken(text).hint("cd into a clone, then pushgate doctor")];
    }
    vec![broken("the repository cannot be read").details(words)]
}
