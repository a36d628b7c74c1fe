//! The commands that people and programs call by name.

mod approve;
mod completions;
mod deploy;
mod did_you_mean;
mod doctor;
mod everywhere;
mod log;
mod manual;
mod status;
mod various;
mod window;
