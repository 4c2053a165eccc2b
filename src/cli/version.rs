//! The lines of `--version`: what was built, from which commit, for which machine, with which SDK.

use std::env::consts::{ARCH, OS};
use std::sync::LazyLock;

use crate::service::client::sdk;

/// The commit, if the build was told: to read it from `.git` would build the crate again after each commit.
const COMMIT: Option<&str> = option_env!("AMICTL_COMMIT");

/// What `--version` prints after the name: the first line is that of `-V`.
pub fn long() -> &'static str {
    static LINES: LazyLock<String> = LazyLock::new(|| lines(COMMIT));
    &LINES
}

fn lines(commit: Option<&str>) -> String {
    let commit = commit.filter(|commit| !commit.is_empty()).unwrap_or("unknown");
    format!("{}\ncommit {commit}\ntarget {}\nSDK {}", env!("CARGO_PKG_VERSION"), target(), sdk::ec2())
}

/// The target in rustc's words, from its parts: Cargo tells the whole of it to build scripts only.
fn target() -> String {
    let vendor = if cfg!(target_vendor = "apple") {
        "apple"
    } else if cfg!(target_vendor = "pc") {
        "pc"
    } else {
        "unknown"
    };
    let os = if OS == "macos" { "darwin" } else { OS };
    let env = if cfg!(target_env = "gnu") {
        "-gnu"
    } else if cfg!(target_env = "musl") {
        "-musl"
    } else if cfg!(target_env = "msvc") {
        "-msvc"
    } else {
        ""
    };
    format!("{ARCH}-{vendor}-{os}{env}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_that_was_not_told_its_commit_says_so() {
        let second = |commit| lines(commit).lines().nth(1).unwrap().to_owned();
        assert_eq!(second(Some("0c35a9b")), "commit 0c35a9b");
        assert_eq!([second(None), second(Some(""))], ["commit unknown"; 2]);
    }

    #[test]
    fn the_target_is_the_one_that_the_compiler_names() {
        // The tests run where they are built, so the target is the compiler's own host.
        let rustc = std::process::Command::new("rustc").arg("-vV").output().unwrap();
        let told = String::from_utf8(rustc.stdout).unwrap();
        let host = told.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
        assert_eq!(target(), host);
    }

    #[test]
    fn the_sdk_is_the_one_of_the_lock_file() {
        let lock: toml::Table = include_str!("../../Cargo.lock").parse().unwrap();
        let packages = lock["package"].as_array().unwrap();
        let ec2 = packages.iter().find(|package| package["name"].as_str() == Some("aws-sdk-ec2")).unwrap();
        assert!(long().ends_with(&format!("\nSDK aws-sdk-ec2 {}", ec2["version"].as_str().unwrap())), "{}", long());
    }
}
