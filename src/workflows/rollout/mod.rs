//! Roll-outs: groups are checked, pinned if need be, refreshed, watched, and read again.

mod begin;
mod check;
mod followers;
mod goal;
mod pin;
mod pinned;
mod plan;
mod run;
mod stop;
mod wait;
mod watch;
mod words;
mod written;

pub use plan::{Goal, RolloutRequest};
pub use run::run;
pub use stop::{Halt, stop};
pub use wait::wait;
