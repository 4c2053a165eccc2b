//! Two prunes at once, as a schedule and its repetition would be: nothing in use goes, and each says what is true.

use serde_json::Value;

use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, PROD};
use crate::scene::Scene;
use crate::setup::{EAST, Setup};

const RUN: &str = "0123456789abcdef0123456789abcdef";
const LINE: &str = "prune --keep 1 --min-age 0s --apply --yes --max-delete 100% -o json";

/// Runs the same line twice at once, with these run ids.
fn both(setup: &Setup, ids: [&str; 2]) -> [Ran; 2] {
    let begun = ids.map(|id| setup.process(LINE).env("AMICTL_RUN_ID", id).spawn().unwrap());
    begun.map(|process| Ran::from(process.wait_with_output().unwrap()))
}

#[test]
fn two_at_once_delete_what_goes_once_and_nothing_else() {
    for ids in [[RUN, RUN], ["", RUN]] {
        let setup = Scene::new();
        let images = setup.family("web", 12);
        setup.world().instance(PROD, EAST).image(&images[4]).put();
        let kept = setup.old("api-v1-2025-01-01");
        setup.fake.fault(Fault::on("DeregisterImage", FaultKind::Latency(std::time::Duration::from_millis(200))));
        let ends = both(&setup, ids);
        for id in [&images[4], &images[11], &kept] {
            assert!(setup.has(id), "{id}: {ends:?}");
        }
        assert_eq!(setup.left().len(), 3, "{ends:?}");
        let mut rows = 0;
        for ran in &ends {
            assert!([0, 3].contains(&ran.code), "{ran:?}");
            let report = ran.json();
            let results = report["results"].as_array().unwrap();
            for row in results.iter().filter(|row| row["status"] == "done" && row["changed"] == true) {
                rows += 1;
                assert!(!setup.has(row["image_id"].as_str().unwrap()), "{row}");
            }
            // Who says that something failed or was left also ends so.
            let all_done = results.iter().all(|row| row["status"] == "done" || row["status"] == "unchanged");
            assert_eq!(ran.code == 0, all_done, "{ran:?}");
        }
        assert!(rows >= 10, "what is gone was done by one of them: {ends:?}");
    }
}

#[test]
fn a_second_one_afterwards_finds_nothing_to_do() {
    let setup = Scene::new();
    setup.family("web", 4);
    let first = setup.amictl().env("AMICTL_RUN_ID", RUN).run(LINE).ended(0);
    assert_eq!(first.json()["summary"]["done"], 3);
    let changes = setup.changes();
    let second = setup.amictl().env("AMICTL_RUN_ID", RUN).run(LINE).ended(0);
    assert_eq!((second.json()["results"].clone(), setup.changes()), (Value::Array(Vec::new()), changes));
}
