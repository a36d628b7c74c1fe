//! Signed records: git's own signatures, made and verified by the user's git.
//!
//! git signs commits and tags, not notes. So a commit is signed that no ref leads to: its message is
//! the record, and the record contains that commit.

use std::process::Command;

use bstr::ByteSlice;
use regex_lite::Regex;
use tempfile::TempDir;

use super::read::Notes;
use crate::{
    gates::Stop,
    git::command::must,
    memory::record::{Record, who},
    process::program::{run, run_with_input},
    push::Oid,
};

impl Notes<'_> {
    /// Signs a record with the key that the user's git signs with, which may ask for a passphrase.
    pub fn sign(&self, record: &Record) -> Result<Record, Stop> {
        let scratch = scratch()?;
        let git = |args: &[&str]| self.command(&scratch, args);
        let tree = must(&mut git(&["hash-object", "-t", "tree", "/dev/null"]))?;
        let mut command = git(&["-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-S"]);
        let (name, mail) = self.person();
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), &name);
            command.env(format!("GIT_{role}_EMAIL"), &mail);
        }
        let tree = tree.line().to_str_lossy();
        command.args(["-F", "-", tree.as_ref()]);
        let signed = run_with_input(&mut command, unsigned(record).to_string().as_bytes())?;
        let Some(id) = Oid::parse(signed.line()).filter(|_| signed.is_ok()) else {
            return Err(Stop::not_signed(signed.stderr));
        };
        let object = must(&mut git(&["cat-file", "commit", id.as_str()]))?;
        let object = String::from_utf8(object.stdout)
            .map_err(|_| Stop::not_signed(vec!["what git signed is not UTF-8".to_owned()]))?;
        Ok(Record {
            signed: Some(object),
            ..record.clone()
        })
    }

    /// Whether git verifies that the person whom a record names has signed it.
    ///
    /// `git verify-commit` decides, with the keys and the trust that the user's git knows
    /// (`gpg.ssh.allowedSignersFile`, `gpg.minTrustLevel`); and the signer that git names must have
    /// the mail address of the record.
    pub fn verified(&self, record: &Record) -> Result<bool, Stop> {
        let Some(object) = &record.signed else {
            return Ok(false);
        };
        let message = object.split_once("\n\n").map_or("", |(_, message)| message);
        if Record::parse(message.trim_end().as_bytes()) != Some(unsigned(record)) {
            return Ok(false);
        }
        let scratch = scratch()?;
        let git = |args: &[&str]| self.command(&scratch, args);
        let mut write = git(&["hash-object", "-t", "commit", "-w", "--stdin"]);
        let written = run_with_input(&mut write, object.as_bytes())?;
        let Some(id) = Oid::parse(written.line()).filter(|_| written.is_ok()) else {
            // It is no commit, so it is not signed.
            return Ok(false);
        };
        if !run(&mut git(&["verify-commit", id.as_str()]))?.is_ok() {
            return Ok(false);
        }
        let format = ["log", "-1", "--no-show-signature", "--format=%GS"];
        let mut command = git(&format);
        let signer = run(command.arg(id.as_str()))?;
        let signer = signer.line().to_str_lossy().into_owned();
        Ok(signer.contains('@') && matches(&who(&signer), &who(&record.by)))
    }

    /// Builds a call of git that keeps the objects it writes in this directory.
    fn command(&self, scratch: &TempDir, args: &[&str]) -> Command {
        let mut command = self.repository.git.command(args);
        command.env("GIT_OBJECT_DIRECTORY", scratch.path());
        command
    }
}

/// A directory for objects that must not be left in the repository.
fn scratch() -> Result<TempDir, Stop> {
    let made = TempDir::with_prefix("pushgate-");
    made.map_err(|error| Stop::failed("make a directory", &error))
}

/// The part of a record that is signed: all but the signature.
fn unsigned(record: &Record) -> Record {
    Record {
        signed: None,
        ..record.clone()
    }
}

/// Whether a principal, which may have `*` and `?` in it (ssh-keygen(1), allowed signers), covers a
/// mail address.
fn matches(pattern: &str, mail: &str) -> bool {
    let pattern = regex_lite::escape(pattern);
    let pattern = pattern.replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("(?s)^{pattern}$")).is_ok_and(|pattern| pattern.is_match(mail))
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_principal_stands_for_the_addresses_that_it_covers() {
        for (pattern, mail, expected) in [
            ("ana@x", "ana@x", true),
            ("ana@x", "ana@xy", false),
            ("ana@x", "hana@x", false),
            ("*@x", "ana@x", true),
            ("*@x", "ana@y", false),
            ("*", "", true),
            ("a?a@*", "ana@é", true),
            ("a?a@*", "aa@x", false),
            ("", "ana@x", false),
        ] {
            assert_eq!(matches(pattern, mail), expected, "{pattern} {mail}");
        }
    }
}
