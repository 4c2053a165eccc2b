//! Plans over many accounts and over many images, and a release to many accounts: `cargo bench --bench organization`.
//!
//! The binary runs as a whole process. Plans are made against answers that were prepared, so that what is measured is the client: wall
//! time, and of the process itself the time of the processor and the most memory. Those two are read from /proc, so
//! that it needs Linux.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a benchmark prints, and stops where it cannot go on"
)]

#[path = "../tests/support/fake/mod.rs"]
mod fake;
mod prepared;
mod process_times;

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ec2::config::{BehaviorVersion, Region};
use fake::{Fake, Fault, FaultKind, Principal, World};
use process_times::{ROUNDS, Taken, median, middle, taken};

const REGIONS: [&str; 6] = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-1"];
const ACCOUNTS: usize = 40;
const LATENCY: Duration = Duration::from_millis(50);
/// Set for the process that makes bare calls to compare with: how many a place.
const BARE: &str = "AMICTL_BENCH_BARE";
/// The calls that amictl has under way at most.
const AT_ONCE: usize = 512;

fn main() {
    if let Some(calls) = std::env::var(BARE).ok().and_then(|calls| calls.parse().ok()) {
        return bare(calls);
    }
    let parts: [(&str, fn()); 4] =
        [("accounts", accounts), ("images", images), ("releases", releases), ("audits", audits)];
    let named = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    println!("{:<72}{:>10}{:>10}", "", "measured", "at most");
    for (_, measure) in parts.iter().filter(|(name, _)| named.as_deref().is_none_or(|named| named == *name)) {
        measure();
    }
}

fn row(what: &str, measured: f64, most: f64) {
    println!("{what:<72}{measured:>10.2}{most:>10.2}");
}

fn run(url: &str, line: &str) -> Taken {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amictl"));
    taken(url, command.args(line.split_whitespace()).env_clear())
}

fn account(number: usize) -> String {
    format!("{:012}", 500_000_000_000 + number)
}

/// Fifty images in five families, and what most places have beside them. The whole organization may launch one family
/// of the first account.
fn place(world: &mut World, account: &str, region: &str, organization: Option<&str>) {
    let mut images = Vec::new();
    for family in 0..5 {
        images.extend(world.bulk_images(account, region, &format!("family-{family}"), 10));
    }
    if let Some(organization) = organization {
        for id in &images[..10] {
            world.image_mut(id).launch.insert(Principal::Organization(organization.to_owned()));
        }
    }
    for (n, image) in images.iter().enumerate().filter(|(n, _)| n % 5 == 0) {
        world.instance(account, region).image(image).put();
        world.launch_template(account, region, &format!("template-{n}")).image(image).put();
        world.parameter(account, region, &format!("/app/{n}"), image);
    }
}

/// The command line of a plan over the first of the accounts.
fn plan(count: usize) -> String {
    let roles: Vec<_> = (0..count).map(|n| format!("arn:aws:iam::{}:role/ami", account(n))).collect();
    let (roles, regions) = (roles.join(","), REGIONS.join(","));
    format!("prune --keep 3 --min-age 0s -o json --role-arn {roles} --region {regions}")
}

fn accounts() {
    let fake = Fake::start();
    let mut world = fake.world();
    let organization = world.make_organization(&account(0));
    for n in 0..ACCOUNTS {
        let account = account(n);
        world.add_member(&account, "member", "ACTIVE");
        for region in REGIONS {
            place(&mut world, &account, region, (n == 0).then_some(organization.as_str()));
        }
    }
    drop(world);
    let what = format!("plan over {ACCOUNTS} accounts × 6 regions of 50 images");
    run(&fake.url(), &plan(ACCOUNTS));
    let mut places: BTreeMap<(String, String), usize> = BTreeMap::new();
    for call in fake.calls().into_iter().filter(|call| call.service != "sts") {
        *places.entry((call.account, call.region)).or_default() += 1;
    }
    assert_eq!(places.len(), ACCOUNTS * REGIONS.len());
    let calls = *places.values().max().unwrap();
    row(&format!("{what}: calls a place"), calls as f64, 60.0);

    let url = prepared::serve(&fake.url(), LATENCY);
    let [one, ten, all] = [1, 10, ACCOUNTS].map(|count| {
        let taken = median(|| run(&url, &plan(count)));
        println!("plan over {count} accounts: {taken}");
        taken
    });
    row("the same at 50 ms a call: seconds of the processor", all.cpu, 3.0);
    row("MB of memory", all.memory, 150.0);
    row("seconds, times those of 6 places", all.wall / one.wall, 3.0);
    row("seconds of the processor over 10 accounts, times those over 40", ten.cpu / all.cpu, 0.35);
    let bare = median(|| taken(&url, Command::new(std::env::current_exe().unwrap()).env(BARE, calls.to_string())));
    println!("as many calls by the SDK alone, with answers of nothing: {bare}");
    println!("their seconds, times those of 6 places: {:.2}", bare.wall / one.wall);
    println!("the plan's seconds, times theirs: {:.2}", all.wall / bare.wall);
}

