//! A revoked image: what the other commands make of it.

use serde_json::json;

use super::{NAME, is_revoked, mark, ready};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each};

const MARK: &str = "2026-01-05 bad";

/// An endpoint with version 1, and version 2, which is revoked; gives their ids.
fn two() -> (Setup, [String; 2]) {
    let (setup, first) = ready();
    let second = setup.world().image(PROD, EAST, "web-v2-2026-01-03").created("2026-01-03").put();
    is_revoked(&setup, &second);
    (setup, [first, second])
}

#[test]
fn it_is_not_what_the_family_means_and_its_number_is_taken() {
    let (setup, [first, second]) = two();
    assert_eq!(setup.json("show web")["image"]["id"], json!(first));
    assert_eq!(setup.json("show web:v2")["image"]["id"], json!(second));
    let snapshot = setup.snapshots_of(&first)[0].clone();
    let made = setup.json(&format!("create web --snapshot {snapshot} --arch x86_64"));
    assert!(made["images"][0]["name"].as_str().unwrap().starts_with("web-v3-"), "{made}");
}

#[test]
fn by_name_or_id_it_is_found_with_a_warning() {
    let (setup, [first, second]) = two();
    for line in ["refs web:v2", "tag web:v2 Team=core", &format!("protect {second}")] {
        setup.run(line).ended(0).says(&["warning: web-v2-2026-01-03", "is revoked since 2026-01-05: bad"]);
    }
    assert!(!setup.run(&format!("refs {first}")).ended(0).stderr.contains("revoked"));
}

#[test]
fn launch_refuses_it_unless_it_is_told_to() {
    let (setup, [_, second]) = two();
    setup.world().parameter(PROD, EAST, "/amictl/web/bad", &second);
    for reference in ["web:v2", "web:bad", &second] {
        let ran = setup.run(&format!("launch {reference} --type t3.micro -o json")).ended(4);
        assert_eq!(ran.error()["code"], "Revoked");
        assert!(ran.error()["hint"].as_str().unwrap().contains("--allow-revoked"), "{}", ran.stderr);
    }
    setup.unchanged();
    let ran = setup.run("launch web:v2 --type t3.micro --allow-revoked -o json").ended(0);
    assert_eq!(each(&ran.json()["instances"], "image_id"), [second.as_str()]);
    ran.says(&["was revoked: 2026-01-05 bad"]);
    // No template may name it, and no option lets it.
    let ran = setup.run("template web --image web:v2 --type t3.micro -o json").ended(4);
    assert!(!ran.error()["hint"].as_str().unwrap().contains("--allow-revoked"), "{}", ran.stderr);
}

