//! A staged policy, run daily over sixty days.
//!
//! It runs in this process: the clock is an argument, and the endpoint's clock goes with it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use amictl::{Process, run};
use chrono::{DateTime, TimeDelta, Utc};

use crate::fake::{Fault, OTHER, PROD, Principal};
use crate::scene::{Scene, days_ago};
use crate::setup::{EAST, Home, WEST};

const POLICY: &str = "
version = 1
regions = ['us-east-1', 'us-west-2']
max_delete = '50%'
keep = 2
retire = ['deprecate', 'disable@14d', 'deregister@30d']

[[rule]]
families = ['still']
revive = false
keep = 0

[[rule]]
";

/// The day that it is, counted from the first run.
static DAY: AtomicI64 = AtomicI64::new(0);

/// Runs of a daily job are some minutes earlier or later.
fn clock() -> DateTime<Utc> {
    let day = DAY.load(Ordering::SeqCst);
    Utc::now() + TimeDelta::days(day) + jitter(day)
}

fn jitter(day: i64) -> TimeDelta {
    TimeDelta::minutes([4, 1, 0, 2, 3][usize::try_from(day % 5).unwrap()])
}

/// Runs the command line in this process, with a clock that is some days ahead; gives its exit code.
fn amictl(setup: &Scene, line: &str) -> u8 {
    let env = [("HOME".to_owned(), setup.home.path().to_str().unwrap().to_owned())];
    let url = setup.fake.url();
    let args = ["amictl"].into_iter().chain(line.split_whitespace()).chain(["--endpoint-url", &url]);
    let args = args.map(Into::into).collect();
    // As much stack as the main thread of a process has: the thread of a test has less than a build for tests needs.
    let thread = std::thread::Builder::new().stack_size(8 << 20);
    let running = thread.spawn(move || run(args, Process { clock, env: env.into() })).unwrap();
    let code = running.join().unwrap();
    // A failing test is to say so in its own words.
    drop(std::panic::take_hook());
    code
}

/// What is to be seen of each image, by name: its state, or `deprecated`.
fn seen(setup: &Scene) -> BTreeMap<String, String> {
    let world = setup.world();
    let now = world.now();
    let each = [EAST, WEST].into_iter().flat_map(|region| world.images(PROD, region));
    let state = |image: &crate::fake::Image| match image.deprecated {
        Some(at) if image.state(now) == "available" && at <= now + TimeDelta::minutes(5) => "deprecated".to_owned(),
        _ => image.state(now).to_owned(),
    };
    each.map(|image| (image.name.clone(), state(image))).collect()
}

/// An image that is shared with another account; gives its id.
fn put(setup: &Scene, region: &str, name: &str, days: i64) -> String {
    let mut world = setup.world();
    let made = world.now() - TimeDelta::days(days) - TimeDelta::hours(1);
    world.image(PROD, region, name).created(made).tag("Team", "core").shared_with(OTHER).put()
}

fn name(family: &str, version: u32) -> String {
    format!("{family}-v{version}-2025-01-01")
}

/// The keys come from the environment of the process, which is that of whoever runs the tests: this one runs the
/// other one in a process with an environment of its own.
#[test]
fn a_staged_policy_run_daily_for_sixty_days_retires_and_revives_on_the_right_days_and_does_nothing_else() {
    let nowhere = Home::new();
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "retire::sixty_days", "--ignored", "--nocapture"])
        .env_clear()
        .envs([("AWS_ACCESS_KEY_ID", "AKIAPROD"), ("AWS_SECRET_ACCESS_KEY", "secret")])
        .envs([("AWS_EC2_METADATA_DISABLED", "true")])
        .env("AWS_CONFIG_FILE", nowhere.path().join("config"))
        .env("AWS_SHARED_CREDENTIALS_FILE", nowhere.path().join("credentials"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}\n{err}");
}

