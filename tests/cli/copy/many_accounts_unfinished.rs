//! `copy` over several accounts: runs that are tried only, not waited for, stopped or taken up.

use std::process::Command;

use crate::cli::Ran;
use crate::copy::many_accounts::{ALL, NAME, OWNER, THIRD, THREE, TO, follow, found, hint, made, ready, role, to};
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EUROPE, WEST, each, seconds, sorted};

#[test]
fn a_dry_run_changes_nothing_and_tells_of_every_place() {
    let (setup, source) = ready(OWNER, &THREE);
    let line = format!("copy {source} {TO} --dry-run{}", to(&THREE));
    let ran = setup.run(&line).ended(0);
    for (account, region) in ALL {
        let said = format!("dry run: account {account}, region {region}: {NAME} would be copied from us-east-1\n");
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    }
    let refusal = Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.in_region(WEST).of_account(PROD));
    setup.world().denied_roles.insert(role(THIRD));
    let ran = setup.run(&format!("{line} -o json")).ended(3);
    assert_eq!(ran.error()["message"], "dry run: 3 of 6 copies would not work");
    assert!(ran.stderr.contains(&format!("account {PROD}, region us-west-2: CopyImage")), "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("dry run: account {OTHER}, region us-west-2: ")), "{}", ran.stderr);
    setup.unchanged();
    assert!(made(&setup).is_empty());
}

#[test]
fn waits_are_left_out_and_given_up_in_every_account_alike() {
    let (setup, source) = ready(OTHER, &[PROD, THIRD]);
    setup.world().pending_for = seconds(600);
    let ran = setup.run(&format!("copy base {TO} --no-wait{} -o json", to(&THREE))).ended(0);
    assert_eq!(each(&ran.json()["images"], "state"), ["pending"; 6]);
    let ran = setup.run(&format!("copy base {TO} --timeout 1s{} -o json", to(&THREE))).ended(5);
    assert_eq!(sorted(&ran.json()["errors"], "code"), ["Timeout"; 6]);
    for (account, region) in ALL {
        let id = found(&setup, account, region).unwrap().id;
        let wait = format!("amictl wait {id} --region {region}{}", to(&[account]));
        assert!(ran.stderr.contains(&wait), "{}", ran.stderr);
    }
    setup.world().advance(seconds(600));
    follow(&setup, &hint(&ran));
    setup.run(&format!("copy {source} {TO}{}", to(&THREE))).ended(0);
    assert_eq!(setup.calls("CopyImage").len(), 6);
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_says_what_goes_on_in_which_account() {
    let (setup, _) = ready(OTHER, &[PROD, THIRD]);
    setup.world().pending_for = seconds(600);
    let process = setup.process(&format!("copy base {TO} --protect{} -o json", to(&THREE))).spawn().unwrap();
    setup.until("CopyImage", 6);
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let ran = Ran::from(process.wait_with_output().unwrap()).ended(130);
    assert_eq!(ran.error()["code"], "Interrupted");
    assert_eq!(sorted(&ran.json()["errors"], "account"), [PROD, PROD, OTHER, OTHER, THIRD, THIRD]);
    assert_eq!(each(&ran.json()["steps"], "status"), ["skipped"; 6]);
    setup.world().advance(seconds(600));
    follow(&setup, &hint(&ran));
    assert_eq!(setup.calls("CopyImage").len(), 6, "what was begun is adopted");
}

#[test]
fn an_owner_that_no_role_leads_to_is_found_by_the_same_command_again() {
    let (setup, _) = ready(PROD, &[OTHER, THIRD]);
    setup.world().add_member(OTHER, "dev", "ACTIVE");
    setup.world().add_member(THIRD, "ops", "ACTIVE");
    let refusal = || Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized.").in_region(EUROPE);
    setup.fake.fault(refusal().of_account(OTHER).times(1));
    setup.fake.fault(refusal().of_account(THIRD).times(1));
    let line = format!("copy base {TO} --org-role ami -o json");
    let ran = setup.run(&line).ended(3);
    assert_eq!(hint(&ran), "finish it with: the same command again");
    setup.run(&line).ended(0);
    assert_eq!(made(&setup), ALL);
    assert_eq!(found(&setup, THIRD, EUROPE).unwrap().tags["Team"], "core");
}

#[test]
fn the_external_id_of_the_owner_s_role_is_in_what_finishes_the_rest() {
    let (setup, _) = ready(OWNER, &[PROD]);
    setup.world().require_external_id(&role(OWNER), "customer-7");
    let refusal = Fault::error("CopyImage", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.in_region(EUROPE).times(1));
    let line = format!("copy base {TO} --from-role-arn {} --external-id customer-7 -o json", role(OWNER));
    let ran = setup.run(&line).ended(3);
    follow(&setup, &hint(&ran));
    assert_eq!(made(&setup), ALL[..2]);
}
