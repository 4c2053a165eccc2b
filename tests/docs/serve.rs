//! The lines of `cargo run --example demo -- --serve`, pasted into a shell.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use crate::generated::demo_command;

/// An endpoint that ends with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn commands_in_a_shell_that_was_told_them_talk_to_the_endpoint() {
    let mut served = Served(demo_command("--serve").stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap());
    // Held to the end: without a reader the demo could not print the rest.
    let mut stdout = BufReader::new(served.0.stdout.take().unwrap());
    let mut lines = Vec::new();
    for line in stdout.by_ref().lines().map(Result::unwrap) {
        let last = line.starts_with("# For example");
        lines.push(line);
        if last {
            break;
        }
    }
    // Settings of the user, that a shell may have: each would lead elsewhere.
    let before = "export AWS_PROFILE=nobody AWS_SESSION_TOKEN=x AWS_ENDPOINT_URL_EC2=http://127.0.0.1:9";
    let after = "amictl list 'web-v5-*' -o csv --columns region,version
        amictl tag web:v5 Team=core -q -o ids > tagged
        amictl list --tag Team=core -o csv --columns version
        amictl deregister web:v1 --yes -q -o ids > gone && ls $XDG_STATE_HOME/amictl
        amictl lisst 2>&1 | grep Usage";
    let home = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("serve-{}", std::process::id()));
    std::fs::create_dir_all(&home).unwrap();
    let mut bash = Command::new("bash");
    bash.args(["-c", &format!("{before}\n{}\n{after}", lines.join("\n"))]).current_dir(&home);
    bash.env_clear().env("HOME", &home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let ended = bash.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    let told = String::from_utf8_lossy(&ended.stdout);
    let wanted = "region,version\nus-east-1,5\nversion\n5\njournal.jsonl\nUsage: amictl [OPTIONS] <COMMAND>\n";
    assert_eq!(told, wanted, "{said}");
    let mut left: Vec<_> = std::fs::read_dir(&home).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["gone", "tagged"], "nothing is written at home");
    std::fs::remove_dir_all(&home).unwrap();
    // Ctrl-C ends it, and what was written for it is gone.
    let pid = served.0.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert!(served.0.wait().unwrap().success());
    assert!(!std::env::temp_dir().join(format!("amictl-demo-{pid}")).exists());
}
