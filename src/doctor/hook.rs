//! The checks of the hook: where git looks for it, whether it judges each push, and what runs beside it.

use bstr::ByteSlice;

use super::{
    Advice, Fault, Finding, Found, Opened, SHORT_PATH, Status, fault, from_here, program::version,
};
use crate::{
    gates::Stop,
    git::{Repository, Version},
    hooks::{
        configured::{self, ConfiguredHook, NEEDED},
        directory::HooksDirectory,
        gate::Gate,
        lefthook::JOB,
        lfs,
        manager::Manager,
        script::{Call, NAME},
    },
    process::variable,
    text::{printable, shell_word},
};

const UNJUDGED: &str = "pushes are not judged";
const INSTALL: &str = "pushgate install";

/// Where git looks for hooks, and which setting says so.
pub(crate) fn directory(opened: &Opened) -> Found {
    let hooks = HooksDirectory::of(&opened.world)?;
    let text = format!("git looks for hooks in {}", from_here(&hooks.path));
    // The last one counts.
    let args = "config --show-origin -z --get core.hooksPath".split(' ');
    let output = opened.world.git.run(args)?;
    let Some((origin, _)) = output.stdout.split_once_str("\0") else {
        return Ok(vec![Finding::ok(text)]);
    };
    let origin = printable(origin.as_bstr());
    Ok(vec![match origin.strip_prefix("file:") {
        Some(file) => Finding::ok(format!("{text}: core.hooksPath of {file}")),
        None => {
            let why = "core.hooksPath of GIT_CONFIG_* in this environment alone";
            Finding::warning(format!("{text}: {why}"))
                .run("unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS")
        }
    }])
}

/// Whether each push is judged: by a hook in the hooks directory, or by one that git's configuration
/// names.
pub(crate) fn judges(opened: &Opened) -> Found {
    let Ok(hooks) = HooksDirectory::of(&opened.world) else {
        return Ok(Vec::new());
    };
    let in_directory = in_directory(opened, &hooks).unwrap_or_else(Finding::error);
    let Some(own) = configured::ours(&opened.world) else {
        return Ok(vec![in_directory]);
    };
    if in_directory.status == Status::Broken {
        return Ok(vec![by_configuration(&own, &opened.world)]);
    }
    let (hook, name) = (from_here(&hooks.path.join(NAME)), &own.name);
    let text = format!("every push is judged twice, by {hook} and by hook.{name}.command");
    let twice = Finding::warning(text).run(remove(&own));
    Ok(vec![in_directory, twice])
}

/// The hook in the hooks directory, and the file by which it calls the gate.
fn in_directory(opened: &Opened, hooks: &HooksDirectory) -> Result<Finding, Stop> {
    let hook = hooks.path.join(NAME);
    if let Some(fault) = fault(&hook) {
        let effect = if fault.stops_push {
            "no push goes, and git before 2.54 waits for ever"
        } else {
            UNJUDGED
        };
        let finding = Finding::broken(format!("{} {}: {effect}", from_here(&hook), fault.words));
        let is_ours = hooks.manager.is_none() && hooks.found().is_ok_and(|found| found.is_ours());
        return Ok(match fault.cure {
            _ if fault.stops_push && is_ours => finding.run(INSTALL),
            None if hooks.manager == Some(Manager::Husky) => finding.run("npx husky"),
            None => install(opened, hooks, finding),
            Some(cure) if fault.then_install => finding.advice([cure]).run(INSTALL),
            Some(cure) => finding.advice([cure]),
        });
    }
    let gate = Gate::of(hooks, &opened.world)?;
    let mut file = from_here(&gate.file);
    if gate.call == Call::AsWritten && gate.by.is_none() {
        return Ok(Finding::ok(format!(
            "{file} is pushgate's, of this version"
        )));
    }
    if let Some(manager) = gate.by {
        file = format!("a hook of {} runs here; {file}", manager.name());
    } else if gate.call.is_foreign() {
        file += ", which is not pushgate's,";
    }
    Ok(match &gate.call {
        Call::AsWritten | Call::OwnWords => Finding::ok(format!("{file} calls pushgate")),
        Call::Changed => {
            let how = "by lines that were edited, or are of another version";
            Finding::warning(format!("{file} calls pushgate {how}")).run(INSTALL)
        }
        Call::Unclear(how) => {
            let text = format!(
                "{file} calls pushgate, but {how}: nothing tells whether every push is judged"
            );
            let finding = Finding::warning(text);
            match gate.by {
                Some(Manager::Lefthook) => {
                    finding.hint("pushgate install prints the lines that are known to hold")
                }
                Some(manager) if manager.runs_legacy() && gate.file != hooks.hook => {
                    finding.run(INSTALL)
                }
                _ => finding.hint("let it begin with: pushgate pre-push -- \"$@\" || exit"),
            }
        }
        Call::Broken(how) => Finding::broken(format!("{file} {how}")).run(INSTALL),
        Call::Missing | Call::No => {
            let text = format!("{file} does not call pushgate: {UNJUDGED}");
            install(opened, hooks, Finding::broken(text))
        }
    })
}

