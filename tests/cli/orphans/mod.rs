//! `orphans`: snapshots left over from images, and the proof that they are.

mod basics;
mod proof;
