//! Profiles of every kind, asked for by option and by variable: both are the same.

use crate::cli::Amictl;
use crate::fake::{OTHER, PROD};
use crate::loopback::{Asked, Loopback, response};
use crate::setup::{EAST, EUROPE, Setup, WEST, each};

const ROLE: &str = "arn:aws:iam::222222222222:role/ami";
/// The name under which the AWS CLI caches the token of the session `corp`: its SHA-1.
const CORP: &str = "ee0bfd2552fbd840c02cc48b6e823320543c450f";

/// An endpoint with an image of each account in each of three regions.
fn ready(profiles: &str) -> Setup {
    let setup = Setup::new();
    for (account, name) in [(PROD, "prod-v1-2026-01-02"), (OTHER, "other-v1-2026-01-02")] {
        for region in [EAST, WEST, EUROPE] {
            setup.world().image(account, region, name).put();
        }
    }
    setup.home.write("aws-config", profiles);
    setup
}

/// The binary without keys and region, as users have it who live by profiles.
fn bare(setup: &Setup) -> Amictl {
    Amictl::bare(setup.home.path()).env("AWS_ENDPOINT_URL", setup.fake.url())
}

/// Checks that `--profile one` and `AWS_PROFILE=one` both lead to an account and region, with and without --region.
#[track_caller]
fn leads(setup: &Setup, with: impl Fn(Amictl) -> Amictl, account: &str, region: &str) {
    for (option, region) in [("", region), ("--region eu-west-1", EUROPE), ("--region all", "")] {
        let by_option = with(bare(setup)).run(&format!("list --profile one {option} -o json"));
        let by_variable = with(bare(setup)).env("AWS_PROFILE", "one").run(&format!("list {option} -o json"));
        for ran in [by_option, by_variable] {
            let found = ran.ended(0).json();
            assert!(each(&found["images"], "owner_id").iter().all(|owner| *owner == account), "{option} {found}");
            let regions = each(&found["images"], "region");
            assert!(if region.is_empty() { regions.len() == 3 } else { regions == [region] }, "{option} {found}");
        }
    }
}

fn as_it_is(amictl: Amictl) -> Amictl {
    amictl
}

const KEYS: &str = "aws_access_key_id = AKIAPROD\naws_secret_access_key = secret\n";

#[test]
fn keys_in_a_profile_are_the_same_by_option_and_by_variable() {
    let keys = KEYS.replace("PROD", "OTHER");
    leads(&ready(&format!("[profile one]\nregion = us-west-2\n{keys}")), as_it_is, OTHER, WEST);
    let setup = ready("[profile one]\nregion = us-west-2\n");
    setup.home.write("aws-credentials", &format!("[one]\n{keys}"));
    leads(&setup, as_it_is, OTHER, WEST);
}

#[test]
fn a_role_with_a_source_profile_is_the_same_by_option_and_by_variable() {
    let base = format!("[profile base]\n{KEYS}");
    leads(
        &ready(&format!("{base}[profile one]\nrole_arn = {ROLE}\nsource_profile = base\nregion = us-west-2\n")),
        as_it_is,
        OTHER,
        WEST,
    );
    // The region of the profile that it stands on.
    let with_region = format!("{base}region = us-west-2\n[profile one]\nrole_arn = {ROLE}\nsource_profile = base\n");
    leads(&ready(&with_region), as_it_is, OTHER, WEST);
    // One that is its own source.
    leads(
        &ready(&format!("[profile one]\nrole_arn = {ROLE}\nsource_profile = one\nregion = us-west-2\n{KEYS}")),
        as_it_is,
        OTHER,
        WEST,
    );
}

#[test]
fn a_chain_of_roles_is_the_same_by_option_and_by_variable() {
    let chain = format!(
        "[profile base]\n{KEYS}[profile mid]\nrole_arn = arn:aws:iam::222222222222:role/mid\nsource_profile = base\n\
         [profile one]\nrole_arn = arn:aws:iam::111111111111:role/back\nsource_profile = mid\nregion = us-west-2\n"
    );
    let setup = ready(&chain);
    leads(&setup, as_it_is, PROD, WEST);
    let roles = |setup: &Setup| setup.calls("AssumeRole").len();
    assert_eq!(roles(&setup), 12, "two for each run");
    // With a longer session, which the SDK does not ask for, the chain is amictl's own.
    leads(
        &ready(&chain.replace("source_profile = mid", "source_profile = mid\nduration_seconds = 900")),
        as_it_is,
        PROD,
        WEST,
    );
}

