//! Args in, exit code out.

fn main() {}
