//! Bad input: said plainly, with exit code 2, before anything is asked of AWS.

use crate::setup::Setup;

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    let setup = Setup::new();
    for (line, said) in [
        ("", "Usage: amictl"),
        ("lst", "unrecognized subcommand 'lst'"),
        ("list --famly web", "--family"),
        ("list -o yaml", "[possible values: table, json, jsonl, csv, ids, markdown]"),
        ("audit -o xyz", "'amictl lineage' writes dot, too; 'amictl audit' writes sarif, too"),
        ("list --color sometimes", "[possible values: auto, always, never]"),
        ("list --region us-east", "'us-east' is not a region; a region looks like us-east-1"),
        ("list --region US-EAST-1", "'US-EAST-1' is not a region"),
        ("list --timeout 30x", "'30x' is not a span of time; write a number and s, m (minutes), h, d"),
        ("list --timeout", "--timeout"),
        ("list --max-attempts 0", "take a number from 1 to 100"),
        ("list --max-attempts many", "'many'"),
        ("list web api", "unexpected argument 'api'"),
        ("list --older-than 30x", "'30x' is not a span of time"),
        ("list --columns nme", "there is no column 'nme'"),
        ("copy web", "--to"),
        ("copy web --to us-west-2 --kms-key alias/ami", "--encrypt"),
        ("launch web", "--type"),
        ("deregister", "<REF>"),
        ("wait", "<REF>"),
        ("completions tcsh", "possible values: bash"),
        ("man lst", "there is no command 'lst'"),
    ] {
        let ran = setup.run(line).ended(2).says(&[said]);
        assert!(ran.stdout.is_empty(), "{line}: {}", ran.stdout);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_usage_error_is_json_where_json_was_asked_for() {
    let setup = Setup::new();
    for line in [
        "list -o json --limit x",
        "-ojson list --limit x",
        "list --limit x --output=json",
        "list --limit x --output json",
    ] {
        let ran = setup.run(line).ended(2);
        assert_eq!(ran.stderr.lines().count(), 1, "{line}: {}", ran.stderr);
        let error = ran.error();
        assert_eq!((&error["code"], &error["exit_code"]), (&"Usage".into(), &2.into()), "{line}");
        assert!(error["message"].as_str().unwrap().contains("--limit"), "{error}");
        assert!(error["hint"].is_string(), "{error}");
    }
    let ran = setup.amictl().env("AMICTL_OUTPUT", "json").run("create Web --instance i-0123456789abcdef0").ended(2);
    assert!(ran.error()["message"].as_str().unwrap().contains("family 'Web' must be"), "{}", ran.stderr);
}

#[test]
fn retry_settings_on_which_the_sdk_panics_are_refused() {
    let setup = Setup::new();
    for (name, value, said) in [
        ("AWS_MAX_ATTEMPTS", "0", "take a number from 1 to 100"),
        ("AWS_MAX_ATTEMPTS", "-1", "take a number from 1 to 100"),
        ("AWS_MAX_ATTEMPTS", "three", "AWS_MAX_ATTEMPTS take a number"),
        ("AWS_RETRY_MODE", "never", "set AWS_RETRY_MODE to 'standard', 'adaptive' or 'legacy', or unset it"),
    ] {
        let ran = setup.amictl().env(name, value).run("list").ended(2);
        assert!(ran.stderr.contains(said) && !ran.stderr.contains("panicked"), "{name}={value}: {}", ran.stderr);
    }
    assert!(setup.fake.calls().is_empty());
    for (name, value) in [
        ("AWS_MAX_ATTEMPTS", "2"),
        ("AWS_RETRY_MODE", "standard"),
        ("AWS_RETRY_MODE", "Adaptive"),
        ("AWS_RETRY_MODE", "legacy"),
    ] {
        setup.amictl().env(name, value).run("list").ended(0);
    }
}

#[test]
fn retry_settings_of_a_profile_do_no_harm() {
    let setup = Setup::new();
    let config = "[default]\nregion = us-east-1\nretry_mode = legacy\nmax_attempts = 0\n";
    setup.home.write("aws-config", config);
    setup.run("list").ended(0);
    assert_eq!(setup.calls("DescribeImages").len(), 1);
}

#[test]
fn help_is_no_error_and_goes_to_stdout() {
    let setup = Setup::new();
    for line in ["--help", "-h", "help list", "list --help", "--version"] {
        let ran = setup.run(line).ended(0);
        assert!(ran.stdout.contains("amictl") && ran.stderr.is_empty(), "{line}: {}", ran.stderr);
    }
}

#[test]
fn the_version_has_one_line_for_scripts_and_below_it_what_a_report_needs() {
    let setup = Setup::new();
    let [short, long] = ["-V", "--version"].map(|line| setup.run(line).ended(0).stdout);
    assert_eq!(short, concat!("amictl ", env!("CARGO_PKG_VERSION"), "\n"));
    let below: Vec<&str> = long.strip_prefix(&short).unwrap().lines().collect();
    let begins = below.iter().map(|line| line.split(' ').next().unwrap()).collect::<Vec<_>>();
    assert_eq!(begins, ["commit", "target", "SDK"], "{long}");
}

#[test]
fn a_carriage_return_is_shown_and_hides_nothing() {
    let setup = Setup::new();
    let ran = setup.amictl().args(&["deregister", "ami-0123456789abcdef0\r"]).ended(2);
    assert!(ran.stderr.contains(r"'ami-0123456789abcdef0\r'") && !ran.stderr.contains('\r'), "{:?}", ran.stderr);
    let ran = setup.amictl().env("AMICTL_OUTPUT", "jsonx\r").run("list").ended(2);
    assert!(ran.stderr.contains(r"'jsonx\r'") && !ran.stderr.contains('\r'), "{:?}", ran.stderr);
}

#[test]
fn the_formats_of_one_command_are_named_where_a_format_is_wrong_alone() {
    let setup = Setup::new();
    setup.run("list -o yaml").ended(2).says(&["'amictl lineage' writes dot, too"]);
    let twice = setup.run("list -o table -o ids").ended(2);
    assert!(!twice.stderr.contains("writes dot"), "{}", twice.stderr);
}
