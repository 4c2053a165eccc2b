//! Images from instances and snapshots.

pub mod instance;
pub mod revoked;
pub mod snapshot;
