//! `config show`: each setting, its value, and where that comes from.

use serde_json::Value;

use crate::cli::Amictl;
use crate::setup::Setup;

/// A setting of the document as `value, source, detail`.
#[track_caller]
fn setting(document: &Value, name: &str) -> (String, String, String) {
    let all = document["settings"].as_array().unwrap();
    let found = all.iter().find(|setting| setting["name"] == name).unwrap_or_else(|| panic!("{name}: {document}"));
    let text = |key: &str| found[key].as_str().unwrap_or("null").to_owned();
    (text("value"), text("source"), text("detail"))
}

#[track_caller]
fn check(document: &Value, expected: &[(&str, &str, &str, &str)]) {
    for (name, value, source, detail) in expected {
        let found = setting(document, name);
        assert_eq!(found, ((*value).to_owned(), (*source).to_owned(), (*detail).to_owned()), "{name}");
    }
}

#[test]
fn each_global_option_and_each_key_of_the_file_has_a_row() {
    let setup = Setup::new();
    let shown = Amictl::bare(setup.home.path()).run("config show -o json").ended(0).json();
    assert_eq!(shown["version"], 1);
    let cli = amictl::command_line();
    let global = cli.get_arguments().filter(|arg| arg.is_global_set()).filter_map(|arg| arg.get_long());
    let keys = ["family_patterns", "audit.skip", "audit.max_age", "audit.allow_accounts"].map(str::to_owned);
    for name in global.map(|name| name.replace('-', "_")).chain(keys) {
        setting(&shown, &name);
    }
    let config = setup.home.path().join(".config/amictl/config.toml").display().to_string();
    check(
        &shown,
        &[
            ("profile", "default", "default", "null"),
            ("region", "null", "default", "null"),
            ("output", "json", "command-line", "--output"),
            ("color", "auto", "default", "null"),
            ("quiet", "false", "default", "null"),
            ("verbose", "0", "default", "null"),
            ("timeout", "2h", "default", "null"),
            ("max_attempts", "8", "default", "null"),
            ("aws_retry_mode", "standard", "default", "null"),
            ("request_limits", "ec2", "default", "null"),
            ("config", &config, "default", "there is no such file"),
            ("audit.max_age", "365d", "default", "null"),
            ("audit.skip", "null", "default", "null"),
        ],
    );
}

#[test]
fn the_nearest_place_counts() {
    let setup = Setup::new();
    let text = "region = ['us-west-2']\ntimeout = '30m'\noutput = 'json'\nrole_arn = ['arn:aws:iam::222222222222:role/x']\n\
                external_id = 'customer-7'\nfamily_patterns = ['(?<family>.+)-\\d+']\n[audit]\nmax_age = '30d'\n";
    let file = setup.home.write("ami.toml", text);
    setup
        .home
        .write("aws-config", "[default]\nregion = eu-west-1\nretry_mode = adaptive\nendpoint_url = http://x.invalid\n");
    let bare = || Amictl::bare(setup.home.path());
    let from_file = bare().run(&format!("config show --config {file}")).ended(0).json();
    let at = |line: u8| format!("{file}:{line}");
    check(
        &from_file,
        &[
            ("region", "us-west-2", "file", &at(1)),
            ("timeout", "30m", "file", &at(2)),
            ("output", "json", "file", &at(3)),
            ("role_arn", "arn:aws:iam::222222222222:role/x", "file", &at(4)),
            ("external_id", "(set)", "file", &at(5)),
            ("family_patterns", "(?<family>.+)-\\d+", "file", &at(6)),
            ("audit.max_age", "30d", "file", &at(8)),
            ("aws_retry_mode", "adaptive", "aws-profile", "default"),
            ("endpoint_url", "http://x.invalid", "aws-profile", "default"),
            ("config", &file, "command-line", "--config"),
        ],
    );
    let variables = [
        ("AMICTL_CONFIG", file.as_str()),
        ("AWS_REGION", "us-east-1"),
        ("AMICTL_TIMEOUT", "5m"),
        ("AMICTL_ORG_ROLE", "ami"),
        ("AMICTL_EXTERNAL_ID", "customer-8"),
        ("AWS_ENDPOINT_URL", "http://y.invalid"),
        ("AMICTL_QUIET", "1"),
        ("AMICTL_NO_PROGRESS", "0"),
        ("NO_COLOR", "1"),
        ("AWS_MAX_ATTEMPTS", "3"),
    ];
    let set = || variables.iter().fold(bare(), |run, (name, value)| run.env(name, value));
    let shown = set().run("config show").ended(0).json();
    check(
        &shown,
        &[
            ("region", "us-east-1", "environment", "AWS_REGION"),
            ("timeout", "5m", "environment", "AMICTL_TIMEOUT"),
            ("org_role", "ami", "environment", "AMICTL_ORG_ROLE"),
            // A role of the environment replaces those of the file.
            ("role_arn", "null", "default", "null"),
            ("external_id", "(set)", "environment", "AMICTL_EXTERNAL_ID"),
            ("endpoint_url", "http://y.invalid", "environment", "AWS_ENDPOINT_URL"),
            ("quiet", "true", "environment", "AMICTL_QUIET"),
            ("no_progress", "false", "environment", "AMICTL_NO_PROGRESS"),
            ("color", "never", "environment", "NO_COLOR"),
            ("max_attempts", "3", "environment", "AWS_MAX_ATTEMPTS"),
            ("config", &file, "environment", "AMICTL_CONFIG"),
        ],
    );
    let line = "config show --region eu-west-1,all --timeout 1m --color always -vv --profile default --query settings";
    let shown: Value = serde_json::from_str(&set().run(line).ended(0).stdout).unwrap();
    let shown = serde_json::json!({ "settings": shown });
    check(
        &shown,
        &[
            ("region", "eu-west-1,all", "command-line", "--region"),
            ("timeout", "1m", "command-line", "--timeout"),
            ("color", "always", "command-line", "--color"),
            ("profile", "default", "command-line", "--profile"),
            ("query", "settings", "command-line", "--query"),
        ],
    );
    assert_eq!(setting(&shown, "verbose").1, "command-line");
}

