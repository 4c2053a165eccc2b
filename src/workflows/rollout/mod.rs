//! Roll-outs: groups are checked, pinned if need be, refreshed, watched, and read again.

mod begin;
mod check;
mod goal;
mod pin;
mod plan;
mod run;
mod stop;
mod watch;
mod words;

pub use plan::{Goal, RolloutRequest};
pub use run::{run, wait};
pub use stop::{Halt, stop};
