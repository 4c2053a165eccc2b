//! A base image that turns out bad in two accounts and two regions, from the finding to the mending.

use serde_json::json;

use crate::fake::{OTHER, PROD, World};
use crate::scene::days_ago;
use crate::setup::{EAST, Setup, WEST, each, sorted};

const PARAMETER: &str = "/amictl/web/prod";
const PLACES: [(&str, &str); 4] = [(PROD, EAST), (PROD, WEST), (OTHER, EAST), (OTHER, WEST)];

fn role(account: &str) -> String {
    format!("arn:aws:iam::{account}:role/ami")
}

/// The options for all four places.
fn everywhere() -> String {
    format!("--role-arn {},{} --region {EAST},{WEST}", role(PROD), role(OTHER))
}

/// An image that no rule of the audit complains about.
macro_rules! image {
    ($world:expr, $account:expr, $region:expr, $name:expr) => {
        $world
            .image($account, $region, $name)
            .created(days_ago(10))
            .encrypted_by_default()
            .imds_v2()
            .tag("Environment", "prod")
            .tag("Owner", "web")
    };
}

/// An image that was made from an instance of another one.
fn made(world: &mut World, account: &str, region: &str, name: &str, of: &str) -> String {
    let instance = world.instance(account, region).image(of).put();
    let id = image!(world, account, region, name).copied_from(of, region).of_instance(&instance).put();
    world.end_instance(&instance);
    id
}

/// Two instances of a group that launches by the alias.
fn group(world: &mut World, account: &str, region: &str) {
    let template = world.launch_template(account, region, "web").image(&format!("resolve:ssm:{PARAMETER}")).put();
    world.auto_scaling_group(account, region, "web").launch_template(&template, "$Default").running(&["1", "1"]).put();
}

/// A good and a bad base, each with a copy; of each an image, with copies in all places, which the alias named one after
/// the other, and a group that runs the bad one. Gives the bad base, and it with all that came of it.
fn fleet(setup: &Setup) -> (String, Vec<String>) {
    let mut world = setup.world();
    let mut bad = Vec::new();
    for n in 1..=2 {
        let (name, web_name) = (format!("base-v{n}-2026-01-0{n}"), format!("web-v{n}-2026-01-0{n}"));
        let base = image!(world, PROD, EAST, &name).put();
        let copy = image!(world, PROD, WEST, &name).copied_from(&base, EAST).put();
        let web = made(&mut world, PROD, EAST, &web_name, &base);
        bad = vec![base, copy, web.clone()];
        for (account, region) in PLACES {
            let here = match (account, region) {
                (PROD, EAST) => web.clone(),
                _ => image!(world, account, region, &web_name).copied_from(&web, EAST).put(),
            };
            let verdict = format!("passed {here} on=t3.micro at=2026-01-03T00:00:00Z run=r1 checks=system; instance");
            world.image_mut(&here).tags.insert("amictl:tested".to_owned(), verdict);
            world.parameter(account, region, PARAMETER, &here);
            bad.push(here);
        }
        bad.remove(3);
    }
    PLACES.iter().for_each(|(account, region)| group(&mut world, account, region));
    drop(world);
    (bad[0].clone(), bad)
}

/// The names of the images that the alias names.
fn released(setup: &Setup) -> Vec<String> {
    let world = setup.world();
    let name = |(account, region): &(&str, &str)| {
        let id = world.find_parameter(account, region, PARAMETER).unwrap().latest().unwrap().value.clone();
        world.find_image(&id).unwrap().name.clone()
    };
    PLACES.iter().map(name).collect()
}

#[test]
fn from_the_finding_to_the_last_alias() {
    let setup = Setup::new();
    let (base, all) = fleet(&setup);
    assert_eq!(released(&setup), ["web-v2-2026-01-02"; 4]);

    // What came of it?
    let tree = setup.json(&format!("lineage base:v2 {}", everywhere()));
    assert_eq!(tree["root"], base.as_str());
    let mut expected: Vec<_> = all.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(sorted(&tree["images"], "id"), expected);

    // Revoke all of it.
    let line = format!("revoke {base} --reason CVE-2026-1234 --descendants {} -o json", everywhere());
    let ran = setup.run(&line).ended(0);
    let report = ran.json();
    assert_eq!(each(&report["results"], "status"), ["done"; 6]);
    assert!(all.iter().all(|id| setup.image(id).tags["amictl:revoked"].ends_with(" CVE-2026-1234")));
    let warned = |code: &str| report["warnings"].as_array().unwrap().iter().filter(|one| one["code"] == code).count();
    assert_eq!((warned("RevokedAlias"), warned("RevokedInUse")), (4, 4), "{report:#}");

    // The lines that it prints, run as they are.
    let lines: Vec<_> = ran.stderr.lines().filter_map(|line| line.strip_prefix("  amictl ")).collect();
    assert_eq!(lines.len(), 2, "{}", ran.stderr);
    for line in lines {
        setup.run(line).ended(0);
    }
    assert_eq!(released(&setup), ["web-v1-2026-01-01"; 4]);

    // Nothing leads back to it.
    setup.run(&format!("promote web:v2 --to prod {}", everywhere())).ended(4);
    setup.run("launch web:v2 --type t3.micro").ended(4);
    let launched = setup.json("launch web --type t3.micro");
    let image = launched["instances"][0]["image_id"].as_str().unwrap().to_owned();
    assert_eq!(setup.image(&image).name, "web-v1-2026-01-01");
    let tree = setup.json(&format!("lineage {base} {}", everywhere()));
    assert!(tree["images"].as_array().unwrap().iter().all(|row| row["revoked"] == true), "{tree:#}");

    // Roll the groups out again: nobody runs it any more, and nothing names it.
    let stale = setup.json(&format!("stale {}", everywhere()));
    assert_eq!(each(&stale["instances"], "problem"), ["revoked"; 8], "{stale:#}");
    for (account, region) in PLACES {
        setup.run(&format!("rollout web --image web:prod --role-arn {} --region {region}", role(account))).ended(0);
    }
    let stale = setup.json(&format!("stale --fail-on stale {}", everywhere()));
    assert_eq!(stale["instances"], json!([]), "{stale:#}");
    let audit = setup.json(&format!("audit --fail-on low {}", everywhere()));
    assert_eq!((&audit["findings"], &audit["errors"]), (&json!([]), &json!([])), "{audit:#}");

    // It was a false alarm.
    setup.run(&format!("unrevoke {base} --descendants {}", everywhere())).ended(0);
    assert!(all.iter().all(|id| !setup.image(id).tags.contains_key("amictl:revoked")));
    setup.run(&format!("promote web:v2 --to prod {}", everywhere())).ended(0);
    assert_eq!(released(&setup), ["web-v2-2026-01-02"; 4]);
}
