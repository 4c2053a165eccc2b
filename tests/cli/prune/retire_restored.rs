//! Retirement in stages of images that came back from the Recycle Bin.

use crate::fake::{Fault, OTHER, PROD};
use crate::prune::retire::{policy, result, retire, retired, row, stamp, standing};
use crate::scene::{Plan, Scene, days_ago};
use crate::setup::EAST;

/// An image that retirement has deregistered, and that the Recycle Bin holds.
fn retired_into_the_bin(setup: &Scene) -> String {
    for kind in ["EBS_SNAPSHOT", "EC2_IMAGE"] {
        setup.world().bin_rule(PROD, EAST, kind, 14).put();
    }
    let id = retired(setup, "web-v1-2025-01-01", &[("deprecate", 60), ("disable", 30)]);
    assert_eq!(row(&retire(setup).ended(0).json(), &id), ("deregister", "done", None));
    assert!(!setup.has(&id));
    setup.fake.forget_calls();
    id
}

#[test]
fn an_image_that_is_restored_begins_its_retirement_anew() {
    for forgets in [false, true] {
        let setup = Scene::new();
        let id = retired_into_the_bin(&setup);
        setup.world().restore_forgets = forgets;
        let report = setup.json(&format!("restore {id}"));
        let (removed, back) =
            ("tag amictl:retire removed, so that a retirement starts anew", "1 tag put back from the journal");
        assert_eq!(result(&report, &id)["detail"], if forgets { back } else { removed });
        assert_eq!(standing(&setup, &id), ("disabled".into(), true, None));
        assert_eq!(setup.image(&id).tags["amictl:shares"], OTHER, "who is to get a permission back stays known");
        // Its first stage is written down now, and the others have their time again.
        assert_eq!(row(&retire(&setup).ended(0).json(), &id).1, "done");
        let plan = Plan::of(&setup.run(&policy(&setup, "")).ended(0));
        assert_eq!((plan.going(), plan.codes(&id)), (vec![], vec!["retiring"]));
        assert!(setup.has(&id));
        // What came back once is left to its new retirement.
        setup.fake.forget_calls();
        let report = setup.json(&format!("restore {id}"));
        assert_eq!(result(&report, &id)["detail"], "its tag amictl:retire stays: its retirement goes on");
        setup.unchanged();
    }
}

#[test]
fn a_tag_of_retirement_that_stays_is_told_of_and_a_rerun_removes_it() {
    let setup = Scene::new();
    let id = retired_into_the_bin(&setup);
    setup.fake.fault(Fault::error("DeleteTags", "UnauthorizedOperation", "No tags."));
    let ran = setup.run(&format!("restore {id} -o json")).ended(3);
    let hint = format!("Remove it with: amictl tag {id} --remove amictl:retire --region us-east-1");
    let ran = ran.says(&["it is back, but its tag amictl:retire stays", "deregister it again: No tags.", &hint]);
    let report = ran.json();
    assert_eq!((row(&report, &id).1, &result(&report, &id)["changed"]), ("failed", &true.into()));
    setup.fake.clear_faults();
    setup.run(&format!("restore {id}")).ended(0);
    assert_eq!(standing(&setup, &id), ("disabled".into(), true, None));
    // And so does the command that was named.
    setup.tag(&id, "amictl:retire", &format!("disable@{}", stamp(40)));
    setup.run(&format!("tag {id} --remove amictl:retire --region us-east-1")).ended(0);
    assert_eq!(standing(&setup, &id).2, None);
}

#[test]
fn what_an_image_lacks_since_it_was_restored_is_put_back_after_a_stage_too() {
    let setup = Scene::new();
    for kind in ["EBS_SNAPSHOT", "EC2_IMAGE"] {
        setup.world().bin_rule(PROD, EAST, kind, 14).put();
    }
    let id = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).shared_with(OTHER).put();
    setup.run(&format!("deregister {id} --yes")).ended(0);
    setup.world().restore_forgets = true;
    setup.fake.fault(Fault::error("ModifyImageAttribute", "UnauthorizedOperation", "No sharing."));
    setup.run(&format!("restore {id}")).ended(3);
    setup.fake.clear_faults();
    assert_eq!(row(&retire(&setup).ended(0).json(), &id), ("deprecate", "done", None));
    let stage = standing(&setup, &id);
    let report = setup.json(&format!("restore {id}"));
    let said = "its tag amictl:retire stays: its retirement goes on; 1 launch permission put back from the journal";
    assert_eq!(result(&report, &id)["detail"], said);
    assert_eq!(setup.world().launch_permissions(&id), [OTHER]);
    assert_eq!(standing(&setup, &id), stage, "a retirement that began since goes on");
}
