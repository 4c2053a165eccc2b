//! Settings and the values they are tried with: options, variables, keys of profiles, files.

use clap::ArgAction;

use crate::setup::everything;

/// As much as one variable or argument can be, nearly.
const LONG: usize = 100_000;

/// A run to be made.
pub struct Case {
    pub name: String,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    /// A file below the home of the run, and what is in it.
    pub file: Option<(&'static str, Vec<u8>)>,
}

impl Case {
    fn line(name: impl Into<String>, line: &str) -> Self {
        let args = line.split_whitespace().map(str::to_owned).collect();
        Self { name: name.into(), args, env: Vec::new(), file: None }
    }

    fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    fn file(mut self, name: &'static str, contents: impl Into<Vec<u8>>) -> Self {
        self.file = Some((name, contents.into()));
        self
    }
}

/// One of these, the next one for the next case; all of them where everything is tested.
fn some<T>(of: Vec<T>, number: usize) -> Vec<T> {
    if everything() {
        return of;
    }
    let one = number % of.len();
    of.into_iter().skip(one).take(1).collect()
}

/// The values, with their names.
fn values() -> Vec<(&'static str, String)> {
    vec![
        ("empty", String::new()),
        ("blank", " \t ".to_owned()),
        ("nonsense", "n\u{202e}ö/:?#[]@!$&'()*+,;=%zz\u{1b}[31m".to_owned()),
        ("a number", "-99999999999999999999".to_owned()),
        ("long", "x".repeat(LONG)),
    ]
}

/// Texts for files, with their names.
fn contents() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("empty", Vec::new()),
        ("blank", text(" \n\t\n ")),
        ("nonsense", text("}{ x = [1, ¿\n")),
        ("a list", text("[]")),
        ("a table", text("[default]\nx = 1\n[a.b]\n")),
        ("an object", text("{\"version\": 99, \"images\": {\"a\": [null]}}\n")),
        ("a word", text("null")),
        ("bytes", vec![0xff, 0xfe, 0, 0x80, b'\n', 0xc3]),
        ("long", "x".repeat(LONG).into_bytes()),
        ("a long value", format!("region = [\"{}\"]", "x".repeat(LONG)).into_bytes()),
        ("a long line of lines", "a = 1\n".repeat(LONG / 6).into_bytes()),
        ("deep", format!("x = {}", "[".repeat(LONG)).into_bytes()),
        ("deep JSON", "[".repeat(LONG).into_bytes()),
    ]
}

/// Command lines that would do something, for options to be added to.
pub const LINES: [&str; 37] = [
    "create web --instance i-0123456789abcdef0",
    "list",
    "show web",
    "launch web --type t3.micro",
    "copy web --to us-west-2",
    "share web --with 222222222222",
    "unshare web --with 222222222222",
    "deprecate web --in 30d",
    "disable web",
    "enable web",
    "protect web",
    "unprotect web",
    "tag web Team=core",
    "deregister web",
    "restore web",
    "refs web",
    "lineage web",
    "revoke web --reason bad",
    "unrevoke web",
    "stale",
    "audit",
    "prune --keep 3",
    "apply plan.json",
    "orphans",
    "promote web --to prod",
    "rollback web:prod",
    "aliases",
    "recycle-bin",
    "rollout web --image web",
    "template web --image web --type t3.micro",
    "test web --type t3.micro",
    "wait web",
    "permissions tag",
    "doctor tag",
    "config show",
    "completions bash",
    "man",
];

