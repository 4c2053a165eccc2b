//! `wait`, and images that can no longer be looked at while they are waited for.

mod basics;
mod lost_sight;
