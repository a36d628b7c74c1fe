//! People of a team, each with a clone and a hook.

use std::path::PathBuf;

use super::{PUSHGATE, Ran, Sandbox, notes_worker::clone, shared};

/// A person with a clone of their own.
pub struct Person<'s> {
    shop: &'s Sandbox,
    pub place: PathBuf,
}

impl<'s> Person<'s> {
    /// Ana is whose clone the sandbox has.
    pub fn ana(shop: &'s Sandbox) -> Self {
        Self {
            shop,
            place: shop.app.clone(),
        }
    }

    /// Clones trunk, says who they are, has a remote for each environment, and installs the hook.
    pub fn joins(shop: &'s Sandbox, name: &str, environments: &[&str]) -> Self {
        let person = Self {
            shop,
            place: clone(shop, &name.to_lowercase()),
        };
        let mail = format!("{}@shop.example", name.to_lowercase());
        person.git(&["config", "user.name", name]).goes();
        person.git(&["config", "user.email", &mail]).goes();
        for remote in ["origin"].iter().chain(environments) {
            let url = shop.ask(["remote", "get-url", remote]);
            if *remote != "origin" {
                person.git(&["remote", "add", remote, &url]).goes();
            }
            person.git(&["remote", "set-url", remote, &url]).goes();
        }
        person.run(PUSHGATE, &["install"]).goes();
        shop.date_hook(&person.place);
        person
    }

    pub fn run(&self, program: &str, args: &[&str]) -> Ran {
        self.shop.run_in(&self.place, program, args)
    }

    pub fn git(&self, args: &[&str]) -> Ran {
        self.run("git", args)
    }

    /// The same at this time of 24 November, a Tuesday.
    pub fn at(&self, time: &str, args: &[&str]) -> Ran {
        let mut command = self.shop.at(&format!("2026-11-24 {time}:00"));
        let ran = Ran::of(command.args(args).current_dir(&self.place));
        // The others hear of it when the hook's follow-up has told them.
        shared(&self.place);
        ran
    }

    pub fn push(&self, time: &str, remote: &str) -> Ran {
        self.at(time, &["git", "push", remote, "master"])
    }

    pub fn pushgate(&self, time: &str, args: &[&str]) -> Ran {
        self.at(time, &[&[PUSHGATE], args].concat())
    }

    /// What a command of ours prints at this time.
    pub fn reads(&self, time: &str, args: &[&str]) -> String {
        self.pushgate(time, args).stdout
    }

    /// Commits on a trunk that is up to date.
    pub fn commits(&self, subject: &str) -> String {
        self.git(&["pull", "-q", "--ff-only", "origin", "master"])
            .goes();
        self.git(&["commit", "-q", "--allow-empty", "-m", subject])
            .goes();
        let id = self.git(&["rev-parse", "HEAD"]).goes().stdout;
        id.trim().to_owned()
    }
}
