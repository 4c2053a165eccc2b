//! Assuming roles: external ids, second factors, and sessions that end.

use aws_sdk_sts::operation::assume_role::builders::AssumeRoleFluentBuilder;
use aws_sdk_sts::types::Credentials as Temporary;

use super::*;

const ROLE: &str = "arn:aws:iam::222222222222:role/ops/amictl";
const DEVICE: &str = "arn:aws:iam::111111111111:mfa/operator";

/// A client of STS and one of EC2 with these keys.
fn holding(fake: &Fake, keys: &Temporary) -> (aws_sdk_sts::Client, Client) {
    let token = Some(keys.session_token().to_owned());
    let keys = Credentials::new(keys.access_key_id(), keys.secret_access_key(), token, None, "test");
    let sts = aws_sdk_sts::Config::builder()
        .behavior_version(aws_sdk_sts::config::BehaviorVersion::latest())
        .endpoint_url(fake.url())
        .region(aws_sdk_sts::config::Region::new(EAST))
        .credentials_provider(keys.clone())
        .retry_config(RetryConfig::disabled());
    let ec2 = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(fake.url())
        .region(Region::new(EAST))
        .credentials_provider(keys)
        .retry_config(RetryConfig::disabled());
    (aws_sdk_sts::Client::from_conf(sts.build()), Client::from_conf(ec2.build()))
}

fn assume(client: &aws_sdk_sts::Client) -> AssumeRoleFluentBuilder {
    client.assume_role().role_arn(ROLE).role_session_name("amictl")
}

/// What an attempt to assume the role is told; nothing when it is let in.
async fn told(request: AssumeRoleFluentBuilder) -> Option<(String, String)> {
    let error = request.send().await.err()?;
    Some((error.code().unwrap().to_owned(), error.message().unwrap().to_owned()))
}

fn denied(message: &str) -> Option<(String, String)> {
    Some(("AccessDenied".to_owned(), message.to_owned()))
}

#[tokio::test]
async fn a_role_may_ask_for_an_external_id() {
    let fake = Fake::start();
    fake.world().require_external_id(ROLE, "customer-7");
    let client = sts(&fake, "AKIAPROD", EAST);
    let refused = denied(&format!(
        "User: arn:aws:iam::{PROD}:user/operator is not authorized to perform: sts:AssumeRole on resource: {ROLE}"
    ));
    assert_eq!(told(assume(&client)).await, refused);
    assert_eq!(told(assume(&client).external_id("customer-8")).await, refused);
    assert_eq!(told(assume(&client).external_id("x")).await.unwrap().0, "ValidationError");
    let let_in = assume(&client).external_id("customer-7").source_identity("me").send().await.unwrap();
    assert_eq!(let_in.source_identity(), Some("me"));
    assert!(let_in.assumed_role_user().unwrap().arn().ends_with(":assumed-role/amictl/amictl"));
    let (_, ec2) = holding(&fake, let_in.credentials().unwrap());
    ec2.describe_images().send().await.unwrap();
    assert_eq!(fake.calls().last().unwrap().account, OTHER);
    let narrowed = assume(&client).external_id("customer-7").policy("{}");
    assert_eq!(told(narrowed).await.unwrap().0, "ValidationError", "policies are not known here");
}

