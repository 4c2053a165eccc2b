//! `create`: origins, names and tags, lost answers, prepared and stopped instances.

mod ci_tags;
mod delivered;
mod from_instance;
mod from_snapshot;
mod lost_answers;
mod machine;
mod naming;
mod prepare;
mod selector;
mod stop;
mod stop_doubts;
mod stop_failures;
mod stop_refusals;
mod stopped_runs;
