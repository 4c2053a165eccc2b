//! Errors about a file where others order what runs: they tell where and of what kind, and no word of the file.

use crate::fake::PROD;
use crate::restore::basics::{deregister, journal, ready, rich};
use crate::setup::{EAST, Setup};

const CANARY: &str = "canary7f3a";

/// Texts of files, and the command lines that read them, with FILE for the path.
const CASES: [(&str, &str); 16] = [
    ("list --config FILE", "canary7f3a = 1\n"),
    ("list --config FILE", "timeout = 'canary7f3a'\n"),
    ("list --config FILE", "region = ['canary7f3a']\n"),
    ("list --config FILE", "[audit]\nskip = ['canary7f3a']\n"),
    ("list --config FILE", "root:canary7f3a:0:0\n"),
    ("list --config FILE", "output = canary7f3a\n"),
    ("prune --policy FILE", "version = 1\ncanary7f3a = 1\n"),
    ("prune --policy FILE", "version = 1\nkeep = 'canary7f3a'\n"),
    ("prune --policy FILE", "version = 1\nprotect_tags = ['=canary7f3a']\n"),
    ("prune --policy FILE", "version = 1\nmin_age = 'canary7f3a'\n"),
    ("prune --policy FILE", "[default]\naws_secret_access_key = canary7f3a\n"),
    ("prune --policy FILE", "version = 1\nfamily_patterns = ['canary7f3a(']\n"),
    ("apply FILE --yes", "canary7f3a\n"),
    ("apply FILE --yes", "{\"version\": 1, \"kind\": {\"canary7f3a\": 1}}"),
    ("apply FILE --yes", "{\"version\": \"canary7f3a\"}"),
    ("apply FILE --yes", "[\"canary7f3a\"]"),
];

/// Files whose errors never quote them.
const QUIET: [(&str, &[u8]); 4] = [
    ("create web --instance i-0123456789abcdef0 --prepare FILE", b"canary7f3a\0"),
    ("create web --snapshot snap-0123456789abcdef0 --boot-mode uefi --uefi-data FILE", b"canary7f3a!"),
    ("prune --policy FILE", b"canary7f3a\xff"),
    ("list --config FILE", b"canary7f3a\xff"),
];

#[test]
fn no_error_quotes_the_text_of_a_file() {
    let setup = Setup::new();
    for (line, text) in CASES {
        let file = setup.home.write("given", text);
        let line = line.replace("FILE", &file);
        for line in [format!("{line} -o json"), line] {
            let ran = setup.amictl().env("AMICTL_CONTAINED", "1").run(&line);
            assert!([2, 4].contains(&ran.code), "{text}: {ran:?}");
            assert!(!ran.stderr.contains(CANARY) && ran.stdout.is_empty(), "{text}: {ran:?}");
            assert!(ran.stderr.contains(&file) && ran.stderr.contains("line "), "{text}: {ran:?}");
        }
    }
    assert_eq!(setup.fake.calls().len(), 0);
}

#[test]
fn without_the_platform_an_error_shows_what_is_wrong() {
    let setup = Setup::new();
    let shown = CASES.iter().filter(|(line, text)| {
        let file = setup.home.write("given", text);
        setup.run(&line.replace("FILE", &file)).stderr.contains(CANARY)
    });
    assert!(shown.count() >= 10);
}

#[test]
fn files_that_are_no_text_are_not_quoted_either() {
    let setup = Setup::new();
    for (line, bytes) in QUIET {
        let file = setup.home.path().join("given");
        std::fs::write(&file, bytes).unwrap();
        let line = line.replace("FILE", file.to_str().unwrap());
        let ran = setup.amictl().env("AMICTL_CONTAINED", "1").run(&line).ended(2);
        assert!(!ran.stderr.contains(CANARY) && ran.stderr.contains("given"), "{ran:?}");
    }
}

#[test]
fn a_policy_in_a_parameter_is_not_quoted() {
    let setup = Setup::new();
    setup.world().parameter(PROD, EAST, "/policies/prod", "version = 1\ncanary7f3a = 1\n");
    let ran = setup.amictl().env("AMICTL_CONTAINED", "1").run("prune --policy ssm:/policies/prod").ended(2);
    assert!(!ran.stderr.contains(CANARY), "{}", ran.stderr);
    ran.says(&["policy ssm:/policies/prod: line 2, column 1: unknown field"]);
}

#[test]
fn a_journal_is_not_quoted() {
    for contained in ["0", "1"] {
        let setup = ready();
        let id = rich(&setup);
        deregister(&setup, &[&id]);
        let text = std::fs::read_to_string(journal(&setup)).unwrap();
        let changed = text.replace("\"launch_permissions\":[", &format!("\"launch_permissions\":[\"{CANARY}\","));
        assert_ne!(text, changed);
        std::fs::write(journal(&setup), changed).unwrap();
        let ran = setup.amictl().env("AMICTL_CONTAINED", contained).run(&format!("restore {id}")).ended(3);
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert_eq!(told.contains(CANARY), contained == "0", "{told}");
        assert!(told.contains("which cannot be read"), "{told}");
    }
}
