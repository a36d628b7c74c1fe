//! `pushgate man`: the manual, one page or all of them.

use std::fs;

use clap::CommandFactory;

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
        fs::create_dir_all(directory)
            .and_then(|()| clap_mangen::generate_to(program.clone(), directory))
            .map_err(|error| {
                let hint = "name a directory that you may write to: pushgate man --out DIR";
                Error::failed(format!("write {}", directory.display()), &error).hint(hint)
            })?;
        let (count, directory) = (shown().count() + 1, directory.display());
        report::say(&format!("wrote {count} pages into {directory}"));
        return Ok(0);
    }
    let page = match args.command.as_deref() {
        None => &program,
        Some(name) => {
            let page = shown().find(|command| command.get_name() == name);
            page.ok_or_else(|| {
                let known: Vec<_> = shown().map(|one| one.get_name().to_owned()).collect();
                let meant = did_you_mean(name, &known);
                Error::new(format!("there is no command `{name}`{meant}"))
                    .cure("see what there is", ["pushgate help"])
            })?
        }
    };
    let mut text = Vec::new();
    clap_mangen::Man::new(page.clone())
        .render(&mut text)
        .map_err(super::not_written)?;
    print_machine_data(&String::from_utf8_lossy(&text))?;
    Ok(0)
}
