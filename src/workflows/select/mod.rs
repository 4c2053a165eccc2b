//! Selection of images: by references, by queries, and refusals.

pub mod query;
pub mod references;
pub mod refusals;
pub mod resolve;
pub mod selection;
