//! Every transcript on a page is what the program prints: a story is played, and the pages compared with it.
//!
//! `tests/pictures/draw` writes the transcripts anew.

use std::{collections::BTreeMap, fs};

use regex_lite::Regex;

use super::{Page, draws, file, page, pages, shop::Shop};

const README: &str = "README.md";
const PROMOTION: &str = "src/guides/promotion.md";
const WINDOWS: &str = "src/guides/windows.md";
const POLICY: &str = "src/guides/policy.md";
const HOW: &str = "src/guides/how-it-works.md";

/// The transcript of a CI: tests/suite/ci.rs has one.
const ELSEWHERE: &str = "src/guides/suite.md";

/// The suite of the shop.
const SUITE: &str = "\
#!/bin/sh
if grep -q 'price + discount' basket.rb; then
  echo 'BasketTest#test_discount: expected 90, got 110'
  echo '7 runs, 12 assertions, 1 failures, 0 errors, 0 skips'
  exit 1
fi
echo '7 runs, 12 assertions, 0 failures, 0 errors, 0 skips'
";

/// A policy with rules that cannot be meant.
const ODD_POLICY: &str = "\
suite: {run: bin/test}

environments:
  staging:
    app: shop-staging
  production:
    window:
      timezone: Europe/Madrid
      open: [Mon-Fri 9:00-16:00, Sat 10:00-12:00]
      closed: [Sat, 2025-12-24..2026-01-02]
";

/// What was shown of a story, page by page.
struct Transcripts {
    shop: Shop,
    shown: BTreeMap<&'static str, Vec<String>>,
}

impl Transcripts {
    /// Runs a line of shell whose transcript is the next one of a page.
    #[track_caller]
    fn shows(&mut self, page: &'static str, time: &str, line: &str, code: i32) {
        let (ended, written) = self.shop.plainly(time, line);
        assert_eq!(ended, code, "{line}: {written}");
        let text = format!("$ {line}\n{}", self.tidy(&written));
        self.shown.entry(page).or_default().push(text);
    }

    /// As in a clone whose suite takes minutes, and without what git says of a push that arrived.
    fn tidy(&self, written: &str) -> String {
        let root = self.shop.0.root().canonicalize().unwrap();
        let root = root.to_str().unwrap();
        let written = written
            .replace(&format!("{root}/app/"), "~/src/shop/")
            .replace(&format!("{root}/shop"), "shop");
        let replaced = [
            (r"(?m)^(To \.\./| [ *+] [^\n]* -> ).*\n", ""),
            (
                r"\.\./(shop|shop-staging)\.git",
                "https://git.heroku.com/$1.git",
            ),
            (r"\.\./origin\.git", "git@github.com:ana/shop.git"),
            (
                r"(passed( .* ago on this tree,)? in|took) [0-9.]+ m?s",
                "$1 2m 10s",
            ),
            (r"-[0-9]+\.log", "-4711.log"),
            (r"(?m)^(  ok +git) [0-9].*$", "$1 2.47.3"),
        ];
        replaced.iter().fold(written, |text, (was, is)| {
            let text = Regex::new(was).unwrap().replace_all(&text, *is);
            text.into_owned()
        })
    }

    fn commits(&self, time: &str, subject: &str, file: &str, text: &str) {
        self.shop.0.write(file, text);
        self.unseen(time, &format!("git add . && git commit -q -m '{subject}'"));
    }

    /// Runs a line of shell that no transcript shows.
    #[track_caller]
    fn unseen(&self, time: &str, line: &str) -> String {
        let (code, written) = self.shop.plainly(time, line);
        assert_eq!(code, 0, "{line}: {written}");
        written
    }
}

/// The page with these transcripts in place of its own.
fn with(page: &Page, transcripts: &[String]) -> String {
    let own = page.blocks("console");
    assert_eq!(own.len(), transcripts.len(), "{}", page.path);
    let mut parts = page.text.split("```console\n");
    let mut text = parts.next().unwrap().to_owned();
    for (part, transcript) in parts.zip(transcripts) {
        let (_, after) = part.split_once("```").unwrap();
        text += &format!("```console\n{transcript}```{after}");
    }
    text
}

