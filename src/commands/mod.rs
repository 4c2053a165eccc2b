//! One file a command, named as the user types it: its arguments, then how it runs.

pub mod completions;
mod config;
mod context;
pub mod copy;
pub mod create;
pub mod deregister;
pub mod launch;
pub mod list;
mod run;
pub mod wait;

pub use context::{Context, Process};
pub use run::run;
