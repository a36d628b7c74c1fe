//! What holds for every input, tried with inputs made by chance.

mod calendar;
mod model;
mod policy;
mod push;
mod record;
mod schema;
