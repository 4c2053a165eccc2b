//! Boot tests of images: checked, launched, watched, probed, terminated; and what killed ones left.
//!
//! `check` finds all that speaks against the tests before anything is launched. `guard` is one test from its launch to the
//! end of its instance, whatever comes between; `observe` is what comes between. `run` is all of them side by side.

mod check;
mod guard;
mod observe;
pub mod probes;
mod request;
pub mod run;
mod ssm_probes;
pub mod sweep;
pub mod swept;
pub mod verdict;

pub use check::plans;
pub use request::{BootTestRequest, sweep_line};
