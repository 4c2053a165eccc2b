//! The command line: its root, the global options, the help, and how a run begins and ends.

pub mod bash_words;
pub mod complete;
pub mod cursor;
pub mod global;
pub mod help;
pub mod invocation;
pub mod origins;
pub mod parse;
pub mod platform;
pub mod root;
pub mod run;
pub mod settings;
pub mod signals;
pub mod version;

pub use root::command_line;
