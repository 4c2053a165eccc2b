//! The commands end to end: the real binary against the fake endpoint.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the clock and waits")]

#[path = "../support/cli.rs"]
mod cli;
#[path = "../support/fake/mod.rs"]
mod fake;
#[path = "../support/loopback.rs"]
mod loopback;
#[path = "../support/scene.rs"]
mod scene;
#[path = "../support/setup.rs"]
mod setup;
#[path = "../support/venv.rs"]
mod venv;

mod aliases;
mod apply;
mod audit;
mod changes;
mod copy;
mod create;
mod deprecate;
mod deregister;
mod disable;
mod doctor;
mod enable;
mod follow_up;
#[cfg(unix)]
mod lambda;
mod launch;
mod lineage;
mod list;
mod orphans;
mod permissions;
mod promote;
mod protect;
mod prune;
mod recycle_bin;
mod refs;
mod restore;
mod resume;
mod revoke;
mod rollback;
mod rollout;
mod share;
mod shared;
mod show;
mod stale;
mod tag;
mod template;
mod test;
mod unshare;
mod wait;
