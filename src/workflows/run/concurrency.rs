//! Named bounds of concurrency: how many things of a kind are under way at a time.
//!
//! They bound the work, not the calls: those take turns below, see [`crate::service::client::concurrency`], whose
//! functions are the ones to use.

pub use crate::service::client::concurrency::{as_done, each, in_order};

/// Places whose use is read. A place that waits for others waits for the latency of each of their calls, so this is a
/// high bound.
pub const PLACES: usize = 128;

/// Accounts, regions or snapshots that are asked one thing or a few: as many calls as a process may always have under
/// way.
pub const LOOKUPS: usize = 32;

/// Histories of aliases that are read in one place: SSM takes some tens of such calls a second.
pub const HISTORIES: usize = 10;

/// Images that are asked about or changed: as many as EC2 takes well from one account and region.
pub const IMAGES: usize = 10;

/// Instances that are ended or started: most of their time EC2 works.
pub const INSTANCES: usize = 32;

/// Snapshots that are asked about or changed: as many as EC2 takes well from one account and region.
pub const SNAPSHOTS: usize = 10;

/// Places of which every snapshot and every image is listed: all of them are held until they are compared.
pub const INVENTORIES: usize = 10;

/// Places that wait for usage reports: most of their time EC2 works.
pub const REPORTS: usize = 32;

/// Boot tests: most of their time EC2 works.
pub const TESTS: usize = 32;

/// Copies: most of their time EC2 works.
pub const COPIES: usize = 128;

/// Batches of removals of one chunk. No two have a snapshot in common, so that they need not wait for each other; as
/// many as EC2 takes well from one account and region.
pub const BATCHES: usize = 10;

/// Chunks of batches: while the images of one are watched until they are gone, others are deregistered.
pub const CHUNKS: usize = 3;

/// Probes of one instance: each waits for its answer most of the time.
pub const PROBES: usize = 64;
