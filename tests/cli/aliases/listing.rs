//! The list of aliases.

use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, each};

const ROLES: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";

/// Three versions of a family, and an alias on the second.
fn scene() -> (Setup, Vec<String>) {
    let setup = Setup::new();
    let image = |n: u32| setup.world().image(PROD, EAST, &format!("web-v{n}-2026-01-0{n}")).put();
    let ids: Vec<_> = (1..=3).map(image).collect();
    for id in &ids[..2] {
        setup.world().parameter(PROD, EAST, "/amictl/web/prod", id);
    }
    (setup, ids)
}

#[test]
fn an_alias_is_listed_with_its_image() {
    let (setup, ids) = scene();
    let document = setup.json("aliases");
    let alias = &document["aliases"][0];
    assert!(alias["since"].as_str().unwrap().ends_with('Z'), "{alias}");
    let mut rest = alias.clone();
    rest.as_object_mut().unwrap().remove("since");
    assert_eq!(
        rest,
        json!({
            "account": PROD, "region": EAST, "family": "web", "alias": "prod", "parameter": "/amictl/web/prod",
            "image_id": ids[1], "name": "web-v2-2026-01-02", "image_version": 2, "image_state": "available",
            "by": "arn:aws:iam::111111111111:user/operator", "reason": null, "version": 2,
            "previous_image_id": ids[0], "history": null,
        })
    );
    assert_eq!((document["version"].as_u64(), &document["errors"]), (Some(1), &json!([])));
}

#[test]
fn other_parameters_are_no_aliases() {
    let (setup, ids) = scene();
    for name in
        ["/amictl/web", "/amictl/web/Prod", "/amictl/web/v3", "/amictl/web/latest", "/golden/web", "/amictlx/web/prod"]
    {
        setup.world().parameter(PROD, EAST, name, &ids[0]);
    }
    setup.world().parameter(PROD, EAST, "/amictl/web/canary", &ids[2]);
    setup.world().parameter(PROD, EAST, "/amictl/a/b/prod", &ids[2]);
    let document = setup.json("aliases");
    assert_eq!(each(&document["aliases"], "parameter"), ["/amictl/a/b/prod", "/amictl/web/canary", "/amictl/web/prod"]);
    assert_eq!(each(&document["aliases"], "family"), ["a/b", "web", "web"]);
    // Of one family, not of those below it.
    assert_eq!(each(&setup.json("aliases a")["aliases"], "alias"), [""; 0]);
    assert_eq!(each(&setup.json("aliases a/b")["aliases"], "alias"), ["prod"]);
    assert_eq!(each(&setup.json("aliases web")["aliases"], "alias"), ["canary", "prod"]);
}

#[test]
fn what_became_of_the_image_is_said() {
    let (setup, ids) = scene();
    let state = |alias: &str| setup.json(&format!("aliases {alias}"))["aliases"][0]["image_state"].clone();
    setup.world().parameter(PROD, EAST, "/amictl/lost/prod", "ami-00000000000000bad");
    assert_eq!(state("lost"), "gone");
    let disabled = setup.world().image(PROD, EAST, "off-v1-2026-01-01").state("disabled").put();
    setup.world().parameter(PROD, EAST, "/amictl/off/prod", &disabled);
    assert_eq!(state("off"), "disabled");
    let revoked = setup.world().image(PROD, EAST, "bad-v1-2026-01-01").tag("amictl:revoked", "2026-01-02 bad").put();
    setup.world().parameter(PROD, EAST, "/amictl/bad/prod", &revoked);
    assert_eq!(state("bad"), "available");
    setup.world().parameter(PROD, EAST, "/amictl/text/prod", "to be done");
    let text = setup.json("aliases text")["aliases"][0].clone();
    assert_eq!((&text["image_id"], &text["image_state"]), (&Value::Null, &Value::Null));
    let table = setup.run("aliases").ended(0).stdout;
    for words in [
        "ALIAS",
        "web:prod",
        "web-v2-2026-01-02",
        "BEFORE",
        "web-v1-2026-01-01",
        "revoked",
        "gone",
        "no image",
        "to be done",
    ] {
        assert!(table.contains(words), "{words} is not in\n{table}");
    }
    assert_eq!(setup.run("aliases web -o ids").ended(0).lines(), [ids[1].as_str()]);
}

