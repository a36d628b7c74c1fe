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

use super::{EXCLUDE, SWITCH};
use crate::{hooks::files::Owner, process::program::run_within, push::variables, text::printable};

/// Its hook may look for it in many places.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);
/// The last line of its hooks begins so.
pub(crate) const RUN: &[u8] = b"\ncall_lefthook run ";
/// What stands in its place. Whatever its `rc` prints comes before the mark; what that exports, behind it.
pub(crate) const ASK: &str = r#"
sh -c 'printf "\n# pushgate asks\n"; for v; do eval "printf \"%s\\0\" \"\${$v-}\""; done' sh @VARIABLES@
unset @VARIABLES@
call_lefthook dump
"#;
pub(crate) const MARK: &[u8] = b"\n# pushgate asks\n";
/// What may take the push away from the gate.
pub(crate) const VARIABLES: [&str; 4] = [SWITCH, EXCLUDE, variables::SWITCH, variables::SKIP];

/// Names and values.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// What lefthook says, and what its hook sets for itself.
pub(crate) struct Answer {
    /// All that it reads, as one.
    pub(crate) merged: Value,
    /// The variables that its `rc` sets, whatever this environment has.
    pub(crate) set: Variables,
}

/// Asks it; why it does not say, in its own words.
pub(crate) fn ask(hooks: &Path, top: &Path) -> Result<Answer, Vec<String>> {
    let script = script(hooks).ok_or_else(|| vec!["no hook of lefthook's is here".to_owned()])?;
    let mut command = Command::new("sh");
    command.arg("-c").arg(script.to_os_str_lossy());
    for name in VARIABLES.into_iter().chain(["LEFTHOOK_VERBOSE"]) {
        command.env_remove(name);
    }
    command.current_dir(top).stdin(Stdio::null());
    let Some(said) = run_within(command, LIMIT).map_err(|error| vec![error.reason()])? else {
        return Err(vec![format!(
            "lefthook dump says nothing within {} s",
            LIMIT.as_secs()
        )]);
    };
    let (set, dump) = behind_the_mark(&said.stdout).unzip();
    let dump: &[u8] = dump.unwrap_or(&said.stdout);
    let merged = said.is_ok().then(|| serde_yaml::from_slice(dump));
    match (set, merged) {
        (Some(set), Some(Ok(Value::Null))) => {
            let merged = Value::Mapping(Mapping::new());
            Ok(Answer { merged, set })
        }
        (Some(set), Some(Ok(merged @ Value::Mapping(_)))) => Ok(Answer { merged, set }),
        (None, _) if said.is_ok() => Err(vec!["its hook ends before it is asked".to_owned()]),
        // Where its hook does not find it, it says so on standard output, and all is well.
        _ if said.stderr.is_empty() => {
            let words = dump.lines().map(|line| printable(line.as_bstr()));
            Err(words.collect())
        }
        _ => Err(said.stderr),
    }
}

/// The variables that are set, and what lefthook says.
pub(crate) fn behind_the_mark(out: &[u8]) -> Option<(Variables, &[u8])> {
    let (_, mut rest) = out.split_once_str(MARK)?;
    let mut set = Vec::new();
    for name in VARIABLES {
        let (value, after) = rest.split_once_str("\0")?;
        if !value.is_empty() {
            set.push((name, printable(value.as_bstr())));
        }
        rest = after;
    }
    Some((set, rest))
}

/// One of its hooks, which asks instead of running anything.
pub(crate) fn script(hooks: &Path) -> Option<Vec<u8>> {
    let entries = fs::read_dir(hooks).ok()?.filter_map(Result::ok);
    let texts = entries.filter_map(|entry| fs::read(entry.path()).ok());
    let mut scripts = texts
        .filter(|text| Owner::of_hook(text) == Owner::Lefthook)
        .filter_map(|mut text| {
            text.truncate(text.rfind(RUN)?);
            text.push_str(ASK.replace("@VARIABLES@", &VARIABLES.join(" ")));
            Some(text)
        });
    scripts.next()
}
