//! `pushgate log`: the ledger, for people or, line by line, for programs.

use std::fmt::Write;

use bstr::ByteSlice;
use jiff::tz::TimeZone;

use super::Done;
use crate::{
    cli::Log,
    ledger::{Entry, Ledger},
    report,
    verdict::{Trouble, printable},
    world::Real,
};

pub(crate) fn run(args: &Log) -> Done {
    let world = Real::open()?;
    let ledger = Ledger::new(&world.state_dir());
    let contents = ledger.read()?;
    for number in &contents.damaged {
        report::warn(&format!(
            "line {number} of {} is damaged and left out",
            ledger.path().display()
        ));
    }
    let mut text = String::new();
    for entry in &contents.entries {
        if args.json {
            let line = serde_json::to_string(entry)
                .map_err(|error| Trouble::io("write JSON", &error.into()))?;
            text += &line;
            text.push('\n');
        } else {
            line(&mut text, entry);
        }
    }
    if contents.entries.is_empty() && !args.json {
        report::say("nothing was decided yet");
    }
    report::data(&text).map_err(|error| Trouble::io("write to standard output", &error))?;
    Ok(0)
}

/// `2026-11-22 21:02  refused     production  35f6b13  Ana <ana@shop.example>`, and why.
fn line(text: &mut String, entry: &Entry) {
    let zone = TimeZone::try_system().unwrap_or(TimeZone::UTC);
    let at = entry.at.to_zoned(zone);
    let commit = entry
        .commit
        .as_deref()
        .and_then(|id| id.get(..7))
        .unwrap_or("-");
    let place = entry
        .environment
        .as_deref()
        .unwrap_or(if entry.destination.is_empty() {
            "-"
        } else {
            &entry.destination
        });
    let (style, verdict) = (report::style_of(&entry.verdict), shown(&entry.verdict));
    let _ = writeln!(
        text,
        "{}  {style}{verdict:<10}{style:#}  {:<12}  {}  {}{}",
        at.strftime("%Y-%m-%d %H:%M"),
        shown(place),
        shown(commit),
        shown(&entry.by),
        if entry.event == "push" {
            String::new()
        } else {
            format!("  ({})", shown(&entry.event))
        },
    );
    for gate in entry.gates.iter().filter(|gate| gate.outcome != "passed") {
        let why = shown(gate.why.lines().next().unwrap_or_default());
        let colon = if why.is_empty() { "" } else { ": " };
        let (gate, outcome) = (shown(&gate.gate), shown(&gate.outcome));
        let _ = writeln!(text, "    {gate} {outcome}{colon}{why}");
    }
    if let Some(reason) = &entry.reason {
        let _ = writeln!(text, "    reason: {}", shown(reason));
    }
}

/// What the file says, in which anybody may have written, as it can be shown on a terminal.
fn shown(text: &str) -> String {
    printable(text.as_bytes().as_bstr())
}
