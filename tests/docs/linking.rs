//! The linking of a release: without tables for unwinding, and sound all the same.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Uses the heap, threads and formatting, and panics where it is asked to.
const PROGRAM: &str = r#"fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let count = std::thread::spawn(move || words.len()).join().unwrap();
    assert!(count == 0, "{count} words");
    println!("well");
}
"#;

fn linked(home: &Path, name: &str, more: &[String]) -> PathBuf {
    let (source, program) = (home.join("program.rs"), home.join(name));
    fs::write(&source, PROGRAM).unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut command = Command::new(rustc);
    command.args(["--edition", "2024", "-O", "-C", "panic=abort", "-C", "strip=symbols"]).args(more);
    let Output { status, stderr, .. } = command.arg(&source).arg("-o").arg(&program).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    program
}

fn size(program: &Path) -> u64 {
    fs::metadata(program).unwrap().len()
}

#[test]
fn without_unwind_tables_a_program_is_smaller_and_its_panics_are_told() {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("linking-{}", std::process::id()));
    fs::create_dir_all(&home).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(".github/scripts/no-unwind-tables.ld");
    let option = format!("link-arg=-T{}", script.display());
    let with = linked(&home, "with", &[]);
    let without = linked(&home, "without", &["-C".to_owned(), option]);
    assert!(size(&without) * 20 < size(&with) * 19, "{} of {} bytes", size(&without), size(&with));
    let run = |words: &[&str]| Command::new(&without).args(words).output().unwrap();
    assert_eq!(run(&[]).stdout, b"well\n");
    for backtrace in ["0", "1", "full"] {
        let Output { status, stderr, .. } =
            Command::new(&without).arg("a").env("RUST_BACKTRACE", backtrace).output().unwrap();
        let said = String::from_utf8(stderr).unwrap();
        assert!(!status.success() && said.contains("1 words"), "{status} {said}");
    }
    fs::remove_dir_all(&home).unwrap();
}