/// What the SDK takes for as many calls as the plan makes in all its places, when nothing is done with the answers,
/// which have nothing in them.
fn bare(calls: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = aws_config::defaults(BehaviorVersion::latest()).load().await;
        let turns = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let mut places = tokio::task::JoinSet::new();
        for region in REGIONS.into_iter().cycle().take(ACCOUNTS * REGIONS.len()) {
            let config = aws_sdk_ec2::config::Builder::from(&config).region(Region::new(region)).build();
            let (client, turns) = (aws_sdk_ec2::Client::from_conf(config), Arc::clone(&turns));
            places.spawn(async move {
                let call = || async {
                    let _turn = turns.acquire().await;
                    client.describe_spot_instance_requests().send().await.unwrap();
                };
                futures::future::join_all((0..calls).map(|_| call())).await;
            });
        }
        places.join_all().await;
    });
}

fn images() {
    let taken = [10_000, 50_000].map(|count| {
        let fake = Fake::start();
        for family in 0..count / 50 {
            fake.world().bulk_images(fake::PROD, REGIONS[0], &format!("family-{family}"), 50);
        }
        let url = prepared::serve(&fake.url(), Duration::ZERO);
        let taken = median(|| run(&url, "prune --keep 40 --min-age 0s -o json --request-limits off"));
        println!("plan over {count} images: {taken}");
        taken
    });
    let [few, many] = taken;
    row("plan over 50,000 images: seconds of the processor, times those over 10,000", many.cpu / few.cpu, 5.5);
    row("MB of memory, times those over 10,000", many.memory / few.memory, 5.5);
}

/// A release to all accounts in all regions: a family of one account, with a copy of each version in each region, which
/// the organization may launch.
fn releases() {
    let fake = Fake::start();
    let mut world = fake.world();
    let organization = world.make_organization(&account(0));
    (0..ACCOUNTS).for_each(|n| world.add_member(&account(n), "member", "ACTIVE"));
    for name in ["web-v1-2026-01-02", "web-v2-2026-01-03"] {
        let source = world.image(&account(0), REGIONS[0], name).put();
        let copies = REGIONS[1..]
            .iter()
            .map(|region| world.image(&account(0), region, name).copied_from(&source, REGIONS[0]).put());
        for id in copies.collect::<Vec<_>>().into_iter().chain([source]) {
            world.image_mut(&id).launch.insert(Principal::Organization(organization.clone()));
        }
    }
    drop(world);
    fake.fault(Fault::on("*", FaultKind::Latency(LATENCY)));
    let roles = |accounts: &[usize]| {
        let roles: Vec<_> = accounts.iter().map(|n| format!("arn:aws:iam::{}:role/ami", account(*n))).collect();
        roles.join(",")
    };
    let owner = format!("--from-role-arn arn:aws:iam::{}:role/ami", account(0));
    let promote = |version: usize, accounts: &[usize], regions: &[&str]| {
        let (roles, regions) = (roles(accounts), regions.join(","));
        let line = format!("promote web:v{version} --to prod {owner} --role-arn {roles} --region {regions} -o json");
        run(&fake.url(), &line)
    };
    let every: Vec<_> = (0..ACCOUNTS).collect();
    // The versions take turns, so that each run writes.
    promote(1, &every, &REGIONS);
    let (mut one, mut all) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let version = 2 - round % 2;
        let places = [(1, REGIONS[0]), (ACCOUNTS - 1, REGIONS[5])];
        let slowest = places.map(|(account, region)| promote(version, &[account], &[region]).wall);
        one.push(slowest.into_iter().fold(0.0, f64::max));
        all.push(promote(version, &every, &REGIONS));
    }
    let (one, wall) = (middle(one), middle(all.iter().map(|taken| taken.wall).collect()));
    println!("promote in one place: {one:.2} s; in {} places: {}", ACCOUNTS * REGIONS.len(), all[0]);
    row("promote in 240 places: seconds, times those of the slowest place", wall / one, 3.0);
}

/// An audit of 12,000 images in 24 places, of which one in ten has faults, in turn with `refs`, which reads the same
/// sources and looks for one image in each place.
fn audits() {
    const AUDITED: usize = 4;
    let fake = Fake::start();
    let mut world = fake.world();
    world.make_organization(&account(0));
    for n in 0..AUDITED {
        let account = account(n);
        world.add_member(&account, "member", "ACTIVE");
        for region in REGIONS {
            place(&mut world, &account, region, None);
            for n in 0..450 {
                let name = format!("more-{}-v{}-2026-11-01", n / 50, n % 50 + 1);
                let image = world.image(&account, region, &name).encrypted_by_default().imds_v2();
                image.tag("Environment", "prod").tag("Owner", "web").put();
            }
        }
    }
    drop(world);
    let url = prepared::serve(&fake.url(), LATENCY);
    let roles: Vec<_> = (0..AUDITED).map(|n| format!("arn:aws:iam::{}:role/ami", account(n))).collect();
    let places = format!("--role-arn {} --region {}", roles.join(","), REGIONS.join(","));
    let sources = format!("refs family-0:v1 --without-source image-references,accounts -o json {places}");
    let audit = format!("audit -o json {places}");
    let mut ratios = Vec::new();
    let mut last = None;
    for _ in 0..=ROUNDS {
        let (audit, sources) = (run(&url, &audit), run(&url, &sources));
        ratios.push(audit.wall / sources.wall);
        last = Some((audit, sources));
    }
    for (what, taken) in last.iter().flat_map(|(audit, sources)| [("audit", audit), ("the sources alone", sources)]) {
        println!("{what}: {:.2} s, {:.2} s of the processor", taken.wall, taken.cpu);
    }
    // The first round has the answers prepared.
    ratios.remove(0);
    row("audit of 12,000 images in 24 places: seconds, times those of the sources", middle(ratios), 1.3);
}
