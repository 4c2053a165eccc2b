//! Sources of credentials, regions, endpoints and defaults, and the errors where one is missing.

use std::net::TcpListener;

use crate::cli::Amictl;
use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each};

const PROFILES: &str = "\
[default]
region = eu-west-1

[profile other]
region = us-west-2
aws_access_key_id = AKIAOTHER
aws_secret_access_key = secret
";

/// An endpoint with an image of each account in each of three regions.
fn ready() -> Setup {
    let setup = Setup::new();
    for (account, name) in [(PROD, "prod-v1-2026-01-02"), (OTHER, "other-v1-2026-01-02")] {
        for region in [EAST, WEST, EUROPE] {
            setup.world().image(account, region, name).put();
        }
    }
    setup.home.write("aws-config", PROFILES);
    setup
}

/// The binary without region and keys.
fn bare(setup: &Setup) -> Amictl {
    Amictl::bare(setup.home.path()).env("AWS_ENDPOINT_URL", setup.fake.url())
}

/// Account and region that a listing was made in.
#[track_caller]
fn place(setup: &Setup, amictl: Amictl, line: &str) -> (String, String) {
    let found = amictl.run(&format!("{line} -o json")).ended(0).json();
    assert_eq!(found["images"].as_array().unwrap().len(), 1, "{found}");
    let call = setup.calls("DescribeImages").pop().unwrap();
    assert_eq!(
        (each(&found["images"], "owner_id"), each(&found["images"], "region")),
        (vec![&*call.account], vec![&*call.region])
    );
    (call.account, call.region)
}

fn at(account: &str, region: &str) -> (String, String) {
    (account.to_owned(), region.to_owned())
}

#[test]
fn a_profile_asked_for_beats_keys_in_the_environment() {
    let setup = ready();
    assert_eq!(place(&setup, setup.amictl(), "list"), at(PROD, EAST));
    assert_eq!(place(&setup, setup.amictl(), "list --profile other"), at(OTHER, EAST));
    let amictl = setup.amictl().without("AWS_REGION");
    assert_eq!(place(&setup, amictl, "list --profile other"), at(OTHER, WEST));
    let named = setup.amictl().env("AWS_PROFILE", "other").without("AWS_REGION");
    assert_eq!(place(&setup, named, "list"), at(PROD, WEST), "as in the AWS CLI, keys beat AWS_PROFILE");
    let named = bare(&setup).env("AWS_PROFILE", "other");
    assert_eq!(place(&setup, named, "list"), at(OTHER, WEST));
}

#[test]
fn the_region_comes_from_the_nearest_source() {
    let setup = ready();
    let keys = || bare(&setup).env("AWS_ACCESS_KEY_ID", "AKIAPROD").env("AWS_SECRET_ACCESS_KEY", "secret");
    assert_eq!(place(&setup, keys(), "list"), at(PROD, EUROPE), "the profile");
    let default = || keys().env("AWS_DEFAULT_REGION", WEST);
    assert_eq!(place(&setup, default(), "list"), at(PROD, WEST), "AWS_DEFAULT_REGION");
    let region = || default().env("AWS_REGION", EAST);
    assert_eq!(place(&setup, region(), "list"), at(PROD, EAST), "AWS_REGION");
    assert_eq!(place(&setup, region(), "list --region eu-west-1"), at(PROD, EUROPE), "--region");
    let several = keys().env("AWS_REGION", "us-east-1,us-west-2").run("list -o json").ended(0).json();
    assert_eq!(several["images"].as_array().unwrap().len(), 2);
    keys().env("AWS_REGION", "nowhere").run("list").ended(2).says(&["AWS_REGION: 'nowhere' is not a region"]);
}

