//! `share` and `unshare`: launch permissions, and refusals.

mod basics;
mod refusals;
