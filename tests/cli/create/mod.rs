//! `create`: from instances and snapshots, names and tags, lost answers.

mod from_instance;
mod from_snapshot;
mod lost_answers;
mod machine;
mod naming;