#[test]
fn an_image_of_another_account_is_shown_if_it_is_shared() {
    let setup = Setup::new();
    let shared = setup.world().image(OTHER, EAST, "web-v4-2026-01-04").shared_with(PROD).put();
    let hidden = setup.world().image(OTHER, EAST, "web-v3-2026-01-03").put();
    for id in [&hidden, &shared] {
        setup.world().parameter(PROD, EAST, "/amictl/web/prod", id);
    }
    let alias = setup.json("aliases --history")["aliases"][0].clone();
    assert_eq!((&alias["name"], &alias["image_version"]), (&json!("web-v4-2026-01-04"), &json!(4)));
    assert_eq!(each(&alias["history"], "image_state"), ["available", "gone"]);
}

#[test]
fn every_place_is_listed() {
    let (setup, _) = scene();
    for (account, region) in [(PROD, WEST), (OTHER, EAST), (OTHER, WEST)] {
        let id = setup.world().image(account, region, "web-v1-2026-01-01").put();
        setup.world().parameter(account, region, "/amictl/web/prod", &id);
    }
    let document = setup.json(&format!("aliases --region {EAST},{WEST} {ROLES}"));
    let places = each(&document["aliases"], "account").into_iter().zip(each(&document["aliases"], "region"));
    assert_eq!(Vec::from_iter(places), [(PROD, EAST), (PROD, WEST), (OTHER, EAST), (OTHER, WEST)]);
    let table = setup.run(&format!("aliases --region {EAST},{WEST} {ROLES}")).ended(0).stdout;
    assert!(table.contains("ACCOUNT") && table.contains("REGION"), "{table}");
    let table = setup.run("aliases").ended(0).stdout;
    assert!(!table.contains("ACCOUNT") && !table.contains("REGION") && !table.contains("REASON"), "{table}");
}

#[test]
fn an_unreadable_place_does_not_hide_the_others() {
    for call in ["DescribeParameters", "GetParameterHistory"] {
        let (setup, ids) = scene();
        setup.world().parameter(PROD, WEST, "/amictl/web/prod", "ami-00000000000000bad");
        setup.fake.fault(Fault::error(call, "AccessDeniedException", "not yours").in_region(WEST));
        let ran = setup.run(&format!("aliases --region {EAST},{WEST} -o json")).ended(3).says(&["not yours", WEST]);
        let document = ran.json();
        assert_eq!(each(&document["aliases"], "image_id"), [ids[1].as_str()], "{call}");
        assert_eq!(each(&document["errors"], "region"), [WEST], "{call}");
    }
    let (setup, _) = scene();
    setup.fake.fault(Fault::error("DescribeParameters", "AccessDeniedException", "not yours"));
    setup.run("aliases").ended(1).says(&["not yours"]);
}

#[test]
fn without_the_images_the_ids_are_listed() {
    let (setup, ids) = scene();
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "not yours"));
    let document = setup.run("aliases -o json").ended(3).says(&["not yours"]).json();
    let alias = &document["aliases"][0];
    assert_eq!((&alias["image_id"], &alias["image_state"]), (&json!(ids[1]), &Value::Null));
    let table = setup.run("aliases").ended(3).stdout;
    assert!(table.contains("unknown") && table.contains(&ids[1]), "{table}");
}

#[test]
fn there_may_be_none() {
    let setup = Setup::new();
    assert_eq!(setup.json("aliases")["aliases"], json!([]));
    setup.run(&format!("aliases web --region {EUROPE}")).ended(0).says(&["no aliases"]);
    setup.run("aliases Web").ended(2);
    let deep = ["a"; 14].join("/");
    setup.run(&format!("aliases {deep}")).ended(2).says(&["SSM takes no parameter name"]);
    setup.unchanged();
}
