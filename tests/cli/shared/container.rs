//! The container of a release: its file tree as the root of a file system, and nothing else in it.

#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::cli::{ONE_ROOT, Ran};
use crate::fake::PROD;
use crate::loopback::{Loopback, ROOT};
use crate::setup::{EAST, Setup};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/.github");
const BINARY: &str = env!("CARGO_BIN_EXE_amictl");

/// Makes the tree from an archive with this binary.
fn make(setup: &Setup, binary: &str, tree: &Path, roots: &str) -> Ran {
    setup.home.write("archive/LICENSE", "ours");
    setup.home.write("archive/LICENSES-THIRD-PARTY.txt", "theirs");
    let archive = setup.home.path().join("archive");
    let _ = fs::remove_file(archive.join("amictl"));
    symlink(binary, archive.join("amictl")).unwrap();
    let mut command = Command::new(format!("{FOLDER}/scripts/container.sh"));
    Ran::from(command.arg(archive).arg(tree).arg(roots).output().unwrap())
}

/// The files of a tree, with their modes.
fn files(tree: &Path) -> Vec<(String, u32)> {
    let (mut found, mut folders) = (Vec::new(), vec![tree.to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            match path.is_dir() {
                true => folders.push(path),
                false => {
                    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                    found.push((path.strip_prefix(tree).unwrap().to_str().unwrap().to_owned(), mode));
                }
            }
        }
    }
    found.sort();
    found
}

/// What the image adds to the tree: the variables, the user and the program of the Containerfile.
struct ContainerImage {
    env: HashMap<String, String>,
    user: String,
    program: String,
}

impl ContainerImage {
    fn read() -> Self {
        let file = fs::read_to_string(format!("{FOLDER}/Containerfile")).unwrap();
        let line = |word: &str| file.lines().find_map(|line| line.strip_prefix(word)).unwrap().trim();
        let pairs = line("ENV").split(' ').map(|pair| pair.split_once('=').unwrap());
        let program: Vec<String> = serde_json::from_str(line("ENTRYPOINT")).unwrap();
        assert_eq!(line("FROM"), "scratch");
        Self {
            env: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            user: line("USER").to_owned(),
            program: program.concat(),
        }
    }

    /// The program with the tree as its root, as root of this machine also with the user of the image. `None` where
    /// nobody may change the root.
    fn process(&self, tree: &Path) -> Option<Command> {
        let may = |program: &str, words: &[&str]| {
            Command::new(program).args(words).output().is_ok_and(|output| output.status.success())
        };
        let mut command = Command::new("/usr/sbin/chroot");
        if may("/usr/sbin/chroot", &["/", "true"]) {
            command.arg(format!("--userspec={}", self.user));
        } else if may("unshare", &["--user", "--map-root-user", "/usr/sbin/chroot", "/", "true"]) {
            command = Command::new("unshare");
            command.args(["--user", "--map-root-user", "/usr/sbin/chroot"]);
        } else {
            #[expect(clippy::print_stderr, reason = "what is left out is said")]
            {
                eprintln!("skipped: neither chroot nor unshare may change the root here");
            }
            return None;
        }
        command.arg(tree).arg(&self.program).env_clear().envs(&self.env);
        Some(command)
    }
}

/// The libraries of the binary of the tests: that of a release is static and has none.
fn with_libraries(tree: &Path) {
    let listed = Command::new("ldd").arg(BINARY).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    for library in listed.split_whitespace().filter(|word| word.starts_with('/')) {
        let place = tree.join(library.trim_start_matches('/'));
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::copy(library, place).unwrap();
    }
}

fn tree(setup: &Setup, name: &str) -> PathBuf {
    setup.home.path().join(name)
}

#[test]
fn the_tree_is_the_binary_its_licences_and_the_roots() {
    let setup = Setup::new();
    let small = setup.home.write("small", "#!/bin/sh\n");
    let at = tree(&setup, "tree");
    make(&setup, &small, &at, ROOT).ended(0);
    let all = [
        ("etc/ssl/certs/ca-certificates.crt", 0o644),
        ("usr/local/bin/amictl", 0o755),
        ("usr/share/doc/amictl/LICENSE", 0o644),
        ("usr/share/doc/amictl/LICENSES-THIRD-PARTY.txt", 0o644),
    ];
    assert_eq!(files(&at), all.map(|(name, mode)| (name.to_owned(), mode)));
    assert_eq!(format!("/{}", all[1].0), ContainerImage::read().program);
    // What is left of another build would go into the image.
    make(&setup, &small, &at, ROOT).ended(1).says(&["is there already"]);
    let none = setup.home.write("none.crt", "");
    make(&setup, &small, &tree(&setup, "other"), &none).ended(1).says(&["none.crt has no certificate"]);
    assert!(!tree(&setup, "other").exists());
}

#[test]
fn the_tree_is_all_that_a_run_needs() {
    let setup = Setup::new();
    let (image, at) = (ContainerImage::read(), tree(&setup, "tree"));
    make(&setup, BINARY, &at, ROOT).ended(0);
    with_libraries(&at);
    let Some(mut version) = image.process(&at) else { return };
    let version = Ran::from(version.arg("--version").output().unwrap()).ended(0);
    assert!(version.stdout.starts_with(concat!("amictl ", env!("CARGO_PKG_VERSION"), "\n")), "{}", version.stdout);

    let id = setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
    let tls = Loopback::tls(setup.fake.url().trim_start_matches("http://"));
    let run = |line: &str| {
        let mut command = image.process(&at).unwrap();
        let keys = [("AWS_ACCESS_KEY_ID", "AKIAPROD"), ("AWS_SECRET_ACCESS_KEY", "secret"), ("AWS_REGION", EAST)];
        command.envs(keys).env("AWS_ENDPOINT_URL", format!("https://127.0.0.1:{}", tls.port));
        command.env("AWS_EC2_METADATA_DISABLED", "true").env("AWS_MAX_ATTEMPTS", "1");
        Ran::from(command.args(line.split(' ')).output().unwrap())
    };
    assert_eq!(run("list -o ids").ended(0).lines(), [id.as_str()]);
    // Nothing can be written in it: the journal is in the log.
    let before = files(&at);
    let gone = run(&format!("deregister {id} --yes")).ended(0);
    gone.says(&["\"phase\":\"begin\"", "\"phase\":\"end\""]);
    assert_eq!(files(&at), before);
    // The roots are those of the tree, and no others.
    fs::copy(ONE_ROOT, at.join("etc/ssl/certs/ca-certificates.crt")).unwrap();
    run("list -o ids").ended(1).says(&["UnknownIssuer"]);
}
