//! check-jsonschema, a validator that this project did not write, in a virtual environment.
//!
//! The schema is the one that OASIS publishes, as the crate serde-sarif 0.8.0 ships it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::venv;

const PACKAGE: &str = "check-jsonschema==0.39.0";
const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/audit/sarif-schema-2.1.0.json");

/// The path of the validator; `None` when the user chose to skip.
pub fn installed() -> Option<PathBuf> {
    venv::program("check-jsonschema", &[PACKAGE])
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
