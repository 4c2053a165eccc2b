//! The thin layer over AWS, and the only one that uses the SDK.
//!
//! SDK types end here: this module returns domain types or an [`ApiError`](client::error::ApiError).

pub mod auto_scaling_groups;
pub mod client;
pub mod copy;
pub mod create;
pub mod deregister;
pub mod http_probe;
pub mod image_request;
pub mod images;
pub mod instance_images;
pub mod instance_refreshes;
pub mod instance_states;
pub mod instance_status;
pub mod instance_types;
pub mod instances;
pub mod kms_keys;
pub mod launch;
pub mod launch_templates;
pub mod lifecycle;
pub mod log;
pub mod parameters;
pub mod permissions;
pub mod recycle_bin;
pub mod register;
pub mod run_command;
pub mod security_groups;
pub mod session;
pub mod settle;
pub mod snapshots;
pub mod ssm_agents;
pub mod stop_obstacles;
pub mod subnets;
pub mod tags;
pub mod terminate;
pub mod test_launch;
pub mod trial;
pub mod usage;
pub mod usage_reports;
pub mod volumes;
pub mod wait;

pub use client::target::Target;
