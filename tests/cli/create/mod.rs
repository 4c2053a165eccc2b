//! `create`: from instances and snapshots, names and tags, lost answers.

mod ci_tags;
mod from_instance;
mod from_snapshot;
mod lost_answers;
mod machine;
mod naming;
