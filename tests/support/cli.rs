//! Runs the real binary against an endpoint, in an environment of its own.

#![allow(dead_code, reason = "each test binary uses what it needs of this")]

use std::path::Path;
use std::process::{Child, Output, Stdio};

use assert_cmd::Command;
use serde_json::Value;

/// The one root that is trusted where a test says nothing else, and that signs nothing. To read the hundreds of the
/// system takes a debug build longer than the rest of a short run.
pub const ONE_ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/tls/unused-root.pem");

/// A command line to be run.
pub struct Amictl {
    command: Command,
}

/// What a run wrote and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: i32,
    /// The data.
    pub stdout: String,
    /// The talk.
    pub stderr: String,
}

impl Amictl {
    /// The binary with nothing in its environment but what a test needs: dummy keys, no files of the user, and
    /// `home` as the home directory.
    pub fn bare(home: &Path) -> Self {
        let mut command = Command::cargo_bin("amictl").expect("the binary is built with the tests");
        command
            .env_clear()
            .env("HOME", home)
            .env("AWS_CONFIG_FILE", home.join("aws-config"))
            .env("AWS_SHARED_CREDENTIALS_FILE", home.join("aws-credentials"))
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("SSL_CERT_FILE", ONE_ROOT)
            .timeout(std::time::Duration::from_secs(120));
        Self { command }
    }

    /// The binary with keys, in us-east-1, against the endpoint at `url`.
    pub fn at(url: &str, home: &Path) -> Self {
        Self::bare(home)
            .env("AWS_ENDPOINT_URL", url)
            .env("AWS_ACCESS_KEY_ID", "AKIAPROD")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "us-east-1")
    }

    /// Sets a variable.
    pub fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Removes a variable.
    pub fn without(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Runs it; arguments are separated by spaces.
    pub fn run(self, line: &str) -> Ran {
        self.args(&line.split_whitespace().collect::<Vec<_>>())
    }

    /// Runs it with these arguments.
    pub fn args(mut self, args: &[&str]) -> Ran {
        Ran::from(self.command.args(args).output().expect("the binary starts"))
    }

    /// Starts it and leaves it running; arguments are separated by spaces.
    pub fn spawn(self, line: &str) -> Child {
        let mut command = std::process::Command::new(self.command.get_program());
        command.env_clear();
        for (name, value) in self.command.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command.args(line.split_whitespace()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("the binary starts")
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let Output { status, stdout, stderr } = output;
        Self {
            code: status.code().expect("the binary ends by itself"),
            stdout: String::from_utf8(stdout).expect("stdout is text"),
            stderr: String::from_utf8(stderr).expect("stderr is text"),
        }
    }
}

impl Ran {
    /// The same, after checking that it ended with `code`.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// The JSON document on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}{}", self.stdout, self.stderr))
    }

    /// The JSON error: the last line of stderr.
    #[track_caller]
    pub fn error(&self) -> Value {
        let last = self.stderr.lines().last().unwrap_or_default();
        let value: Value = serde_json::from_str(last).unwrap_or_else(|e| panic!("{e}: {}", self.stderr));
        value["error"].clone()
    }

    /// The lines of stdout.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    /// Checks that stderr says all of these.
    #[track_caller]
    pub fn says(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "'{word}' is not in:\n{}", self.stderr);
        }
        self
    }
}
