//! Profiles that ask for a code of an MFA device, on a terminal of Python's `pty`.

#![cfg(unix)]

use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, seconds};
use crate::shared::terminal::{answered, seen};

const DEVICE: &str = "arn:aws:iam::111111111111:mfa/me";
const ROLE: &str = "arn:aws:iam::222222222222:role/ami";
const THIRD: &str = "arn:aws:iam::333333333333:role/ami";
const PROMPT: &str = "MFA code of arn:aws:iam::111111111111:mfa/me";

/// Two accounts whose roles ask for a second factor; the profile `role` assumes one of them, `user` is a user.
fn ready() -> Setup {
    let setup = Setup::new();
    let mut world = setup.world();
    world.add_account("AKIATHIRD", "333333333333");
    for account in [OTHER, "333333333333"] {
        for region in [EAST, WEST] {
            world.image(account, region, "web-v1-2026-01-02").put();
        }
    }
    world.require_mfa(ROLE, DEVICE, "123456");
    world.require_mfa(THIRD, DEVICE, "123456");
    drop(world);
    let config = format!(
        "[profile keys]\naws_access_key_id = AKIAPROD\naws_secret_access_key = secret\n\n\
         [profile role]\nrole_arn = {ROLE}\nsource_profile = keys\nmfa_serial = {DEVICE}\nregion = us-east-1\n\n\
         [profile self]\nrole_arn = {ROLE}\nsource_profile = self\nmfa_serial = {DEVICE}\nregion = us-east-1\n\
         aws_access_key_id = AKIAPROD\naws_secret_access_key = secret\n\n\
         [profile env]\nrole_arn = {ROLE}\ncredential_source = Environment\nmfa_serial = {DEVICE}\n\
         region = us-east-1\n\n\
         [profile user]\naws_access_key_id = AKIAPROD\naws_secret_access_key = secret\nmfa_serial = {DEVICE}\n\
         region = us-east-1\n"
    );
    setup.home.write("aws-config", &config);
    setup
}

#[test]
fn a_code_is_asked_for_and_the_role_of_the_profile_assumed() {
    for profile in ["role", "self", "env"] {
        let setup = ready();
        let line = format!("list --profile {profile} -o ids --region us-east-1,us-west-2");
        let (code, written) = answered(&setup, 120, &[(PROMPT, "123456\r")], &line, &[]);
        assert_eq!(code, Some(0), "{profile}: {written}");
        assert_eq!(seen(&written).matches("ami-").count(), 2, "{written}");
        let calls = setup.calls("AssumeRole");
        assert_eq!((calls.len(), calls[0].params["SerialNumber"].as_str()), (1, DEVICE), "{profile}");
    }
}

#[test]
fn a_user_gives_one_code_for_all_roles() {
    let setup = ready();
    let line = format!("list --profile user --role-arn {ROLE},{THIRD} -o ids --region us-east-1,us-west-2");
    let (code, written) = answered(&setup, 120, &[(PROMPT, "123456\r")], &line, &[]);
    assert_eq!(code, Some(0), "{written}");
    assert_eq!(seen(&written).matches("ami-").count(), 4, "{written}");
    assert_eq!((setup.calls("GetSessionToken").len(), setup.calls("AssumeRole").len()), (1, 2));
}

#[test]
fn a_command_that_needs_two_accounts_asks_once_too() {
    let setup = ready();
    let line = format!("copy web:v1 --to eu-west-1 --profile user --role-arn {THIRD} --from-role-arn {ROLE}");
    let (code, written) = answered(&setup, 160, &[(PROMPT, "123456\r")], &line, &[]);
    assert_eq!(code, Some(1), "the image is not shared: {written}");
    assert_eq!((setup.calls("GetSessionToken").len(), setup.calls("AssumeRole").len()), (1, 2), "{written}");
}

#[test]
fn who_assumes_no_role_needs_no_code() {
    let setup = ready();
    setup.run("list --profile user").ended(0);
    assert_eq!((setup.calls("GetSessionToken").len(), setup.calls("AssumeRole").len()), (0, 0));
    // Keys of the environment are nearer than a profile that nobody asks for by name.
    setup.amictl().env("AWS_PROFILE", "role").run("list").ended(0);
    assert_eq!(setup.calls("AssumeRole").len(), 0);
    assert_eq!(setup.calls("DescribeImages").pop().unwrap().account, PROD);
}

