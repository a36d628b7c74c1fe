//! `pushgate man`: the manual, one page or all of them.

use std::{fs, path::Path};

use clap::CommandFactory;

use super::Done;
use crate::{
    cli::{Cli, Man},
    commands::manual::{Page, pages},
    gates::verdict::Trouble,
    report,
};

pub(crate) fn run(args: &Man) -> Done {
    let pages = pages(Cli::command());
    match &args.out {
        Some(directory) => {
            write(&pages, directory)?;
            report::say(&format!(
                "wrote {} pages into {}",
                pages.len(),
                directory.display()
            ));
        }
        None => {
            let page = page(args.command.as_deref().and_then(called), &pages)?;
            report::data(&page.text)
                .map_err(|error| Trouble::io("write to standard output", &error))?;
        }
    }
    Ok(0)
}

/// What somebody may call a command whose page is named after both; `None`: pushgate itself.
pub(super) fn called(name: &str) -> Option<&str> {
    match name.strip_prefix("pushgate") {
        Some("") => None,
        Some(command) => Some(command.strip_prefix('-').unwrap_or(name)),
        None => Some(name),
    }
}

fn page<'p>(command: Option<&str>, pages: &'p [Page]) -> Result<&'p Page, Trouble> {
    let found = pages.iter().find(|page| page.command.as_deref() == command);
    found.ok_or_else(|| Trouble::NoCommand {
        name: command.unwrap_or_default().to_owned(),
        known: pages
            .iter()
            .filter_map(|page| page.command.clone())
            .collect(),
    })
}

fn write(pages: &[Page], directory: &Path) -> Result<(), Trouble> {
    let failed = |path: &Path, error: &std::io::Error| {
        let cure = "name a directory that you may write to: pushgate man --out DIR";
        Trouble::place(format!("write {}", path.display()), error, cure)
    };
    fs::create_dir_all(directory).map_err(|error| failed(directory, &error))?;
    for page in pages {
        let path = directory.join(&page.file);
        fs::write(&path, &page.text).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}
