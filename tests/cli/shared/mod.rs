//! Subjects that all commands share: credentials, places, output, limits, interruption.

mod accounts;
mod config;
mod contained;
mod container;
mod credentials;
mod full_disk;
mod github;
mod help;
mod in_the_log;
mod interrupted;
mod limits;
mod markdown;
mod mfa;
mod networks;
mod output;
mod platform;
mod profiles;
mod query;
mod references;
mod session;
mod settings_cases;
mod settings_matrix;
pub mod terminal;
mod usage_errors;