#[test]
fn no_region_is_a_usage_error_and_never_a_silent_default() {
    let setup = Setup::new();
    let ran = setup.amictl().without("AWS_REGION").run("list -o json").ended(2);
    assert!(ran.error()["message"].as_str().unwrap().contains("no region"), "{}", ran.stderr);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("--region us-east-1") && hint.contains("AWS_REGION"), "{hint}");
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_command_for_one_place_wants_one() {
    let setup = ready();
    for line in ["wait prod", "create web --instance i-0123456789abcdef0", "launch prod --type t3.micro"] {
        setup.run(&format!("{line} --region us-east-1,us-west-2")).ended(2).says(&["give one --region"]);
        let roles = "--role-arn arn:aws:iam::111111111111:role/a --role-arn arn:aws:iam::222222222222:role/a";
        setup.run(&format!("{line} {roles}")).ended(2).says(&["at most one --role-arn"]);
    }
    setup.unchanged();
}

#[test]
fn no_credentials_is_said_with_the_way_out() {
    let setup = Setup::new();
    let ran = bare(&setup).env("AWS_REGION", EAST).run("list -o json").ended(1);
    assert_eq!(ran.error()["code"], "CredentialsError");
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("--profile NAME") && hint.contains("AWS_ACCESS_KEY_ID"), "{hint}");
    setup.home.write("aws-config", PROFILES);
    setup.amictl().run("list --profile nobody").ended(1).says(&["profile `nobody` was not defined"]);
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn keys_that_aws_does_not_know_are_said_to_be_wrong() {
    let setup = Setup::new();
    let ran = setup.amictl().env("AWS_ACCESS_KEY_ID", "AKIASTRANGER").run("list -o json").ended(1);
    assert_eq!(ran.error()["code"], "AuthFailure");
    assert!(ran.error()["hint"].as_str().unwrap().contains("check the credentials"), "{}", ran.stderr);
}

#[test]
fn an_expired_sign_on_says_how_to_sign_in_again() {
    let setup = Setup::new();
    let profile = "[profile corp]\nsso_session = corp\nsso_account_id = 111111111111\nsso_role_name = Admin\n\
                   region = us-east-1\n\n[sso-session corp]\nsso_region = us-east-1\n\
                   sso_start_url = https://corp.awsapps.com/start\n";
    setup.home.write("aws-config", profile);
    let never = bare(&setup).run("list --profile corp -o json").ended(1);
    let token = r#"{"accessToken": "x", "expiresAt": "2020-01-02T03:04:05Z", "region": "us-east-1",
                    "startUrl": "https://corp.awsapps.com/start"}"#;
    setup.home.write(&format!(".aws/sso/cache/{CORP}.json"), token);
    let expired = bare(&setup).run("list --profile corp -o json").ended(1);
    for ran in [never, expired] {
        assert_eq!(ran.error()["code"], "CredentialsError", "{}", ran.stderr);
        let hint = ran.error()["hint"].as_str().unwrap().to_owned();
        assert!(hint.contains("aws sso login") && hint.contains("--profile"), "{hint}");
    }
    assert!(setup.fake.calls().is_empty());
}

/// The name under which the AWS CLI caches the token of the session `corp`: its SHA-1.
const CORP: &str = "ee0bfd2552fbd840c02cc48b6e823320543c450f";

#[test]
fn an_endpoint_that_refuses_connections_is_named() {
    let setup = Setup::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let ran = setup.once().env("AWS_ENDPOINT_URL", &url).run("list -o json").ended(1);
    assert_eq!(ran.error()["code"], "ConnectionError");
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("DescribeImages in us-east-1"), "{message}");
    assert!(ran.error()["hint"].as_str().unwrap().contains("check the network and --endpoint-url"), "{}", ran.stderr);
}

#[test]
fn a_call_is_tried_as_often_as_asked() {
    let setup = Setup::new();
    setup.fake.fault(Fault::error("DescribeImages", "RequestLimitExceeded", "Request limit exceeded."));
    for (amictl, line, tries) in [
        (setup.amictl(), "list --max-attempts 2", 2),
        (setup.once(), "list", 1),
        (setup.once(), "list --max-attempts 3", 3),
    ] {
        setup.fake.forget_calls();
        amictl
            .run(line)
            .ended(1)
            .says(&["Request limit exceeded. [RequestLimitExceeded]", "run the command again later"]);
        assert_eq!(setup.calls("DescribeImages").len(), tries, "{line}");
    }
}

