//! Work that commands share: no clap, no terminal; a request in, a value out.

pub mod aliases;
pub mod audit;
pub mod change;
pub mod conclude;
pub mod copy;
pub mod create;
pub mod deregister;
pub mod details;
pub mod disable;
pub mod doctor;
pub mod enable;
pub mod families;
pub mod follow_up;
pub mod launch;
pub mod launch_template;
pub mod lineage;
pub mod orphans;
pub mod permissions;
pub mod prune;
pub mod recycle_bin;
pub mod restore;
pub mod rollout;
pub mod run;
pub mod select;
pub mod stale;
pub mod usage;
