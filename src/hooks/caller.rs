//! The program that calls the gate, and what it tells of the push: git by arguments and standard input,
//! pre-commit and prek by variables.

use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, Read, stdin},
    os::{
        fd::AsFd,
        unix::{
            ffi::{OsStrExt, OsStringExt},
            fs::FileTypeExt,
        },
    },
    path::PathBuf,
};

use super::{
    directory::{HooksDirectory, is_executable},
    gate::Gate,
    script,
};
use crate::{
    gates::Undecided,
    git::{Repository, network},
    push::{Oid, Push},
};

/// One call of the hook.
pub(crate) struct Call {
    pub(crate) remote: OsString,
    pub(crate) url: OsString,
    /// The program that calls in git's place.
    variables_of: Option<&'static str>,
}

impl Call {
    pub(crate) fn by_git(remote: OsString, url: OsString) -> Self {
        Self {
            remote,
            url,
            variables_of: None,
        }
    }

    /// A call by pre-commit or prek.
    pub(crate) fn by_variables() -> Result<Self, Undecided> {
        // Both set PRE_COMMIT_*; prek adds a variable of its own.
        let caller = match env::var_os("PREK_HOOK_STAGE") {
            Some(_) => "prek",
            None => "pre-commit",
        };
        Ok(Self {
            remote: variable(caller, "PRE_COMMIT_REMOTE_NAME")?,
            url: variable(caller, "PRE_COMMIT_REMOTE_URL")?,
            variables_of: Some(caller),
        })
    }

    /// The hook that has judged all of this push before pre-commit or prek called.
    pub(crate) fn judged_before(&self) -> Option<PathBuf> {
        self.variables_of?;
        let repository = Repository::open().ok()?;
        let hooks = HooksDirectory::of(&repository).ok()?;
        let gate = Gate::of(&hooks, &repository).ok()?;
        let is_run = gate.call == script::Call::AsWritten && is_executable(&gate.file);
        is_run.then_some(gate.file)
    }

    /// The push without its refs.
    pub(crate) fn push(&self) -> Push {
        Push {
            remote: self.remote.as_bytes().into(),
            url: self.url.as_bytes().into(),
            updates: Vec::new(),
        }
    }

    /// The lines of refs, as git hands them to a hook.
    pub(crate) fn input(&self) -> Result<Vec<u8>, Undecided> {
        match self.variables_of {
            None => read_input(),
            Some(caller) => self.line(caller),
        }
    }

    /// The line of the one ref that pre-commit and prek tell of.
    fn line(&self, caller: &'static str) -> Result<Vec<u8>, Undecided> {
        let commit = variable(caller, "PRE_COMMIT_TO_REF")?.into_vec();
        let source = variable(caller, "PRE_COMMIT_LOCAL_BRANCH")?.into_vec();
        let target = variable(caller, "PRE_COMMIT_REMOTE_BRANCH")?;
        let name = target.to_str().ok_or_else(|| {
            let target = target.display();
            Undecided::new(format!("the name of the ref is not text: {target}"))
        })?;
        // PRE_COMMIT_FROM_REF is the old commit of the ref only where this clone has it.
        let now =
            Repository::open()?.remote_tip(self.url.as_bytes().into(), name, network::LIMIT)?;
        let now = now.map_or_else(|| "0".repeat(commit.len()), |id| Oid::to_string(&id));
        let line = [&source, &commit, name.as_bytes(), now.as_bytes()].join(&b' ');
        Ok([line, b"\n".to_vec()].concat())
    }
}

fn variable(caller: &'static str, variable: &'static str) -> Result<OsString, Undecided> {
    let value = env::var_os(variable).filter(|value| !value.is_empty());
    value.ok_or_else(|| {
        let text = format!("{caller} does not tell what is pushed: {variable} is not set");
        let hint = "pushgate install puts the gate where it hears all of a push, then try again";
        Undecided::new(text).hint(hint)
    })
}

/// Reads all of standard input. git always uses a pipe, an empty one where there is nothing to push;
/// a terminal or /dev/null would look the same, and a push would go unjudged.
fn read_input() -> Result<Vec<u8>, Undecided> {
    let failed = |error: io::Error| {
        let text = "could not read the refs from standard input";
        Undecided::new(text).detail(error.to_string())
    };
    let file = fs::File::from(stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    let kind = file.metadata().map_err(failed)?.file_type();
    if kind.is_char_device() {
        let text = "standard input is not the list of refs that git hands to a pre-push hook";
        let hint = "git calls the hook; to ask for a verdict by hand: pushgate check";
        return Err(Undecided::new(text).hint(hint));
    }
    let mut input = Vec::new();
    stdin().lock().read_to_end(&mut input).map_err(failed)?;
    Ok(input)
}
