//! What lefthook makes of all that it reads: its configuration, what that extends or fetches from
//! elsewhere, and what this clone alone says. It is asked, the way its own hook finds it.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use bstr::{ByteSlice, ByteVec};
use serde_yaml::{Mapping, Value};

use crate::{commands::hooks::Owner, verdict::printable, world::children::said_within};

/// Its hook may look for it in many places.
const LIMIT: Duration = Duration::from_secs(10);
/// The last line of its hooks begins so.
const RUN: &[u8] = b"\ncall_lefthook run ";
const DUMP: &[u8] = b"\ncall_lefthook dump\n";

/// All of it as one; why not, in lefthook's words, where it does not say.
pub(super) fn merged(hooks: &Path, top: &Path) -> Result<Value, Vec<String>> {
    let script = script(hooks).ok_or_else(|| vec!["no hook of lefthook's is here".to_owned()])?;
    let mut command = Command::new("sh");
    command.arg("-c").arg(script.to_os_str_lossy());
    command
        .current_dir(top)
        .env_remove("LEFTHOOK")
        .env_remove("LEFTHOOK_VERBOSE")
        .stdin(Stdio::null());
    let Some(said) = said_within(command, LIMIT).map_err(|trouble| trouble.causes().to_vec())?
    else {
        return Err(vec![format!(
            "lefthook dump says nothing within {} s",
            LIMIT.as_secs()
        )]);
    };
    let words = |out: &[u8]| out.lines().map(|line| printable(line.as_bstr())).collect();
    let answer = said.is_ok().then(|| serde_yaml::from_slice(&said.out));
    match answer {
        Some(Ok(Value::Null)) => Ok(Value::Mapping(Mapping::new())),
        Some(Ok(all @ Value::Mapping(_))) => Ok(all),
        // Where its hook does not find it, it says so on standard output, and all is well.
        _ if said.words.is_empty() => Err(words(&said.out)),
        _ => Err(said.words),
    }
}

/// One of its hooks, which asks instead of running anything.
fn script(hooks: &Path) -> Option<Vec<u8>> {
    let entries = fs::read_dir(hooks).ok()?.filter_map(Result::ok);
    let texts = entries.filter_map(|entry| fs::read(entry.path()).ok());
    let mut scripts = texts
        .filter(|text| Owner::of_hook(text) == Owner::Lefthook)
        .filter_map(|mut text| {
            text.truncate(text.rfind(RUN)?);
            text.push_str(DUMP);
            Some(text)
        });
    scripts.next()
}
