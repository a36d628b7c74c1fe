//! pre-commit and prek run the hook that was there before theirs first, with all that git said: there the
//! gate hears each push. Their configuration can name it, too, for clones where only they were
//! installed; but what they tell such a hook is one ref of the push, and for some pushes they call none.

pub(crate) mod config;
pub(crate) mod form;
pub(crate) mod toml;
pub(crate) mod yaml;

use std::path::{Path, PathBuf};

use self::form::Form;
use super::{from_top, is_no_link, read, say_commit, warn_of_path, write};
use crate::{
    commands::Done,
    doctor::script::Says,
    gates::verdict::Trouble,
    git::Real,
    hooks::files::{Hooks, Owner},
    report,
};

pub(crate) const USUAL: &str = ".pre-commit-config.yaml";
/// The first of them that is there is the one that prek reads.
pub(crate) const OF_PREK: [&str; 3] = ["prek.toml", USUAL, ".pre-commit-config.yml"];

/// The configuration that one of them reads, or that it would.
pub(crate) fn config(owner: Owner, top: &Path) -> PathBuf {
    let found = OF_PREK.iter().find(|name| top.join(name).is_file());
    let name = found.filter(|_| owner == Owner::Prek);
    top.join(name.unwrap_or(&USUAL))
}

/// What such a file says of the gate.
pub(crate) fn says(path: &Path) -> Says {
    let text = read(path).ok().flatten();
    let text = text.and_then(|text| String::from_utf8(text).ok());
    text.map_or(Says::Nothing, |text| Form::of(path).says(&text))
}

/// Tells of the lines for clones without our hook, or writes them.
pub(crate) fn install(hooks: &Hooks, world: &Real, is_written: bool) -> Done {
    let top = world.work_tree().ok_or(Trouble::Bare)?;
    let owner = hooks.owner.unwrap_or(Owner::PreCommit);
    report::say(&format!(
        "{owner} runs it before its own hooks, and leaves it there: it hears each push"
    ));
    let path = config(owner, top);
    let form = Form::of(&path);
    let before = read(&path)?.unwrap_or_default();
    let text = text(&path, before)?;
    let said = form.says(&text);
    if let Says::LeftOut(why) = said {
        report::warn(&format!(
            "{} calls pushgate, but {why}; nothing is changed there",
            path.display()
        ));
        return Ok(u8::from(is_written));
    }
    if said == Says::Calls {
        report::say(&format!("{} calls pushgate already", path.display()));
    } else if is_written {
        match is_no_link(&path).and_then(|()| form.with_lines(&text)) {
            Ok(with) => write(&path, with.as_bytes(), 0o644)?,
            Err(why) => {
                show(owner, form)?;
                return Err(Trouble::NotEdited { path, why }.into());
            }
        }
        report::say(&format!("{} calls pushgate now", path.display()));
        say_commit(&path, world);
        warn_of_path();
    } else {
        report::say(&format!(
            "for clones in which only {owner} is installed, these lines go {} {}:",
            form.place(),
            from_top(&path, world).display()
        ));
        show(owner, form)?;
        report::hint("pushgate install --write puts them there");
    }
    Ok(0)
}

/// The lines, for copying, and what they are not good for.
pub(crate) fn show(owner: Owner, form: Form) -> Result<(), Trouble> {
    report::data(form.lines()).map_err(|error| Trouble::io("print the lines", &error))?;
    let passes = match owner {
        Owner::Prek => "deletions, rollbacks, further refs, and commits that the remote has",
        _ => "deletions, further refs, and new refs for commits that the remote has",
    };
    report::say(&format!(
        "called so, the gate hears of one ref of a push; {owner} lets {passes} go without a word to it"
    ));
    Ok(())
}

/// Takes the lines out where they are as they were written.
pub(crate) fn uninstall(world: &Real) -> Done {
    let Some(top) = world.work_tree() else {
        return Ok(0);
    };
    let mut code = 0;
    for name in OF_PREK {
        code = code.max(take_out(&top.join(name), world)?);
    }
    Ok(code)
}

pub(crate) fn take_out(path: &Path, world: &Real) -> Done {
    let Some(text) = read(path)?.and_then(|text| String::from_utf8(text).ok()) else {
        return Ok(0);
    };
    let form = Form::of(path);
    let without = form.without_lines(&text);
    match without.map(|without| is_no_link(path).and(without)) {
        Some(Ok(without)) => {
            write(path, without.as_bytes(), 0o644)?;
            report::say(&format!("{} is again what it was before", path.display()));
            say_commit(path, world);
        }
        Some(Err(why)) => {
            report::say(&format!("{}: {why}: left as it is", path.display()));
            return Ok(1);
        }
        None if form.says(&text) != Says::Nothing => {
            report::say(&format!(
                "{} calls pushgate by words of its own: left as it is",
                path.display()
            ));
            return Ok(1);
        }
        None => {}
    }
    Ok(0)
}

pub(crate) fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Trouble> {
    String::from_utf8(bytes).map_err(|_| Trouble::NotEdited {
        path: path.to_owned(),
        why: "it is not UTF-8".to_owned(),
    })
}
