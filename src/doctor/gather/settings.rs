//! What git's configuration says of hooks, and where.

use std::{fs, path::Path};

use bstr::{BString, ByteSlice};

use crate::{
    doctor::{
        context::from_here,
        facts::{Configured, Setting},
    },
    git::Repository,
    process::program::Output,
    text::printable,
};

/// Where `core.hooksPath` is set; the last one counts.
pub(crate) fn hooks_path(world: &Repository) -> Option<Setting> {
    let args = [
        "config",
        "--show-scope",
        "--show-origin",
        "-z",
        "--get-all",
        "core.hooksPath",
    ];
    let said = world.git().run(args).ok().filter(Output::is_ok)?;
    // Each ends with a NUL, which leaves an empty one behind.
    let mut fields: Vec<&[u8]> = said.stdout.split(|b| *b == 0).collect();
    fields.pop();
    let [scope, origin, value] = fields.rchunks_exact(3).next()? else {
        return None;
    };
    let file = origin.strip_prefix(b"file:").map(|path| {
        let path = path.to_path_lossy();
        // git names it from the top of the work tree, as a rule.
        let top = world.work_tree().map(|top| top.join(&path));
        let path = top
            .filter(|path| path.exists())
            .unwrap_or_else(|| path.into_owned());
        (from_here(&path), line_of(&path))
    });
    Some(Setting {
        value: printable(value.as_bstr()),
        scope: scope.to_str_lossy().into_owned(),
        place: file,
    })
}

pub(crate) fn line_of(path: &Path) -> Option<usize> {
    find_line(&fs::read(path).ok()?, "core", "hookspath")
}

/// The last line of a configuration file that sets a variable (git-config(1), "Syntax").
pub(crate) fn find_line(text: &[u8], section: &str, variable: &str) -> Option<usize> {
    let mut is_within = false;
    let mut found = None;
    for (index, line) in text.lines().enumerate() {
        let mut line = line.trim_ascii();
        if let Some(rest) = line.strip_prefix(b"[") {
            let Some((name, rest)) = rest.split_once_str("]") else {
                continue;
            };
            is_within = name.trim_ascii().eq_ignore_ascii_case(section.as_bytes());
            line = rest.trim_ascii_start();
        }
        let name = line.split(|b| *b == b'=').next().unwrap_or_default();
        if is_within && name.trim_ascii().eq_ignore_ascii_case(variable.as_bytes()) {
            found = Some(index + 1);
        }
    }
    found
}

/// The configured hooks for `pre-push` that are not switched off (git-hook(1)).
pub(crate) fn configured(world: &Repository) -> Vec<Configured> {
    let pattern = r"^hook\..*\.(command|event|enabled)$";
    let args = ["config", "--show-scope", "-z", "--get-regexp", pattern];
    match world.git().run(args) {
        Ok(said) if said.is_ok() => hooks(&said.stdout),
        _ => Vec::new(),
    }
}

/// `SCOPE NUL hook.NAME.VARIABLE LF VALUE NUL`, repeated.
pub(crate) fn hooks(listed: &[u8]) -> Vec<Configured> {
    struct Known {
        name: BString,
        is_for_us: bool,
        is_enabled: bool,
        command: Option<(String, BString)>,
    }
    let mut known: Vec<Known> = Vec::new();
    let fields: Vec<&[u8]> = listed.split(|b| *b == 0).collect();
    for pair in fields.chunks_exact(2) {
        let (scope, entry) = (pair[0], pair[1]);
        let (key, value) = entry.split_once_str("\n").unwrap_or((entry, b"true"));
        let Some((name, variable)) = key
            .strip_prefix(b"hook.")
            .and_then(|rest| rest.rsplit_once_str("."))
        else {
            continue;
        };
        let at = known
            .iter()
            .position(|one| one.name == name)
            .unwrap_or_else(|| {
                known.push(Known {
                    name: name.into(),
                    is_for_us: false,
                    is_enabled: true,
                    command: None,
                });
                known.len() - 1
            });
        let one = &mut known[at];
        match variable {
            // An empty value takes back those before it.
            b"event" => {
                one.is_for_us = !value.is_empty() && (one.is_for_us || value == b"pre-push");
            }
            b"enabled" => {
                let no: [&[u8]; 4] = [b"false", b"no", b"off", b"0"];
                one.is_enabled = !no.iter().any(|word| value.eq_ignore_ascii_case(word));
            }
            _ => one.command = Some((scope.to_str_lossy().into_owned(), value.into())),
        }
    }
    let hook = |one: Known| {
        let (scope, command) = one.command.filter(|_| one.is_for_us && one.is_enabled)?;
        Some(Configured {
            name: printable(one.name.as_bstr()),
            is_ours: command.contains_str("pushgate"),
            command: printable(command.as_bstr()),
            script: None,
            scope,
        })
    };
    known.into_iter().filter_map(hook).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_sets_a_variable_is_found() {
        let find = |text: &str| find_line(text.as_bytes(), "core", "hookspath");
        assert_eq!(find("[core]\n\tbare = false\n\thooksPath = x\n"), Some(3));
        assert_eq!(find("[Core] HOOKSPATH=x\n"), Some(1));
        assert_eq!(
            find("[core]\nhooksPath = x\n[a]\n[core]\nhooksPath = y\n"),
            Some(5)
        );
        assert_eq!(
            find("[core \"x\"]\nhooksPath = x\n[user]\nhooksPath = y\n"),
            None
        );
        assert_eq!(
            find("# [core]\nhooksPath = x\n[core]\n; hooksPath = x\n"),
            None
        );
    }

    #[test]
    fn configured_hooks_count_for_their_event_and_while_enabled() {
        let of = |entries: &[&str]| {
            hooks(
                entries
                    .iter()
                    .flat_map(|e| [*e, "\0"])
                    .collect::<String>()
                    .as_bytes(),
            )
        };
        let lint = [
            "local",
            "hook.lint.command\nmake lint",
            "local",
            "hook.lint.event\npre-push",
        ];
        let found = of(&lint);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), found[0].is_ours), ("lint", false));
        assert_eq!(
            of(&[&lint[..], &["local", "hook.lint.enabled\nfalse"]].concat()),
            []
        );
        assert_eq!(
            of(&[&lint[..], &["local", "hook.lint.event\n"]].concat()),
            []
        );
        assert_eq!(
            of(&[
                "local",
                "hook.x.command\nmake",
                "local",
                "hook.x.event\npre-commit"
            ]),
            []
        );
        assert_eq!(of(&["local", "hook.x.event\npre-push"]), []);
        let own = of(&[
            "global",
            "hook.a.b.command\n/bin/pushgate pre-push --",
            "local",
            "hook.a.b.event\npre-push",
        ]);
        assert_eq!(
            (own[0].name.as_str(), own[0].scope.as_str(), own[0].is_ours),
            ("a.b", "global", true)
        );
    }
}
