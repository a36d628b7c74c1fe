//! The pictures on the pages: drawn from what the program really writes to a terminal, and current.
//!
//! `tests/pictures/draw` draws them anew.

use std::fs;

use super::{
    draws, file, pages,
    shop::{COLUMNS, Shop},
};
use crate::support::svg::draw;

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

impl Shop {
    /// What was typed, and what came of it.
    fn picture(&self, name: &str, time: &str, line: &str, code: i32) {
        let (ended, written) = self.at(time, line);
        assert_eq!(ended, code, "{line}: {written}");
        let svg = draw(line, &format!("\x1b[2m$\x1b[0m {line}\n{written}"), COLUMNS);
        let file = file(&format!("tests/pictures/{name}.svg"));
        if draws() {
            fs::write(&file, &svg).unwrap();
        }
        let kept = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            kept == svg,
            "tests/pictures/{name}.svg is not what {line} shows; draw it: tests/pictures/draw\n{written}"
        );
        let shown = format!("](tests/pictures/{name}.svg)");
        let is_shown = pages().iter().any(|page| page.text.contains(&shown));
        assert!(is_shown, "no page shows {name}");
        assert!(svg.len() < 20_000, "{} bytes", svg.len());
    }
}

#[test]
fn the_pictures_on_the_pages_are_what_the_program_shows() {
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
}
