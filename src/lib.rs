//! amictl manages the life of Amazon Machine Images.
//!
//! ```text
//! main → cli → commands → service → domain
//!                   └───→ output  → domain
//! ```
//!
//! `domain` imports nothing of ours, `service` and `output` never see each other, and only `service` knows AWS.

mod cli;
mod commands;
pub mod domain;
mod exit;
mod journal;
mod options;
mod output;
mod service;
mod workflows;

pub use crate::cli::run::run;
pub use crate::cli::settings::Process;

/// The command line as clap knows it, for tests that try all of it.
#[doc(hidden)]
pub fn command_line() -> clap::Command {
    <cli::Cli as clap::CommandFactory>::command()
}
