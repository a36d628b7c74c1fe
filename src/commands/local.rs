//! What a command means where its arguments name nothing: the local trunk branch, and its policy.

use std::path::Path;

use bstr::ByteSlice;

pub(crate) use crate::app::local::Local;
use crate::{
    commands::Error,
    gates::Stop,
    git::Repository,
    policy::{Environment, FILE, Policy},
    report,
    text::{alternatives, did_you_mean, shell_word},
};

/// The branches and the tags, each with its kind; of very many, the first.
pub(crate) fn revisions(world: &Repository) -> Vec<(String, &'static str)> {
    const KINDS: [(&str, &str); 3] = [
        ("refs/heads/", "branch"),
        ("refs/remotes/", "remote branch"),
        ("refs/tags/", "tag"),
    ];
    let asked = ["for-each-ref", "--count=1000", "--format=%(refname)"];
    let places = KINDS.iter().map(|(place, _)| *place);
    let Ok(said) = world.git.run(asked.into_iter().chain(places)) else {
        return Vec::new();
    };
    let refs = String::from_utf8_lossy(&said.stdout);
    let named = refs.lines().filter_map(|name| {
        let stripped =
            |(place, kind): &(&str, _)| Some((name.strip_prefix(place)?.to_owned(), *kind));
        KINDS.iter().find_map(stripped)
    });
    named.collect()
}

pub(crate) fn no_commit(revision: &str, world: &Repository) -> Error {
    // A tag is followed to what it names; the path of a file takes no more words.
    let kind = |name: String| {
        let said = world.git.run(["cat-file", "-t", &name]).ok()?;
        (said.is_ok()).then(|| said.line().to_str_lossy().into_owned())
    };
    let kind = kind(format!("{revision}^{{}}")).or_else(|| kind(revision.to_owned()));
    if let Some(kind) = kind {
        return Error::undecided(format!("`{revision}` names a {kind}, not a commit"))
            .hint("name a commit, branch or tag");
    }
    let known = names(world);
    let meant = did_you_mean(revision, &known);
    Error::undecided(format!("`{revision}` names no commit{meant}")).hint(if known.is_empty() {
        "commit first"
    } else {
        "name another commit, branch or tag"
    })
}

/// What there is that could be meant by a revision.
pub(crate) fn names(world: &Repository) -> Vec<String> {
    let named = revisions(world).into_iter();
    named.map(|(name, _)| name).collect()
}

pub(crate) fn named<'p>(name: &str, policy: &'p Policy) -> Result<&'p Environment, Error> {
    let environment = policy.environment(name);
    environment.ok_or_else(|| unknown(name, policy, None))
}

/// There is no such environment, but these and `other`.
pub(crate) fn unknown(name: &str, policy: &Policy, other: Option<&str>) -> Error {
    let known = policy.environments.iter().map(|one| one.name.as_str());
    let known: Vec<String> = known.chain(other).map(str::to_owned).collect();
    if known.is_empty() {
        return no_pipeline();
    }
    let (all, meant) = (alternatives(&known), did_you_mean(name, &known));
    let error = Error::undecided(format!(
        "there is no environment `{name}`; there is {all}{meant}"
    ));
    if meant.is_empty() {
        let words = format!("add it to `environments` in {FILE}, as this shows");
        return error.cure(words, ["pushgate init --stdout"]);
    }
    error
}

/// What is recorded must say by whom.
pub(crate) fn no_person() -> Stop {
    let set = |key: &str, value: &str| format!("git config {key} \"{value}\"");
    let commands = [set("user.name", "NAME"), set("user.email", "MAIL")];
    Stop::refused("git does not know who you are").cure("say it", commands)
}

pub(crate) fn no_pipeline() -> Error {
    let words = format!("add one to `environments` in {FILE}, as this shows");
    Error::undecided("the policy names no environment").cure(words, ["pushgate init --stdout"])
}

/// Warns of a file of the team's that git writes with the line ends of Windows in other clones.
pub(crate) fn warn_of_crlf(path: &Path, world: &Repository) {
    let top = world.work_tree().unwrap_or(path);
    let name = path.strip_prefix(top).unwrap_or(path).display().to_string();
    let args = ["check-attr", "-z", "text", "eol", "--", name.as_str()];
    let said = world
        .git
        .run(["-C", &top.to_string_lossy()].into_iter().chain(args));
    let said = said.map(|said| said.stdout).unwrap_or_default();
    // The path, the attribute and its value, each with a NUL behind it.
    let fields: Vec<_> = said.split(|b| *b == 0).collect();
    if fields.len() > 5 && fields[2] != b"unset" && fields[5] == b"crlf" {
        report::warn(&format!(
            ".gitattributes gives {name} the line ends of Windows in other clones; this keeps them out:"
        ));
        let line = shell_word(&format!("{name} text eol=lf"));
        report::hint(&format!("echo {line} >>.gitattributes"));
    }
}