#[test]
fn every_transcript_is_what_the_program_prints() {
    let shown = story();
    for page in pages() {
        if page.path == ELSEWHERE {
            continue;
        }
        let transcripts = shown.get(page.path.as_str()).map_or(&[][..], Vec::as_slice);
        let text = with(&page, transcripts);
        if draws() {
            fs::write(file(&page.path), &text).unwrap();
        }
        assert_eq!(
            super::page(&page.path).text,
            text,
            "{} does not show what the program prints; write it anew: tests/pictures/draw",
            page.path
        );
    }
}

fn story() -> BTreeMap<&'static str, Vec<String>> {
    let shop = Shop::new();
    shop.0.script("bin/rails", SUITE);
    shop.0.write("basket.rb", "price\n");
    let readme = page(README);
    shop.0.write(".pushgate.yml", readme.blocks("yaml")[0]);
    let mut told = Transcripts {
        shop,
        shown: BTreeMap::new(),
    };
    told.commits("2026-11-23 08:00:00", "Open the shop", "changes", "0\n");
    let out = "for to in origin staging production; do git push -q $to master; done";
    told.unseen("2026-11-23 08:01:00", out);
    told.unseen("2026-11-23 08:02:00", "git remote set-head origin master");
    told.unseen("2026-11-23 08:02:00", "pushgate install");
    told.shop.0.date_hook(&told.shop.0.app);

    told.commits(
        "2026-11-23 08:50:00",
        "Send receipts by mail",
        "changes",
        "1\n",
    );
    told.unseen("2026-11-23 08:55:00", "git push -q origin master");
    let ben = "ben() { git -c user.name=Ben -c user.email=ben@shop.example commit -q --allow-empty -m \"$1\"; }
ben 'Count the visitors' && ben 'Forget the visitors'
git push -q --no-verify origin master && git reset -q --hard HEAD~2";
    told.unseen("2026-11-23 09:05:00", ben);
    told.shows(README, "2026-11-23 09:10:00", "git push staging master", 1);
    told.unseen("2026-11-23 09:11:00", "git pull -q --ff-only origin master");
    told.unseen("2026-11-23 09:12:00", "git push -q staging master");
    told.unseen(
        "2026-11-23 09:15:00",
        "pushgate approve staging -m 'the receipt of a cart'",
    );
    told.shows(
        README,
        "2026-11-23 09:30:00",
        "git push production master",
        0,
    );

    told.commits("2026-11-24 10:00:00", "Show the discount", "changes", "2\n");
    let ways = readme.blocks("sh");
    let way = ways.iter().find(|way| way.contains("pushgate approve"));
    let [pushed, staged, tried, live] = way.unwrap().lines().collect::<Vec<_>>()[..] else {
        panic!("the way of a feature");
    };
    told.unseen("2026-11-24 10:04:00", pushed);
    told.unseen("2026-11-24 10:10:00", staged);
    told.unseen("2026-11-24 10:15:00", tried);
    told.unseen("2026-11-24 10:30:00", live);

    told.commits(
        "2026-11-24 10:40:00",
        "Make it faster",
        "basket.rb",
        "price + discount\n",
    );
    told.shows(README, "2026-11-24 10:41:00", "git push origin master", 1);
    told.unseen("2026-11-24 10:42:00", "git reset -q --hard HEAD~1");

    told.commits("2026-11-24 22:10:00", "Take cards again", "changes", "3\n");
    told.unseen(
        "2026-11-24 22:20:00",
        "git push -q origin master && git push -q staging master",
    );
    told.unseen(
        "2026-11-24 22:25:00",
        "pushgate approve staging -m 'paid with a card'",
    );
    told.shows(
        README,
        "2026-11-24 22:40:00",
        "git push production master",
        1,
    );
    let now = "PUSHGATE_SKIP=window PUSHGATE_REASON='cards are refused' git push production master";
    told.unseen("2026-11-24 22:41:00", now);
    told.shows(
        PROMOTION,
        "2026-11-24 22:55:00",
        "pushgate rollback --yes -m \"nobody can pay\"",
        0,
    );

    told.shows(
        PROMOTION,
        "2026-11-24 22:56:00",
        "pushgate log --since 2026-11-24",
        0,
    );
    told.shows(HOW, "2026-11-24 22:58:00", "pushgate doctor", 0);
    told.shows(
        WINDOWS,
        "2026-12-14 14:20:00",
        "pushgate window production",
        1,
    );
    told.shop.0.write(".pushgate.yml", ODD_POLICY);
    told.shows(POLICY, "2026-12-21 14:21:00", "pushgate check --policy", 1);
    told.shown
}
