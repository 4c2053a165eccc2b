//! The session: settings, credentials and the accounts and regions of a run.

pub mod accounts;
pub mod aws_files;
pub mod credentials;
pub mod endpoints;
pub mod places;
pub mod profile;
pub mod profile_settings;
pub mod run;
pub mod sdk_config;
pub mod settings;
pub mod sign_in;
pub mod trust;
