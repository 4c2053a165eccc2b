//! Programs from Python's package index, each in a virtual environment of its own.

#![allow(clippy::print_stderr, reason = "what is left out is said")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

/// The variable that leaves out every test that needs such a program.
const SKIP: &str = "AMICTL_SKIP_PYTHON";

/// One installation at a time; the others then find it done.
static INSTALL: Mutex<()> = Mutex::new(());

/// The path of a program of these pinned packages, installed into `target/` when it is first wanted.
///
/// `None`, said on stderr, where the user chose to do without.
pub fn program(name: &str, packages: &[&str]) -> Option<PathBuf> {
    if std::env::var_os(SKIP).is_some_and(|value| value == "1") {
        eprintln!("skipped: {SKIP}=1 leaves the tests with {name} out");
        return None;
    }
    let _alone = INSTALL.lock().unwrap_or_else(PoisonError::into_inner);
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("venv-{name}"));
    let program = home.join("bin").join(name);
    let stamp = home.join("installed");
    let wanted = packages.join(" ");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Some(program);
    }
    let told = format!(
        "the tests with {name} need python3 with its venv module (Debian: python3 and python3-venv) and pip's package \
         index; {SKIP}=1 leaves them out"
    );
    let _ = std::fs::remove_dir_all(&home);
    run(Command::new("python3").args(["-m", "venv"]).arg(&home), &told);
    run(Command::new(home.join("bin").join("python")).args(["-m", "pip", "install", "--quiet"]).args(packages), &told);
    std::fs::write(stamp, wanted).expect("the stamp is written");
    Some(program)
}

fn run(command: &mut Command, told: &str) {
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{told}\n{command:?}: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{told}\n{command:?}: {error}"),
    }
}