#[test]
fn a_role_without_any_region_works_in_those_that_are_asked_for() {
    let setup = ready(&format!("[profile base]\n{KEYS}[profile one]\nrole_arn = {ROLE}\nsource_profile = base\n"));
    for line in ["list --profile one", "list"] {
        let amictl = || bare(&setup).env("AWS_PROFILE", "one");
        amictl().run(line).ended(2).says(&["no region"]);
        let found = amictl().run(&format!("{line} --region all -o json")).ended(0).json();
        assert_eq!(each(&found["images"], "owner_id"), [OTHER; 3]);
    }
}

#[test]
fn credentials_of_a_process_are_the_same_by_option_and_by_variable() {
    let said = r#"{\"Version\": 1, \"AccessKeyId\": \"AKIAOTHER\", \"SecretAccessKey\": \"secret\"}"#;
    let process = format!("region = us-west-2\ncredential_process = echo \"{said}\"\n");
    leads(&ready(&format!("[profile one]\n{process}")), as_it_is, OTHER, WEST);
    let stood_on = format!("[profile base]\n{process}[profile one]\nrole_arn = {ROLE}\nsource_profile = base\n");
    leads(&ready(&stood_on), as_it_is, OTHER, WEST);
}

#[test]
fn a_web_identity_is_the_same_by_option_and_by_variable() {
    let setup = ready("");
    let token = setup.home.write("token", "a.token.of-somebody");
    let profile = format!("[profile one]\nrole_arn = {ROLE}\nweb_identity_token_file = {token}\nregion = us-west-2\n");
    setup.home.write("aws-config", &profile);
    leads(&setup, as_it_is, OTHER, WEST);
    assert_eq!(setup.calls("AssumeRoleWithWebIdentity").len(), 6);
}

/// A server of temporary keys, as a container, an instance and AWS's sign-on have them.
fn keys_at(begin: &'static str) -> Loopback {
    let expires = "\"Expiration\":\"2125-01-02T03:04:05Z\"";
    Loopback::answering(move |Asked { line, .. }| {
        let json = |text: &str| response("200 OK", "content-type: application/json", text);
        match line.split(' ').nth(1).unwrap() {
            path if !path.starts_with(begin) => response("404 Not Found", "", ""),
            "/latest/api/token" => response("200 OK", "x-aws-ec2-metadata-token-ttl-seconds: 60", "token"),
            path if path.starts_with("/federation/credentials") => json(
                r#"{"roleCredentials":{"accessKeyId":"AKIAOTHER","secretAccessKey":"secret","sessionToken":"x",
                "expiration":4891374245000}}"#,
            ),
            path if path.ends_with("/security-credentials/") => response("200 OK", "", "ami"),
            _ => json(&format!(
                r#"{{"Code":"Success","LastUpdated":"2026-01-02T03:04:05Z","Type":"AWS-HMAC","AccessKeyId":"AKIAPROD",
                "SecretAccessKey":"secret","Token":"x",{expires}}}"#
            )),
        }
    })
}

#[test]
fn a_sign_on_is_the_same_by_option_and_by_variable() {
    let portal = keys_at("/federation");
    let profile = "[profile one]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = Admin\n\
                   region = us-west-2\n\n[sso-session corp]\nsso_region = us-east-1\n\
                   sso_start_url = https://corp.awsapps.com/start\n";
    let setup = ready(profile);
    let token = r#"{"accessToken": "x", "expiresAt": "2125-01-02T03:04:05Z", "region": "us-east-1",
                    "startUrl": "https://corp.awsapps.com/start"}"#;
    setup.home.write(&format!(".aws/sso/cache/{CORP}.json"), token);
    leads(&setup, |amictl| amictl.env("AWS_ENDPOINT_URL_SSO", portal.url()), OTHER, WEST);
}

