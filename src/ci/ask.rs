//! Asks a forge, through its own program, whether its checks passed on a commit, and waits for them.

use std::{env, path::PathBuf};

use bstr::BStr;

use crate::ci::asker::Asker;
use crate::git::Real;
use crate::{
    ci::{Asked, CiTrouble, Project},
    gates::{Checked, Stop, Work, verdict::Trouble},
    policy::{Ci, Forge},
    push::url::is_ssh,
    suite::Audience,
};

impl Real {
    /// Asks until the checks are done, as long as the suite may take.
    pub(crate) fn ask_ci(
        &self,
        work: &Work<'_>,
        ci: &Ci,
        audience: &dyn Audience,
    ) -> Result<Checked, Stop> {
        let job = match ci.forge {
            Forge::Github => "GITHUB_ACTIONS",
            Forge::Gitlab => "GITLAB_CI",
        };
        if ci.checks.is_empty() && variable(job).is_some_and(|value| value == "true") {
            return Err(trouble(CiTrouble::Inside(ci.forge)).into());
        }
        let (program, project) = self.ci_of(ci.forge, work.remote)?;
        let asker = Asker {
            program,
            asked: Box::new(Asked {
                forge: ci.forge,
                project,
                commit: work.commit.clone(),
                remote: work.remote.to_owned(),
            }),
        };
        asker.wait(&ci.checks, work.suite.timeout, audience)
    }

    /// The program that asks a forge, and what it asks about: the project that a remote is.
    pub(crate) fn ci_of(&self, forge: Forge, remote: &str) -> Result<(PathBuf, Project), Trouble> {
        let program = which::which(forge.program());
        let program = program.map_err(|_| trouble(CiTrouble::NoProgram(forge)))?;
        let no_project = || CiTrouble::NoProject {
            forge,
            remote: remote.to_owned(),
        };
        let project = self.project(forge, remote);
        Ok((program, project.ok_or_else(|| trouble(no_project()))?))
    }

    /// The project that trunk's remote is; as git rewrites its URL, or else as it is written.
    pub(crate) fn project(&self, forge: Forge, remote: &str) -> Option<Project> {
        if forge == Forge::Github
            && let Some(name) = variable("GH_REPO")
        {
            return Project::named(&name, variable("GH_HOST").as_deref());
        }
        let name: &BStr = remote.into();
        let url = self.remotes.fetch_url(name);
        let written = format!("remote.{remote}.url");
        let written = self.config.iter().find(|(key, _)| *key == written.as_str());
        let urls = url.iter().chain(written.map(|(_, url)| url));
        urls.map(AsRef::<BStr>::as_ref)
            .find_map(|url| Project::of(forge, &self.destination(url), is_ssh(url)))
    }
}

pub(crate) fn trouble(why: CiTrouble) -> Trouble {
    why.into()
}

pub(crate) fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}
