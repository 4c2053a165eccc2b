//! `lineage`: the tree from the listings of all places.

use serde_json::json;

use super::{BASE, TWO, WEB, family, field, rows};
use crate::fake::PROD;
use crate::setup::{EAST, EUROPE, Setup, WEST};

#[test]
fn copies_and_what_was_made_from_instances_stand_below() {
    let setup = Setup::new();
    let [base, copy, child, of_copy] = family(&setup);
    let found = setup.json(&format!("lineage {base} {TWO}"));
    assert_eq!((&found["version"], &found["root"], &found["errors"]), (&json!(1), &json!(base), &json!([])));
    let expected = [
        [Some(base.as_str()), None, None],
        [Some(&copy), Some(&base), Some("copy")],
        [Some(&of_copy), Some(&copy), Some("child")],
        [Some(&child), Some(&base), Some("child")],
    ];
    assert_eq!(rows(&found), expected);
    let row = json!({
        "id": of_copy, "name": WEB, "account": PROD, "region": WEST, "parent_id": copy, "parent_region": WEST,
        "relation": "child", "state": "available", "in_use": false, "revoked": false,
    });
    assert_eq!(found["images"][2], row);
    assert!(setup.calls("GetImageAncestry").is_empty(), "the base has no source");
    setup.unchanged();
}

#[test]
fn of_an_image_in_the_middle_the_line_above_is_shown_and_with_all_the_whole_tree() {
    let setup = Setup::new();
    let [base, copy, child, of_copy] = family(&setup);
    let found = setup.json(&format!("lineage {of_copy} {TWO}"));
    assert_eq!(field(&found, "id"), [&base, &copy, &of_copy].map(|id| json!(id)));
    let found = setup.json(&format!("lineage {of_copy} --all {TWO}"));
    assert_eq!(field(&found, "id"), [&base, &copy, &of_copy, &child].map(|id| json!(id)));
    assert_eq!(found["root"], json!(of_copy));
}

#[test]
fn of_copies_under_one_name_the_original_is_meant() {
    let setup = Setup::new();
    let [base, copy, ..] = family(&setup);
    assert_eq!(setup.json(&format!("lineage base:v1 {TWO}"))["root"], json!(base));
    assert_eq!(setup.json(&format!("lineage base:v1 --region {WEST}"))["root"], json!(copy));
    // Not copies of each other.
    let ran = setup.run(&format!("lineage web:v1 {TWO} -o json")).ended(1);
    assert_eq!(ran.error()["code"], "AmbiguousReference");
    assert!(ran.error()["hint"].as_str().unwrap().contains("name the one you mean by its id"), "{}", ran.stderr);
    setup.run("lineage nothing:v1").ended(1).says(&["nothing is called 'nothing:v1'"]);
}

#[test]
fn use_states_and_marks_are_told() {
    let setup = Setup::new();
    let [base, copy, child, _] = family(&setup);
    {
        let mut world = setup.world();
        world.image_mut(&copy).tags.insert("amictl:revoked".to_owned(), "2026-01-05 bad".to_owned());
        "disabled".clone_into(&mut world.image_mut(&child).phase.after);
        world.instance(PROD, EAST).image(&base).put();
    }
    let found = setup.json(&format!("lineage {base} {TWO}"));
    assert_eq!(field(&found, "in_use"), [true, false, false, false].map(|is| json!(is)));
    assert_eq!(field(&found, "revoked"), [false, true, false, false].map(|is| json!(is)));
    assert_eq!(field(&found, "state"), ["available", "available", "available", "disabled"].map(|is| json!(is)));
}

#[test]
fn a_source_that_is_gone_is_a_row_and_can_be_asked_about() {
    let setup = Setup::new();
    let [base, copy, child, _] = family(&setup);
    setup.run(&format!("deregister {base} --yes")).ended(0);
    let found = setup.json(&format!("lineage {child} {TWO}"));
    assert_eq!(field(&found, "id"), [&base, &child].map(|id| json!(id)));
    let gone = json!({
        "id": base, "name": null, "account": null, "region": EAST, "parent_id": null, "parent_region": null,
        "relation": null, "state": "unknown", "in_use": null, "revoked": null,
    });
    assert_eq!(found["images"][0], gone);
    let found = setup.json(&format!("lineage {base} {TWO}"));
    assert_eq!((&found["root"], found["images"].as_array().unwrap().len()), (&json!(base), 4));
    assert_eq!(rows(&found)[1], [Some(copy.as_str()), Some(&base), Some("copy")]);
    setup.run("lineage ami-0123456789abcdef0").ended(1).says(&["no image ami-0123456789abcdef0"]);
}

#[test]
fn a_copy_that_ec2_does_not_remember_is_known_by_its_tag() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, BASE).put();
    let copy = setup.world().image(PROD, EUROPE, BASE).tag("amictl:copied-from", &format!("{EAST}/{id}")).put();
    let found = setup.json(&format!("lineage {id} --region {EAST},{EUROPE}"));
    assert_eq!(rows(&found)[1], [Some(copy.as_str()), Some(&id), Some("copy")]);
}

#[test]
fn images_that_name_each_other_come_to_an_end() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, BASE).put();
    let other = setup.world().image(PROD, EAST, "other").copied_from(&id, EAST).put();
    setup.world().image_mut(&id).tags.insert("amictl:copied-from".to_owned(), format!("{EAST}/{other}"));
    let ran = setup.run(&format!("lineage {id} --all -o json")).ended(0).says(&["form a ring"]);
    assert_eq!(ran.json()["images"].as_array().unwrap().len(), 2, "{}", ran.stdout);
}
