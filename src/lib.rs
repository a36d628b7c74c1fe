//! pushgate: the gate in front of `git push staging master` and `git push production master`.

pub mod calendar;
pub mod policy;