#[test]
fn the_roles_of_containers_and_instances_are_the_same_by_option_and_by_variable() {
    let role =
        |source: &str| format!("[profile one]\nrole_arn = {ROLE}\ncredential_source = {source}\nregion = us-west-2\n");
    let container = keys_at("/keys");
    let in_container =
        |amictl: Amictl| amictl.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/keys", container.url()));
    leads(&ready(&role("EcsContainer")), in_container, OTHER, WEST);
    let instance = keys_at("/latest");
    let on_instance = |amictl: Amictl| {
        amictl.without("AWS_EC2_METADATA_DISABLED").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", instance.url())
    };
    leads(&ready(&role("Ec2InstanceMetadata")), on_instance, OTHER, WEST);
    // A profile that says where to work but not as whom.
    leads(&ready("[profile one]\nregion = us-west-2\n"), in_container, PROD, WEST);
    leads(&ready("[profile one]\nregion = us-west-2\n"), on_instance, PROD, WEST);
}

#[test]
fn a_profile_asked_for_by_option_beats_keys_of_the_environment_and_may_stand_on_them() {
    let profile = format!("[profile one]\nrole_arn = {ROLE}\ncredential_source = Environment\nregion = us-west-2\n");
    for more in ["", "duration_seconds = 900\n"] {
        let setup = ready(&format!("{profile}{more}"));
        let keys = |amictl: Amictl| amictl.env("AWS_ACCESS_KEY_ID", "AKIAPROD").env("AWS_SECRET_ACCESS_KEY", "secret");
        let found = keys(bare(&setup)).run("list --profile one -o json").ended(0).json();
        assert_eq!(each(&found["images"], "owner_id"), [OTHER]);
        let found = keys(bare(&setup)).env("AWS_PROFILE", "one").run("list -o json").ended(0).json();
        assert_eq!(each(&found["images"], "owner_id"), [PROD], "as in the AWS CLI");
    }
}

#[test]
fn a_profile_that_there_is_not_is_said_to_be_none() {
    let setup = ready("[profile other]\nregion = us-west-2\n");
    for ran in [bare(&setup).run("list --profile one"), bare(&setup).env("AWS_PROFILE", "one").run("list")] {
        ran.ended(1).says(&["profile `one` was not defined in ", "aws-config", "hint: list the profiles"]);
    }
    // The keys in the environment may be those of another account than the one that is meant.
    let ran = setup.amictl().env("AWS_PROFILE", "one").run("list").ended(1);
    ran.says(&["profile `one` was not defined in "]);
    setup.amictl().env("AWS_PROFILE", "other").run("list").ended(0);
}

#[test]
fn a_setting_that_is_empty_is_none() {
    let keys = format!("region = us-west-2\n{KEYS}");
    let empty = "endpoint_url =\nca_bundle =\nretry_mode =\nservices = mine\nec2 =\n  endpoint_url =\n";
    let services = "[services mine]\nec2 =\n  endpoint_url =\nsts =\n  endpoint_url =\n";
    let setup = ready(&format!("[default]\n{keys}{empty}{services}"));
    let names = [
        "AWS_PROFILE",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
        "AWS_ENDPOINT_URL_EC2",
        "AWS_ENDPOINT_URL_STS",
        "AWS_CA_BUNDLE",
        "AWS_MAX_ATTEMPTS",
        "AWS_RETRY_MODE",
        "AWS_SDK_UA_APP_ID",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_ROLE_ARN",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
        "AWS_USE_FIPS_ENDPOINT",
        "AWS_USE_DUALSTACK_ENDPOINT",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "AMICTL_CONFIG",
    ];
    let all = |amictl: Amictl| names.iter().fold(amictl, |amictl, name| amictl.env(name, ""));
    let found = all(bare(&setup)).run("list --profile= --endpoint-url= -o json").ended(0).json();
    assert_eq!(each(&found["images"], "region"), [WEST]);
    // Without an endpoint it is AWS that is asked: here by way of a name that leads nowhere.
    let nowhere = all(bare(&setup)).env("AWS_ENDPOINT_URL", "").env("HTTPS_PROXY", "http://127.0.0.1:9");
    let ran = nowhere.run("list --max-attempts 1").ended(1);
    ran.says(&["ec2.us-west-2.amazonaws.com:443 through the proxy 127.0.0.1:9 (HTTPS_PROXY)"]);
    // The usual files, where the variables that name others are empty.
    setup.home.write(".aws/config", &format!("[default]\n{}", keys.replace("us-west-2", EAST)));
    let usual = all(bare(&setup)).env("AWS_CONFIG_FILE", "").env("AWS_SHARED_CREDENTIALS_FILE", "");
    assert_eq!(each(&usual.run("list -o json").ended(0).json()["images"], "region"), [EAST]);
}

