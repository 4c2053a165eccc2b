//! `stale`: running instances whose image is behind its family, or should not run.

mod aliases;
mod basics;
mod places;
