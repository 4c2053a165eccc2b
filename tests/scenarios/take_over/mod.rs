//! The take-over of an organization by one command line, checked against a plain reckoning.

mod families;
mod plan;
mod reckoning;

use chrono::Duration;

use crate::fake::organization::{APPS, BASES, CLOSED, CLUSTERS, DENIED, DENIED_REGION, REGIONS, ROLE};
use crate::fake::{PROD, World};
use crate::setup::{EAST, EUROPE, Setup, WEST};

use reckoning::{BUILDER, KOPS, PACKER, Place, Reckoning};

/// The accounts that can be entered.
const ACCOUNTS: [&str; 7] = [PROD, BASES, APPS[0], APPS[1], APPS[2], CLUSTERS, DENIED];

/// How a run signs in, and what it cannot read by that.
struct Way {
    /// The options of the command line.
    options: Vec<String>,
    /// Accounts that it knows of and cannot read, in all regions or in one.
    unread: Vec<(&'static str, Option<&'static str>)>,
}

/// By the organization: the closed account is known, and cannot be entered.
fn by_organization() -> Way {
    let unread = vec![(CLOSED, None), (DENIED, Some(DENIED_REGION))];
    Way { options: vec!["--org-role".to_owned(), ROLE.to_owned()], unread }
}

/// By roles: of the closed account nothing is known.
fn by_roles() -> Way {
    let role = |account: &&str| ["--role-arn".to_owned(), format!("arn:aws:iam::{account}:role/{ROLE}")];
    Way { options: ACCOUNTS.iter().flat_map(role).collect(), unread: vec![(DENIED, Some(DENIED_REGION))] }
}

/// The places that can be read, whatever the way.
fn places() -> Vec<Place> {
    let all = ACCOUNTS.into_iter().flat_map(|account| REGIONS.map(|region| (account, region)));
    all.filter(|place| *place != (DENIED, DENIED_REGION)).collect()
}

/// The organization, with what makes a plan hard to get right.
fn ready() -> Setup {
    let setup = Setup::new();
    let mut world = setup.world();
    world.organization_to_take_over();
    let now = world.now();
    let ago = |days| now - Duration::days(days);
    let [shop, search, payments] = APPS;
    // The name and the time of creation disagree: the newest by name is the oldest, and the other way round.
    world.image(shop, EAST, "app-worker-20300101000000").created(ago(700)).size(5).put();
    world.image(shop, EAST, "app-worker-20200101000000").created(ago(51)).size(5).put();
    // What does not work takes no place from what works.
    world.image(search, WEST, "app-worker-20290101000000").created(ago(90)).state("disabled").put();
    world.image(search, WEST, "app-worker-20190101000000").created(ago(900)).state("disabled").put();
    let revoked = world.image(DENIED, WEST, "app-api 2000000000").created(ago(60));
    revoked.tag("amictl:revoked", "2026-01-01 leaked key").put();
    world.image(payments, EAST, "app-worker-20310101000000").created(ago(80)).state("failed").put();
    // Two images of one family on one snapshot, and both go.
    let image = world.image_named(payments, WEST, &oldest_worker(&world, payments, WEST)).unwrap();
    let snapshots: Vec<String> = image.snapshots().map(str::to_owned).collect();
    let snapshots: Vec<&str> = snapshots.iter().map(String::as_str).collect();
    world.image(payments, WEST, "app-worker-20180101000000").created(ago(800)).on_snapshots(&snapshots).put();
    // By the order in the name, 1.9 is older than 1.10; as text it is newer.
    let nodes = world.image(CLUSTERS, EUROPE, "kope.io/k8s-1.9-debian-jessie-amd64-hvm-ebs-2018-03-11");
    nodes.created(ago(800)).put();
    // An alias on an image that a pattern put into its family, and one of amictl's own.
    let base = oldest(&world, BASES, EAST, "golden-base_");
    world.parameter(BASES, EAST, "/amictl/golden-base/prod", &base);
    let web = oldest(&world, PROD, WEST, "web-v1-");
    world.parameter(PROD, WEST, "/amictl/web/stable", &web);
    // One name in the same words by amictl's rule: a family of its own.
    world.image(BASES, EAST, "golden-base-v1-2026-01-01").created(ago(300)).put();
    world.image(DENIED, EAST, "app-api 1").created(ago(300)).put();
    drop(world);
    setup
}

/// The image of an account that was made first, of those whose names begin so.
fn oldest(world: &World, account: &str, region: &str, start: &str) -> String {
    let begun = world.images(account, region).filter(|image| image.name.starts_with(start));
    begun.min_by_key(|image| image.created).unwrap().id.clone()
}

fn oldest_worker(world: &World, account: &str, region: &str) -> String {
    let id = oldest(world, account, region, "app-worker-");
    world.find_image(&id).unwrap().name.clone()
}

/// The reckoning for a way of signing in.
fn reckoned(setup: &Setup, way: &Way) -> Reckoning {
    Reckoning::of(&setup.world(), &places(), &way.unread)
}

/// A command line for this organization: the regions and the way in.
fn line<'a>(words: &[&'a str], way: &'a Way, regions: &'a str) -> Vec<&'a str> {
    let way = way.options.iter().map(String::as_str);
    words.iter().copied().chain(way).chain(["--region", regions, "-o", "json"]).collect()
}

fn patterns() -> [&'static str; 3] {
    [KOPS, PACKER, BUILDER]
}
