//! A push as pre-commit and prek tell of it: they keep what git says, and set variables for one ref.

use std::{
    env,
    ffi::{OsStr, OsString},
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
};

use bstr::ByteSlice;

use super::{
    manager::Manager,
    script::{self, Call},
};
use crate::{
    file,
    gates::Stop,
    git::{Repository, network},
    push::Oid,
};

/// The configurations of prek, in the order in which it looks for one.
const OF_PREK: [&str; 3] = ["prek.toml", OF_PRE_COMMIT, ".pre-commit-config.yml"];
const OF_PRE_COMMIT: &str = ".pre-commit-config.yaml";

/// The remote's name, and its URL.
pub(crate) fn remote_and_url() -> Result<(OsString, OsString), Stop> {
    let name = variable("PRE_COMMIT_REMOTE_NAME")?;
    Ok((name, variable("PRE_COMMIT_REMOTE_URL")?))
}

/// The line of the ref, as git hands it to a hook.
pub(crate) fn line(url: &OsStr) -> Result<Vec<u8>, Stop> {
    let commit = variable("PRE_COMMIT_TO_REF")?.into_vec();
    let source = variable("PRE_COMMIT_LOCAL_BRANCH")?.into_vec();
    let target = variable("PRE_COMMIT_REMOTE_BRANCH")?.into_vec();
    // PRE_COMMIT_FROM_REF is the old commit of the ref only where this clone has it.
    let (url, name) = (url.as_bytes().as_bstr(), target.to_str_lossy());
    let now = Repository::open()?.remote_tip(url, &name, network::LIMIT)?;
    let now = now.map_or_else(|| "0".repeat(commit.len()), |id| Oid::to_string(&id));
    let line = [&source, &commit, &target, now.as_bytes()].join(&b' ');
    Ok([line, b"\n".to_vec()].concat())
}

fn variable(name: &str) -> Result<OsString, Stop> {
    let value = env::var_os(name).filter(|value| !value.is_empty());
    value.ok_or_else(|| {
        let text = format!("nothing tells what is pushed: {name} is not set");
        let words = "put the gate where it hears all of a push, then try again";
        Stop::undecided(text).cure(words, ["pushgate install"])
    })
}

/// The configuration of pre-commit or prek, and how it calls the gate.
pub(crate) fn configuration(manager: Manager, top: &Path) -> (PathBuf, Call) {
    let found = OF_PREK.iter().find(|name| top.join(name).is_file());
    let name = found.filter(|_| manager == Manager::Prek);
    let file = top.join(name.unwrap_or(&OF_PRE_COMMIT));
    let text = file::read_followed(&file).unwrap_or_default();
    let names_it = |line: &[u8]| script::code(line).contains_str("pushgate");
    let call = if text.lines().any(names_it) {
        Call::Unclear("the gate hears of one ref of a push alone")
    } else {
        Call::No
    };
    (file, call)
}
