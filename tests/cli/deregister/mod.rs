//! `deregister`: refusals, snapshots, the journal, images that linger.

mod journal;
mod lingering;
mod named_snapshots;
mod refusals;
mod snapshots;
