//! The command line: its root, the global options, the help, and how a run begins and ends.

pub mod global;
pub mod help;
pub mod invocation;
pub mod parse;
pub mod platform;
pub mod root;
pub mod run;
pub mod settings;
pub mod signals;

pub use root::command_line;
