//! What a push to an environment contains: the commits that it brings since what is live there, and those
//! that it takes away.

use std::fmt;

use serde::Serialize;

use super::{
    environment_remotes::EnvironmentRemotes,
    facts::{Commit, Count, Difference},
    stop::Stop,
    world::{LocalRepository, Object},
};
use crate::push::Oid;

/// The difference between what is live on an environment and what is deployed there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contents {
    pub commit: Oid,
    /// The commit that is live now; `None` where nothing was ever deployed.
    pub since: Option<Oid>,
    /// The commit that was deployed there last, where git has no such branch there.
    #[serde(skip)]
    pub(crate) last: Option<Oid>,
    /// Whether both commits have the same files.
    pub same_content: bool,
    /// All commits that differ; `None` where the live commit is not here, or there is none.
    #[serde(flatten)]
    pub difference: Option<Difference>,
}

impl Contents {
    /// Compares a commit with the one that is live; `remote` is where a shallow clone would be deepened from.
    pub(crate) fn of(
        commit: &Oid,
        since: Option<&Oid>,
        remote: &str,
        repository: &dyn LocalRepository,
    ) -> Result<Self, Stop> {
        let mut contents = Self {
            commit: commit.clone(),
            since: since.cloned(),
            last: None,
            same_content: since == Some(commit),
            difference: None,
        };
        if contents.same_content {
            contents.difference = Some(Difference::default());
        } else if let Some(since) = since
            && matches!(repository.object(since)?, Object::Commit { .. })
        {
            contents.difference = Some(repository.difference(since, commit, remote)?);
            contents.same_content = repository.same_content(since, commit)?;
        }
        Ok(contents)
    }

    /// Says what git has on the environment, where something else runs.
    pub(crate) fn unlike_git(git: Option<&Oid>, runs: &Oid) -> Option<String> {
        let git = git.filter(|git| *git != runs)?;
        Some(format!("git has {}, {} runs", git.short(), runs.short()))
    }

    /// Says what git has there, or where no remote leads what was deployed last, if something else runs.
    pub(crate) fn unlike_known(
        of: &EnvironmentRemotes,
        known: Option<&Oid>,
        runs: &Oid,
    ) -> Option<String> {
        if !of.is_remembered {
            return Self::unlike_git(known, runs);
        }
        let last = known.filter(|last| *last != runs)?;
        let (last, runs) = (last.short(), runs.short());
        Some(format!("{last} was deployed last, {runs} runs"))
    }

    /// Whether it deploys another commit than the one that is live.
    pub(crate) fn is_new(&self) -> bool {
        self.since.as_ref() != Some(&self.commit)
    }

    /// Writes it in sentences, each with at most this many lines about commits.
    pub(crate) fn sentences(&self, most: usize) -> Vec<(String, Vec<String>)> {
        let alone = |sentence: String| vec![(sentence, Vec::new())];
        let Some(since) = self.since.as_ref().map(Oid::short) else {
            return alone(match &self.last {
                Some(last) => {
                    let last = last.short();
                    format!("this branch is new there; {last} was deployed last")
                }
                None => "first deployment".to_owned(),
            });
        };
        let Some(Difference { brings, takes }) = &self.difference else {
            return alone(format!(
                "replaces {since}, which this repository does not have"
            ));
        };
        if !self.is_new() {
            return alone(format!("deploys nothing new: {since} is live already"));
        }
        let mut sentences = Vec::new();
        if !brings.is_empty() {
            let sentence = format!("deploys {} since {since}", Count(brings.len()));
            sentences.push((sentence, Commit::lines(brings, most)));
        }
        if !takes.is_empty() {
            let sentence = format!("takes {} away", Count(takes.len()));
            sentences.push((sentence, Commit::lines(takes, most)));
        }
        if let (true, Some((first, _))) = (self.same_content, sentences.first_mut()) {
            first.push_str("; both have the same content");
        }
        sentences
    }

    /// Writes all of it, a line for each sentence and each commit.
    pub(crate) fn text(&self, most: usize) -> String {
        let mut text = String::new();
        for (sentence, commits) in self.sentences(most) {
            let colon = if commits.is_empty() { "" } else { ":" };
            text += &format!("  {sentence}{colon}\n");
            text.extend(commits.iter().map(|line| format!("    {line}\n")));
        }
        text
    }
}

impl fmt::Display for Contents {
    /// Lists no more than a reader takes in at a glance.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Commit::LISTED))
    }
}
