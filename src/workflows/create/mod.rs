//! Images from instances and snapshots.
//!
//! `make` is the whole way. From an instance: `selected` finds it, `plan` decides what happens to it (with `stop_checks`
//! for `--stop`), `prepare` runs a script on it, `hold` keeps it stopped while the image is begun (until `taken` says so)
//! and has it started by `start_again`. From snapshots: `snapshot` describes the image to register. What an earlier delivery
//! of the same run made, `delivered` takes up.

mod delivered;
mod hold;
pub mod make;
pub mod order;
mod plan;
pub mod prepare;
mod revoked;
mod selected;
pub mod snapshot;
pub mod start_again;
mod stop_checks;
mod taken;
mod unfinished;
