//! What amictl knows about images, as pure values: no I/O, no clock, no SDK, no command line.

pub mod age;
pub mod change;
pub mod comeback;
pub mod cost;
pub mod failure;
pub mod ids;
pub mod image;
pub mod instance;
pub mod lineage;
pub mod naming;
pub mod orphan;
pub mod plan;
pub mod policy;
pub mod reason;
pub mod recycle_bin;
pub mod reference;
pub mod region;
pub mod report;
pub mod retention;
pub mod selection;
pub mod sharing;
pub mod snapshot;
pub mod tagging;
pub mod usage;
