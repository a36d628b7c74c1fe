//! A shop for pictures and transcripts: whoever draws them gets the same ids, times and words.

use std::{env, fs, path::Path, process::Command};

use crate::support::{PUSHGATE, Ran, Sandbox, follow_up, tool};

/// The width of the terminal.
pub const COLUMNS: usize = 80;

/// A shop whose commits have the same ids whoever draws it: names, times and files are given.
pub struct Shop(pub Sandbox);

impl Shop {
    pub fn new() -> Self {
        let shop = Sandbox::bare();
        for (remote, name) in [
            ("staging", "shop-staging"),
            ("production", "shop"),
            ("origin", "origin"),
        ] {
            let bare = shop.path(&format!("{name}.git"));
            let _ = fs::rename(shop.path(&format!("{remote}.git")), bare);
            // As git repeats it: not where the test happens to run.
            let url = format!("../{name}.git");
            shop.git(["remote", "set-url", remote, &url]).goes();
        }
        Self(shop)
    }

    /// What starts at this time, at which the clock stops: a slow machine draws the same.
    fn command(&self, time: &str, program: impl AsRef<std::ffi::OsStr>) -> Command {
        self.0.stop_clock(time);
        let mut command = self.0.command(program);
        let path = env::join_paths(
            [Path::new(PUSHGATE).parent().unwrap().to_owned()]
                .into_iter()
                .chain(env::split_paths(&env::var_os("PATH").unwrap())),
        );
        command
            .env("PATH", path.unwrap())
            .env("GIT_AUTHOR_DATE", format!("{time} +0000"))
            .env("GIT_COMMITTER_DATE", format!("{time} +0000"));
        command
    }

    /// Runs a line of shell at a time, in a terminal; what it wrote there.
    pub fn at(&self, time: &str, line: &str) -> (i32, String) {
        let mut command = self.command(time, "env");
        command
            .env("TERM", "xterm-256color")
            .arg(tool("script", "bsdutils"))
            .args(["-q", "-e", "-c"])
            .arg(format!("stty cols {COLUMNS} rows 50 -echo; {line}"))
            .arg("/dev/null");
        let ran = Ran::of(&mut command);
        (ran.code, ran.stdout.replace('\r', ""))
    }

    /// Runs a line of shell at a time, without a terminal, in the time zone of the shop; what it wrote.
    pub fn plainly(&self, time: &str, line: &str) -> (i32, String) {
        let mut command = self.command(time, "sh");
        command.env("TZ", "Europe/Madrid");
        let ran = Ran::of(command.args(["-c", &format!("exec 2>&1\n{line}")]));
        follow_up(&self.0.app);
        (ran.code, ran.stdout)
    }

    #[track_caller]
    pub fn goes(&self, time: &str, line: &str) {
        let (code, said) = self.at(time, line);
        assert_eq!(code, 0, "{line}: {said}");
    }

    pub fn commits(&self, time: &str, subject: &str, file: &str) {
        self.0.write("changes", file);
        self.goes(time, &format!("git add . && git commit -q -m '{subject}'"));
    }

    /// The suite takes as long as suites do.
    pub fn slow_suite(&self) {
        let receipts = self.0.app.join(".git/pushgate/receipts");
        for entry in fs::read_dir(receipts).unwrap().map(Result::unwrap) {
            let text = fs::read_to_string(entry.path()).unwrap();
            let mut receipt: serde_json::Value = serde_json::from_str(&text).unwrap();
            receipt["took_ms"] = 130_000.into();
            fs::write(entry.path(), receipt.to_string()).unwrap();
        }
    }
}
