//! `pushgate man`: the manual, one page or all of them.

use std::{fs, path::Path};

use clap::{Command, CommandFactory};

use super::{Done, print_machine_data};
use crate::{
    cli::{Cli, Man},
    commands::Error,
    report,
    text::did_you_mean,
};

pub(crate) fn run(args: &Man) -> Done {
    let mut program = Cli::command();
    program.build();
    let shown = || program.get_subcommands().filter(|one| !one.is_hide_set());
    if let Some(directory) = &args.out {
        let all: Vec<_> = shown().chain([&program]).collect();
        for command in &all {
            write(command, directory)?;
        }
        let (count, directory) = (all.len(), directory.display());
        report::say(&format!("wrote {count} pages into {directory}"));
        return Ok(0);
    }
    let command = match args.command.as_deref() {
        None => &program,
        Some(name) => {
            let page = shown().find(|command| command.get_name() == name);
            page.ok_or_else(|| {
                let known: Vec<_> = shown().map(|one| one.get_name().to_owned()).collect();
                let meant = did_you_mean(name, &known);
                Error::undecided(format!("there is no command `{name}`{meant}"))
                    .cure("see what there is", ["pushgate help"])
            })?
        }
    };
    print_machine_data(&page(command)?)?;
    Ok(0)
}

fn write(command: &Command, directory: &Path) -> Result<(), Error> {
    let name = clap_mangen::Man::new(command.clone()).get_filename();
    let page = page(command)?;
    let written =
        fs::create_dir_all(directory).and_then(|()| fs::write(directory.join(name), page));
    written.map_err(|error| {
        let hint = "name a directory that you may write to: pushgate man --out DIR";
        Error::failed(format!("write {}", directory.display()), &error).hint(hint)
    })
}

/// Renders a page (man(7)). The end of the help gets sections of its own; nothing is hyphenated, and what is
/// indented is set as it is, so that commands can be copied.
fn page(command: &Command) -> Result<String, Error> {
    let mut text = Vec::new();
    let rendered = clap_mangen::Man::new(command.clone()).render(&mut text);
    rendered.map_err(super::not_written)?;
    let text = String::from_utf8_lossy(&text).replacen(".SH NAME", ".nh\n.ad l\n.SH NAME", 1);
    let (page, end) = text.split_once(".SH EXTRA\n").unwrap_or((&text, ""));
    let mut page = page.to_owned();
    for (index, block) in end.split("\n\n").enumerate() {
        let (first, rest) = block.split_once('\n').unwrap_or((block, ""));
        let title = first.strip_suffix(':');
        let title =
            title.filter(|title| title.starts_with(|first: char| first.is_ascii_uppercase()));
        let (macros, lines) = match (title, block.strip_prefix("Exit codes: ")) {
            (Some(title), _) => (format!(".SH {}", title.to_uppercase()), rest),
            (None, Some(codes)) => (".SH EXIT STATUS".to_owned(), codes),
            (None, None) if index == 0 => (".SH NOTES".to_owned(), block),
            (None, None) => (".PP".to_owned(), block),
        };
        page += &macros;
        let is_indented = |line: &&str| line.starts_with(' ');
        for (index, lines) in lines
            .lines()
            .collect::<Vec<_>>()
            .chunk_by(|a, b| is_indented(a) == is_indented(b))
            .enumerate()
        {
            page += match (is_indented(&lines[0]), index) {
                (true, _) => "\n.nf\n.in 0\n",
                (false, 0) => "\n",
                (false, _) => "\n.fi\n.PP\n",
            };
            page += &lines.join("\n");
        }
        page += "\n.fi\n";
    }
    Ok(page)
}
