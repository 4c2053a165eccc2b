//! The marking of images as revoked, and the way back.
//!
//! 1. [`descendants`] finds what came of the named images, over all places.
//! 2. [`mark`] sets or removes the tag, side by side, with journal lines.
//! 3. [`users`] says who uses the revoked images, and [`ways_back`] where the aliases that name them can go.
//! 4. [`run`] puts it together, disables what may be disabled; [`conclude`] ends the run.

pub mod already;
pub mod conclude;
pub mod descendants;
pub mod mark;
pub mod run;
pub mod users;
pub mod ways_back;

pub use run::{Request, run};