#[test]
fn copy_needs_to_be_told_and_carries_the_mark() {
    let (setup, [_, second]) = two();
    let ran = setup.run(&format!("copy web:v2 --to {WEST} -o json")).ended(4);
    assert_eq!(ran.error()["code"], "Revoked");
    setup.unchanged();
    for (to, more) in [(WEST, ""), (EUROPE, "--no-tags")] {
        let made = setup.json(&format!("copy {second} --to {to} --allow-revoked {more}"));
        let copy = made["images"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(mark(&setup, &copy).as_deref(), Some(MARK), "{to}");
        assert!(setup.snapshots_of(&copy).iter().all(|id| !setup.snapshot_tags(id).contains_key("amictl:revoked")));
    }
    // A copy that was there before gets it, too.
    let (setup, id) = ready();
    setup.run(&format!("copy {id} --to {WEST}")).ended(0);
    is_revoked(&setup, &id);
    let adopted = setup.json(&format!("copy {id} --to {WEST} --allow-revoked"));
    assert_eq!(mark(&setup, adopted["images"][0]["id"].as_str().unwrap()).as_deref(), Some(MARK));
}

#[test]
fn the_line_that_finishes_a_copy_allows_it_too() {
    let (setup, [_, second]) = two();
    setup.fake.fault(Fault::error("CopyImage", "UnauthorizedOperation", "Not there.").in_region(EUROPE));
    let ran = setup.run(&format!("copy {second} --to {WEST},{EUROPE} --allow-revoked -o json")).ended(3);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    setup.fake.clear_faults();
    let args = shell_words::split(hint.split("amictl ").nth(1).unwrap()).unwrap();
    setup.amictl().args(&args.iter().map(String::as_str).collect::<Vec<_>>()).ended(0);
}

#[test]
fn create_warns_of_a_revoked_image_above() {
    let (setup, [first, second]) = two();
    let (of_bad, of_child) = {
        let mut world = setup.world();
        let of_bad = world.instance(PROD, EAST).image(&second).put();
        let child = world.image(PROD, EAST, "child").copied_from(&second, EAST).of_instance(&of_bad).put();
        (of_bad, world.instance(PROD, EAST).image(&child).put())
    };
    let told = format!(
        "web-v2-2026-01-03 ({second}) in account {PROD}, region {EAST}, which is revoked since 2026-01-05: bad"
    );
    setup.fake.forget_calls();
    let ran = setup.run(&format!("create api --instance {of_bad} --no-reboot")).ended(0);
    ran.says(&[&format!("warning: the instance runs {told}")]);
    assert_eq!(setup.calls("GetImageAncestry").len(), 1);
    let ran = setup.run(&format!("create api --instance {of_child} --no-reboot")).ended(0);
    ran.says(&[&format!("warning: the image of the instance came of {told}")]);
    let fine = setup.world().instance(PROD, EAST).image(&first).put();
    let ran = setup.run(&format!("create api --instance {fine} --no-reboot")).ended(0);
    assert!(!ran.stderr.contains("revoked"), "{}", ran.stderr);
    // A copy does not carry the mark that its source got later.
    let of_copy = {
        let mut world = setup.world();
        let copy = world.image(PROD, WEST, "web-v2-2026-01-03").copied_from(&second, EAST).put();
        world.instance(PROD, WEST).image(&copy).put()
    };
    setup.fake.forget_calls();
    let ran = setup.run(&format!("create api --instance {of_copy} --no-reboot --region {WEST}")).ended(0);
    ran.says(&[&format!("warning: the image of the instance came of {told}")]);
    assert_eq!(setup.calls("DescribeImages").iter().filter(|call| call.region == EAST).count(), 1);
    // An image that is gone says nothing, and stops nothing.
    setup.run(&format!("deregister {first} --yes --allow-in-use")).ended(0);
    let ran = setup.run(&format!("create api --instance {fine} --no-reboot")).ended(0);
    ran.says(&[&format!("{first}, which the instance runs, is gone or not shared any more")]);
    // Without the permission the image is made all the same.
    setup.fake.fault(Fault::error("GetImageAncestry", "UnauthorizedOperation", "Not you."));
    let ran = setup.run(&format!("create api --instance {of_bad} --no-reboot")).ended(0);
    ran.says(&["came of a revoked image is unknown", "the instance runs"]);
}

#[test]
fn list_and_show_tell_it() {
    let (setup, [first, second]) = two();
    let table = setup.run("list").ended(0).stdout;
    assert!(table.lines().any(|line| line.contains(&second) && line.contains("revoked")), "{table}");
    let csv = setup.run("list --sort version --columns version,revoked -o csv").ended(0);
    assert_eq!(csv.lines(), ["version,revoked", "2,2026-01-05 bad", "1,"]);
    let page = setup.run("show web:v2").ended(0).stdout;
    assert!(page.contains("available, but revoked") && page.contains("since 2026-01-05: bad"), "{page}");
    let found = setup.json("show web:v2");
    assert_eq!(found["revoked"], json!({"since": "2026-01-05", "reason": "bad"}));
    assert_eq!(setup.json(&format!("show {first}"))["revoked"], json!(null));
}

#[test]
fn show_has_the_parent_and_the_children() {
    let (setup, [_, second]) = two();
    let (instance, child) = {
        let mut world = setup.world();
        let instance = world.instance(PROD, EAST).image(&second).put();
        let child =
            world.image(PROD, EAST, "api-v1-2026-01-04").copied_from(&second, EAST).of_instance(&instance).put();
        (instance, child)
    };
    let found = setup.json("show web:v2");
    assert_eq!(each(&found["children"], "id"), [child.as_str()]);
    assert_eq!(found["copies"], json!([]));
    let page = setup.run("show web:v2").ended(0).stdout;
    assert!(page.contains("Children        1\n") && page.contains("api-v1-2026-01-04"), "{page}");
    let found = setup.json("show api:v1");
    assert_eq!(found["made_from"], json!({"id": second, "region": EAST, "exists": true}));
    assert_eq!(found["copied_from"], json!(null));
    let page = setup.run("show api:v1").ended(0).stdout;
    let said =
        format!("instance {instance}, launched from web-v2-2026-01-03 ({second}) in us-east-1, which is revoked");
    assert!(page.contains(&said), "{page}");
}

#[test]
fn prune_gives_it_no_place_among_the_newest() {
    let (setup, [first, second]) = two();
    let plan = setup.json("prune --keep 1 --min-age 0s");
    let kept = each(&plan["kept"], "image_id");
    assert!(kept.contains(&first.as_str()) && kept.contains(&second.as_str()), "{plan:#}");
    let third = setup.world().image(PROD, EAST, "web-v3-2026-01-04").created("2026-01-04").put();
    let plan = setup.json("prune --keep 1 --min-age 0s");
    assert_eq!(each(&plan["kept"], "image_id"), [third.as_str()], "{plan:#}");
}

#[test]
fn promote_and_rollout_refuse_it_and_rollback_passes_it_over() {
    let (setup, [first, second]) = two();
    setup.run("promote web:v2 --to prod").ended(4).says(&["is revoked"]);
    let third = setup.world().image(PROD, EAST, "web-v3-2026-01-04").put();
    for id in [&first, &second, &third] {
        setup.world().parameter(PROD, EAST, "/amictl/web/prod", id);
    }
    setup.run("rollback web:prod").ended(0).says(&["passed over in", "is revoked"]);
    let world = setup.world();
    assert_eq!(world.find_parameter(PROD, EAST, "/amictl/web/prod").unwrap().latest().unwrap().value, first);
}

#[test]
fn tags_of_others_are_not_seen() {
    let setup = Setup::new();
    let id = setup.world().image(OTHER, EAST, NAME).shared_with(PROD).tag("amictl:revoked", MARK).put();
    assert_eq!(setup.json(&format!("show {id}"))["revoked"], json!(null));
    setup.run(&format!("launch {id} --type t3.micro")).ended(0);
}
