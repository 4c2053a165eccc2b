//! Targets of `rollback` stay: not just the version before.

use serde_json::json;

use crate::fake::{Fault, OTHER, PROD};
use crate::scene::{Scene, days_ago, sorted};
use crate::setup::EAST;

const PARAMETER: &str = "/amictl/web/prod";

/// The description that amictl gives a version.
fn note(action: &str, image: &str) -> String {
    json!({"by": "arn:aws:iam::111111111111:user/operator", "action": action, "image": image, "from": null,
        "reason": null, "run": "run", "at": "2026-01-02T03:04:05Z"})
    .to_string()
}

/// Promotes and rollbacks, in that order.
fn moved(setup: &Scene, account: &str, moves: &[(&str, &String)]) {
    let mut world = setup.world();
    let mut seed = world.typed_parameter(account, EAST, PARAMETER).data_type("aws:ec2:image");
    for (action, image) in moves {
        seed = seed.value(image).described(&note(action, image));
    }
    seed.put();
}

#[test]
fn the_good_image_before_stays_and_not_just_the_version_before() {
    let setup = Scene::new();
    let web = setup.family("web", 5);
    let [one, two, three, four, _] = &web[..] else { unreachable!() };
    // Back from 4 to 2: the version before is 4, and the next rollback goes to 1.
    moved(
        &setup,
        PROD,
        &[("promote", one), ("promote", two), ("promote", three), ("promote", four), ("rollback", two)],
    );
    let plan = setup.plan("prune --keep 0");
    assert_eq!(plan.going(), sorted([&web[2], &web[4]]));
    let detail = |id: &str| plan.reasons(id)[0].1.to_owned();
    assert!(detail(four).contains("the version before"), "{}", detail(four));
    assert!(detail(one).contains("to which a rollback goes"), "{}", detail(one));
    assert_eq!(plan.codes(one), ["alias"]);
}

#[test]
fn what_a_rollback_passes_over_does_not_stay_for_it() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    let old = |n: u32| format!("web-v{n}-2025-01-01");
    let deprecated = setup.world().image(PROD, EAST, &old(3)).created(days_ago(100)).deprecated_at(days_ago(1)).put();
    let revoked = setup.world().image(PROD, EAST, &old(4)).created(days_ago(100)).tag("amictl:revoked", "bad").put();
    let bad = setup.old(&old(5));
    let now = setup.old(&old(6));
    let gone = "ami-00000000000000bad".to_owned();
    let order = [&web[0], &web[1], &deprecated, &revoked, &gone, &bad, &now];
    moved(&setup, PROD, &order.map(|id| ("promote", id)));
    setup.tag(&bad, "amictl:revoked", "2026-01-02 bad");
    let plan = setup.plan("prune --keep 0");
    // The version before stays as ever, whatever it is.
    assert_eq!(plan.going(), sorted([&web[0], &deprecated, &revoked]));
    assert!(plan.reasons(&web[1])[0].1.contains("to which a rollback goes"));
    // A deprecation to come is none yet.
    let setup = Scene::new();
    let web = setup.family("web", 3);
    setup.ec2("EnableImageDeprecation", &[("ImageId", &web[1]), ("DeprecateAt", "2033-01-01T00:00:00Z")]);
    moved(&setup, PROD, &[("promote", &web[0]), ("promote", &web[1]), ("promote", &web[2])]);
    assert_eq!(setup.plan("prune --keep 0").going(), [web[0].as_str()]);
}

#[test]
fn refs_and_deregister_know_it_too() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    moved(&setup, PROD, &[("promote", &web[0]), ("promote", &web[1]), ("promote", &web[2]), ("rollback", &web[1])]);
    let refs = setup.json(&format!("refs {} --without-source image-references", web[0]));
    let references = refs["images"][0]["references"].clone();
    let detail = format!("{PARAMETER}, to which a rollback goes");
    assert_eq!(references, json!([{"source": "ssm-parameters", "kind": "alias", "id": PARAMETER, "detail": detail}]));
    setup.run(&format!("deregister {} --yes", web[0])).ended(4).says(&["to which a rollback goes"]);
    setup.run(&format!("disable {}", web[0])).ended(4).says(&["to which a rollback goes"]);
    setup.unchanged();
}

#[test]
fn an_alias_in_another_account_keeps_what_it_goes_back_to() {
    const ROLES: &str = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";
    let setup = Scene::new();
    let shared = |n: u32| {
        let name = format!("web-v{n}-2025-01-01");
        setup.world().image(PROD, EAST, &name).created(days_ago(100)).shared_with(OTHER).put()
    };
    let web: Vec<_> = (1..=6).map(shared).collect();
    let moves: Vec<_> = web[..5].iter().map(|id| ("promote", id)).chain([("rollback", &web[3])]).collect();
    moved(&setup, OTHER, &moves);
    let plan = setup.plan(&format!("prune --keep 0 {ROLES}"));
    // On 4; before it 5; back to 3, and further if 3 and 2 are revoked, which the other account does not see.
    assert_eq!(plan.going(), [web[5].as_str()]);
    assert_eq!((plan.codes(&web[1]), plan.codes(&web[0])), (vec!["alias"], vec!["alias"]));
}

#[test]
fn below_images_of_others_all_stay_down_to_the_first_own_one() {
    let setup = Scene::new();
    let own = setup.family("web", 3);
    let foreign = |n: u32| setup.world().image(OTHER, EAST, &format!("web-v{n}-2025-01-01")).shared_with(PROD).put();
    let others: Vec<_> = (4..=7).map(foreign).collect();
    let moves: Vec<_> = own[..2].iter().chain(&others).map(|id| ("promote", id)).collect();
    moved(&setup, PROD, &moves);
    let plan = setup.plan("prune --keep 0");
    assert_eq!(plan.going(), sorted([&own[0], &own[2]]));
    assert!(plan.reasons(&own[1])[0].1.contains("to which a rollback goes"));
}

#[test]
fn images_that_cannot_be_looked_at_leave_the_source_unread() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    moved(&setup, PROD, &[("promote", &web[0]), ("promote", &web[1]), ("promote", &web[2])]);
    let fault = Fault::error("DescribeImages", "RequestExpired", "too late");
    setup.fake.fault(fault.matching("image-id"));
    let ran = setup.once().run("prune --keep 0 -o json").ended(4).says(&["ssm-parameters"]);
    assert!(ran.stdout.contains("too late"), "{}", ran.stdout);
    assert_eq!(ran.json()["actions"], json!([]));
}

#[test]
fn an_alias_without_a_past_costs_no_call_more() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    moved(&setup, PROD, &[("promote", &web[0]), ("promote", &web[0])]);
    setup.plan("prune --keep 0");
    let looked = setup.calls("DescribeImages").into_iter().filter(|call| !call.params.contains_key("Owner.1"));
    assert_eq!(looked.count(), 0);
    moved(&setup, PROD, &[("promote", &web[0]), ("promote", &web[1])]);
    setup.fake.forget_calls();
    setup.plan("prune --keep 0");
    let looked = setup.calls("DescribeImages").into_iter().filter(|call| !call.params.contains_key("Owner.1"));
    assert_eq!(looked.count(), 1);
}
