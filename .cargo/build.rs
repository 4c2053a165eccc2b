//! Links the debug binary for one fixed address.
//!
//! The tests start it some nine thousand times. It has a quarter of a million addresses that the loader would correct
//! at each start, which is nearly half of a short run. A release is linked as always, for a random address.

#![allow(clippy::print_stdout, reason = "this is how a build script talks to Cargo")]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=.cargo/build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|set| set == value);
    if is("PROFILE", "debug") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bin=amictl=-no-pie");
    }
}
