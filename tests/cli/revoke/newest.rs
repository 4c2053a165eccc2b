//! `revoke web`: the newest version, revoked or not, so that a second run goes no further.

use super::{mark, marked, rows};
use crate::fake::PROD;
use crate::setup::{EAST, Setup};

/// Versions 1 to 3.
fn three() -> (Setup, Vec<String>) {
    let setup = Setup::new();
    let ids = (1..=3).map(|n| setup.world().image(PROD, EAST, &format!("web-v{n}-2026-01-02")).put()).collect();
    (setup, ids)
}

#[test]
fn a_second_run_does_not_mark_the_good_version_before() {
    for more in ["", "--disable"] {
        let (setup, ids) = three();
        setup.run(&format!("revoke web --reason bad {more}")).ended(0);
        for reference in ["web", "web:latest"] {
            let ran = setup.run(&format!("revoke {reference} --reason bad {more} -o json")).ended(0);
            assert!(
                rows(&ran.json()).iter().all(|(_, status, changed)| *status == "done" && !changed),
                "{}",
                ran.stdout
            );
            ran.says(&["web-v3-2026-01-02 is revoked already; to revoke the version before it, name it: web:v2"]);
        }
        assert_eq!((mark(&setup, &ids[2]), mark(&setup, &ids[1])), (marked("bad"), None), "{more}");
        // A newer version counts again.
        let newer = setup.world().image(PROD, EAST, "web-v4-2026-01-03").put();
        setup.run("revoke web --reason worse").ended(0);
        assert_eq!((mark(&setup, &newer), mark(&setup, &ids[1])), (marked("worse"), None));
    }
}

#[test]
fn unrevoke_finds_the_one_just_revoked() {
    let (setup, ids) = three();
    setup.run("revoke web --reason bad").ended(0);
    let ran = setup.run("unrevoke web -o json").ended(0);
    assert_eq!((rows(&ran.json()), mark(&setup, &ids[2])), (vec![("unrevoke", "done", true)], None));
    assert!(!ran.stderr.contains("name it"), "{}", ran.stderr);
    // What was taken away reads otherwise than what was never there.
    setup.run("revoke web --reason bad").ended(0);
    let page = setup.run("unrevoke web:v3").ended(0).stdout;
    assert!(page.contains(" unrevoked"), "{page}");
    let page = setup.run("unrevoke web:v3").ended(0).stdout;
    assert!(page.contains("not revoked"), "{page}");
}

#[test]
fn with_none_left_nothing_is_said_of_a_version_before() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup.run("revoke web --reason bad").ended(0);
    let ran = setup.run("revoke web --reason bad").ended(0);
    assert!(ran.stderr.contains("is revoked already") && !ran.stderr.contains("name it"), "{}", ran.stderr);
}
