//! `prune`, `apply`, `refs` and `orphans` end to end: the real binary against the fake endpoint.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the clock")]

#[path = "../support/cli.rs"]
mod cli;
#[path = "../support/fake/mod.rs"]
mod fake;
mod scene;
#[allow(dead_code, reason = "the tests of the other commands use more of it")]
#[path = "../cli/setup.rs"]
mod setup;

mod accounts;
mod across;
mod apply;
mod dead_references;
mod doubt;
mod failing;
mod files;
mod journal;
mod limits;
mod many_accounts;
mod named_snapshots;
mod orphan_proof;
mod orphans;
mod output;
mod pages;
mod parameter_texts;
mod plan_file;
mod policy;
mod policy_file;
mod recycle_bin;
mod refs;
mod retire;
mod retire_order;
mod retire_shares;
mod roles;
mod shared_snapshots;
mod snapshots;
mod sources;
mod standing;
mod template_parameters;
mod terminal;
mod unread_places;
mod usage_reports;
