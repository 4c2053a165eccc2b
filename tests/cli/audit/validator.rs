//! check-jsonschema, a validator that this project did not write, in a virtual environment.
//!
//! The schema is the one that OASIS publishes, as the crate serde-sarif 0.8.0 ships it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

const PACKAGE: &str = "check-jsonschema==0.39.0";
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/audit/sarif-schema-2.1.0.json");
/// Told to skip, this prints that it did.
const SKIP: &str = "AMICTL_SKIP_SARIF";

static INSTALL: Mutex<()> = Mutex::new(());

/// The path of the validator; `None` when the user chose to skip.
pub fn installed() -> Option<PathBuf> {
    if std::env::var_os(SKIP).is_some_and(|value| value == "1") {
        return None;
    }
    let _alone = INSTALL.lock().unwrap_or_else(PoisonError::into_inner);
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sarif");
    let program = home.join("bin").join("check-jsonschema");
    let stamp = home.join("installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == PACKAGE) {
        return Some(program);
    }
    let _ = std::fs::remove_dir_all(&home);
    run(Command::new("python3").args(["-m", "venv"]).arg(&home));
    run(Command::new(home.join("bin").join("python")).args(["-m", "pip", "install", "--quiet", PACKAGE]));
    std::fs::write(stamp, PACKAGE).expect("the stamp is written");
    Some(program)
}

/// Whether the validator accepts a file.
pub fn accepts(program: &Path, file: &Path) -> bool {
    output(program, file).status.success()
}

/// Stops the test where the validator refuses a file.
#[track_caller]
pub fn check(program: &Path, file: &Path) {
    let output = output(program, file);
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{}", std::fs::read_to_string(file).unwrap());
}

fn output(program: &Path, file: &Path) -> std::process::Output {
    // One pattern of the schema is none for engines of JavaScript in Unicode mode.
    let schema = ["--regex-variant", "python", "--schemafile", SCHEMA];
    Command::new(program).args(schema).arg(file).output().expect("the validator starts")
}

fn run(command: &mut Command) {
    let told = format!(
        "the validation of SARIF needs python3 with its venv module (Debian: python3 and python3-venv) and pip's \
         package index; {SKIP}=1 leaves it out"
    );
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!("{told}\n{command:?}: {}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => panic!("{told}\n{command:?}: {error}"),
    }
}
