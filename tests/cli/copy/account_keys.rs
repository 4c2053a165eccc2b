//! `copy` of encrypted images of other accounts: the key of the copy, and keys that cannot be used.

use crate::cli::Ran;
use crate::copy::accounts::{NAME, ROLE, ours, ready, refused};
use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, EUROPE, Setup, WEST, seconds};

/// The keys of the snapshots of our image in a region.
fn keys(setup: &Setup, region: &str) -> Vec<String> {
    let copy = ours(setup, region);
    let world = setup.world();
    let snapshots = copy.snapshots().map(|id| world.find_snapshot(id).unwrap());
    snapshots.map(|snapshot| snapshot.kms_key.clone().unwrap_or_default()).collect()
}

#[test]
fn an_encrypted_image_ends_up_under_our_own_key() {
    let setup = Setup::new();
    let (theirs, own);
    {
        let mut world = setup.world();
        let key = world.add_kms_key(OTHER, EAST, "alias/theirs");
        world.share_kms_key(&key, PROD);
        own = world.add_kms_key(PROD, EAST, "alias/own");
        theirs = world.image(OTHER, EAST, NAME).snapshots(2).encrypted(&key).shared_with(PROD).copyable_by(PROD).put();
    }
    setup.run(&format!("copy {theirs} --to us-east-1 --encrypt --kms-key alias/own")).ended(0);
    assert_eq!(keys(&setup, EAST), [own.clone(), own]);
    setup.run(&format!("copy {theirs} --to us-west-2")).ended(0);
    for key in keys(&setup, WEST) {
        assert!(key.starts_with("arn:aws:kms:us-west-2:111111111111:key/"), "our default key: {key}");
    }
}

#[test]
fn a_key_that_is_not_shared_is_named_with_what_its_policy_lacks() {
    let setup = Setup::new();
    let (theirs, key);
    {
        let mut world = setup.world();
        key = world.add_kms_key(OTHER, EAST, "alias/theirs");
        theirs = world.image(OTHER, EAST, NAME).encrypted(&key).shared_with(PROD).copyable_by(PROD).put();
    }
    let line = format!("copy {theirs} --to us-west-2 --from-role-arn {ROLE}");
    let (message, hint) = refused(&setup, &line, "KeyNotUsable");
    assert!(message.contains("Given key ID is not accessible"), "{message}");
    assert!(message.contains(&format!("the key {key} of the source may not be used by the account")), "{message}");
    assert!(!message.contains("of the copy"), "our own key is in order: {message}");
    for action in ["CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncrypt*"] {
        assert!(hint.contains(&format!("kms:{action}")), "{hint}");
    }
    let failed = ours(&setup, WEST).id;
    let remove = format!("amictl deregister {failed} --region us-west-2");
    assert!(hint.contains("to account 111111111111") && hint.contains(&remove), "{hint}");

    setup.world().share_kms_key(&key, PROD);
    let (message, hint) = refused(&setup, &line, "ImageNotAvailable");
    assert!(message.contains("an earlier copy") && hint.contains(&remove), "{message}: {hint}");
    setup.run(&format!("deregister {failed} --region us-west-2 --yes")).ended(0);
    setup.run(&line).ended(0);
    assert_ne!(ours(&setup, WEST).id, failed);
}

#[test]
fn a_key_that_is_switched_off_is_told_from_one_that_is_not_shared() {
    let setup = Setup::new();
    let theirs;
    {
        let mut world = setup.world();
        let key = world.add_kms_key(OTHER, EAST, "alias/theirs");
        world.share_kms_key(&key, PROD);
        world.set_kms_key_state(&key, "Disabled");
        theirs = world.image(OTHER, EAST, NAME).encrypted(&key).shared_with(PROD).copyable_by(PROD).put();
    }
    let (message, _) = refused(&setup, &format!("copy {theirs} --to us-east-1"), "KeyNotUsable");
    assert!(message.contains("of the source is Disabled"), "{message}");
}

#[test]
fn a_key_of_the_copy_that_is_not_there_is_said_to_be_that() {
    let (setup, theirs) = ready();
    let line = format!("copy {theirs} --to us-west-2 --encrypt --kms-key alias/nope");
    let (message, hint) = refused(&setup, &line, "KeyNotUsable");
    assert!(message.contains("the key alias/nope of the copy does not exist"), "{message}");
    assert!(hint.contains("amictl deregister ami-"), "{hint}");
}

#[test]
fn trouble_with_a_key_that_only_the_snapshots_tell_of_is_found() {
    let (setup, theirs) = ready();
    let reason = ("Client.InternalError".to_owned(), "Copy image failed with an internal error".to_owned());
    setup.world().fail_next_image = Some(reason.clone());
    refused(&setup, &format!("copy {theirs} --to us-west-2"), "ImageNotAvailable");
    setup.world().fail_next_image = Some(reason);
    setup.world().pending_for = seconds(2);
    let process = setup.process(&format!("copy {theirs} --to eu-west-1 -o json")).spawn().unwrap();
    setup.until("CopyImage", 2);
    setup.world().say_of_snapshots(PROD, EUROPE, "Given key ID is not accessible.");
    let ran = Ran::from(process.wait_with_output().unwrap()).ended(1);
    assert_eq!(ran.error()["code"], "KeyNotUsable");
}

#[test]
fn a_wait_for_a_copy_tells_of_the_key_as_well() {
    let (setup, theirs) = ready();
    let ran = setup.run(&format!("copy {theirs} --to us-west-2 --encrypt --kms-key alias/nope --no-wait -o ids"));
    let (_, hint) = refused(&setup, &format!("wait {} --region us-west-2", ran.ended(0).stdout.trim()), "KeyNotUsable");
    assert!(hint.contains("kms:CreateGrant") && hint.contains("to account 111111111111"), "{hint}");
}
