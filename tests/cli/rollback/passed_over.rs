//! Images that a rollback passes over.

use serde_json::json;

use super::{PARAMETER, becomes, four, images, promoted, value};
use crate::fake::{OTHER, PROD};
use crate::scene::days_ago;
use crate::setup::{EAST, Setup};

#[test]
fn what_cannot_be_used_is_passed_over_and_said() {
    let setup = Setup::new();
    let good = setup.world().image(PROD, EAST, "web-v1-2026-01-01").put();
    let disabled = setup.world().image(PROD, EAST, "web-v2-2026-01-02").state("disabled").put();
    let revoked = setup.world().image(PROD, EAST, "web-v3-2026-01-03").tag("amictl:revoked", "2026-01-04 bad").put();
    let deprecated = setup.world().image(PROD, EAST, "web-v4-2026-01-04").deprecated_at(days_ago(1)).put();
    let pending = setup.world().image(PROD, EAST, "web-v5-2026-01-05").state("pending").put();
    let now = setup.world().image(PROD, EAST, "web-v6-2026-01-06").put();
    let gone = "ami-00000000000000bad".to_owned();
    promoted(&setup, PROD, EAST, [&good, &now, &disabled, &revoked, &deprecated, &pending, &gone, &now]);
    let ran = setup.run("rollback web:prod").ended(0);
    ran.says(&["passed over in", "is disabled", "is revoked", "is deprecated since", "is pending", "is gone"]);
    assert_eq!(value(&setup, PROD, EAST), good);
}

#[test]
fn what_was_passed_over_is_not_gone_back_to_when_it_is_usable_again() {
    let (setup, web) = four();
    becomes(&setup, &web[2], "disabled");
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[1]);
    becomes(&setup, &web[2], "available");
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[0]);
}

#[test]
fn where_nothing_can_be_used_each_image_is_named() {
    let (setup, web) = four();
    for id in &web[..3] {
        becomes(&setup, id, "disabled");
    }
    let ran = setup.run("rollback web:prod -o json").ended(4);
    ran.says(&["web-v1-2026-01-01", "web-v3-2026-01-03", "is disabled", "--to REF"]);
    setup.unchanged();
}

#[test]
fn the_owner_of_shared_images_tells_what_is_revoked() {
    const OWNER: &str =
        "--role-arn arn:aws:iam::222222222222:role/ami --from-role-arn arn:aws:iam::111111111111:role/ami";
    let scene = || {
        let setup = Setup::new();
        let shared = |n: u32| {
            let mut world = setup.world();
            let image = world.image(PROD, EAST, &format!("web-v{n}-2026-01-0{n}")).shared_with(OTHER);
            if n == 2 { image.tag("amictl:revoked", "2026-01-04 bad").put() } else { image.put() }
        };
        let web: Vec<_> = (1..=3).map(shared).collect();
        promoted(&setup, OTHER, EAST, &web);
        (setup, web)
    };
    let (setup, web) = scene();
    setup.run("rollback web:prod --role-arn arn:aws:iam::222222222222:role/ami").ended(0);
    assert_eq!(value(&setup, OTHER, EAST), web[1], "EC2 shows tags to the owner only");
    let (setup, web) = scene();
    setup.run(&format!("rollback web:prod {OWNER}")).ended(0).says(&["is revoked by its owner"]);
    assert_eq!(value(&setup, OTHER, EAST), web[0]);
}

#[test]
fn what_allowed_amis_hide_is_passed_over() {
    let setup = Setup::new();
    let good = images(&setup, PROD, EAST, 1).remove(0);
    let foreign = setup.world().image(OTHER, EAST, "web-v2-2026-01-02").shared_with(PROD).put();
    let now = setup.world().image(PROD, EAST, "web-v3-2026-01-03").put();
    setup.world().not_allowed.entry(PROD.to_owned()).or_default().insert(foreign.clone());
    promoted(&setup, PROD, EAST, [&good, &foreign, &now]);
    let row = setup.run("rollback web:prod -o json").ended(0).json()["results"][0].clone();
    assert_eq!((&row["image_id"], &row["from_image_id"]), (&json!(good), &json!(now)));
    assert!(setup.world().find_parameter(PROD, EAST, PARAMETER).is_some());
}
