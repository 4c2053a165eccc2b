//! One file a command, named as the user types it: its arguments, then how it runs.

pub mod apply;
mod bin;
pub mod completions;
mod config;
mod context;
pub mod copy;
pub mod create;
pub mod deregister;
mod destroy;
pub mod launch;
pub mod list;
pub mod orphans;
mod planning;
pub mod prune;
pub mod refs;
pub mod restore;
mod run;
pub mod wait;

pub use context::{Context, Process};
pub use run::run;
