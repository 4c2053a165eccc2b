//! The units of `examples/systemd/`, looked at by systemd itself where it is installed.

use std::path::Path;
use std::process::Command;

use crate::lines;
use crate::pages::root;

const UNITS: [&str; 3] = ["amictl-failed@.service", "amictl-prune.service", "amictl-prune.timer"];

fn unit(name: &str) -> String {
    std::fs::read_to_string(root().join("examples/systemd").join(name)).unwrap()
}

#[test]
fn the_service_runs_a_command_line_with_a_blast_radius() {
    let service = unit("amictl-prune.service");
    let line = service.lines().find_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/")).unwrap();
    // A percent sign by itself would begin a specifier.
    assert!(line.contains("--max-delete 10%% "), "{line}");
    assert_eq!(lines::refused(&lines::built(), &line.replace("%%", "%")), None, "{line}");
    let timer = unit("amictl-prune.timer");
    assert!(timer.contains("\nPersistent=yes\n") && timer.contains("\nRandomizedDelaySec="), "{timer}");
}

/// What `systemd-analyze verify` says of the units, with something replaced. `None` where there is no systemd.
fn verified(name: &str, sound: &str, broken: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("systemd-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for name in UNITS {
        // The programs that the units name need not be installed here.
        let text = unit(name).replace("/usr/local/bin/amictl", "/bin/true").replace("/usr/bin/logger", "/bin/true");
        std::fs::write(folder.join(name), text.replace(sound, broken)).unwrap();
    }
    let paths = UNITS[1..].iter().map(|name| folder.join(name));
    let ran = Command::new("systemd-analyze").args(["verify", "--man=no"]).args(paths).output();
    std::fs::remove_dir_all(folder).unwrap();
    Some(String::from_utf8(ran.ok()?.stderr).unwrap())
}

#[test]
fn systemd_finds_nothing_in_the_units() {
    let Some(said) = verified("sound", "", "") else { return };
    assert_eq!(said, "");
    let said = verified("broken", "RandomizedDelaySec", "RandomisedDelaySec").unwrap();
    assert!(said.contains("RandomisedDelaySec"), "{said}");
}