#[test]
fn a_code_that_is_wrong_is_told_and_not_asked_for_again() {
    let setup = ready();
    let line = format!("list --profile user --role-arn {ROLE},{THIRD} --region us-east-1,us-west-2");
    let (code, written) = answered(&setup, 200, &[(PROMPT, "654321\r"), (PROMPT, "123456\r")], &line, &[]);
    assert_eq!(code, Some(1), "{written}");
    let said = seen(&written);
    assert!(said.contains("invalid MFA one time pass code") && said.contains("a code works once"), "{said}");
    assert!(said.contains(&format!("no session with the MFA device {DEVICE}")), "{said}");
    assert_eq!(setup.calls("GetSessionToken").len(), 1);
    assert!(setup.calls("AssumeRole").is_empty() && setup.calls("DescribeImages").is_empty());
}

#[test]
fn six_digits_are_asked_for_until_there_are_six() {
    let setup = ready();
    let keys = [(PROMPT, "12345\r"), ("6 digits", "\u{7f}\u{7f}\u{7f}\u{7f}\u{7f}123456\r")];
    let (code, written) = answered(&setup, 120, &keys, "list --profile role -o ids", &[]);
    assert_eq!(code, Some(0), "{written}");
    assert_eq!(setup.calls("AssumeRole").len(), 1, "nothing is sent that cannot be a code");
}

#[test]
fn who_does_not_want_to_give_a_code_is_let_go() {
    let setup = ready();
    let (code, written) = answered(&setup, 120, &[(PROMPT, "\u{3}")], "list --profile role", &[]);
    assert_eq!(code, Some(130), "{written}");
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn without_a_terminal_a_code_cannot_be_asked_for() {
    let setup = ready();
    for line in ["list --profile role", "list --profile user --role-arn arn:aws:iam::222222222222:role/ami"] {
        let ran = setup.run(&format!("{line} -o json")).ended(1);
        assert_eq!(ran.error()["code"], "MfaRequired", "{line}");
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(DEVICE) && message.contains("no terminal to ask on"), "{message}");
        let hint = ran.error()["hint"].as_str().unwrap().to_owned();
        assert!(hint.contains("aws sso login") && hint.contains("credential_process"), "{hint}");
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_session_that_ends_in_a_long_run_is_begun_again_with_another_code() {
    let setup = ready();
    setup.world().bulk_images(OTHER, EAST, "api", 20);
    setup.world().image_page_limit = Some(5);
    setup.world().sessions_last = Some(seconds(17));
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Latency(seconds(4))));
    let (code, written) = std::thread::scope(|scope| {
        let keys = [(PROMPT, "123456\r"), (PROMPT, "222222\r"), (PROMPT, "333333\r")];
        let device = scope.spawn(|| {
            for code in ["222222", "333333"] {
                let before = setup.calls("AssumeRole").len();
                setup.until("AssumeRole", before + 1);
                setup.world().show_mfa_code(DEVICE, code);
            }
        });
        let ran = answered(&setup, 120, &keys, "list --profile role -o ids", &[]);
        device.join().unwrap();
        ran
    });
    assert_eq!(code, Some(0), "{written}");
    assert_eq!(seen(&written).matches("ami-").count(), 21, "{written}");
    assert!(setup.calls("AssumeRole").len() >= 2);
}

#[test]
fn a_profile_that_leads_nowhere_is_a_usage_error() {
    let setup = Setup::new();
    for (keys, said) in [
        ("", "role_arn needs source_profile or credential_source"),
        ("source_profile = x", "it is its own source, and has no keys"),
        ("source_profile = x\ncredential_source = Environment", "give either source_profile or credential_source"),
        ("credential_source = Moon", "there is no credential_source 'Moon'"),
    ] {
        let config = format!("[profile x]\nrole_arn = {ROLE}\nmfa_serial = {DEVICE}\nregion = us-east-1\n{keys}\n");
        setup.home.write("aws-config", &config);
        setup.run("list --profile x").ended(2).says(&["profile x:", said]);
    }
    assert!(setup.fake.calls().is_empty());
}
