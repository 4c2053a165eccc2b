//! The organization that is to be taken over: what is in it, and that the AWS CLI can look at it too.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::fake::organization::{APPS, BASES, CLOSED, CLUSTERS, DENIED, DENIED_REGION, REGIONS, ROLE};
use crate::fake::{PROD, When};
use crate::setup::{EAST, Setup, each};

fn ready() -> Setup {
    let setup = Setup::new();
    setup.world().organization_to_take_over();
    setup
}

/// The names of own images by account and region.
fn names(listed: &Value) -> BTreeMap<(&str, &str), BTreeSet<&str>> {
    let mut names: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for image in listed["images"].as_array().unwrap() {
        let text = |field: &'_ str| image[field].as_str().unwrap();
        names.entry((text("owner_id"), text("region"))).or_default().insert(text("name"));
    }
    names
}

#[test]
fn every_account_that_can_be_entered_has_images_as_their_makers_name_them() {
    let setup = ready();
    let line = format!("list --org-role {ROLE} --region {} -o json", REGIONS.join(","));
    let ran = setup.run(&line).ended(3).says(&[DENIED, DENIED_REGION]);
    let listed = ran.json();
    let names = names(&listed);
    let accounts = [PROD, BASES, APPS[0], APPS[1], APPS[2], CLUSTERS, DENIED];
    for region in REGIONS {
        for account in accounts.into_iter().filter(|account| (*account, region) != (DENIED, DENIED_REGION)) {
            assert!(names[&(account, region)].contains("John's test (old)"), "{account} {region}");
        }
        for (account, start, count) in [
            (BASES, "golden-base_20", 8),
            (APPS[0], "app-api 17", 6),
            (APPS[1], "app-worker-20", 4),
            (APPS[2], "web-recipe 20", 5),
            (CLUSTERS, "kope.io/k8s-1.10-debian-jessie-amd64-hvm-ebs-20", 1),
            (PROD, "web-v5-20", 1),
            (PROD, "management before upgrade [keep]", 1),
        ] {
            let found = names[&(account, region)].iter().filter(|name| name.starts_with(start)).count();
            assert_eq!(found, count, "{start}: {:#?}", names[&(account, region)]);
        }
    }
    assert_eq!(names.len(), accounts.len() * REGIONS.len() - 1);
    let errors = listed["errors"].as_array().unwrap();
    let [error] = &errors[..] else { panic!("{errors:#?}") };
    assert_eq!((&error["account"], &error["region"]), (&DENIED.into(), &DENIED_REGION.into()));
    assert!(error["message"].as_str().unwrap().contains("explicit deny"), "{error}");
    assert!(setup.world().images(CLOSED, EAST).count() > 0, "what is in a closed account is not deleted");
}

#[test]
fn it_is_the_same_in_every_run() {
    let seen = [0, 1].map(|_| {
        let setup = Setup::new();
        let mut world = setup.world();
        world.stop_clock("2026-11-20T12:00:00Z".when());
        world.organization_to_take_over();
        let accounts = [BASES, APPS[2], CLUSTERS];
        let all = accounts.iter().flat_map(|account| world.images(account, EAST).map(|image| format!("{image:?}")));
        all.collect::<Vec<_>>()
    });
    assert_eq!(seen[0], seen[1]);
    for name in [
        "golden-base_20261021",
        "app-api 1793966400",
        "app-worker-20261006120000",
        "web-recipe 2026-10-30T12-00-00.000Z",
        "kope.io/k8s-1.10-debian-jessie-amd64-hvm-ebs-2025-11-25",
    ] {
        assert!(seen[0].iter().any(|image| image.contains(&format!("{name:?}"))), "{name}");
    }
}

/// What the AWS CLI answers; nothing where there is none.
#[allow(clippy::print_stderr, reason = "a test that is left out says so")]
fn aws(setup: &Setup, words: &[&str]) -> Option<Value> {
    let mut aws = Command::new("aws");
    let path = std::env::var_os("PATH").unwrap_or_default();
    aws.args(words).args(["--output", "json", "--region", EAST]).env_clear().env("PATH", path);
    aws.env("HOME", setup.home.path()).env("AWS_ENDPOINT_URL", setup.fake.url()).stdin(Stdio::null());
    aws.env("AWS_ACCESS_KEY_ID", "AKIAPROD").env("AWS_SECRET_ACCESS_KEY", "demo");
    let ended = aws.env("AWS_EC2_METADATA_DISABLED", "true").output();
    let Some(ended) = ended.ok().filter(|ended| ended.status.code() != Some(127)) else {
        eprintln!("there is no AWS CLI on the PATH: it is not tried");
        return None;
    };
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "aws {}: {said}", words.join(" "));
    // Some calls are answered with nothing.
    Some(if ended.stdout.is_empty() { Value::Null } else { serde_json::from_slice(&ended.stdout).unwrap() })
}

#[test]
fn the_aws_cli_works_with_it() {
    let setup = ready();
    let Some(caller) = aws(&setup, &["sts", "get-caller-identity"]) else { return };
    assert_eq!(caller["Account"], PROD);
    let own = aws(&setup, &["ec2", "describe-images", "--owners", "self"]).unwrap();
    let mut images = each(&own["Images"], "ImageId");
    images.sort_unstable();
    let ours = setup.json("list");
    assert_eq!(images, crate::setup::sorted(&ours["images"], "id"));
    let shared = aws(&setup, &["ec2", "describe-images", "--owners", BASES]).unwrap();
    assert!(each(&shared["Images"], "Name").iter().all(|name| name.starts_with("golden-base_")), "{shared}");
    let accounts = aws(&setup, &["organizations", "list-accounts"]).unwrap();
    assert_eq!(accounts["Accounts"].as_array().unwrap().len(), 8);
    let role = format!("arn:aws:iam::{}:role/{ROLE}", APPS[0]);
    let assumed = ["sts", "assume-role", "--role-arn", &role, "--role-session-name", "demo"];
    assert!(aws(&setup, &assumed).unwrap()["Credentials"]["SessionToken"].is_string());
    // A change by one is seen by the other.
    aws(&setup, &["ec2", "create-tags", "--resources", images[0], "--tags", "Key=Team,Value=core"]);
    assert_eq!(setup.image(images[0]).tags["Team"], "core");
    assert_eq!(setup.json("list --tag Team=core")["images"][0]["id"], images[0]);
}
