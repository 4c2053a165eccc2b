//! From references and queries to images.

pub mod query;
pub mod references;
pub mod refusals;
pub mod resolve;
pub mod selection;
