//! The checks of the hook: where git looks for it, whether it judges each push, and what runs beside it.

use bstr::ByteSlice;

use super::{
    context::{Opened, from_here},
    finding::{Cure, Finding, Status},
    hook_file::{Fault, fault},
};
use crate::{
    gates::Undecided,
    git::Repository,
    hooks::{
        configured::{self, ConfiguredHook, NEEDED},
        directory::HooksDirectory,
        lefthook::JOB,
        manager::Manager,
        script::{Call, NAME},
    },
    process::variable,
    text::{printable, shell_word},
};

const UNJUDGED: &str = "pushes are not judged";
const INSTALL: &str = "pushgate install";

fn broken(text: String) -> Finding {
    Finding::broken("hook", text)
}

/// Where git looks for hooks, and which setting says so.
pub(crate) fn directory(opened: &Opened) -> Vec<Finding> {
    let hooks = match &opened.hooks {
        Ok(hooks) => hooks,
        Err(error) => return vec![Finding::error("directory", error.clone())],
    };
    let husky = match hooks.manager {
        Some(Manager::Husky) => ", which is husky's",
        _ => "",
    };
    let text = format!("git looks for hooks in {}{husky}", from_here(&hooks.path));
    vec![match setting(&opened.world) {
        None => Finding::ok("directory", text),
        Some((scope, Some(file))) => {
            let reach = match scope.as_str() {
                "system" => ", for this whole machine",
                "global" => ", for all your repositories",
                "worktree" => ", for this worktree alone",
                _ => "",
            };
            let text = format!("{text}: core.hooksPath of {file}{reach}");
            Finding::ok("directory", text)
        }
        Some((_, None)) => {
            let why = "core.hooksPath of GIT_CONFIG_* in this environment; other shells and editors do not";
            Finding::warning("directory", format!("{text}: {why}"))
                .run("unset GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS")
        }
    }]
}

/// The scope of `core.hooksPath`, in git's words, and the file that sets it; the last one counts.
fn setting(repository: &Repository) -> Option<(String, Option<String>)> {
    let args = "config --show-scope --show-origin -z --get-all core.hooksPath";
    let output = repository.git().run(args.split(' ')).ok()?;
    // Each field ends with a NUL, so the last one is empty.
    let mut fields: Vec<&[u8]> = output.stdout.split(|b| *b == 0).collect();
    fields.pop();
    let [scope, origin, _] = fields.rchunks_exact(3).next()? else {
        return None;
    };
    let file = origin.strip_prefix(b"file:").map(|path| {
        let path = path.to_path_lossy();
        // git names it from the top of the work tree, as a rule.
        let top = repository.work_tree().map(|top| top.join(&path));
        let below_top = top.filter(|path| path.exists());
        from_here(&below_top.unwrap_or(path.into_owned()))
    });
    Some((scope.to_str_lossy().into_owned(), file))
}

/// Whether each push is judged: by a hook in the hooks directory, or by one that git's configuration
/// names.
pub(crate) fn judges(opened: &Opened) -> Vec<Finding> {
    let Ok(hooks) = &opened.hooks else {
        return Vec::new();
    };
    let in_directory = in_directory(opened, hooks);
    let works = in_directory.status != Status::Broken;
    let (ours, others): (Vec<_>, Vec<_>) =
        (opened.configured.iter()).partition(|hook| hook.is_ours());
    let mut findings = match ours.first() {
        Some(own) if works => {
            let hook = from_here(&hooks.path.join(NAME));
            let name = &own.name;
            let text = format!("every push is judged twice, by {hook} and by hook.{name}.command");
            let twice = Finding::warning("configured", text).run(remove(own));
            vec![in_directory, twice]
        }
        Some(own) => vec![by_configuration(own, opened)],
        None => vec![in_directory],
    };
    if !opened.git.runs_configured() && configured::is_there(&opened.world) && !works {
        let version = opened.git.version;
        let this =
            version.map_or_else(|| "this git".to_owned(), |version| format!("git {version}"));
        let text = format!(
            "hook.pushgate.command is set, and {this} runs no configured hooks: {NEEDED} or newer does"
        );
        let command = "git config --remove-section hook.pushgate && pushgate install";
        findings.push(Finding::broken("configured", text).run(command));
    }
    findings.extend(others.iter().map(|hook| {
        let (name, command) = (&hook.name, printable(hook.command.as_bstr()));
        let text = format!("git also runs hook.{name}.command, whatever the gate says: {command}");
        Finding::ok("configured", text)
    }));
    findings
}

