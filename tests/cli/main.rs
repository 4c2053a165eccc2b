//! The commands end to end: the real binary against the fake endpoint.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the clock and waits")]

#[path = "../support/cli.rs"]
mod cli;
#[path = "../support/fake/mod.rs"]
mod fake;
mod setup;
mod verbs;

mod accounts;
mod copies;
mod copy;
mod copy_accounts;
mod copy_accounts_keys;
mod copy_again;
mod copy_encrypted;
mod copy_many_accounts;
mod create;
mod create_lost;
mod create_machine;
mod create_snapshot;
mod credentials;
mod defaults;
mod deprecate;
mod deregister;
mod deregister_lingering;
mod deregister_named;
mod deregister_snapshots;
mod disable;
mod enable;
mod enable_journal;
mod finishing;
mod finishing_keys;
mod finishing_stopped;
mod help;
mod interrupted;
mod journal;
mod launch;
mod launch_http;
mod limits;
mod list;
mod list_places;
mod loopback;
mod many;
mod many_failing;
mod mfa;
mod naming;
mod networks;
mod out_of_sight;
mod output;
mod profiles;
mod protect;
mod references;
mod rest;
mod restore;
mod restore_journal;
mod restore_places;
mod session;
mod settings_matrix;
mod share;
mod share_refused;
mod show;
mod show_lineage;
mod show_page;
mod show_places;
mod tag;
mod terminal;
mod unshare_disabled;
mod usage_errors;
mod wait;
