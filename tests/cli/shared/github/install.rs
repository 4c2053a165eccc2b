//! `install.py` of the action, with a release in a folder.

#![cfg(unix)]

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::action::script;
use crate::setup::Home;

/// A folder that stands for the server with the releases.
struct Release {
    home: Home,
    archive: PathBuf,
}

const NAME: &str = "amictl-1.2.3-x86_64-unknown-linux-musl";

impl Release {
    /// A release with a program that prints its name.
    fn new(inside: &str) -> Self {
        let home = Home::new();
        home.write(&format!("new/{inside}"), "#!/bin/sh\necho installed\n");
        let folder = home.path().join("org/amictl/releases/download/v1.2.3");
        fs::create_dir_all(&folder).unwrap();
        let archive = folder.join(format!("{NAME}.tar.gz"));
        let top = inside.split('/').next().unwrap();
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(home.path().join("new")).arg("-czf").arg(&archive).arg(top);
        assert!(tar.status().unwrap().success());
        let release = Self { home, archive };
        release.write_checksum(&release.checksum());
        release
    }

    fn checksum(&self) -> String {
        let script = "import hashlib,sys; print(hashlib.sha256(open(sys.argv[1],'rb').read()).hexdigest())";
        let output = Command::new("python3").args(["-c", script]).arg(&self.archive).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn write_checksum(&self, digits: &str) {
        let file = format!("{}.sha256", self.archive.display());
        fs::write(file, format!("{digits}  {NAME}.tar.gz\n")).unwrap();
    }

    /// Runs the step: its exit code, what it said, and the output.
    fn install(&self, inputs: &[(&str, &str)]) -> (i32, String, Option<String>) {
        let path = |name: &str| self.home.path().join(name);
        let mut command = Command::new("python3");
        command.arg("-I").arg(script("install.py")).current_dir(self.home.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("GITHUB_SERVER_URL", format!("file://{}", self.home.path().display()));
        command.env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64").env("RUNNER_TEMP", path("temp"));
        command.env("GITHUB_OUTPUT", path("outputs")).env("GITHUB_PATH", path("path"));
        command.env("INPUT_REPOSITORY", "org/amictl").envs(inputs.iter().copied());
        let ended = command.output().unwrap();
        let outputs = fs::read_to_string(path("outputs")).ok();
        let _ = fs::remove_file(path("outputs"));
        let binary = outputs.and_then(|text| Some(text.strip_prefix("binary=")?.trim_end().to_owned()));
        (ended.status.code().unwrap(), String::from_utf8(ended.stderr).unwrap(), binary)
    }
}

#[track_caller]
fn runs(binary: Option<String>) {
    let output = Command::new(binary.unwrap()).output().unwrap();
    assert_eq!(output.stdout, b"installed\n");
}

#[test]
fn a_release_with_the_right_checksum_is_installed_and_later_steps_find_it() {
    let release = Release::new(&format!("{NAME}/amictl"));
    for (version, checksum) in [("1.2.3", release.checksum()), ("v1.2.3", String::new()), ("1.2.3", String::new())] {
        let (code, said, binary) = release.install(&[("INPUT_VERSION", version), ("INPUT_CHECKSUM", &checksum)]);
        assert_eq!((code, said.as_str()), (0, ""));
        runs(binary);
    }
    let path = fs::read_to_string(release.home.path().join("path")).unwrap();
    assert_eq!(path.lines().next().map(PathBuf::from), Some(release.home.path().join("temp").join(NAME)));
}

#[test]
fn a_release_with_another_checksum_is_not() {
    let release = Release::new(&format!("{NAME}/amictl"));
    let other = "0".repeat(64);
    let refused = |inputs: &[(&str, &str)], why: &str| {
        let (code, said, binary) = release.install(inputs);
        assert_eq!((code, binary), (1, None), "{said}");
        assert!(said.starts_with("::error title=amictl::") && said.contains(why), "{said}");
        assert!(!release.home.path().join("temp").join(NAME).join("amictl").exists());
    };
    refused(&[("INPUT_VERSION", "1.2.3"), ("INPUT_CHECKSUM", &other)], "and must be 0000");
    refused(&[("INPUT_VERSION", "1.2.3"), ("INPUT_CHECKSUM", "abc")], "64 hexadecimal digits");
    release.write_checksum(&other);
    refused(&[("INPUT_VERSION", "1.2.3")], "and must be 0000");
    fs::write(format!("{}.sha256", release.archive.display()), "").unwrap();
    refused(&[("INPUT_VERSION", "1.2.3")], "64 hexadecimal digits");
    release.write_checksum(&release.checksum());
    refused(&[("INPUT_VERSION", "1.2.3"), ("RUNNER_TEMP", "")], "RUNNER_TEMP is not set");
    refused(&[("INPUT_VERSION", "1.2.4")], "/v1.2.4/");
    refused(&[("INPUT_VERSION", "latest")], "'version' is 'latest'");
    refused(&[("INPUT_VERSION", "1.2.3/../x")], "'version' is ");
    refused(&[("INPUT_VERSION", "1.2.3"), ("INPUT_REPOSITORY", "org/amictl/../x")], "'repository' is ");
    refused(&[("INPUT_VERSION", "1.2.3"), ("RUNNER_ARCH", "S390X")], "there is no release for Linux on S390X");
    refused(&[], "give 'version' or 'binary'");
    refused(&[("INPUT_VERSION", "1.2.3"), ("INPUT_BINARY", "x")], "give 'version' or 'binary'");
}

#[test]
fn an_archive_without_the_program_installs_nothing() {
    let release = Release::new("amictl-1.2.3/other");
    let (code, said, binary) = release.install(&[("INPUT_VERSION", "1.2.3")]);
    assert_eq!((code, binary), (1, None));
    assert!(said.contains(&format!("no file {NAME}/amictl")), "{said}");
}

#[test]
fn a_program_that_is_given_is_taken_if_it_is_the_right_one() {
    let release = Release::new(&format!("{NAME}/amictl"));
    let file = release.home.path().join("new").join(NAME).join("amictl");
    let file = file.to_str().unwrap();
    let given = |inputs: &[(&str, &str)]| release.install(inputs);
    let relative = format!("new/{NAME}/amictl");
    assert_eq!(given(&[("INPUT_BINARY", &relative)]), (0, String::new(), Some(file.to_owned())));
    let (code, said, _) = given(&[("INPUT_BINARY", file), ("INPUT_CHECKSUM", &"0".repeat(64))]);
    assert!(code == 1 && said.contains("and must be 0000"), "{said}");
    let (code, said, _) = given(&[("INPUT_BINARY", "no/such")]);
    assert!(code == 1 && said.contains("there is no such file"), "{said}");
}