/// The hook in the hooks directory, and the file by which it calls the gate.
fn in_directory(opened: &Opened, hooks: &HooksDirectory) -> Finding {
    let hook = hooks.path.join(NAME);
    if let Some(fault) = fault(&hook) {
        let is_ours = hooks.manager.is_none() && hooks.found().is_ok_and(|found| found.is_ours());
        let effect = match opened.git.version {
            _ if !fault.stops_push() => UNJUDGED.to_owned(),
            // Before 2.54, git does not notice that a hook could not be executed.
            Some(version) if version < NEEDED => {
                format!("git {version} waits for ever at every push")
            }
            Some(_) => "git refuses every push".to_owned(),
            None => "no push gets through".to_owned(),
        };
        let path = from_here(&hook);
        let passes = match fault {
            Fault::NotExecutable => "git passes over it, and ",
            _ => "",
        };
        let finding = broken(format!("{path} {}: {passes}{effect}", fault.words()));
        return match (&fault, fault.cure(&path)) {
            (Fault::Missing, _) if hooks.manager == Some(Manager::Husky) => {
                finding.run("npx husky")
            }
            (Fault::Missing | Fault::NotExecutable, _) => install(opened, hooks, finding),
            (Fault::NoExec, cure) => finding.cure(cure),
            _ if is_ours => finding.run(INSTALL),
            (Fault::CarriageReturn | Fault::NoInterpreter(_), cure) => finding.cure(cure),
            (_, Cure::Command(command)) => finding.run(format!("{command} && {INSTALL}")),
            (_, cure) => finding.cure(cure),
        };
    }
    let gate = match &opened.gate {
        Ok(gate) => gate,
        Err(error) => return Finding::error("hook", error.clone()),
    };
    let mut file = from_here(&gate.file);
    if gate.call == Call::AsWritten && gate.by.is_none() {
        return Finding::ok("hook", format!("{file} is pushgate's, of this version"));
    }
    if let Some(manager) = gate.by {
        file = format!("a hook of {} runs here; {file}", manager.name());
    } else if gate.call.is_foreign() {
        file += ", which is not pushgate's,";
    }
    match &gate.call {
        Call::AsWritten | Call::OwnWords => Finding::ok("hook", format!("{file} calls pushgate")),
        Call::Changed => {
            let how = "by lines that were edited, or are of another version";
            Finding::warning("hook", format!("{file} calls pushgate {how}")).run(INSTALL)
        }
        Call::Unclear(how) => {
            let text = format!(
                "{file} calls pushgate, but {how}: nothing tells whether every push is judged"
            );
            let finding = Finding::warning("hook", text);
            match gate.by {
                Some(Manager::Lefthook) => {
                    finding.hint("pushgate install prints the lines that are known to hold")
                }
                Some(Manager::Prek | Manager::PreCommit) => finding.run(INSTALL),
                _ => finding.hint("let it begin with: pushgate pre-push -- \"$@\" || exit"),
            }
        }
        Call::Broken(how) => broken(format!("{file} {how}")).run(INSTALL),
        Call::Missing | Call::No => {
            let text = format!("{file} does not call pushgate: {UNJUDGED}");
            install(opened, hooks, broken(text))
        }
    }
}

/// Adds how to install the hook; where `install` would refuse, its own hints.
fn install(opened: &Opened, hooks: &HooksDirectory, finding: Finding) -> Finding {
    let refused = hooks.require_own(&opened.world);
    match refused.and_then(|()| hooks.require_one_to_keep()) {
        Err(Undecided { cures, .. }) => finding.cures(cures),
        Ok(_) if hooks.manager == Some(Manager::Lefthook) => {
            finding.hint("add the lines that pushgate install prints, then lefthook install")
        }
        Ok(_) => finding.run(INSTALL),
    }
}

