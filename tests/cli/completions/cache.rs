//! The cache of names that `list` and `aliases` leave behind.

use std::path::PathBuf;

use super::known;
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup, WEST};

/// The files of the cache.
fn files(setup: &Setup) -> Vec<PathBuf> {
    let folders = std::fs::read_dir(setup.home.path().join(".cache/amictl/names")).into_iter().flatten().flatten();
    let mut files: Vec<_> =
        folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path())).collect();
    files.sort();
    files
}

/// The text of the only file.
#[track_caller]
fn text(setup: &Setup) -> String {
    let files = files(setup);
    assert_eq!(files.len(), 1, "{files:?}");
    std::fs::read_to_string(&files[0]).unwrap()
}

#[test]
fn a_listing_leaves_names_and_nothing_else() {
    let setup = known();
    assert_eq!(text(&setup), r#"{"families":["api","web"],"aliases":["web:prod"]}"#);
    let file = files(&setup).remove(0);
    assert_eq!(file.file_name().unwrap(), "us-east-1.json");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        assert_eq!(mode(&setup.home.path().join(".cache/amictl")), 0o700);
    }
}

#[test]
fn only_a_whole_listing_counts() {
    let setup = known();
    let before = text(&setup);
    setup.world().image(PROD, EAST, "db-v1-2026-01-02").put();
    for line in ["list web*", "list --family web", "list --arch arm64", "list --owner amazon", "list --state available"]
    {
        setup.run(line).ended(0);
        assert_eq!(text(&setup), before, "{line}");
    }
    setup.run("aliases api").ended(0);
    setup.run("list --region us-east-1,af-south-1").ended(3);
    assert_eq!(text(&setup), before);
    // What amictl itself filters was listed as a whole.
    setup.run("list --latest --limit 1").ended(0);
    assert!(text(&setup).contains(r#"["api","db","web"]"#), "{}", text(&setup));
}

#[test]
fn what_is_gone_is_forgotten() {
    let setup = known();
    let id = setup.json("show web")["image"]["id"].as_str().unwrap().to_owned();
    setup.run(&format!("deregister {id} --allow-in-use --yes")).ended(0);
    setup.run("list").ended(0);
    assert_eq!(text(&setup), r#"{"families":["api"],"aliases":[]}"#);
}

#[test]
fn each_profile_and_each_region_has_its_own() {
    let setup = known();
    setup.world().image(PROD, WEST, "west-v1-2026-01-02").put();
    setup.world().image(OTHER, EAST, "other-v1-2026-01-02").put();
    let keys = "[profile other]\nregion = us-east-1\naws_access_key_id = AKIAOTHER\naws_secret_access_key = secret\n";
    setup.home.write("aws-config", keys);
    setup.run("list --region us-west-2").ended(0);
    setup.run("list --profile other").ended(0);
    assert_eq!(files(&setup).len(), 3);
    let offered = |line: &str| {
        let words: Vec<_> = ["__complete", "zsh"].into_iter().chain(line.split(' ')).collect();
        setup.amictl().args(&words).stdout
    };
    assert_eq!(offered("launch "), "api\nweb\nweb:prod\n");
    assert_eq!(offered("launch --region us-west-2 "), "west\n");
    assert_eq!(offered("launch --region us-west-2,us-east-1 "), "api\nweb\nweb:prod\nwest\n");
    assert_eq!(offered("launch --region all "), "api\nweb\nweb:prod\nwest\n");
    assert_eq!(offered("launch --profile other "), "other\n");
    assert_eq!(offered("launch --role-arn arn:aws:iam::222222222222:role/ami "), "");
}

#[test]
fn it_can_be_turned_off_and_failures_are_silent() {
    for (name, value) in [
        ("CI", "true"),
        ("CODEBUILD_BUILD_ID", "image:7-8"),
        ("JENKINS_URL", "http://jenkins.invalid"),
        ("AMICTL_RUN_ID", "0123456789abcdef0123456789abcdef"),
        ("AMICTL_NO_CACHE", "1"),
        ("HOME", ""),
        ("XDG_CACHE_HOME", "/dev/null"),
    ] {
        let setup = Setup::new();
        setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
        let ran = setup.amictl().env(name, value).run("list").ended(0);
        assert_eq!(ran.stderr, "", "{name}");
        assert!(files(&setup).is_empty(), "{name}: {:?}", files(&setup));
    }
    let setup = known();
    for name in ["CI", "AMICTL_NO_CACHE"] {
        let ran = setup.amictl().env(name, "1").args(&["__complete", "zsh", "launch", ""]).ended(1);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    }
}

#[test]
fn whatever_stands_in_the_cache_does_no_harm() {
    let setup = known();
    let file = files(&setup).remove(0);
    let ask = || setup.amictl().args(&["__complete", "bash", "amictl launch ", ":="]);
    let hostile = r#"{"families":["$(touch gone)","a;b","x\ny","\u001b[2J","web"],"aliases":["web:`id`"]}"#;
    for (text, offered) in [
        (hostile.to_owned(), "web\n"),
        (format!("{{\"families\":[\"web\"]}}{}", " ".repeat(10_000_000)), ""),
        ("[".repeat(90_000), ""),
        ("\u{0}\u{1}".to_owned(), ""),
    ] {
        std::fs::write(&file, text).unwrap();
        let ran = ask();
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str(), ran.code), (offered, "", i32::from(offered.is_empty())));
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    assert_eq!(ask().ended(1).stderr, "");
    setup.run("list").ended(0);
    std::fs::remove_dir(&file).unwrap();
    #[cfg(unix)]
    {
        let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
        assert!(made.success());
        assert_eq!(ask().ended(1).stderr, "");
    }
}
