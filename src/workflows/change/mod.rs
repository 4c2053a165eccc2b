//! Reversible changes to images.

pub mod each;
pub mod make;
pub mod objections;
pub mod run;

pub use each::Changes;
pub use run::{Request, choose, run, run_each};