#[test]
fn an_endpoint_that_is_no_url_is_a_wrong_setting() {
    let setup = ready(&format!("[default]\nregion = us-west-2\n{KEYS}"));
    let wrong =
        ["nonsense", " ", "http://", "127.0.0.1:80", "http://a b", "ftp://x", "http://x:99999", "http://me:word@x"];
    for url in wrong {
        bare(&setup).args(&["list", "--endpoint-url", url]).ended(2).says(&["--endpoint-url: '", "hint: "]);
        for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2", "AWS_ENDPOINT_URL_AUTO_SCALING"] {
            let ran = bare(&setup).env(name, url).run("list").ended(2);
            assert!(!ran.stderr.contains("word"), "{}", ran.stderr);
            ran.says(&[&format!("{name}: '"), "is no URL of an endpoint", "hint: "]);
        }
        if !url.trim().is_empty() {
            setup.home.write("aws-config", &format!("[default]\nregion = us-west-2\nendpoint_url = {url}\n{KEYS}"));
            bare(&setup).without("AWS_ENDPOINT_URL").run("list").ended(2).says(&["endpoint_url of EC2 in the profile"]);
            setup.home.write("aws-config", &format!("[default]\nregion = us-west-2\n{KEYS}"));
        }
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn every_retry_mode_of_the_aws_cli_is_taken() {
    let setup = ready("");
    for mode in ["legacy", "Standard", "ADAPTIVE", "standard"] {
        setup.amictl().env("AWS_RETRY_MODE", mode).run("list").ended(0);
        setup.home.write("aws-config", &format!("[default]\nretry_mode = {mode}\n"));
        setup.run("list").ended(0);
    }
    setup.home.write("aws-config", "[default]\nretry_mode = eager\n");
    let values = "'eager' is none of standard, adaptive and legacy";
    setup.run("list").ended(2).says(&["retry_mode in the profile default", values, "hint: "]);
    setup.amictl().env("AWS_RETRY_MODE", "standard").run("list").ended(0);
    let ran = setup.amictl().env("AWS_RETRY_MODE", "eager").run("list").ended(2);
    ran.says(&["AWS_RETRY_MODE", "'standard', 'adaptive' or 'legacy'"]);
}

#[test]
fn keys_that_cannot_be_sent_are_refused() {
    let setup = ready(&format!(
        "[profile one]\nrole_arn = {ROLE}\nsource_profile = one\n{}",
        KEYS.replace("AKIA", "A K\u{1b}")
    ));
    for more in ["", "duration_seconds = 900\n"] {
        let text = std::fs::read_to_string(setup.home.path().join("aws-config")).unwrap() + more;
        setup.home.write("aws-config", &text);
        let ran = bare(&setup).run("list --profile one --region us-east-1").ended(1);
        ran.says(&["the access key id has blanks or other characters", "hint: "]);
    }
    setup.amictl().env("AWS_ACCESS_KEY_ID", "AKIA PROD").run("list").ended(1).says(&["the access key id has blanks"]);
    setup.amictl().env("AWS_SESSION_TOKEN", "a\u{1b}b").run("list").ended(1).says(&["the session token has blanks"]);
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_file_that_cannot_be_read_as_one_is_named() {
    let setup = ready("region = us-west-2\n");
    let said = ["the AWS configuration: ", "aws-config", "line 1", "hint: correct the file"];
    bare(&setup).run("list").ended(2).says(&said);
    setup.home.write("aws-config", "[default]\nendpoint_url =\nnonsense\n");
    bare(&setup).run("list").ended(2).says(&["aws-config", "line 3"]);
    setup.amictl().run("list").ended(0);
    setup.home.write("aws-config", &format!("[default]\nregion = mars\n{KEYS}"));
    bare(&setup).run("list").ended(2).says(&["region in the profile default: 'mars' is not a region", "hint: "]);
}
