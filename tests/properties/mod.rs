//! What holds for every input, tried with inputs made by chance.

mod calendar;
mod edited;
mod layers;
mod model;
mod policy;
mod push;
mod record;
mod recurrences;
mod schema;
mod terminal;
