//! `permissions`, and the proof of its policies.

mod changing;
mod document;
pub mod finding;
mod making;
pub mod proof;
mod release;
mod removing;
