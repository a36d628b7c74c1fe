//! This program, the one that the hook calls, and git.

use std::{env, path::Path};

use super::{
    context::{Context, Opened},
    facts::{Answer, Called, Caller, Version},
    finding::{Finding, Status},
    gather::answer::answer,
};
use crate::text::shell_word;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The oldest git that is known to work (README).
const OLDEST: Version = Version(2, 31);

/// Whether `pushgate` on PATH is this program.
pub(crate) fn on_path(_: &Context) -> Vec<Finding> {
    let own = own_path();
    let this = format!("pushgate {VERSION} in {}", own.display());
    let Ok(found) = which::which("pushgate") else {
        let text = format!("{this} is not on PATH, where its hints expect it");
        let command = format!("export PATH=\"$PATH\":{}", shell_word(&directory()));
        return vec![Finding::warning("program", text).run(command)];
    };
    let is_this = found.canonicalize().ok() == own.canonicalize().ok();
    let version = if is_this {
        Ok(VERSION.to_owned())
    } else {
        answer(&found, false).version
    };
    let version = match version {
        Ok(version) if version == VERSION => {
            return vec![Finding::ok("program", format!("pushgate {VERSION}"))];
        }
        Ok(version) => format!("version {version}"),
        Err(why) => format!("which does not run ({why})"),
    };
    let found = found.display();
    let text = format!("`pushgate` on PATH is {found}, {version}; this is {this}");
    vec![Finding::warning("program", text).hint("remove one of them, then pushgate install")]
}

/// Whether the hook finds this program, from a terminal and from an editor.
pub(crate) fn called_by_hook(opened: &Opened) -> Vec<Finding> {
    let Some(called) = &opened.called else {
        return Vec::new();
    };
    let finding = |status, text: String| Finding::new("reach", status, text);
    let install = |finding: Finding| match called.caller {
        Caller::Ours => finding.run("pushgate install"),
        Caller::Husky | Caller::Other => finding.run(link()),
    };
    vec![match (&called.bare, &called.here) {
        (Some(Answer { path, version }), _) => match version {
            Ok(version) if version == VERSION => Finding::ok(
                "reach",
                "the hook finds it, under the short PATH of an editor, too",
            ),
            Ok(version) => install(finding(
                Status::Warning,
                format!("the hook calls {path}, version {version}; this is {VERSION}"),
            )),
            Err(why) => install(finding(
                Status::Broken,
                format!("the hook calls {path}, which does not run ({why})"),
            )),
        },
        (None, Some(_)) => from_terminal_only(called),
        (None, None) => install(finding(
            Status::Broken,
            "the hook finds no pushgate: every push is refused".to_owned(),
        )),
    }]
}

fn from_terminal_only(called: &Called) -> Finding {
    let short = &called.bare_path;
    let finding = Finding::warning(
        "reach",
        format!("the hook finds it by PATH alone: an editor (PATH={short}) cannot push"),
    );
    match called.caller {
        Caller::Ours => finding.run("pushgate install"),
        // husky's own file for this: https://typicode.github.io/husky/how-to.html
        Caller::Husky => finding.run(format!(
            "mkdir -p ~/.config/husky && echo 'export PATH=\"$PATH\":'{} >>~/.config/husky/init.sh",
            shell_word(&shell_word(&directory()))
        )),
        Caller::Other => finding.run(link()),
    }
}

fn own_path() -> std::path::PathBuf {
    env::current_exe().unwrap_or_else(|_| "pushgate".into())
}

fn directory() -> String {
    let own = own_path();
    own.parent().unwrap_or(Path::new("/")).display().to_string()
}

fn link() -> String {
    let own = shell_word(&own_path().display().to_string());
    format!("sudo ln -s {own} /usr/local/bin/pushgate")
}

/// Whether git is there, and new enough.
pub(crate) fn git(context: &Context) -> Vec<Finding> {
    let Ok(git) = &context.git else {
        return vec![
            Finding::broken("git", "git is not on PATH")
                .hint("install git 2.31 or newer: https://git-scm.com/downloads"),
        ];
    };
    let number = git.said.strip_prefix("git version ").unwrap_or(&git.said);
    vec![match git.version {
        Some(version) if version < OLDEST => Finding::broken(
            "git",
            format!("git {number} is too old: {OLDEST} or newer is needed"),
        )
        .hint("install a newer git: https://git-scm.com/downloads"),
        Some(_) => Finding::ok("git", format!("git {number}")),
        None => Finding::warning(
            "git",
            format!("git does not tell its version: it says `{}`", git.said),
        ),
    }]
}
