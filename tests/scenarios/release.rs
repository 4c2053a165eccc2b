//! A whole release over three accounts and three regions, from an instance to a group and back.

use serde_json::Value;

use crate::fake::PROD;
use crate::setup::{EAST, EUROPE, Setup, WEST, each};

const STAGE: &str = "222222222222";
const SHOP: &str = "333333333333";
const ACCOUNTS: [&str; 3] = [PROD, STAGE, SHOP];
const REGIONS: [&str; 3] = [EAST, WEST, EUROPE];
const PARAMETER: &str = "/amictl/web/prod";

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/ami")
}

/// The options for one account in one region.
fn at(account: &str, region: &str) -> String {
    format!("--role-arn {} --region {region}", role(account))
}

/// The options for all nine places, with the account that owns the images.
fn everywhere() -> String {
    let roles: Vec<_> = ACCOUNTS.into_iter().map(role).collect();
    format!("--role-arn {} --region {} --from-role-arn {}", roles.join(","), REGIONS.join(","), role(PROD))
}

/// Every account with every region.
fn places() -> impl Iterator<Item = (&'static str, &'static str)> {
    ACCOUNTS.into_iter().flat_map(|account| REGIONS.map(|region| (account, region)))
}

/// The name of the image that the alias names in a place.
#[track_caller]
fn released(setup: &Setup, account: &str, region: &str) -> String {
    let world = setup.world();
    let parameter = world.find_parameter(account, region, PARAMETER).unwrap_or_else(|| panic!("{account} {region}"));
    let id = parameter.latest().unwrap().value.clone();
    world.find_image(&id).unwrap().name.clone()
}

/// Checks that every place launches this version from the alias on.
#[track_caller]
fn is_released(setup: &Setup, version: &str) {
    for (account, region) in places() {
        let name = released(setup, account, region);
        assert!(name.starts_with(&format!("web-{version}-")), "{account} in {region} has {name}, not {version}");
    }
}

/// The names of the images that the instances of a group run.
fn run_by(setup: &Setup, account: &str, region: &str) -> Vec<String> {
    let world = setup.world();
    let group = world.scaling_group(account, region, "web").unwrap();
    let image = |id: &str| world.find_instance(id).unwrap().image.clone();
    group.members.iter().map(|member| world.find_image(&image(&member.id)).unwrap().name.clone()).collect()
}

/// The three accounts, and an instance to make images from; gives its id.
fn ready() -> (Setup, String) {
    let setup = Setup::new();
    let builder = {
        let mut world = setup.world();
        world.add_account("AKIASHOP", SHOP);
        let base = world.image(PROD, EAST, "debian-13").put();
        world.instance(PROD, EAST).image(&base).put()
    };
    (setup, builder)
}

/// Makes the next version, copies it to all regions, and shares it with the other accounts.
fn bake(setup: &Setup, builder: &str, version: &str) {
    setup.run(&format!("create web --instance {builder}")).ended(0);
    setup.run(&format!("copy web:{version} --to {WEST},{EUROPE}")).ended(0);
    let shared = format!("share web:{version} --with {STAGE},{SHOP} --region {}", REGIONS.join(","));
    setup.run(&shared).ended(0);
}

fn promote(setup: &Setup, version: &str) -> Value {
    setup.json(&format!("promote web:{version} --to prod --reason release {}", everywhere()))
}

#[test]
fn from_an_instance_to_a_group_and_back() {
    let (setup, builder) = ready();

    bake(&setup, &builder, "v1");
    let report = promote(&setup, "v1");
    assert_eq!(each(&report["results"], "status"), ["done"; 9], "{report:#}");
    is_released(&setup, "v1");

    // Pull: what is launched by the alias has its image, without a copy of its own in the account.
    let launched = setup.json(&format!("launch web:prod --type t3.micro {}", at(SHOP, WEST)));
    let first = launched["instances"][0]["image_id"].as_str().unwrap().to_owned();
    assert!(setup.image(&first).name.starts_with("web-v1-"));
    let made = setup.json(&format!("template web --image web:prod --type t3.micro {}", at(SHOP, WEST)));
    assert_eq!(made["templates"][0]["image"], format!("resolve:ssm:{PARAMETER}"));
    setup.world().auto_scaling_group(SHOP, WEST, "web").launch_template("web", "$Default").running(&["1", "1"]).put();

    // Push: the group is pinned first, as AWS cannot roll back what follows a parameter.
    bake(&setup, &builder, "v2");
    promote(&setup, "v2");
    is_released(&setup, "v2");
    let launched = setup.json(&format!("launch --template web {}", at(SHOP, WEST)));
    assert!(setup.image(launched["instances"][0]["image_id"].as_str().unwrap()).name.starts_with("web-v2-"));
    setup.run(&format!("rollout web --image web:prod {}", at(SHOP, WEST))).ended(0).says(&["no longer follows"]);
    assert!(
        run_by(&setup, SHOP, WEST).iter().all(|name| name.starts_with("web-v2-")),
        "{:?}",
        run_by(&setup, SHOP, WEST)
    );

    // It was bad.
    let back = setup.json(&format!("rollback web:prod --reason bad {}", everywhere()));
    assert_eq!(each(&back["results"], "action"), ["rollback"; 9]);
    is_released(&setup, "v1");
    setup.run(&format!("rollout web --image web:prod {}", at(SHOP, WEST))).ended(0);
    assert!(
        run_by(&setup, SHOP, WEST).iter().all(|name| name.starts_with("web-v1-")),
        "{:?}",
        run_by(&setup, SHOP, WEST)
    );

    // The histories say so, and nothing of it may be pruned.
    let aliases = setup.json(&format!("aliases web --history {} --region {}", at(SHOP, WEST), REGIONS.join(",")));
    for alias in aliases["aliases"].as_array().unwrap() {
        assert_eq!(alias["reason"], "bad", "{alias:#}");
        assert_eq!(each(&alias["history"], "action"), ["rollback", "promote", "promote"], "{alias:#}");
    }
    let nothing = setup.run("rollback web:prod -o json").ended(4);
    assert_eq!(nothing.json()["results"][0]["status"], "failed", "below v1 there is nothing");
    let plan = setup.json("prune --keep 0 --min-age 0s");
    let kept = each(&plan["kept"], "name");
    assert!(kept.iter().any(|name| name.starts_with("web-v1-")), "{plan:#}");
}

#[test]
fn one_place_of_nine_stops_all() {
    let (setup, builder) = ready();
    bake(&setup, &builder, "v1");
    setup.run(&format!("unshare web:v1 --with {SHOP} --region {EUROPE}")).ended(0);
    let before = setup.calls("PutParameter").len();
    let refused = setup.run(&format!("promote web:v1 --to prod -o json {}", everywhere())).ended(4);
    assert_eq!(setup.calls("PutParameter").len(), before, "nothing may be written");
    let report = refused.json();
    let failed: Vec<_> = report["results"].as_array().unwrap().iter().filter(|row| row["status"] == "failed").collect();
    assert_eq!((failed.len(), &failed[0]["account"], &failed[0]["region"]), (1, &SHOP.into(), &EUROPE.into()));

    // The line that is printed helps.
    let error: Value = serde_json::from_str(refused.stderr.lines().last().unwrap()).unwrap();
    let hint = error["error"]["hint"].as_str().unwrap();
    let line = hint.split("amictl ").nth(1).unwrap();
    setup.run(line).ended(0);
    promote(&setup, "v1");
    is_released(&setup, "v1");
}