pub fn flags() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut cli = amictl::command_line();
    cli.build();
    let global: Vec<String> = cli.get_arguments().filter_map(|arg| Some(arg.get_long()?.to_owned())).collect();
    for command in cli.get_subcommands() {
        let name = command.get_name();
        let line = LINES.iter().find(|line| line.split(' ').next() == Some(name)).copied().unwrap_or(name);
        for arg in command.get_arguments() {
            let Some(long) = arg.get_long().filter(|long| *long != "help") else { continue };
            // Those of every command are tried once.
            if global.iter().any(|one| one == long) && name != "list" {
                continue;
            }
            let bare = ("", format!("--{long}"));
            let set = values().into_iter().map(|(what, value)| (what, format!("--{long}={value}")));
            let is_flag = matches!(arg.get_action(), ArgAction::SetTrue | ArgAction::Count);
            let ways = std::iter::once(bare).chain(set.filter(|_| !is_flag)).collect();
            for (what, arg) in some(ways, cases.len()) {
                cases.push(Case::line(format!("{name} --{long} {what}"), line).arg(arg));
            }
        }
        for (what, value) in some(values(), cases.len()) {
            cases.push(Case::line(format!("{name} {what}"), name).arg("--").arg(value.clone()));
            cases.push(Case::line(format!("{line} {what}"), line).arg("--").arg(value));
        }
        cases.push(Case::line(name, name));
    }
    cases
}

/// Variables that amictl, the SDK, or what they stand on reads.
const VARIABLES: [&str; 65] = [
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ACCOUNT_ID",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_EC2",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_SSM",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_AUTO_SCALING",
    "AWS_ENDPOINT_URL_RBIN",
    "AWS_ENDPOINT_URL_ORGANIZATIONS",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_SSO_OIDC",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_MAX_ATTEMPTS",
    "AWS_RETRY_MODE",
    "AWS_CA_BUNDLE",
    "AWS_SDK_UA_APP_ID",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_DISABLE_CLOCK_SKEW_CORRECTION",
    "AWS_DISABLE_REQUEST_COMPRESSION",
    "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES",
    "AWS_REQUEST_CHECKSUM_CALCULATION",
    "AWS_RESPONSE_CHECKSUM_VALIDATION",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "AWS_AUTH_SCHEME_PREFERENCE",
    "AWS_SIGV4A_SIGNING_REGION_SET",
    "AWS_DEFAULTS_MODE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_EXECUTION_ENV",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "HTTP_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HOME",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "AMICTL_NO_CACHE",
    "CI",
    "TERM",
    "COLUMNS",
    "NO_COLOR",
    "CLICOLOR_FORCE",
    "LANG",
    "TZ",
];

pub fn variables() -> Vec<Case> {
    let mut cli = amictl::command_line();
    cli.build();
    let all = std::iter::once(&cli).chain(cli.get_subcommands());
    let own =
        all.flat_map(|command| command.get_arguments()).filter_map(|arg| Some(arg.get_env()?.to_str()?.to_owned()));
    let mut names: Vec<String> = own.chain(VARIABLES.map(str::to_owned)).collect();
    names.sort();
    names.dedup();
    let mut cases = Vec::new();
    for name in &names {
        for (what, value) in some(values(), cases.len()) {
            cases.push(Case::line(format!("{name} {what}"), "list").env(name, &value));
        }
        // Where there are no keys, the others come into play.
        let about_keys = ["PROFILE", "FILE", "ROLE", "TOKEN", "METADATA", "CONTAINER", "_KEY", "URL_S"];
        if about_keys.iter().any(|word| name.contains(word)) {
            for (what, value) in some(values(), cases.len()) {
                let case = Case::line(format!("{name} {what}, without keys"), "list").env("AWS_ACCESS_KEY_ID", "");
                cases.push(case.env(name, &value));
            }
        }
    }
    cases
}

/// Keys of a profile.
const KEYS: [&str; 29] = [
    "region",
    "role_arn",
    "source_profile",
    "credential_source",
    "external_id",
    "role_session_name",
    "duration_seconds",
    "mfa_serial",
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "credential_process",
    "web_identity_token_file",
    "sso_session",
    "sso_account_id",
    "sso_role_name",
    "sso_region",
    "sso_start_url",
    "login_session",
    "endpoint_url",
    "services",
    "ca_bundle",
    "retry_mode",
    "max_attempts",
    "use_fips_endpoint",
    "use_dualstack_endpoint",
    "sdk_ua_app_id",
    "request_min_compression_size_bytes",
    "sigv4a_signing_region_set",
];

