//! Keys, faults and throttling.

use super::*;

#[tokio::test]
async fn roles_lead_into_other_accounts() {
    let fake = Fake::start();
    fake.world().image(OTHER, EAST, "theirs").put();
    let config = aws_sdk_sts::Config::builder()
        .behavior_version(aws_sdk_sts::config::BehaviorVersion::latest())
        .endpoint_url(fake.url())
        .region(aws_sdk_sts::config::Region::new(EAST))
        .credentials_provider(Credentials::new("AKIAPROD", "secret", None, None, "test"))
        .build();
    let sts = aws_sdk_sts::Client::from_conf(config);
    assert_eq!(sts.get_caller_identity().send().await.unwrap().account(), Some(PROD));
    let assume = |account: &str| {
        let arn = format!("arn:aws:iam::{account}:role/ops/amictl");
        sts.assume_role().role_arn(arn).role_session_name("amictl").send()
    };
    let given = assume(OTHER).await.unwrap();
    let given = given.credentials().unwrap();
    let token = Some(given.session_token().to_owned());
    let session = |token: Option<String>| {
        let keys = Credentials::new(given.access_key_id(), "secret", token, None, "test");
        let config = prod(&fake, EAST).config().to_builder().credentials_provider(keys).build();
        Client::from_conf(config)
    };
    let found = session(token.clone()).describe_images().owners("self").send().await.unwrap();
    assert_eq!(found.images()[0].name(), Some("theirs"));
    assert_eq!(code(session(None).describe_images().send().await), "AuthFailure");
    fake.world().advance(Duration::from_secs(3601));
    assert_eq!(code(session(token).describe_images().send().await), "RequestExpired");
    let refused = assume("999999999999").await.unwrap_err();
    assert_eq!(aws_sdk_sts::error::ProvideErrorMetadata::code(&refused), Some("AccessDenied"));
}

#[tokio::test]
async fn faults_strike_where_they_are_told_to() {
    let fake = Fake::start();
    let instance = fake.world().instance(PROD, EAST).put();
    let patient = client(&fake, "AKIAPROD", EAST, 3);

    fake.fault(Fault::on("CreateImage", FaultKind::ResetAfter).times(1));
    let retried = patient.create_image().instance_id(&instance).name("web-v1").send().await;
    assert_eq!(code(retried), "InvalidAMIName.Duplicate", "the lost answer was retried");
    let outcomes: Vec<Outcome> = fake.calls().into_iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes, [Outcome::Lost, Outcome::Error("InvalidAMIName.Duplicate".into())]);

    fake.fault(Fault::on("DescribeImages", FaultKind::HtmlError(503)).times(1));
    fake.fault(Fault::on("DescribeImages", FaultKind::ResetBefore).times(1));
    let listed = patient.describe_images().owners("self").send().await.unwrap();
    assert_eq!(listed.images().len(), 1);
    assert_eq!(fake.count("DescribeImages"), 3);

    fake.clear_faults();
    let hopeful = prod(&fake, EAST);
    fake.fault(Fault::on("DescribeImages", FaultKind::Truncated).times(1));
    assert!(hopeful.describe_images().send().await.is_err());
    let denied = Fault::error("*", "UnauthorizedOperation", "no").in_region(WEST).matching("web-").skip(1);
    fake.fault(denied);
    let west = prod(&fake, WEST);
    let list = || west.describe_images().filters(filter("name", "web-*")).send();
    list().await.unwrap();
    assert_eq!(code(list().await), "UnauthorizedOperation");
    west.describe_images().send().await.unwrap();
    hopeful.describe_images().filters(filter("name", "web-*")).send().await.unwrap();

    fake.clear_faults();
    fake.fault(Fault::on("DescribeImages", FaultKind::Latency(Duration::from_millis(80))));
    let began = Instant::now();
    let both = tokio::join!(list(), list());
    assert!(both.0.is_ok() && both.1.is_ok() && began.elapsed() >= Duration::from_millis(80));
    assert_eq!(fake.peak(), 2);
}

#[tokio::test]
async fn buckets_run_dry_and_fill_again() {
    let fake = Fake::start();
    fake.world().throttle = true;
    let client = prod(&fake, EAST);
    let missing =
        || client.copy_image().source_image_id("ami-0123456789abcdef0").source_region(WEST).name("web").send();
    let mut served = 0;
    while code(missing().await) != "RequestLimitExceeded" {
        served += 1;
        assert!(served < 1000, "100 at once and one a second is all there is");
    }
    assert!(served >= 100, "{served}");
    client.describe_images().send().await.unwrap();
    assert_eq!(
        code(other(&fake, EAST).delete_snapshot().snapshot_id("snap-0123456789abcdef0").send().await),
        "InvalidSnapshot.NotFound"
    );
    fake.world().advance(Duration::from_secs(2));
    assert_eq!(code(missing().await), "InvalidAMIID.NotFound");
}

#[tokio::test]
async fn a_hanging_request_does_no_work() {
    let fake = Fake::start();
    let id = fake.world().image(PROD, EAST, "web").put();
    fake.fault(Fault::on("DeregisterImage", FaultKind::Hang(Duration::from_millis(20))).times(1));
    let client = prod(&fake, EAST);
    assert!(client.deregister_image().image_id(&id).send().await.is_err());
    assert_eq!(fake.calls()[0].outcome, Outcome::Dropped);
    assert!(fake.world().find_image(&id).is_some());
}
