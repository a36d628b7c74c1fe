//! What this clone remembers.

use super::{Finding, Found, Opened, from_here};
use crate::text::shell_word;

/// Whether the ledger can be written and read.
pub(crate) fn ledger(opened: &Opened) -> Found {
    let ledger = opened.world.ledger();
    let path = from_here(ledger.path());
    if let Err(error) = ledger.probe() {
        let directory = from_here(&opened.world.state_dir());
        let why = "yours to write (chown, chmod, a full disk)";
        let hint = format!("every push is refused until {directory} is {why}");
        return Ok(vec![Finding::error(error).hint(hint)]);
    }
    let contents = ledger.read()?;
    let text = match contents.entries.len() {
        0 => format!("nothing was decided yet: {path}"),
        1 => format!("one decision in {path}"),
        several => format!("{several} decisions in {path}"),
    };
    let mut findings = vec![Finding::ok(text)];
    let damaged: Vec<_> = contents.damaged.iter().map(usize::to_string).collect();
    if !damaged.is_empty() {
        let lines = if damaged.len() == 1 { "line" } else { "lines" };
        let text = format!("{lines} {} of {path} cannot be read", damaged.join(", "));
        let (script, file) = (damaged.join("d;"), shell_word(&path));
        let finding = Finding::warning(text)
            .run(format!("sed -i.damaged '{script}d' {file}"))
            .hint("the other lines count all the same");
        findings.push(finding);
    }
    Ok(findings)
}
