//! `launch --template` without an image: that of the template, checked as any other.

use serde_json::json;

use super::ready;
use crate::fake::PROD;
use crate::setup::EAST;

#[test]
fn the_image_is_that_of_the_version() {
    let (setup, first, second) = ready();
    setup.world().launch_template(PROD, EAST, "web").image(&first).image(&second).put();
    for (line, image) in [
        ("launch --template web", &first),
        ("launch --template web:2", &second),
        ("launch --template web:latest", &second),
        ("launch --template web:default", &first),
        ("launch web:v2 --template web", &second),
    ] {
        let ran = setup.run(&format!("{line} -o json")).ended(0);
        assert_eq!(ran.json()["instances"][0]["image_id"], json!(image), "{line}");
        assert!(ran.stderr.contains(image.as_str()), "{line}: {}", ran.stderr);
    }
    let sent: Vec<_> = setup.calls("RunInstances").iter().map(|call| call.params.contains_key("ImageId")).collect();
    assert_eq!(sent, [false, false, false, false, true]);
    setup.run("launch --template web:9").ended(1).says(&["InvalidLaunchTemplateId.VersionNotFound"]);
    setup.run("launch --template none").ended(1).says(&["InvalidLaunchTemplateName.NotFoundException"]);
}

#[test]
fn an_image_that_cannot_be_launched_is_refused_before_the_call() {
    let (setup, ..) = ready();
    let disabled = setup.world().image(PROD, EAST, "old-v1-2026-01-01").state("disabled").put();
    let revoked = setup.world().image(PROD, EAST, "bad-v1-2026-01-01").tag("amictl:revoked", "2026-01-02 leaks").put();
    let mut world = setup.world();
    world.parameter(PROD, EAST, "/amictl/bad/prod", &revoked);
    world.launch_template(PROD, EAST, "disabled").image(&disabled).put();
    world.launch_template(PROD, EAST, "revoked").image("resolve:ssm:/amictl/bad/prod").put();
    world.launch_template(PROD, EAST, "gone").image("ami-0123456789abcdef0").put();
    world.launch_template(PROD, EAST, "dead").image("resolve:ssm:/amictl/none/prod").put();
    world.launch_template(PROD, EAST, "text").image("CHANGEME").put();
    world.launch_template(PROD, EAST, "bare").version(&[("InstanceType", "t3.micro")]).put();
    drop(world);
    for (name, code, said) in [
        ("disabled", 1, "is disabled and cannot be launched"),
        ("revoked", 4, "was revoked: 2026-01-02 leaks"),
        ("gone", 1, "ami-0123456789abcdef0"),
        ("dead", 1, "no SSM parameter /amictl/none/prod"),
        ("text", 1, "names 'CHANGEME', which is no image id"),
        ("bare", 2, "names no image"),
    ] {
        setup.run(&format!("launch --template {name}")).ended(code).says(&[said]);
    }
    setup.run("launch bad:prod --type t3.micro").ended(4).says(&["was revoked"]);
    setup.run(&format!("template web --image {revoked} --type t3.micro")).ended(4).says(&["was revoked"]);
    setup.run(&format!("template web --image {disabled} --type t3.micro")).ended(1).says(&["is disabled"]);
    setup.unchanged();
}

#[test]
fn without_an_image_and_a_template_there_is_nothing_to_launch() {
    let (setup, ..) = ready();
    setup.run("launch --type t3.micro").ended(2).says(&["REF"]);
    setup.run("launch web").ended(2).says(&["--type"]);
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_dry_run_names_the_image() {
    let (setup, first, _) = ready();
    setup.world().launch_template(PROD, EAST, "web").image(&first).put();
    setup.run("launch --template web --dry-run").ended(0).says(&["dry run: 1 of web-v1-2026-01-01"]);
    setup.unchanged();
}
