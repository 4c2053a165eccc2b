//! The context of a run: settings, journal, errors.

pub mod concurrency;
pub mod context;
pub mod deadline;
pub mod diagnostics;
pub mod journal;
pub mod private_file;
pub mod replace_file;
pub mod roots;
pub mod unreadable;