/// The gate as a hook that git's configuration names.
fn by_configuration(own: &ConfiguredHook, opened: &Opened) -> Finding {
    let name = &own.name;
    // A file in its place is run by every git.
    let by_file = format!("{} && {INSTALL}", remove(own));
    if let Some(script) = own.script()
        && let Some(fault) = fault(&script)
    {
        let (path, fault) = (from_here(&script), fault.words());
        let text = format!("hook.{name}.command runs {path}, which {fault}: every push is refused");
        return broken(text).run(by_file);
    }
    let command = printable(own.command.as_bstr());
    let text = format!("git runs the gate by hook.{name}.command: {command}");
    match opened.git.bare {
        Some(bare) if bare < NEEDED => {
            let why = format!("the git of an editor is {bare}, and runs no configured hooks");
            Finding::warning("hook", format!("{text}; {why}")).run(by_file)
        }
        _ => Finding::ok("hook", text),
    }
}

/// A command that removes a hook from git's configuration.
fn remove(own: &ConfiguredHook) -> String {
    let scope = match own.scope.as_str() {
        "global" | "system" | "worktree" => format!("--{} ", own.scope),
        _ => String::new(),
    };
    let section = shell_word(&format!("hook.{}", own.name));
    format!("git config {scope}--remove-section {section}")
}

/// The variables by which husky and lefthook leave out the gate, and the words that do so in their lists.
const SWITCHES: [(Manager, &str, &[&str]); 3] = [
    (Manager::Husky, "HUSKY", &["0"]),
    (Manager::Lefthook, "LEFTHOOK", &["0", "false"]),
    (Manager::Lefthook, "LEFTHOOK_EXCLUDE", &[JOB]),
];

/// Whether husky or lefthook is told to leave out the gate, in this environment.
pub(crate) fn switched_off(opened: &Opened) -> Vec<Finding> {
    let manager = opened.hooks.as_ref().ok().and_then(|hooks| hooks.manager);
    // They cannot leave out a hook that git runs itself.
    if opened.configured.iter().any(ConfiguredHook::is_ours) {
        return Vec::new();
    }
    let set = SWITCHES.iter().filter_map(|(by, name, words)| {
        let value = variable(name).filter(|_| manager == Some(*by))?;
        let is_off = value.split(',').any(|word| words.contains(&word));
        is_off.then(|| {
            let tool = by.name();
            let text =
                format!("{name}={value} is set here: {tool} passes over the gate, and {UNJUDGED}");
            Finding::warning("override", text).run(format!("unset {name}"))
        })
    });
    set.collect()
}

/// Whether the hook that ours replaced can run after the gates.
pub(crate) fn kept(opened: &Opened) -> Vec<Finding> {
    let configured;
    let hooks = if configured::is_there(&opened.world) {
        configured = configured::hooks(&opened.world);
        &configured
    } else {
        match &opened.hooks {
            Ok(hooks) if hooks.is_own || hooks.silenced().is_some() => hooks,
            _ => return Vec::new(),
        }
    };
    if !hooks.found().is_ok_and(|found| found.is_ours()) {
        return Vec::new();
    }
    let path = from_here(&hooks.kept);
    let Some(fault) = fault(&hooks.kept) else {
        let text = format!("after the gates runs what was there before: {path}");
        return vec![Finding::ok("kept", text)];
    };
    let text = format!("the hook that was there before, {path}, {}", fault.words());
    let effect = match fault {
        Fault::Missing => return Vec::new(),
        // It does nothing, and stops nothing.
        Fault::Empty => return vec![Finding::ok("kept", text)],
        _ if fault.stops_push() => "no push that passes the gates goes",
        _ => "it no longer runs",
    };
    vec![Finding::broken("kept", format!("{text}: {effect}")).cure(fault.cure(&path))]
}