#[tokio::test]
async fn a_code_works_once_and_only_with_its_device() {
    let fake = Fake::start();
    fake.world().require_mfa(ROLE, DEVICE, "123456");
    let client = sts(&fake, "AKIAPROD", EAST);
    let with = |serial: &str, code: &str| told(assume(&client).serial_number(serial).token_code(code));
    let wrong = denied("MultiFactorAuthentication failed with invalid MFA one time pass code. ");
    assert!(told(assume(&client)).await.unwrap().1.contains("is not authorized to perform: sts:AssumeRole"));
    let half = told(assume(&client).serial_number(DEVICE)).await;
    assert_eq!(half, denied("MultiFactorAuthentication must provide both MFA serial number and one time pass code."));
    assert_eq!(with(DEVICE, "654321").await, wrong);
    assert_eq!(with(DEVICE, "123456").await, None);
    assert_eq!(with(DEVICE, "123456").await, wrong, "a code works once");
    fake.world().show_mfa_code(DEVICE, "111111");
    assert_eq!(with(DEVICE, "111111").await, None);
    for (serial, code) in
        [("operator", "222222"), ("arn:aws:iam::1:mfa/me", "222222"), (DEVICE, "22222"), (DEVICE, "2222x2")]
    {
        assert_eq!(with(serial, code).await.unwrap().0, "ValidationError", "{serial} {code}");
    }
    fake.world().show_mfa_code("arn:aws:iam::222222222222:mfa/operator", "333333");
    let foreign = with("arn:aws:iam::222222222222:mfa/operator", "333333").await.unwrap();
    assert!(foreign.1.contains("unable to validate MFA code"), "{foreign:?}");
    fake.world().show_mfa_code("GAHT12345678", "444444");
    assert_eq!(with("GAHT12345678", "444444").await, None, "a device of hardware has a number");
}

#[tokio::test]
async fn a_session_with_a_second_factor_opens_several_roles() {
    let fake = Fake::start();
    let second = "arn:aws:iam::111111111111:role/second";
    {
        let mut world = fake.world();
        world.require_mfa(ROLE, DEVICE, "123456");
        world.require_mfa(second, DEVICE, "123456");
    }
    let client = sts(&fake, "AKIAPROD", EAST);
    let plain = client.get_session_token().send().await.unwrap();
    let (without, _) = holding(&fake, plain.credentials().unwrap());
    assert_eq!(told(assume(&without)).await.unwrap().0, "AccessDenied");
    let session = client.get_session_token().serial_number(DEVICE).token_code("123456").duration_seconds(900);
    let session = session.send().await.unwrap();
    let (with, ec2) = holding(&fake, session.credentials().unwrap());
    assert_eq!(told(assume(&with)).await, None);
    let into_second = with.assume_role().role_arn(second).role_session_name("amictl").send().await.unwrap();
    let (chained, _) = holding(&fake, into_second.credentials().unwrap());
    assert_eq!(told(assume(&chained)).await.unwrap().0, "AccessDenied", "a role's session carries no second factor");
    assert_eq!(code(with.get_session_token().send().await), "AccessDenied", "no session of a session");
    let who = with.get_caller_identity().send().await.unwrap();
    assert_eq!(who.arn(), Some("arn:aws:iam::111111111111:user/operator"));

    fake.world().advance(Duration::from_mins(15));
    assert_eq!(told(assume(&with)).await.unwrap().0, "ExpiredToken");
    assert_eq!(code(ec2.describe_images().send().await), "RequestExpired");
    for bad in [899, 129_601] {
        assert_eq!(code(client.get_session_token().duration_seconds(bad).send().await), "ValidationError");
    }
}

#[tokio::test]
async fn sessions_last_as_long_as_the_role_allows_or_the_test_says() {
    let fake = Fake::start();
    let client = sts(&fake, "AKIAPROD", EAST);
    assert_eq!(told(assume(&client).duration_seconds(3601)).await.unwrap().0, "ValidationError");
    fake.world().allow_long_sessions(ROLE, 7200);
    let long = assume(&client).duration_seconds(7200).send().await.unwrap();
    let until = long.credentials().unwrap().expiration().secs();
    assert!((until - fake.world().now().timestamp() - 7200).abs() < 60);
    let (chained, _) = holding(&fake, long.credentials().unwrap());
    assert_eq!(told(assume(&chained).duration_seconds(7200)).await.unwrap().0, "ValidationError");
    assert_eq!(told(assume(&chained).duration_seconds(3600)).await, None);

    fake.world().sessions_last = Some(Duration::from_secs(5));
    let short = assume(&client).send().await.unwrap();
    let (_, ec2) = holding(&fake, short.credentials().unwrap());
    ec2.describe_images().send().await.unwrap();
    fake.world().advance(Duration::from_secs(5));
    assert_eq!(code(ec2.describe_images().send().await), "RequestExpired");
    fake.world().add_member(OTHER, "dev", "SUSPENDED");
    assert_eq!(told(assume(&client)).await.unwrap().0, "AccessDenied", "a suspended account lets nobody in");
}
