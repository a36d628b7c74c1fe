//! The README and its pictures say what is true.

mod pictures;
mod pipelines;
mod readme;
