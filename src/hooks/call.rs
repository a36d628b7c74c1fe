//! Who calls the gate, and what that tells of the push: git by arguments and standard input, or
//! pre-commit and prek by their variables.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{self, Read, stdin},
    os::{
        fd::AsFd,
        unix::{
            ffi::{OsStrExt, OsStringExt},
            fs::FileTypeExt,
        },
    },
};

use crate::hooks::files::Hooks;
use crate::{
    cli::PrePush,
    gates::verdict::Trouble,
    git::Real,
    push::{Oid, Push},
    report,
};

/// One call of the hook.
pub(crate) struct Call {
    pub(crate) remote: OsString,
    pub(crate) url: OsString,
    by: By,
}

pub(crate) enum By {
    Git,
    /// Its name, for people.
    Variables(&'static str),
}

impl Call {
    /// Who calls; `None` where the hook itself hears all of this push, before whoever calls now.
    pub(crate) fn of(args: &PrePush) -> Result<Option<Self>, Trouble> {
        if let (None, Some(remote), Some(url)) = (args.from, &args.remote, &args.url) {
            return Ok(Some(Self {
                remote: remote.clone(),
                url: url.clone(),
                by: By::Git,
            }));
        }
        // prek says who it is; both go by the name that came first.
        let by = match env::var_os("PREK_HOOK_STAGE") {
            Some(_) => "prek",
            None => "pre-commit",
        };
        let call = Self {
            remote: told(by, "PRE_COMMIT_REMOTE_NAME")?,
            url: told(by, "PRE_COMMIT_REMOTE_URL")?,
            by: By::Variables(by),
        };
        let front = Real::open()
            .map_err(Trouble::from)
            .and_then(|world| Hooks::of(&world));
        if let Ok(hooks) = front
            && hooks.hears_all()
        {
            report::say(&format!("judged already, by {}", hooks.hook.display()));
            return Ok(None);
        }
        Ok(Some(call))
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
    pub(crate) fn input(&self) -> Result<Vec<u8>, Trouble> {
        match self.by {
            By::Git => read_input(),
            By::Variables(by) => self.line(by),
        }
    }

    /// The one ref that pre-commit and prek tell of. What the ref is now they tell only where the
    /// commit is here: `PRE_COMMIT_FROM_REF` may be another. So the remote is asked.
    pub(crate) fn line(&self, by: &str) -> Result<Vec<u8>, Trouble> {
        let commit = told(by, "PRE_COMMIT_TO_REF")?.into_vec();
        let source = told(by, "PRE_COMMIT_LOCAL_BRANCH")?.into_vec();
        let target = told(by, "PRE_COMMIT_REMOTE_BRANCH")?;
        let name = target.to_str().ok_or_else(|| Trouble::Input {
            why: format!("the name of the ref is not text: {}", target.display()),
        })?;
        let now = Real::open()?.remote_tip(self.url.as_bytes().into(), name)?;
        let now = now.map_or_else(|| "0".repeat(commit.len()), |id| Oid::to_string(&id));
        let line = [&source, &commit, name.as_bytes(), now.as_bytes()].join(&b' ');
        Ok([line, b"\n".to_vec()].concat())
    }
}

/// What a variable says of the push; without it nobody can tell what is pushed.
pub(crate) fn told(by: &str, name: &'static str) -> Result<OsString, Trouble> {
    let is_said = |value: &OsString| value != OsStr::new("");
    env::var_os(name)
        .filter(is_said)
        .ok_or_else(|| Trouble::Untold {
            by: by.to_owned(),
            what: name,
        })
}

/// Everything that git has to say. It always says it through a pipe, an empty one where there is
/// nothing to push; anything else would be taken for that, and let a push go unjudged.
pub(crate) fn read_input() -> Result<Vec<u8>, Trouble> {
    let failed = |error: io::Error| Trouble::io("read the refs from standard input", &error);
    let file = fs::File::from(stdin().as_fd().try_clone_to_owned().map_err(failed)?);
    if file
        .metadata()
        .map_err(failed)?
        .file_type()
        .is_char_device()
    {
        return Err(Trouble::Input {
            why: "standard input is not the list of refs that git hands to a pre-push hook"
                .to_owned(),
        });
    }
    let mut input = Vec::new();
    stdin().lock().read_to_end(&mut input).map_err(failed)?;
    Ok(input)
}