#[test]
fn it_needs_no_keys_shows_none_and_asks_nobody() {
    let setup = Setup::new();
    setup.home.write(
        "aws-config",
        "[profile ops]\nregion = eu-west-1\naws_access_key_id = AKIAOPS\naws_secret_access_key = hush\n",
    );
    for format in ["table", "json", "jsonl", "csv", "markdown"] {
        let line = format!("config show -o {format} --profile ops --external-id customer-7");
        let ran = setup.amictl().without("AWS_REGION").env("AWS_SESSION_TOKEN", "token-7").run(&line).ended(0);
        assert!(ran.stdout.contains("eu-west-1") && ran.stdout.contains("profile"), "{format}: {}", ran.stdout);
        for secret in ["AKIA", "secret", "hush", "customer-7", "token-7"] {
            assert!(!ran.stdout.contains(secret) && !ran.stderr.contains(secret), "{format} {secret}: {}", ran.stdout);
        }
    }
    let table = setup.run("config show").ended(0).stdout;
    assert!(table.lines().any(|line| line.contains("region") && line.contains("environment: AWS_REGION")), "{table}");
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn what_is_wrong_with_the_files_is_said() {
    let setup = Setup::new();
    let file = setup.home.write("ami.toml", "region = ['us-west-2']\nouput = 'json'\n");
    let said = [file.as_str(), "line 2", "unknown field `ouput`", "did you mean `output`?"];
    for line in ["config show", "list"] {
        setup.run(&format!("{line} --config {file}")).ended(2).says(&said);
    }
    let audit = setup.home.write("audit.toml", "[audit]\n\nmax_agee = '1d'\n");
    setup.run(&format!("audit --config {audit}")).ended(2).says(&["line 3", "did you mean `max_age`?"]);
    let policy = setup.home.write("policy.toml", "version = 1\n[[rule]]\nkeeep = 3\n");
    setup.run(&format!("prune --policy {policy}")).ended(2).says(&["line 3", "did you mean `keep`?"]);
    // All that is known without the profile is shown first.
    let ran = setup.run("config show --profile none").ended(1);
    assert!(ran.stdout.contains("command line: --profile"), "{}", ran.stdout);
    ran.says(&["profile `none` was not defined"]);
    setup.run("config").ended(2);
}

#[test]
fn the_endpoint_is_the_one_that_is_called() {
    let setup = Setup::new();
    let services = "[default]\nendpoint_url = http://all.invalid\nservices = s\n[services s]\nec2 =\n  endpoint_url = http://ec2.invalid\n";
    setup.home.write("aws-config", services);
    let bare = || Amictl::bare(setup.home.path());
    let shown = |run: Amictl| setting(&run.run("config show -o json").ended(0).json(), "endpoint_url");
    let of = |value: &str, source: &str, detail: &str| (value.to_owned(), source.to_owned(), detail.to_owned());
    assert_eq!(shown(bare()), of("http://ec2.invalid", "aws-profile", "default"));
    let variable = || bare().env("AWS_ENDPOINT_URL", "http://y.invalid");
    assert_eq!(shown(variable()), of("http://y.invalid", "environment", "AWS_ENDPOINT_URL"));
    let ignored = variable().env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true");
    assert_eq!(shown(ignored), of("null", "default", "null"));
    setup
        .home
        .write("aws-config", "[default]\nignore_configured_endpoint_urls = true\nendpoint_url = http://all.invalid\n");
    assert_eq!(shown(bare()), of("null", "default", "null"));
}

#[test]
fn the_password_of_an_endpoint_is_not_shown() {
    let setup = Setup::new();
    let url = "http://me:hush@x.invalid:1/";
    for format in ["table", "json", "csv"] {
        let line = format!("config show -o {format}");
        let by_variable = Amictl::bare(setup.home.path()).env("AWS_ENDPOINT_URL", url).run(&line);
        setup.home.write("aws-config", &format!("[default]\nendpoint_url = {url}\n"));
        let by_profile = Amictl::bare(setup.home.path()).run(&line);
        let none =
            Amictl::bare(setup.home.path()).env("AWS_ENDPOINT_URL_EC2", url).run(&format!("{line} --profile none"));
        for ran in [by_variable, by_profile, none] {
            assert!(!ran.stdout.contains("hush") && !ran.stderr.contains("hush"), "{ran:?}");
            assert!(ran.stdout.contains("http://…@x.invalid:1/"), "{ran:?}");
        }
    }
}

#[test]
fn a_relative_folder_of_configurations_is_ignored() {
    let setup = Setup::new();
    let ran = Amictl::bare(setup.home.path()).env("XDG_CONFIG_HOME", "relative").run("config show -o json").ended(0);
    let usual = setup.home.path().join(".config/amictl/config.toml").display().to_string();
    assert_eq!(setting(&ran.json(), "config").0, usual);
}