#[test]
fn the_endpoint_comes_from_the_nearest_source() {
    let setup = ready();
    let dead = "http://127.0.0.1:9";
    let once = || setup.once().env("AWS_ENDPOINT_URL", dead);
    once().run("list").ended(1).says(&["DescribeImages in us-east-1"]);
    once().run(&format!("list --endpoint-url {}", setup.fake.url())).ended(0);
    once().env("AWS_ENDPOINT_URL_EC2", setup.fake.url()).run("list").ended(0);
    setup.home.write("aws-config", &format!("[default]\nendpoint_url = {}\n", setup.fake.url()));
    setup.once().without("AWS_ENDPOINT_URL").run("list").ended(0);
    assert_eq!(setup.calls("DescribeImages").len(), 3);
}

#[test]
fn an_answer_that_is_no_answer_is_said_to_be_none() {
    let setup = Setup::new();
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::HtmlError(404)).times(1));
    let unknown = setup.once().run("list -o json").ended(1);
    assert!(
        unknown.error()["message"].as_str().unwrap().contains("answered HTTP 404 (text/html)"),
        "{}",
        unknown.stderr
    );
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::HtmlError(200)));
    let proxy = setup.once().run("list -o json").ended(1);
    assert_eq!(proxy.error()["code"], "UnreadableResponse");
    assert!(proxy.error()["message"].as_str().unwrap().contains("HTTP 200 with something that cannot be read"));
}

#[test]
fn a_role_is_assumed() {
    let setup = ready();
    let line = "list --role-arn arn:aws:iam::222222222222:role/ami";
    assert_eq!(place(&setup, setup.amictl(), line), at(OTHER, EAST));
    let from_env = setup.amictl().env("AMICTL_ROLE_ARN", "arn:aws:iam::222222222222:role/ami");
    assert_eq!(place(&setup, from_env, "list"), at(OTHER, EAST));
    let made = setup.run("launch other --type t3.micro --role-arn arn:aws:iam::222222222222:role/ami").ended(0);
    assert!(made.stdout.contains("i-"), "{}", made.stdout);
    assert_eq!(setup.world().instances(OTHER, EAST).count(), 1);
    setup.world().denied_roles.insert("arn:aws:iam::222222222222:role/ami".to_owned());
    let denied = setup.run(line).ended(1);
    denied.says(&["is not authorized to perform: sts:AssumeRole"]);
}

/// Where EC2 was asked which regions are enabled.
fn asked_in(setup: &Setup) -> Vec<String> {
    setup.calls("DescribeRegions").into_iter().map(|call| call.region).collect()
}

#[test]
fn which_regions_there_are_is_asked_in_the_region_that_is_set() {
    let key = |amictl: Amictl| amictl.env("AWS_ACCESS_KEY_ID", "AKIAPROD").env("AWS_SECRET_ACCESS_KEY", "secret");
    for (environment, line, region) in [
        (None, "list --region all", EUROPE),
        (Some(WEST), "list --region all", WEST),
        (Some(EAST), "list --region all --profile other", WEST),
    ] {
        let setup = ready();
        let mut amictl = key(bare(&setup));
        if let Some(region) = environment {
            amictl = amictl.env("AWS_REGION", region);
        }
        let found = amictl.run(&format!("{line} -o json")).ended(0).json();
        assert_eq!(each(&found["images"], "region").len(), 3, "{line}");
        assert_eq!(asked_in(&setup), [region], "{line}");
    }
    // Where the account has not enabled that one, another of the partition will do.
    let setup = ready();
    key(bare(&setup)).env("AWS_REGION", "af-south-1").run("list --region all").ended(0);
    assert_eq!(asked_in(&setup), ["af-south-1", EAST]);
}

#[cfg(unix)]
#[test]
fn credentials_that_there_are_not_are_asked_for_once() {
    let setup = ready();
    let count = setup.home.path().join("count");
    let process = format!("[default]\ncredential_process = sh -c \"echo once >> '{}'; exit 1\"\n", count.display());
    setup.home.write("aws-config", &process);
    let ran = bare(&setup).run("list --region all").ended(1);
    ran.says(&["no usable credentials"]);
    assert_eq!(std::fs::read_to_string(count).unwrap(), "once\n");
}
