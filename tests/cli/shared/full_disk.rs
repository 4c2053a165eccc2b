//! A stdout that takes nothing: what was done is not to be done again.

#![cfg(target_os = "linux")]

use crate::fake::PROD;
use crate::scene::days_ago;
use crate::setup::{EAST, Setup};

#[test]
fn a_change_that_cannot_be_reported_is_not_to_be_made_again() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let next = setup.world().image(PROD, EAST, "web-v2-2026-01-03").put();
    // A snapshot that nothing needs any more.
    let made_for = "Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa";
    setup.world().snapshot(PROD, EAST).started(days_ago(100)).description(made_for).put();
    let instance = setup.world().instance(PROD, EAST).image(&id).put();
    for line in [
        "launch web:v2 --type t3.micro".to_owned(),
        format!("create api --instance {instance} -o json"),
        "promote web:v2 --to prod -o ids".to_owned(),
        "promote web:v1 --to prod".to_owned(),
        "rollback web:prod".to_owned(),
        "tag web:v2 Owner=core".to_owned(),
        "revoke web:v2 --reason bad".to_owned(),
        "recycle-bin --retain 14d --yes".to_owned(),
        "orphans --apply --yes --max-delete 1 -o json".to_owned(),
    ] {
        let before = setup.changes().len();
        let ran = setup.on_full_disk(&line).ended(1);
        let said = ran.says(&["cannot write to stdout: No space left on device"]);
        let again = said.stderr.contains("run the command again");
        assert!(!again && said.stderr.contains("what was done stays done"), "{line}: {}", said.stderr);
        assert!(setup.changes().len() > before, "{line}");
    }
    assert!(setup.image(&next).tags.contains_key("amictl:revoked"));
}

#[test]
fn what_only_reads_can_be_run_again() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    for line in
        ["list", "list -o json", "list -o ids", "list -o csv", "list -o jsonl", "list --query images[].id", "show web"]
    {
        let said = setup.on_full_disk(line).ended(1);
        said.says(&["cannot write to stdout: No space left on device", "run the command again"]);
    }
}
