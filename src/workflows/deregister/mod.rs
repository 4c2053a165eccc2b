//! Deregistration of images with their snapshots.

pub mod interrupted;
pub mod plan;
pub mod remove;
