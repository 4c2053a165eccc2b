//! Files with pins: what cannot be read, what is passed over, and how files are named.

use serde_json::{Value, json};

use super::good;
use crate::scene::Scene;
use crate::setup::each;

const GONE: &str = "ami-0aaaaaaaaaaaaaaaa";

/// A clean fleet, a file `code/main.tf` with a lost pin, and the path of its folder.
fn scene() -> (Scene, String) {
    let setup = Scene::new();
    good!(setup.world(), "web-v1-2026-01-01", 10).put();
    setup.home.write("code/main.tf", GONE);
    let folder = setup.home.path().join("code").display().to_string();
    (setup, folder)
}

#[test]
fn a_file_that_cannot_be_read_hides_no_finding_of_the_others() {
    let (setup, folder) = scene();
    std::fs::write(setup.home.path().join("state.gz"), b"\x1f\x8b\x08\0").unwrap();
    let packed = setup.home.path().join("state.gz").display().to_string();
    for (path, words) in [("nowhere", "files: nowhere: No such file"), (packed.as_str(), "compressed by gzip")] {
        for paths in [[&folder, path], [path, &folder]] {
            let line = format!("audit --refs-from {} --refs-from {} -o json", paths[0], paths[1]);
            let ran = setup.run(&line).ended(3).says(&[words, "leave them out of --refs-from"]);
            let document = ran.json();
            assert_eq!(each(&document["findings"], "resource"), [GONE], "{document:#}");
            assert_eq!(document["errors"].as_array().unwrap().len(), 1);
            // Files are of no place.
            assert_eq!(
                (&document["errors"][0]["account"], &document["errors"][0]["region"]),
                (&Value::Null, &Value::Null)
            );
            assert!(!ran.stderr.contains("us-east-1"), "{}", ran.stderr);
            setup.run(&format!("{line} --fail-on high")).ended(4);
            let sarif = setup.run(&line.replace("-o json", "-o sarif")).ended(3).json();
            assert_eq!(sarif["runs"][0]["results"].as_array().unwrap().len(), 1);
            assert_eq!(sarif["runs"][0]["invocations"][0]["executionSuccessful"], false);
        }
    }
    setup.run("audit --refs-from nowhere -o json").ended(3);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_in_a_folder_that_cannot_be_read_hides_no_finding_of_the_others() {
    let (setup, folder) = scene();
    for name in ["a-first", "z-last"] {
        std::os::unix::fs::symlink("/proc/self/mem", setup.home.path().join("code").join(name)).unwrap();
    }
    let ran =
        setup.run(&format!("audit --refs-from {folder} -o json")).ended(3).says(&["2 files or folders", "a-first"]);
    assert_eq!(each(&ran.json()["findings"], "resource"), [GONE]);
    setup.run(&format!("audit --refs-from {folder} --fail-on high")).ended(4);
}

#[test]
fn what_is_passed_over_in_a_folder_is_a_warning() {
    let (setup, folder) = scene();
    let code = setup.home.path().join("code");
    std::fs::write(code.join("state.gz"), b"\x1f\x8b\x08\0").unwrap();
    // Nothing is stored of it but its length.
    std::fs::File::create(code.join("dump")).unwrap().set_len(101 << 20).unwrap();
    let ran =
        setup.run(&format!("audit --refs-from {folder} -o json")).ended(0).says(&["warning", "state.gz", "101 MiB"]);
    let mut codes = each(&ran.json()["warnings"], "code").into_iter().map(str::to_owned).collect::<Vec<_>>();
    codes.sort();
    assert_eq!(codes, ["CompressedFile", "LargeFile"]);
    assert_eq!(each(&ran.json()["findings"], "resource"), [GONE]);
}

#[cfg(unix)]
#[test]
fn a_file_and_a_link_to_it_are_one() {
    let (setup, folder) = scene();
    let code = setup.home.path().join("code");
    std::os::unix::fs::symlink("main.tf", code.join("a.tf")).unwrap();
    std::os::unix::fs::symlink("main.tf", code.join("z.tf")).unwrap();
    let document = setup.json(&format!("audit --refs-from {folder} --refs-from {folder}/a.tf"));
    let files = each(&document["findings"], "file");
    assert!(files.len() == 1 && files[0].ends_with("code/main.tf"), "{files:?}");
}

#[test]
fn a_skip_may_write_the_file_in_other_words() {
    let (setup, _) = scene();
    for (name, skipped) in [("./code/main.tf", 1), ("code/./main.tf", 1), ("code/main.tf", 1), ("main.tf", 0)] {
        let skip = format!("{{ rule = 'pinned-image', resource = '{name}', reason = 'meant' }}");
        let config = setup.home.write("config.toml", &format!("[audit]\nskip = [{skip}]\n"));
        let mut command = setup.process(&format!("audit --refs-from . --config {config} -o json"));
        let output = command.current_dir(setup.home.path()).output().unwrap();
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(document["summary"]["skipped"], json!(skipped), "{name}: {document:#}");
    }
}
