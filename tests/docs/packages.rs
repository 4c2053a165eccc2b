//! The files of a release: archives, the function's zip, the notes, and the scripts that make them.

#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::pages::root;
use crate::venv;

const VERSION: &str = env!("CARGO_PKG_VERSION");
const WINDOWS: &str = "x86_64-pc-windows-msvc";
/// Any time, as the clock of a commit.
const COMMITTED: &str = "1764331200";

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("packages-{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn script(name: &str) -> PathBuf {
    root().join(".github/scripts").join(name)
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read_to_string(path).unwrap()
}

/// Stands in for the binary of a target: tells this target, and hands all else to `rest`. The debug binary itself is too
/// large to be packed in each test.
fn stand_in(folder: &Path, target: &str, rest: &str) -> PathBuf {
    let path = folder.join("built");
    let version = format!("amictl {VERSION}\ncommit 0c35a9b\ntarget {target}");
    fs::write(&path, format!("#!/bin/sh\n[ \"$*\" != --version ] || exec echo '{version}'\n{rest}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// One with a single page, where the contents do not matter.
fn binary(folder: &Path, target: &str) -> PathBuf {
    stand_in(folder, target, r"echo 'amictl\-list(1)'")
}

fn package(binary: &Path, target: &str, out: &Path, more: &[&str]) -> Command {
    let mut command = Command::new("python3");
    // Any text stands in for the licences.
    command.arg(script("package.py")).arg(binary).arg(target).arg(root().join("deny.toml")).arg(out).args(more);
    command.env_remove("AMICTL_COMMIT").env("SOURCE_DATE_EPOCH", COMMITTED);
    command
}

#[track_caller]
fn ended(command: &mut Command, code: i32) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(code), "{said}");
    said
}

fn files(folder: &Path) -> BTreeSet<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// The targets that the workflow builds.
fn targets() -> Vec<String> {
    let workflow = text(root().join(".github/workflows/release.yml"));
    workflow.lines().filter_map(|line| Some(line.trim().strip_prefix("- target: ")?.to_owned())).collect()
}

/// The metadata of `cargo binstall` for a target: the name of the archive, and where the binary is in it.
fn binstall(target: &str) -> (String, String) {
    let manifest: toml::Table = text(root().join("Cargo.toml")).parse().unwrap();
    let metadata = &manifest["package"]["metadata"]["binstall"];
    let windows = target.contains("windows");
    let filled = |key: &str| {
        let own = metadata["overrides"].get(target).and_then(|own| own.get(key));
        let template = own.unwrap_or(&metadata[key]).as_str().unwrap();
        let parts = [
            ("{ repo }", "https://github.com/OWNER/amictl"),
            ("{ version }", VERSION),
            ("{ target }", target),
            ("{ bin }", "amictl"),
            ("{ binary-ext }", if windows { ".exe" } else { "" }),
        ];
        let filled = parts.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value));
        assert!(!filled.contains(['{', '}']), "{key}: {filled}");
        filled
    };
    let release = format!("https://github.com/OWNER/amictl/releases/download/v{VERSION}/");
    (filled("pkg-url").strip_prefix(&release).unwrap().to_owned(), filled("bin-dir"))
}

