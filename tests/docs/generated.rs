//! Files that are made from the program.

use std::env;
use std::fs;
use std::process::Command;

use crate::pages::root;

/// Stops the test where the file is not as the program makes it. With `INSTA_UPDATE=always`, as for the golden files of
/// insta, writes it instead.
#[track_caller]
pub fn compare(path: &str, made: &str) {
    let file = root().join(path);
    let there = fs::read_to_string(&file).unwrap_or_default();
    if there == made {
        return;
    }
    if env::var("INSTA_UPDATE").is_ok_and(|value| value == "always") {
        fs::write(&file, made).unwrap();
        return;
    }
    let same = there.lines().zip(made.lines()).take_while(|(there, made)| there == made).count();
    let (there, made) = (there.lines().nth(same).unwrap_or("(end)"), made.lines().nth(same).unwrap_or("(end)"));
    panic!(
        "{path} differs at line {}:\n- {there}\n+ {made}\nIf that is meant: INSTA_UPDATE=always cargo test --test docs",
        same + 1
    );
}

const BEGIN: &str = "<!-- Made from the table in the code; see CONTRIBUTING.md. -->\n";
const END: &str = "<!-- The end of what is made. -->\n";

/// The same for a page of which only the middle is made.
#[track_caller]
pub fn compare_middle(path: &str, made: &str) {
    let page = fs::read_to_string(root().join(path)).unwrap();
    let (before, rest) = page.split_once(BEGIN).unwrap();
    let (_, after) = rest.split_once(END).unwrap();
    compare(path, &format!("{before}{BEGIN}{made}\n{END}{after}"));
}

/// The demo with this option. `cargo test` has built it.
pub fn demo_command(option: &str) -> Command {
    let test = env::current_exe().unwrap();
    let folder = test.parent().and_then(|folder| folder.parent()).unwrap();
    let demo = folder.join("examples").join(format!("demo{}", env::consts::EXE_SUFFIX));
    assert!(demo.exists(), "{} is not there; 'cargo build --example demo' makes it", demo.display());
    let mut command = Command::new(demo);
    command.arg(option);
    command
}

/// What the demo prints with this option.
pub fn demo(option: &str) -> String {
    let output = demo_command(option).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
