//! Images that amictl did not name, in families by patterns.

use serde_json::json;

use crate::fake::PROD;
use crate::scene::{Plan, Scene, days_ago, sorted};
use crate::setup::EAST;

const PACKER: &str = r"(?<family>.+?)[-_](?<order>\d{8,14})";
const BUILDER: &str = r"(?<family>.+) (?<order>\d{4}-\d{2}-\d{2}T.+Z)";

/// Images of Packer, Image Builder, amictl and by hand, each old; the later made of each family stands first.
fn fleet(setup: &Scene) -> Vec<String> {
    let mut world = setup.world();
    let names = [
        "golden-base_20250103",
        "golden-base_20250102",
        "golden-base_20250101",
        "web-recipe 2025-01-02T03-04-05.678Z",
        "web-recipe 2025-01-01T03-04-05.678Z",
        "golden-base-v2-2025-01-02",
        "golden-base-v1-2025-01-01",
        "John's test (old)",
    ];
    let mut put = |(n, name): (usize, &&str)| {
        let image = world.image(PROD, EAST, name).created(days_ago(100 + i64::try_from(n).unwrap()));
        match name.starts_with("web-recipe") {
            true => {
                image.tag("CreatedBy", "EC2 Image Builder").tag("Ec2ImageBuilderArn", "arn:aws:imagebuilder:x").put()
            }
            false => image.put(),
        }
    };
    names.iter().enumerate().map(&mut put).collect()
}

fn policy(setup: &Scene, text: &str) -> String {
    let file = setup.home.path().join("policy.toml");
    std::fs::write(&file, format!("version = 1\n{text}")).unwrap();
    file.to_str().unwrap().to_owned()
}

#[test]
fn patterns_of_a_policy_put_images_into_families_and_the_plan_names_them() {
    let setup = Scene::new();
    let ids = fleet(&setup);
    let file = policy(&setup, &format!("keep = 1\nfamily_patterns = ['{PACKER}', '{BUILDER}']"));
    let ran = setup.run(&format!("prune --policy {file} -o json")).ended(0);
    let plan = Plan::of(&ran);
    assert_eq!(plan.going(), sorted([&ids[1], &ids[2], &ids[6]]));
    let action = plan.action(&ids[1]);
    assert_eq!((&action["family"], &action["pattern"]), (&json!("golden-base"), &json!(PACKER)));
    assert_eq!(
        (&plan.action(&ids[6])["family"], &plan.action(&ids[6])["pattern"]),
        (&json!("golden-base"), &json!(null))
    );
    assert_eq!(plan.0["policy"]["family_patterns"], json!([PACKER, BUILDER]));
    assert_eq!(plan.codes(&ids[7]), ["unmanaged"]);
    assert_eq!(plan.codes(&ids[4]), ["managed-elsewhere"]);
    assert!(ran.stderr.contains(&format!("family pattern {PACKER}: 3 images")), "{}", ran.stderr);
    setup.unchanged();
}

#[test]
fn without_patterns_of_its_own_prune_takes_no_grouped_image() {
    let setup = Scene::new();
    let ids = fleet(&setup);
    let config = setup.home.path().join("config.toml");
    std::fs::write(&config, format!("family_patterns = ['{PACKER}']")).unwrap();
    let plan = setup.plan(&format!("prune --keep 1 --config {}", config.display()));
    assert_eq!(plan.going(), [ids[6].as_str()]);
    assert_eq!(plan.codes(&ids[2]), ["unmanaged"]);
}

#[test]
fn a_family_on_the_command_line_takes_its_pattern_and_apply_goes_by_the_plan() {
    let setup = Scene::new();
    let ids = fleet(&setup);
    let file = setup.home.path().join("plan.json");
    let line =
        ["prune", "golden-base", "--keep", "1", "--family-pattern", PACKER, "--plan-out", file.to_str().unwrap()];
    setup.amictl().args(&line).ended(0);
    let plan = Plan::read(&file);
    assert_eq!(plan.going(), sorted([&ids[1], &ids[2], &ids[6]]));
    setup.run(&format!("apply {} --yes", file.display())).ended(0);
    assert!(!setup.has(&ids[1]) && !setup.has(&ids[2]) && setup.has(&ids[0]) && setup.has(&ids[7]));
}

#[test]
fn a_family_of_other_characters_is_named_as_it_is() {
    let setup = Scene::new();
    let mut world = setup.world();
    let old = world.image(PROD, EAST, "My App_1").created(days_ago(50)).put();
    world.image(PROD, EAST, "My App_2").created(days_ago(40)).put();
    drop(world);
    let pattern = r"(?<family>.+)_(?<order>\d+)";
    let ran =
        setup.amictl().args(&["prune", "My App", "--keep", "1", "--family-pattern", pattern, "-o", "json"]).ended(0);
    assert_eq!(Plan::of(&ran).going(), [old.as_str()]);
    let wrong = setup.amictl().args(&["prune", "My App"]).ended(2);
    assert!(wrong.stderr.contains("must be lower-case letters"), "{}", wrong.stderr);
}

#[test]
fn images_of_image_builder_go_where_asked_and_the_report_names_what_stays() {
    let setup = Scene::new();
    let ids = fleet(&setup);
    let file = policy(
        &setup,
        &format!("keep = 0\nmax_delete = 1\nfamily_patterns = ['{BUILDER}']\nmanaged_by = ['image-builder']"),
    );
    let line = format!("prune web-recipe --policy {file}");
    let plan = setup.plan(&line);
    assert_eq!(plan.going(), [ids[4].as_str()]);
    assert!(plan.kept().iter().any(|row| row["image_id"] == ids[3] && row["reasons"][0]["code"] == "newest"));
    assert_eq!(plan.0["policy"]["managed_by"], json!(["image-builder"]));
    let ran = setup.run(&format!("{line} --apply --yes -o json")).ended(0);
    let report = ran.json();
    assert_eq!(report["warnings"][0]["code"], "ImageBuilderResource", "{report}");
    assert!(ran.stderr.contains("aws imagebuilder delete-image"), "{}", ran.stderr);
    assert!(!setup.has(&ids[4]) && setup.has(&ids[3]));
}

#[test]
fn what_is_no_pattern_or_service_is_a_usage_error_with_its_place() {
    let setup = Scene::new();
    for (line, said) in [
        (&["prune", "--family-pattern", "(?<family>.+"][..], "--family-pattern"),
        (&["prune", "--family-pattern", ".+"], "no capture named 'family'"),
        (&["prune", "--family-pattern", "(?<family>a)", "--family-pattern", "(?<family>a)"], "given twice"),
        (&["prune", "--managed-by", "backup"], "only image-builder"),
        (&["list", "--family-pattern", "(?<family>.{1000}){1000}"], "too large"),
        (
            &["list", "--families", "--family-pattern", "(?<family>a)", "--family-pattern", "(?<family>a)"],
            "given twice",
        ),
    ] {
        let ran = setup.amictl().args(line).ended(2);
        assert!(ran.stderr.contains(said), "{line:?}: {}", ran.stderr);
    }
    let file = policy(&setup, "\nfamily_patterns = ['x']");
    let ran = setup.run(&format!("prune --policy {file}")).ended(2);
    assert!(ran.stderr.contains("line 3") && ran.stderr.contains("policy.toml"), "{}", ran.stderr);
    setup.unchanged();
}
