//! `pushgate status`: the whole pipeline on one screen.

mod answer;
mod gather;
mod place;

use serde_json::json;

use super::Done;
use crate::{
    cli::Status,
    gates::verdict::Trouble,
    git::Real,
    process::signals,
    report::{
        self,
        status::{draw, json},
    },
};

pub(crate) fn run(args: &Status) -> Done {
    signals::watch();
    let status = Real::open().and_then(|world| gather::status(&world));
    if let Some(signal) = signals::signal() {
        return Ok(128 + signal);
    }
    let print = |text: &str| {
        report::data(text).map_err(|error| Trouble::io("write to standard output", &error))
    };
    match status {
        Ok(status) => {
            let text = if args.json {
                format!("{:#}\n", json(&status))
            } else {
                draw(&status, report::data_columns())
            };
            print(&text)?;
            Ok(if status.is_whole() { 0 } else { 2 })
        }
        Err(trouble) => {
            if args.json {
                let errors = [trouble.in_one_line()];
                let all = json!({"v": 1, "whole": false, "errors": errors});
                print(&format!("{all:#}\n"))?;
            }
            Err(trouble)
        }
    }
}
