//! The way of a push: which pushes are governed, what each gate answers, and every transport.

mod bad_input;
mod chained;
mod contents;
mod cures;
mod follow_up;
mod from_any;
mod governing;
mod holidays;
mod http;
mod live_command;
mod loosening;
mod no_plain_file;
mod not_to_look;
mod overrides;
mod promotion;
mod remembered;
mod repositories;
mod rollback;
mod signatures;
mod signoff;
mod soak;
mod ssh;
mod target;
mod team;
mod trunk;
mod window;
