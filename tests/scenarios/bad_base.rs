//! A base image that turns out bad in two accounts and two regions, from the finding to the mending.

use crate::fake::{OTHER, PROD, World};
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

/// An image that was made from an instance of another one.
fn made(world: &mut World, account: &str, region: &str, name: &str, of: &str) -> String {
    let instance = world.instance(account, region).image(of).put();
    let id = world.image(account, region, name).copied_from(of, region).of_instance(&instance).put();
    world.end_instance(&instance);
    id
}

/// A good and a bad base, each with a copy; of each an image, with copies in all places, which the alias named one after
/// the other. Gives the bad base, and it with all that came of it.
fn fleet(setup: &Setup) -> (String, Vec<String>) {
    let mut world = setup.world();
    let mut bad = Vec::new();
    for n in 1..=2 {
        let (name, web_name) = (format!("base-v{n}-2026-01-0{n}"), format!("web-v{n}-2026-01-0{n}"));
        let base = world.image(PROD, EAST, &name).put();
        let copy = world.image(PROD, WEST, &name).copied_from(&base, EAST).put();
        let web = made(&mut world, PROD, EAST, &web_name, &base);
        bad = vec![base, copy, web.clone()];
        for (account, region) in PLACES {
            let here = match (account, region) {
                (PROD, EAST) => web.clone(),
                _ => world.image(account, region, &web_name).copied_from(&web, EAST).put(),
            };
            world.parameter(account, region, PARAMETER, &here);
            bad.push(here);
        }
        bad.remove(3);
    }
    world.instance(OTHER, WEST).image(&bad[5]).put();
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

    // It was a false alarm.
    setup.run(&format!("unrevoke {base} --descendants {}", everywhere())).ended(0);
    assert!(all.iter().all(|id| !setup.image(id).tags.contains_key("amictl:revoked")));
    setup.run(&format!("promote web:v2 --to prod {}", everywhere())).ended(0);
    assert_eq!(released(&setup), ["web-v2-2026-01-02"; 4]);
}
