//! Images from instances and snapshots.

pub mod instance;
pub mod snapshot;
pub mod start_again;
