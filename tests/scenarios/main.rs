//! The fake endpoint, an organization to take over, retirement over sixty days, a state machine, moto.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]
#![allow(clippy::disallowed_methods, reason = "a test looks at the clock and waits")]

#[path = "../support/cli.rs"]
mod cli;
#[path = "../support/fake/mod.rs"]
mod fake;
#[path = "../support/moto.rs"]
mod moto;
#[path = "../support/scene.rs"]
mod scene;
#[path = "../support/setup.rs"]
mod setup;
#[path = "../support/venv.rs"]
mod venv;

mod bad_base;
mod boot_tests;
mod fake_endpoint;
mod organization;
mod release;
mod retire;
mod second_opinion;
mod soak;
mod soak_boot_tests;
mod soak_checks;
mod state_machine;
mod take_over;
