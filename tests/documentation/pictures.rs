//! The pictures in the README: drawn from what the program really writes to a terminal, and current.
//!
//! `tests/pictures/draw` draws them anew.

use std::{env, fs, path::Path};

use crate::support::{PUSHGATE, Ran, Sandbox, svg::draw, tool};

const README: &str = include_str!("../../README.md");
const COLUMNS: usize = 80;

const POLICY: &str = "\
trunk: {branch: master}
suite: {run: 'true'}
environments:
  staging: {remote: staging}
  production:
    remote: production
    after: staging
    soak: 10m
    window:
      timezone: Europe/Madrid
      open: [Mon-Thu 09:00-16:00, Fri 09:00-12:00]
      closed: ['22:00-07:00', 2026-12-24..2027-01-02]
      runway: 1h
";

/// A shop whose commits have the same ids whoever draws it: names, times and files are given.
struct Shop(Sandbox);

impl Shop {
    fn new() -> Self {
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

    /// Runs a line of shell at a time, in a terminal; what it wrote there.
    fn at(&self, time: &str, line: &str) -> (i32, String) {
        // A clock that stands still: a slow machine draws the same.
        self.0.stop_clock(time);
        let mut command = self.0.command("env");
        let path = env::join_paths(
            [Path::new(PUSHGATE).parent().unwrap().to_owned()]
                .into_iter()
                .chain(env::split_paths(&env::var_os("PATH").unwrap())),
        );
        command
            .env("PATH", path.unwrap())
            .env("TERM", "xterm-256color")
            .env("GIT_AUTHOR_DATE", format!("{time} +0000"))
            .env("GIT_COMMITTER_DATE", format!("{time} +0000"))
            .arg(tool("script", "bsdutils"))
            .args(["-q", "-e", "-c"])
            .arg(format!("stty cols {COLUMNS} rows 50 -echo; {line}"))
            .arg("/dev/null");
        let ran = Ran::of(&mut command);
        (ran.code, ran.stdout.replace('\r', ""))
    }

    #[track_caller]
    fn goes(&self, time: &str, line: &str) {
        let (code, said) = self.at(time, line);
        assert_eq!(code, 0, "{line}: {said}");
    }

    fn commits(&self, time: &str, subject: &str, file: &str) {
        self.0.write("changes", file);
        self.goes(time, &format!("git add . && git commit -q -m '{subject}'"));
    }

    /// The suite takes as long as suites do.
    fn slow_suite(&self) {
        let receipts = self.0.app.join(".git/pushgate/receipts");
        for entry in fs::read_dir(receipts).unwrap().map(Result::unwrap) {
            let text = fs::read_to_string(entry.path()).unwrap();
            let mut receipt: serde_json::Value = serde_json::from_str(&text).unwrap();
            receipt["took_ms"] = 130_000.into();
            fs::write(entry.path(), receipt.to_string()).unwrap();
        }
    }

    /// What was typed, and what came of it.
    fn picture(&self, name: &str, time: &str, line: &str, code: i32) {
        let (ended, written) = self.at(time, line);
        assert_eq!(ended, code, "{line}: {written}");
        let svg = draw(line, &format!("\x1b[2m$\x1b[0m {line}\n{written}"), COLUMNS);
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/pictures")
            .join(format!("{name}.svg"));
        if env::var_os("PUSHGATE_DRAWS").is_some_and(|value| !value.is_empty()) {
            fs::write(&file, &svg).unwrap();
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            kept == svg,
            "tests/pictures/{name}.svg is not what {line} shows; draw it: tests/pictures/draw\n{written}"
        );
        let shown = format!("](tests/pictures/{name}.svg)");
        assert!(README.contains(&shown), "the README does not show {name}");
        assert!(svg.len() < 20_000, "{} bytes", svg.len());
    }
}

#[test]
fn the_pictures_in_the_readme_are_what_the_program_shows() {
    let shop = Shop::new();
    shop.0.write(".pushgate.yml", POLICY);
    shop.commits("2026-11-23 09:00:00", "Send receipts by mail", "one\n");
    shop.goes("2026-11-23 09:01:00", "pushgate install");
    shop.goes(
        "2026-11-23 09:02:00",
        "git push -q origin master && git push -q staging master",
    );
    shop.goes(
        "2026-11-23 09:30:00",
        "pushgate approve staging -m 'the receipt of a cart'",
    );
    shop.goes("2026-11-23 09:45:00", "git push -q production master");
    shop.commits(
        "2026-11-24 11:01:00",
        "Show the discount in the basket",
        "two\n",
    );
    shop.goes("2026-11-24 11:04:00", "git push -q origin master");
    shop.goes("2026-11-24 11:10:00", "git push -q staging master");
    shop.slow_suite();
    shop.picture("status", "2026-11-24 11:15:30", "pushgate status", 0);
    shop.picture(
        "window",
        "2026-12-21 14:20:00",
        "pushgate window production",
        1,
    );
    // Ben pushes to origin meanwhile.
    let ben = "git commit -q --allow-empty -m 'Count the visitors' && git push -q --no-verify origin master && git reset -q --hard HEAD~1";
    shop.goes("2026-11-24 11:16:00", ben);
    shop.picture(
        "refused",
        "2026-11-24 11:22:00",
        "git push production master",
        1,
    );
}