#[test]
#[ignore = "runs inside the test above"]
fn sixty_days() {
    let setup = Scene::new();
    let file = setup.home.write("staged.toml", POLICY);
    let line = format!("prune --policy {file} --apply --yes -q -o ids --request-limits off");
    let web = |version: u32, days: i64| put(&setup, EAST, &name("web", version), days);
    let idle = web(1, 100);
    let [used_10, used_20, again, keep, tagged_30, template, protected] = [2, 3, 4, 5, 6, 7, 8].map(|n| web(n, 100));
    // Old enough on day 2.
    web(9, 5);
    web(20, 4);
    web(21, 3);
    let still = put(&setup, EAST, &name("still", 1), 100);
    for (version, days) in [(1, 100), (2, 90), (3, 80)] {
        put(&setup, WEST, &name("db", version), days);
    }
    setup.tag(&keep, "amictl:keep", "");
    setup.ec2("EnableImageDeregistrationProtection", &[("ImageId", &protected)]);
    setup.world().launch_template(PROD, EAST, "web").image(&template).put();
    let snapshots: Vec<_> = setup.world().snapshots(PROD, EAST).map(|snapshot| snapshot.id.clone()).collect();
    let before: BTreeMap<_, _> = [&used_10, &used_20, &tagged_30].map(|id| (id.clone(), setup.image(id))).into();

    let mut instance = String::new();
    let mut found = Vec::new();
    let mut last = seen(&setup);
    for day in 0..60 {
        match day {
            10 => {
                setup.world().instance(PROD, EAST).image(&used_10).put();
                instance = setup.world().instance(PROD, EAST).image(&again).put();
            }
            // One region is in doubt for some days, on one of which an image there would have been due.
            12 => setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", "no").in_region(WEST)),
            16 => setup.fake.clear_faults(),
            20 => {
                setup.world().launch_template(PROD, EAST, "again").image(&used_20).put();
                setup.world().instance(PROD, EAST).image(&still).put();
            }
            25 => setup.ec2("TerminateInstances", &[("InstanceId.1", &instance)]),
            30 => setup.tag(&tagged_30, "amictl:keep", "incident"),
            35 => drop(web(22, 0)),
            _ => {}
        }
        if day == 35 {
            last.insert(name("web", 22), "available".to_owned());
        }
        setup.fake.forget_calls();
        let code = amictl(&setup, &line);
        assert_eq!(code, if (12..16).contains(&day) { 4 } else { 0 }, "day {day}");
        let now = seen(&setup);
        let mut changed = 0;
        for (name, state) in &last {
            let after = now.get(name).map_or("gone", String::as_str);
            if after != state {
                changed += 1;
                found.push((day, name.split("-2025").next().unwrap().to_owned(), format!("{state} → {after}")));
            }
        }
        assert!(now.keys().all(|name| last.contains_key(name)), "day {day}: {now:?}");
        // Whatever EC2 was asked for is to be seen in what became of an image.
        assert_eq!(setup.changes().is_empty(), changed == 0, "day {day}: {:?}", setup.changes());
        last = now;
        DAY.fetch_add(1, Ordering::SeqCst);
        let day = TimeDelta::days(1) + jitter(day + 1) - jitter(day);
        setup.world().advance(day.to_std().unwrap_or(Duration::ZERO));
    }

    let (deprecated, disabled, gone) = ("available → deprecated", "deprecated → disabled", "disabled → gone");
    let mut expected: Vec<(i64, String, String)> = Vec::new();
    let mut expect = |family: &str, days: &[(i64, &str)]| {
        expected.extend(days.iter().map(|(day, what)| (*day, family.to_owned(), (*what).to_owned())));
    };
    expect("web-v1", &[(0, deprecated), (14, disabled), (44, gone)]);
    expect("web-v2", &[(0, deprecated), (10, "deprecated → available")]);
    expect("web-v3", &[(0, deprecated), (14, disabled), (20, "disabled → available")]);
    expect("web-v4", &[(0, deprecated), (10, "deprecated → available"), (25, deprecated), (39, disabled)]);
    expect("web-v6", &[(0, deprecated), (14, disabled), (30, "disabled → available")]);
    expect("web-v9", &[(2, deprecated), (16, disabled), (46, gone)]);
    // No longer among the newest two from day 35 on.
    expect("web-v20", &[(35, deprecated), (49, disabled)]);
    // Used from day 20 on, when it is disabled, and left so, as its rule asks for.
    expect("still-v1", &[(0, deprecated), (14, disabled)]);
    // Put off by the days in doubt; the wait before the next stage is as long as ever.
    expect("db-v1", &[(0, deprecated), (16, disabled), (46, gone)]);
    found.sort();
    expected.sort();
    assert_eq!(found, expected);

    for (id, before) in before {
        let after = setup.image(&id);
        let mut tags = after.tags.clone();
        tags.remove("amictl:keep");
        assert_eq!((tags, after.deprecated), (before.tags, before.deprecated), "{}", after.name);
        assert_eq!(after.launch, [Principal::Account(OTHER.to_owned())].into(), "{}", after.name);
    }
    assert!(!setup.has(&idle));
    // The snapshots of the two images that are gone in us-east-1, and no others.
    assert_eq!(setup.there(&snapshots), snapshots.len() - 2);
    let left = setup.image(&still);
    assert!(left.tags["amictl:retire"].contains(" disable@") && left.tags["amictl:shares"] == OTHER);
    let journal = std::fs::read_to_string(setup.home.path().join(".local/state/amictl/journal.jsonl")).unwrap();
    assert_eq!(journal.lines().count(), 2 * expected.len(), "two lines for each step");
    assert!(days_ago(0) < clock() - TimeDelta::days(59));
}
