//! Bounds of concurrency.

/// How many places are read at a time, and how many images are asked about. How many calls are under way is bounded
/// elsewhere: a place that waits for others waits for the latency of each of their calls.
pub const PLACES: usize = 128;

pub const IMAGES: usize = 10;
