//! Use that is easily overlooked: by accounts that an image was shared with before it was disabled, by accounts that
//! show their images to nobody, by members of the organization that are not active.

use crate::accounts::{OTHER_ROLE, THIRD, TWO, old};
use crate::fake::{Fault, OTHER, PROD};
use crate::scene::{ALL, Plan, Scene, days_ago};
use crate::setup::{EAST, each};

/// An image that was shared with the other account until it was disabled, and one that was shared with nobody.
fn disabled() -> (Scene, String, String) {
    let setup = Scene::new();
    setup.world().add_account("AKIATHIRD", THIRD);
    let shared = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(OTHER).put();
    let own = setup.old("web-v2-2025-01-01");
    setup.run("disable web:v1 web:v2").ended(0);
    setup.tag(&own, "amictl:shares", "");
    setup.fake.forget_calls();
    (setup, shared, own)
}

#[test]
fn an_image_that_stays_as_it_is_shared_stays_when_it_is_disabled() {
    let (setup, shared, own) = disabled();
    setup.world().denied_roles.insert(OTHER_ROLE.to_owned());
    let doubtful = Plan::of(&setup.run(&format!("{ALL} {TWO}")).ended(4));
    assert_eq!((doubtful.codes(&shared), doubtful.going()), (vec!["unverified"], vec![own.as_str()]));
    let before = [("shared", "shared with 222222222222 before it was disabled")];
    for (line, code) in [(TWO, 3), ("", 0), ("--usage-reports", 0)] {
        let plan = Plan::of(&setup.run(&format!("{ALL} --keep-shared {line}")).ended(code));
        assert_eq!((plan.reasons(&shared), plan.going()), (before.to_vec(), vec![own.as_str()]), "{line}");
    }
    assert_eq!(setup.fake.count("CreateImageUsageReport"), 0, "it stays anyway");
    let line = format!("prune --keep 0 --keep-shared --apply --yes --max-delete 100% -o json {TWO}");
    setup.run(&line).ended(3);
    assert!(setup.has(&shared) && !setup.has(&own));
}

#[test]
fn where_nobody_knows_who_a_disabled_image_was_shared_with_it_is_kept() {
    let (setup, shared, own) = disabled();
    for tag in [None, Some("everybody"), Some("22222222222")] {
        setup.ec2("DeleteTags", &[("ResourceId.1", &shared), ("Tag.1.Key", "amictl:shares")]);
        if let Some(tag) = tag {
            setup.tag(&shared, "amictl:shares", tag);
        }
        let plan = Plan::of(&setup.run(&format!("{ALL} --keep-shared")).ended(4));
        let why = "who it is shared with is unknown: it is disabled, and no tag amictl:shares tells who it was shared \
                   with before";
        assert_eq!((plan.reasons(&shared), plan.going()), (vec![("unverified", why)], vec![own.as_str()]), "{tag:?}");
    }
    // Whoever knows says so.
    setup.run("tag web:v1 amictl:shares=").ended(0);
    assert_eq!(setup.plan("prune --keep 0 --keep-shared").going().len(), 2);
}

#[test]
fn what_others_use_counts_also_where_shared_images_stay() {
    let setup = Scene::new();
    let own = setup.old("web-v1-2025-01-01");
    // Only EC2's own search in the other account knows of it.
    setup.world().image_recipe(OTHER, EAST, "base", &own);
    assert_eq!(setup.plan(&format!("prune --keep 0 {TWO} --keep-shared")).codes(&own), ["in-use"]);
    setup.unchanged();
}

#[test]
fn what_a_place_uses_counts_though_it_does_not_show_its_images() {
    let setup = Scene::new();
    let shared = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(OTHER).put();
    let unshared = setup.old("web-v2-2025-01-01");
    let by_recipe = setup.old("web-v3-2025-01-01");
    let unused = setup.old("web-v4-2025-01-01");
    old(&setup, OTHER, EAST, "db-v1-2025-01-01");
    // It was launched while it was shared, and is shared no more.
    let instance = setup.world().instance(OTHER, EAST).image(&unshared).put();
    setup.world().image_recipe(OTHER, EAST, "base", &by_recipe);
    setup.fake.fault(Fault::error("DescribeImages", "UnauthorizedOperation", "not yours").of_account(OTHER));
    let ran = setup.run(&format!("{ALL} {TWO}")).ended(4);
    let plan = Plan::of(&ran);
    let by = format!("instance {instance} (account {OTHER}: running)");
    assert_eq!(plan.reasons(&unshared), [("in-use", by.as_str())]);
    assert_eq!(plan.codes(&by_recipe), ["in-use"]);
    let reasons = plan.reasons(&shared);
    assert!(matches!(reasons[..], [("unverified", why)] if why.contains("not yours")), "{reasons:?}");
    assert_eq!(plan.going(), [unused.as_str()]);
    assert_eq!((each(&plan.0["errors"], "account"), each(&plan.0["errors"], "region")), (vec![OTHER], vec![EAST]));
    assert!(each(&plan.0["sources"], "account").iter().all(|account| *account == PROD), "{:#}", plan.0["sources"]);
    let report = setup.run(&format!("prune --keep 0 --apply --yes --max-delete 100% -o json {TWO}")).ended(4).json();
    assert_eq!(report["summary"]["done"], 1);
    assert!(setup.has(&unshared) && setup.has(&by_recipe) && setup.has(&shared) && !setup.has(&unused));
}
