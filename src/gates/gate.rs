//! The gates and their order.

use strum::{Display, IntoStaticStr};

/// One question that a push must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Display, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Gate {
    /// One known commit goes to a branch that deploys.
    Target,
    /// The deploy window is open.
    Window,
    /// The commit is trunk's newest.
    Trunk,
    /// No other person has locked the environment.
    Lock,
    /// The commit was tried on the environment that comes first.
    Promotion,
    /// The tests pass.
    Suite,
}

/// The order of the gates: what costs memory, then the clock, the network, and minutes.
///
/// `target` stops alone, those of [`TOGETHER`] are answered in one verdict, and the suite is asked only when
/// all others passed.
pub const ORDER: [Gate; 6] = [
    Gate::Target,
    Gate::Window,
    Gate::Trunk,
    Gate::Lock,
    Gate::Promotion,
    Gate::Suite,
];

/// The gates that are answered together, so that one verdict names every refusal there is; and again after
/// a suite that ran: their answers may have changed meanwhile.
pub const TOGETHER: [Gate; 4] = [Gate::Window, Gate::Trunk, Gate::Lock, Gate::Promotion];

impl Gate {
    /// Its name in overrides, reports and the ledger.
    pub fn name(self) -> &'static str {
        self.into()
    }
}