/// Adds how to install the hook; where `install` would refuse, its own hints.
fn install(opened: &Opened, hooks: &HooksDirectory, finding: Finding) -> Finding {
    if configured::is_there(&opened.world)
        && let Err(old) = configured::require_git(&opened.world)
    {
        let text = format!("{}; {}", finding.text, old.why);
        return Finding { text, ..finding }.run(format!("pushgate uninstall && {INSTALL}"));
    }
    let refused = hooks.require_own(&opened.world);
    match refused.and_then(|()| hooks.require_one_to_keep()) {
        Err(Stop { cures, .. }) => finding.cures(cures),
        Ok(_) if hooks.manager == Some(Manager::Lefthook) => {
            finding.hint("add the lines that pushgate install prints, then lefthook install")
        }
        Ok(_) => finding.run(INSTALL),
    }
}

/// The gate as a hook that git's configuration names.
fn by_configuration(own: &ConfiguredHook, world: &Repository) -> Finding {
    let name = &own.name;
    // A file in its place is run by every git.
    let by_file = format!("{} && {INSTALL}", remove(own));
    if let Some(script) = own.script(world)
        && let Some(Fault { words, .. }) = fault(&script)
    {
        let path = from_here(&script);
        let text = format!("hook.{name}.command runs {path}, which {words}: every push is refused");
        return Finding::broken(text).run(by_file);
    }
    let command = printable(own.command.as_bstr());
    let text = format!("git runs the gate by hook.{name}.command: {command}");
    let editors = which::which_in("git", Some(SHORT_PATH), "/").ok();
    match editors.and_then(|git| Version::of_git(&version(&git).ok()?)) {
        Some(old) if old < NEEDED => {
            let why = format!("the git of an editor is {old}, and runs no configured hooks");
            Finding::warning(format!("{text}; {why}")).run(by_file)
        }
        _ => Finding::ok(text),
    }
}

/// A command that removes a hook from git's configuration.
fn remove(own: &ConfiguredHook) -> String {
    let section = shell_word(&format!("hook.{}", own.name));
    format!("git config --{} --remove-section {section}", own.scope)
}

/// The variables by which husky and lefthook leave out the gate, and the words that do so in their lists.
const SWITCHES: [(Manager, &str, &[&str]); 3] = [
    (Manager::Husky, "HUSKY", &["0"]),
    (Manager::Lefthook, "LEFTHOOK", &["0", "false"]),
    (Manager::Lefthook, "LEFTHOOK_EXCLUDE", &[JOB]),
];

/// Whether husky or lefthook is told to leave out the gate, in this environment.
pub(crate) fn switched_off(opened: &Opened) -> Found {
    let hooks = HooksDirectory::of(&opened.world).ok();
    let manager = hooks.and_then(|hooks| hooks.manager);
    // They cannot leave out a hook that git runs itself.
    if configured::ours(&opened.world).is_some() {
        return Ok(Vec::new());
    }
    let set = SWITCHES.iter().filter_map(|(by, name, words)| {
        let value = variable(name).filter(|_| manager == Some(*by))?;
        let is_off = value.split(',').any(|word| words.contains(&word));
        is_off.then(|| {
            let tool = by.name();
            let text =
                format!("{name}={value} is set here: {tool} passes over the gate, and {UNJUDGED}");
            Finding::warning(text).run(format!("unset {name}"))
        })
    });
    Ok(set.collect())
}

/// Whether the hook that ours replaced can run after the gates.
pub(crate) fn kept(opened: &Opened) -> Option<Finding> {
    let world = &opened.world;
    let configured = configured::is_there(world).then(|| configured::hooks(world));
    let in_directory = HooksDirectory::of(world).ok();
    let in_directory = in_directory.filter(|hooks| hooks.is_own || hooks.silenced().is_some());
    let hooks = configured.or(in_directory)?;
    let is_ours = hooks.found().is_ok_and(|found| found.is_ours());
    let kept = hooks.replaced().filter(|_| is_ours)?;
    let path = from_here(kept);
    let Some(fault) = fault(kept) else {
        let text = format!("after the gates runs what was there before: {path}");
        return Some(Finding::ok(text));
    };
    let effect = if fault.stops_push {
        "no push that passes the gates goes"
    } else {
        "it no longer runs"
    };
    let words = fault.words;
    let text = format!("the hook that was there before, {path}, {words}: {effect}");
    let executable = || Advice::Run(format!("chmod +x {}", shell_word(&path)));
    let cure = fault.cure.unwrap_or_else(executable);
    Some(Finding::broken(text).advice([cure]))
}

/// Whether git-lfs uploads before a push.
pub(crate) fn lfs(opened: &Opened) -> Option<Finding> {
    let left_out = lfs::left_out(&opened.world)?;
    let finding = match left_out.behind {
        Some(hook) => {
            let hook = from_here(&hook);
            let text = format!("{hook}, which runs after the gates, does not name git-lfs");
            Finding::warning(text).hint(format!(
                "unless a script that it runs does, the files that git-lfs keeps are not uploaded: let {hook} run `git lfs pre-push \"$@\"`"
            ))
        }
        None => Finding::broken("no hook calls git-lfs: the files that it keeps are not uploaded"),
    };
    Some(left_out.cure.into_iter().fold(finding, Finding::run))
}
