//! amictl manages the life of Amazon Machine Images.
//!
//! ```text
//! lambda    → cli, workflows, output::error, output::json, domain, exit
//! cli       → commands, options, workflows, journal, service, output, domain, exit
//! commands  → options, workflows, journal, service, output, domain, exit
//! options   → workflows, output::printer, domain
//! workflows → journal, service, output::printer, output::progress, domain
//! journal   → output::json, domain
//! service   → domain
//! output    → domain
//! exit      → domain
//! domain    → nothing else
//! ```
//!
//! Each row lists what a folder may import. `commands` has one file per verb; what verbs share is in `workflows`, which
//! knows neither clap nor a terminal; only `service` knows AWS; `domain` is pure.

mod cli;
mod commands;
pub mod domain;
mod exit;
mod journal;
mod lambda;
mod options;
mod output;
mod service;
mod workflows;

#[doc(hidden)]
pub use crate::cli::command_line;
pub use crate::cli::run::run;
pub use crate::cli::settings::Process;
pub use crate::lambda::{is_function, serve};
