//! One file a command, named as the user types it: its arguments, then how it runs.

pub mod apply;
mod bin;
mod changing;
mod chosen;
pub mod completions;
mod config;
mod context;
pub mod copy;
pub mod create;
pub mod deprecate;
pub mod deregister;
mod destroy;
pub mod disable;
pub mod launch;
pub mod list;
pub mod orphans;
mod planning;
pub mod protect;
pub mod prune;
pub mod refs;
pub mod restore;
mod run;
pub mod share;
mod sharing;
pub mod show;
pub mod tag;
pub mod wait;

pub use context::{Context, Process};
pub use run::run;