pub fn profile_keys() -> Vec<Case> {
    let keys = "aws_access_key_id = AKIAPROD\naws_secret_access_key = secret\n";
    let kinds = [
        format!(
            "[profile base]\n{keys}[profile one]\nregion = us-east-1\nrole_arn = arn:aws:iam::222222222222:role/x\nsource_profile = base\n"
        ),
        format!("[profile one]\nregion = us-east-1\n{keys}"),
        "[profile one]\nregion = us-east-1\nsso_session = s\nsso_account_id = 1\nsso_role_name = x\n[sso-session s]\n\
         sso_region = us-east-1\nsso_start_url = https://x.invalid/start\n"
            .to_owned(),
    ];
    let mut cases = Vec::new();
    for (number, kind) in kinds.iter().enumerate() {
        let in_play = |key: &&str| match number {
            0 => true,
            1 => key.starts_with("aws_") || key.starts_with("credential") || key.starts_with("web"),
            _ => key.starts_with("sso_"),
        };
        for key in KEYS.into_iter().filter(|key| in_play(key)) {
            for (what, value) in some(values(), cases.len()) {
                let line = format!("{key} = {value}\n");
                let text = kind.replacen("region = us-east-1\n", &format!("region = us-east-1\n{line}"), 1);
                // The last of two counts.
                let text = if kind.contains(&format!("\n{key} =")) { without_others(&text, key, &line) } else { text };
                let name = format!("{key} in profile {number} {what}");
                cases.push(Case::line(name, "list --profile one").file("aws-config", text));
            }
        }
    }
    cases
}

fn without_others(text: &str, key: &str, line: &str) -> String {
    let keeps = |other: &&str| !other.starts_with(&format!("{key} =")) || format!("{other}\n") == line;
    text.lines().filter(keeps).fold(String::new(), |all, line| all + line + "\n")
}

pub fn files() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, line) in [
        ("config.toml", "list --config config.toml"),
        (".config/amictl/config.toml", "list"),
        ("aws-config", "list --profile one"),
        ("aws-config", "list"),
        ("aws-credentials", "list --profile one"),
        ("policy.toml", "prune --policy policy.toml"),
        ("plan.json", "apply plan.json"),
        ("plan.json", "apply plan.json --yes"),
        ("journal.jsonl", "restore --journal journal.jsonl"),
        ("journal.jsonl", "restore --journal journal.jsonl --yes"),
        ("files/main.tf", "prune --keep 3 --refs-from files"),
        ("files/main.tf", "refs web --refs-from files"),
        ("bundle.pem", "list"),
    ] {
        for (what, text) in some(contents(), cases.len()) {
            let case = Case::line(format!("{name} {what}: {line}"), line).file(name, text);
            cases.push(if name == "bundle.pem" { case.env("AWS_CA_BUNDLE", "bundle.pem") } else { case });
        }
    }
    let keys = [
        "profile",
        "region",
        "role_arn",
        "org_role",
        "external_id",
        "endpoint_url",
        "output",
        "color",
        "timeout",
        "max_attempts",
        "nothing",
    ];
    for key in keys {
        let values = values().into_iter().map(|(what, value)| (what, format!("'''{}'''", value.replace('\u{1b}', ""))));
        let others = [("a list", "[1, [2]]"), ("a table", "{ a = 1 }"), ("a number", "-1"), ("a date", "2026-01-02")];
        let values = values.chain(others.map(|(what, value)| (what, value.to_owned()))).collect();
        for (what, value) in some(values, cases.len()) {
            let text = format!("{key} = {value}\n");
            cases.push(
                Case::line(format!("config.toml {key} {what}"), "list --config config.toml").file("config.toml", text),
            );
        }
    }
    for name in ["missing", "."] {
        for line in ["list --config", "prune --policy", "apply", "restore --journal", "prune --keep 3 --refs-from"] {
            cases.push(Case::line(format!("{line} {name}"), &format!("{line} {name}")));
        }
    }
    cases
}