#[test]
fn an_archive_has_what_it_takes_to_install_where_binstall_looks_for_it() {
    let (home, target) = (folder("archive"), "x86_64-unknown-linux-gnu");
    let out = home.join("out");
    let built = stand_in(&home, target, concat!("exec '", env!("CARGO_BIN_EXE_amictl"), "' \"$@\""));
    ended(&mut package(&built, target, &out, &[]), 0);
    let (archive, inside) = binstall(target);
    let sum = format!("{archive}.sha256");
    assert_eq!(files(&out), [archive.clone(), sum.clone()].into());
    if cfg!(target_os = "linux") {
        ended(Command::new("sha256sum").args(["--check", "--strict", &sum]).current_dir(&out), 0);
    }
    ended(Command::new("tar").arg("-xzf").arg(out.join(&archive)).arg("-C").arg(&out), 0);
    let unpacked = out.join(&inside);
    assert_eq!(fs::metadata(&unpacked).unwrap().permissions().mode() & 0o777, 0o755);
    assert!(ended(Command::new(&unpacked).arg("--version"), 0).ends_with(&format!("target {target}\n")));
    let top = unpacked.parent().unwrap();
    let names = ["CHANGELOG.md", "LICENSE", "LICENSES-THIRD-PARTY.txt", "README.md", "amictl", "completions", "man"];
    assert_eq!(files(top), names.map(str::to_owned).into());
    let completions = ["_amictl", "_amictl.ps1", "amictl.bash", "amictl.elv", "amictl.fish"];
    assert_eq!(files(&top.join("completions")), completions.map(str::to_owned).into());
    assert!(text(top.join("completions/_amictl")).starts_with("#compdef amictl"));
    let cli = amictl::command_line();
    let pages = cli.get_subcommands().filter(|command| !command.is_hide_set());
    let pages = pages.map(|command| format!("amictl-{}.1", command.get_name())).chain(["amictl.1".to_owned()]);
    assert_eq!(files(&top.join("man")), pages.collect());
    assert!(text(top.join("man/amictl-recycle-bin.1")).contains(".TH amictl-recycle-bin 1"));
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn windows_gets_a_zip() {
    let home = folder("windows");
    ended(&mut package(&binary(&home, WINDOWS), WINDOWS, &home.join("out"), &[]), 0);
    let (archive, inside) = binstall(WINDOWS);
    let names = ended(Command::new("python3").args(["-m", "zipfile", "--list"]).arg(home.join("out").join(archive)), 0);
    assert!(names.lines().any(|line| line.starts_with(&format!("{inside} "))), "{inside}: {names}");
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn the_same_binary_gives_the_same_bytes() {
    let home = folder("bytes");
    let target = "aarch64-unknown-linux-musl";
    let built = binary(&home, target);
    let made = |name: &str, zone: &str| {
        let out = home.join(name);
        ended(package(&built, target, &out, &["--lambda"]).env("TZ", zone), 0);
        files(&out).into_iter().map(|name| (fs::read(out.join(&name)).unwrap(), name)).collect::<Vec<_>>()
    };
    let first = made("first", "UTC");
    assert_eq!(first.len(), 4);
    // Another time, another zone, and a file that was touched in between.
    fs::copy(&built, home.join("again")).unwrap();
    fs::rename(home.join("again"), &built).unwrap();
    assert!(first == made("second", "Asia/Tokyo"), "two runs differ");
    // Owners and times in the archive are those of nobody here.
    let listed = Command::new("tar")
        .args(["--numeric-owner", "-tvzf"])
        .arg(home.join("first").join(binstall(target).0))
        .env("TZ", "UTC")
        .output();
    let listed = String::from_utf8(listed.unwrap().stdout).unwrap();
    if cfg!(target_os = "linux") {
        assert!(listed.lines().all(|line| line.contains(" 0/0 ") && line.contains(" 2025-11-28 12:00 ")), "{listed}");
    }
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn the_zip_of_the_function_has_a_bootstrap_that_can_be_run() {
    let home = folder("lambda");
    for (target, arch) in [("x86_64-unknown-linux-musl", "x86_64"), ("aarch64-unknown-linux-musl", "arm64")] {
        let built = binary(&home, target);
        ended(&mut package(&built, target, &home.join("out"), &["--lambda"]), 0);
        let read = "import sys, zipfile\nfor file in zipfile.ZipFile(sys.argv[1]).infolist():\n    \
                    print(file.filename, oct(file.external_attr >> 16), file.create_system, file.file_size)";
        let zip = home.join(format!("out/amictl-lambda-{arch}.zip"));
        let listed = ended(Command::new("python3").args(["-c", read]).arg(zip), 0);
        let size = |path: &Path| fs::metadata(path).unwrap().len();
        let [own, others] = ["LICENSE", "deny.toml"].map(|name| size(&root().join(name)));
        let licenses = format!("LICENSE 0o100644 3 {own}\nLICENSES-THIRD-PARTY.txt 0o100644 3 {others}\n");
        assert_eq!(listed, format!("{licenses}bootstrap 0o100755 3 {}\n", size(&built)));
    }
    let target = "aarch64-apple-darwin";
    let said = ended(&mut package(&binary(&home, target), target, &home.join("mac"), &["--lambda"]), 1);
    assert!(said.contains("AWS Lambda does not run"), "{said}");
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn what_is_linked_is_named_with_its_licence() {
    let rustc = ended(Command::new("rustc").arg("-vV"), 0);
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let told =
        Command::new("python3").arg(script("licenses.py")).arg(host).env("CARGO_NET_OFFLINE", "true").output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told = String::from_utf8(told.stdout).unwrap();
    let list = told.split("\n\n").nth(1).unwrap();
    let crates: Vec<&str> = list.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert!(crates.len() > 150 && crates.is_sorted(), "{list}");
    for linked in ["aws-lc-sys", "aws-sdk-ec2", "clap", "rustls"] {
        assert!(crates.contains(&linked), "{linked}: {list}");
    }
    for tool in ["amictl", "cc", "criterion", "insta"] {
        assert!(!crates.contains(&tool), "{tool} is not linked: {list}");
    }
    assert!(list.lines().all(|line| line.contains(": ")), "{list}");
    assert!(told.contains("Permission is hereby granted, free of charge"), "the texts themselves");
}

#[test]
fn a_binary_of_another_target_or_commit_is_not_packed() {
    let home = folder("refused");
    let target = "x86_64-unknown-linux-gnu";
    let built = binary(&home, target);
    let said = ended(&mut package(&built, "x86_64-unknown-linux-musl", &home.join("out"), &[]), 1);
    assert!(said.contains("does not say 'target x86_64-unknown-linux-musl'"), "{said}");
    let said = ended(package(&built, target, &home.join("out"), &[]).env("AMICTL_COMMIT", "another"), 1);
    assert!(said.contains("does not say 'commit another'"), "{said}");
    assert!(!home.join("out").exists(), "nothing is written");
    ended(package(&built, target, &home.join("out"), &[]).env("AMICTL_COMMIT", "0c35a9b"), 0);
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn a_tag_is_released_only_from_its_own_version_with_its_notes() {
    let home = folder("notes");
    fs::create_dir_all(home.join(".github/scripts")).unwrap();
    fs::copy(script("notes.sh"), home.join(".github/scripts/notes.sh")).unwrap();
    let manifest =
        "[package]\nversion = \"1.2.0\"\nrepository = \"https://github.com/o/amictl\"\n[dependencies]\nx = \"1\"\n";
    let changes = "# Changelog\n\n## [Unreleased]\n\n- soon\n\n## [1.2.0] - 2026-12-01\n\n### Added\n\n- this\n\n## [1.1.0]\n\n- old\n";
    let write = |manifest: &str, changes: &str| {
        fs::write(home.join("Cargo.toml"), manifest).unwrap();
        fs::write(home.join("CHANGELOG.md"), changes).unwrap();
    };
    let notes = |words: &[&str], code| ended(Command::new(home.join(".github/scripts/notes.sh")).args(words), code);
    write(manifest, changes);
    assert_eq!(notes(&["v1.2.0", "o/amictl"], 0), "### Added\n\n- this\n");
    assert!(notes(&["v1.2.1", "o/amictl"], 1).contains("the version in Cargo.toml 1.2.0"));
    assert!(notes(&["1.2.0"], 1).starts_with("refused: the tag is 1.2.0"));
    assert!(notes(&["v1.2.0", "fork/amictl"], 1).contains("set it to https://github.com/fork/amictl"));
    write(&manifest.replace("1.2.0", "1.3.0"), changes);
    assert!(notes(&["v1.3.0", "o/amictl"], 1).contains("has no section '## [1.3.0]'"));
    write(manifest, &changes.replace("2026-12-01", "unreleased"));
    assert!(notes(&["v1.2.0"], 1).contains("does not end with the day of the release"));
    write(manifest, &changes.replace("### Added\n\n- this\n\n", ""));
    assert!(notes(&["v1.2.0"], 1).contains("there is nothing below '## [1.2.0] - 2026-12-01'"));
    fs::remove_dir_all(home).unwrap();
}

#[test]
fn every_target_of_a_release_is_on_the_page_and_its_licences_are_looked_at() {
    let targets = targets();
    assert_eq!(targets.len(), 7);
    let (page, deny) = (text(root().join("docs/install.md")), text(root().join("deny.toml")));
    for target in &targets {
        assert!(page.contains(&format!("`{target}`")), "docs/install.md: {target}");
        assert!(deny.contains(&format!("\"{target}\"")), "deny.toml: {target}");
    }
}

#[test]
fn shellcheck_finds_nothing_in_the_scripts_of_a_release() {
    let Some(program) = venv::program("shellcheck", &[crate::examples::SHELLCHECK]) else { return };
    assert_eq!(ended(Command::new(program).args(["build.sh", "container.sh", "notes.sh"].map(script)), 0), "");
}

#[test]
fn a_container_has_the_tag_of_a_version_only_once_the_release_is_published() {
    let [release, publish] =
        ["release", "publish"].map(|name| text(root().join(format!(".github/workflows/{name}.yml"))));
    let tagged = |workflow: &str| {
        let words: Vec<_> = workflow.split_whitespace().collect();
        let tags = words.windows(2).filter(|pair| pair[0] == "--tag");
        tags.map(|pair| pair[1].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tagged(&release), ["\"$image:${GITHUB_REF_NAME#v}-draft\""]);
    assert_eq!(tagged(&publish), ["\"$image:$version\""]);
    assert!(publish.contains("types: [published]") && publish.contains("\"$image:$version-draft\""));
    let (verified, tag) = (publish.find("gh attestation verify"), publish.find("--tag"));
    assert!(verified.is_some() && verified < tag, "what is tagged was built by release.yml");
}
