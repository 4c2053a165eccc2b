//! The thin layer over AWS, and the only place that knows the SDK.
//!
//! SDK types end here: what leaves this module is a domain type or an [`error::ApiError`].

mod accounts;
pub mod address;
mod answer;
mod attempts;
mod aws_files;
mod configuration;
mod connections;
mod convert;
pub mod copy;
pub mod create;
mod credentials;
pub mod deregister;
mod endpoints;
pub mod error;
mod http;
pub mod images;
pub mod instances;
pub mod keys;
pub mod launch;
pub mod lifecycle;
pub mod lineage;
pub mod pace;
pub mod parameters;
pub mod permissions;
mod places;
mod profile;
mod proxies;
mod put_back;
pub mod recycle_bin;
pub mod register;
pub mod resolve;
pub mod restore;
mod retry;
pub mod room;
pub mod security_groups;
pub mod session;
pub mod settle;
mod sign_in;
pub mod snapshots;
pub mod stopping;
pub mod tags;
mod target;
mod trust;
pub mod usage;
pub mod usage_reports;
pub mod volumes;
pub mod wait;

pub use target::Target;

/// What is logged when the user asks for more talk: nothing at first, then more and more of what the SDK does.
pub fn log_filter(verbose: u8) -> Option<&'static str> {
    match verbose {
        0 => None,
        1 => Some("amictl=debug,aws_smithy_runtime=info,aws_config=info"),
        2 => Some("amictl=trace,aws_smithy_runtime=debug,aws_config=debug"),
        _ => Some("trace"),
    }
}
