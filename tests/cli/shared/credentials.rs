//! Credentials from elsewhere: files of other systems, programs, containers.

use crate::cli::{Amictl, Ran};
use crate::fake::{Fault, OTHER, PROD};
use crate::loopback::{Asked, Loopback, ROOT, response};
use crate::setup::{EAST, Setup, each};

const ROLE: &str = "arn:aws:iam::222222222222:role/ami";
const KEYS: &str = "aws_access_key_id = AKIAPROD\naws_secret_access_key = secret\n";

fn ready(profiles: &str) -> Setup {
    let setup = Setup::new();
    for (account, name) in [(PROD, "prod-v1-2026-01-02"), (OTHER, "other-v1-2026-01-02")] {
        setup.world().image(account, EAST, name).put();
    }
    setup.home.write("aws-config", profiles);
    setup
}

fn bare(setup: &Setup) -> Amictl {
    Amictl::bare(setup.home.path()).env("AWS_ENDPOINT_URL", setup.fake.url()).env("AWS_REGION", EAST)
}

/// Runs it by option and by variable.
fn both(setup: &Setup, with: impl Fn(Amictl) -> Amictl) -> [Ran; 2] {
    [
        with(bare(setup)).run("list --profile one -o json"),
        with(bare(setup)).env("AWS_PROFILE", "one").run("list -o json"),
    ]
}

/// What was said, after checking that it is one line for people and a hint.
#[track_caller]
fn said(ran: &Ran, words: &[&str]) {
    assert!(ran.code == 1 || ran.code == 2, "{}: {}", ran.code, ran.stderr);
    for dump in ["panicked", "bug in amictl", "Error {", "Some(", "secret", ".cargo"] {
        assert!(!ran.stderr.contains(dump), "'{dump}' is in:\n{}", ran.stderr);
    }
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    for word in words {
        assert!(ran.stderr.contains(word), "'{word}' is not in:\n{}", ran.stderr);
    }
}

/// A profile whose keys a program writes; `$` is its answer.
fn process(setup: &Setup, answer: &str) -> String {
    let file = setup.home.write("keys.json", answer);
    format!("credential_process = cat {file}\n")
}

const UNFIT: &str = "has blanks or other characters";

#[test]
fn keys_of_a_program_that_cannot_be_sent_are_refused_also_under_a_role() {
    let setup = ready("");
    for (id, token, what) in [("A\\u001bB", "x", "access key id"), ("AKIAPROD", "a\\nb", "session token")] {
        let keys = format!(
            r#"{{"Version": 1, "AccessKeyId": "{id}", "SecretAccessKey": "secret", "SessionToken": "{token}"}}"#
        );
        let program = process(&setup, &keys);
        for (profiles, role) in [
            (format!("[profile one]\n{program}"), false),
            (format!("[profile base]\n{program}[profile one]\nrole_arn = {ROLE}\nsource_profile = base\n"), true),
        ] {
            setup.home.write("aws-config", &profiles);
            for ran in both(&setup, |amictl| amictl) {
                said(&ran, &["the ", what, UNFIT, "\"hint\""]);
                assert_eq!(ran.stderr.contains(ROLE), role, "{}", ran.stderr);
            }
        }
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_session_token_of_a_profile_that_cannot_be_sent_is_refused_also_under_a_role() {
    let token = "aws_session_token = a\u{1b}b\n";
    let setup =
        ready(&format!("[profile base]\n{KEYS}{token}[profile one]\nrole_arn = {ROLE}\nsource_profile = base\n"));
    for ran in both(&setup, |amictl| amictl) {
        said(&ran, &["profile base: the session token", UNFIT, "correct the profile"]);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn keys_of_the_environment_and_of_a_container_that_cannot_be_sent_are_refused_under_a_role() {
    let profile = |source: &str| format!("[profile one]\nrole_arn = {ROLE}\ncredential_source = {source}\n");
    let setup = ready(&profile("environment"));
    let keys = |amictl: Amictl| amictl.env("AWS_ACCESS_KEY_ID", "AK IA").env("AWS_SECRET_ACCESS_KEY", "secret");
    said(&keys(bare(&setup)).run("list --profile one -o json"), &[ROLE, "access key id", UNFIT]);
    let container = Loopback::answering(|_| {
        let keys =
            r#"{"AccessKeyId":"A\u0001","SecretAccessKey":"secret","Token":"x","Expiration":"2125-01-02T03:04:05Z"}"#;
        response("200 OK", "content-type: application/json", keys)
    });
    setup.home.write("aws-config", &profile("EcsContainer"));
    for ran in both(&setup, |amictl| amictl.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/k", container.url())))
    {
        said(&ran, &[ROLE, "access key id", UNFIT]);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn an_access_token_of_a_sign_on_that_cannot_be_sent_is_refused() {
    let setup = ready(
        "[profile one]\nsso_session = corp\nsso_account_id = 222222222222\nsso_role_name = Admin\n\n\
         [sso-session corp]\nsso_region = us-east-1\nsso_start_url = https://corp.awsapps.com/start\n",
    );
    let token = r#"{"accessToken": "a\u0001b", "expiresAt": "2125-01-02T03:04:05Z", "region": "us-east-1",
                    "startUrl": "https://corp.awsapps.com/start"}"#;
    setup.home.write(".aws/sso/cache/ee0bfd2552fbd840c02cc48b6e823320543c450f.json", token);
    for ran in both(&setup, |amictl| amictl) {
        said(&ran, &["no usable credentials", "\"hint\""]);
    }
}

#[test]
fn an_empty_session_token_is_none() {
    let setup = ready("");
    let keys = r#"{"Version": 1, "AccessKeyId": "AKIAPROD", "SecretAccessKey": "secret", "SessionToken": ""}"#;
    let program = process(&setup, keys);
    setup.home.write("aws-config", &format!("[profile one]\n{program}"));
    for ran in both(&setup, |amictl| amictl) {
        assert_eq!(each(&ran.ended(0).json()["images"], "owner_id"), [PROD]);
    }
    let role = format!("[profile base]\n{program}[profile one]\nrole_arn = {ROLE}\nsource_profile = base\n");
    setup.home.write("aws-config", &role);
    for ran in both(&setup, |amictl| amictl) {
        assert_eq!(each(&ran.ended(0).json()["images"], "owner_id"), [OTHER]);
    }
}

#[test]
fn a_program_that_asks_a_person_has_time() {
    let setup = ready("");
    let keys = r#"{"Version": 1, "AccessKeyId": "AKIAPROD", "SecretAccessKey": "secret"}"#;
    let program = process(&setup, keys).replace("= cat", "= sleep 12; cat");
    setup.home.write("aws-config", &format!("[profile one]\n{program}"));
    bare(&setup).run("list --profile one --max-attempts 1").ended(0);
}

#[test]
fn what_a_program_says_when_it_fails_is_one_line() {
    let setup = ready("");
    let script = setup.home.write("fail.sh", "printf 'Traceback:\\n  \\033[31mno token\\n\\n' >&2; exit 3\n");
    let program = format!("credential_process = sh {script}\n");
    for profiles in [
        format!("[profile one]\n{program}"),
        format!("[profile base]\n{program}[profile one]\nrole_arn = {ROLE}\nsource_profile = base\n"),
    ] {
        setup.home.write("aws-config", &profiles);
        for ran in both(&setup, |amictl| amictl) {
            said(&ran, &["no token", "\"hint\""]);
        }
        let ran = bare(&setup).run("list --profile one").ended(1);
        assert_eq!(ran.stderr.lines().count(), 2, "{}", ran.stderr);
        assert!(!ran.stderr.contains('\u{1b}'), "{}", ran.stderr);
    }
}

#[test]
fn a_role_is_assumed_with_the_keys_of_its_source_and_with_nobody_elses() {
    let setup =
        ready(&format!("[profile base]\noutput = json\n[profile one]\nrole_arn = {ROLE}\nsource_profile = base\n"));
    let container = Loopback::answering(|_: &Asked| {
        let keys =
            r#"{"AccessKeyId":"AKIAPROD","SecretAccessKey":"secret","Token":"x","Expiration":"2125-01-02T03:04:05Z"}"#;
        response("200 OK", "content-type: application/json", keys)
    });
    for more in ["", "duration_seconds = 900\n"] {
        let text = std::fs::read_to_string(setup.home.path().join("aws-config")).unwrap() + more;
        setup.home.write("aws-config", &text);
        let with = |amictl: Amictl| amictl.env("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{}/k", container.url()));
        for ran in both(&setup, with) {
            said(&ran, &["profile base: it has no credentials", "\"hint\":\"give it keys"]);
        }
    }
    assert!(container.asked().is_empty() && setup.fake.calls().is_empty());
}

#[test]
fn a_profile_that_is_its_own_source_may_have_a_program_for_its_keys() {
    let setup = ready("");
    let keys = r#"{"Version": 1, "AccessKeyId": "AKIAPROD", "SecretAccessKey": "secret"}"#;
    let program = process(&setup, keys);
    setup.home.write("aws-config", &format!("[profile one]\nrole_arn = {ROLE}\nsource_profile = one\n{program}"));
    for ran in both(&setup, |amictl| amictl) {
        assert_eq!(each(&ran.ended(0).json()["images"], "owner_id"), [OTHER]);
    }
}

#[test]
fn a_role_is_assumed_once_for_all_regions_and_calls() {
    let setup = ready(&format!("[profile base]\n{KEYS}[profile one]\nrole_arn = {ROLE}\nsource_profile = base\n"));
    bare(&setup).run("list --profile one --region all").ended(0);
    assert_eq!(setup.calls("AssumeRole").len(), 1);
    // One that may not be assumed is asked for once as well.
    let setup = ready(&format!(
        "[profile base]\n{KEYS}[profile one]\nrole_arn = arn:aws:iam::999999999999:role/x\nsource_profile = base\n"
    ));
    let ran = bare(&setup).run("list --profile one --region us-east-1,us-west-2,eu-west-1 -o json");
    assert_eq!(setup.calls("AssumeRole").len(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("the role arn:aws:iam::999999999999:role/x cannot be assumed"), "{}", ran.stderr);
}

#[test]
fn a_file_that_begins_with_a_byte_order_mark_is_read() {
    for more in ["", "endpoint_url =\n"] {
        let setup = ready(&format!("\u{feff}[profile one]\n{more}{KEYS}"));
        for ran in both(&setup, |amictl| amictl) {
            assert_eq!(each(&ran.ended(0).json()["images"], "owner_id"), [PROD]);
        }
    }
    let setup = ready("[profile one]\nregion = us-east-1\n");
    setup.home.write("aws-credentials", &format!("\u{feff}[one]\n{KEYS}"));
    both(&setup, |amictl| amictl).into_iter().for_each(|ran| drop(ran.ended(0)));
    let setup = ready("\u{feff}[profile one]\nnonsense\n");
    for ran in both(&setup, |amictl| amictl) {
        said(&ran, &["the AWS configuration: ", "line 2", "\"hint\""]);
    }
}

#[test]
fn a_file_that_is_no_utf8_is_named_and_not_taken_for_an_empty_one() {
    let setup = ready("");
    let text = format!("# clé\n[profile one]\n{KEYS}");
    let latin: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let utf16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for bytes in [latin, utf16] {
        std::fs::write(setup.home.path().join("aws-config"), bytes).unwrap();
        for ran in both(&setup, |amictl| amictl) {
            said(&ran, &["the AWS configuration: ", "aws-config is not text in UTF-8", "correct the file"]);
        }
        setup.run("list").ended(0);
    }
}

#[test]
fn a_profile_may_be_called_as_programs_call_theirs() {
    for name in ["Audit/AWSPowerUser", "me@example.com", "team:prod", "a.b+c%d"] {
        let setup = ready(&format!("[profile {name}]\n{KEYS}"));
        bare(&setup).args(&["list", "--profile", name]).ended(0);
        bare(&setup).env("AWS_PROFILE", name).run("list").ended(0);
    }
    // The SDK passes over a section with blanks in its name.
    let setup = ready(&format!("[profile \"my team\"]\n{KEYS}"));
    bare(&setup).args(&["list", "--profile", "my team"]).ended(1).says(&["profile `my team`", "hint: "]);
}

#[test]
fn a_bundle_of_certificates_may_be_below_the_home_directory() {
    let setup = ready(&format!("[profile one]\n{KEYS}ca_bundle = ~/corp/root.pem\n"));
    setup.home.write("corp/root.pem", &std::fs::read_to_string(ROOT).unwrap().replace('\n', "\r\n"));
    both(&setup, |amictl| amictl).into_iter().for_each(|ran| drop(ran.ended(0)));
    setup.amictl().env("AWS_CA_BUNDLE", "~/corp/root.pem").run("list").ended(0);
    setup.amictl().env("AWS_CA_BUNDLE", "~/none.pem").run("list").ended(1).says(&["none.pem (AWS_CA_BUNDLE) cannot"]);
}

#[test]
fn a_sign_in_page_instead_of_any_service_is_told_as_one() {
    let setup = ready("");
    let page =
        Loopback::answering(|_| response("200 OK", "content-type: text/html", "<html><body>Sign in</body></html>"));
    for (variable, line) in [
        ("AWS_ENDPOINT_URL_EC2", "list"),
        ("AWS_ENDPOINT_URL_STS", "list --role-arn arn:aws:iam::222222222222:role/ami"),
        ("AWS_ENDPOINT_URL_SSM", "show web:prod"),
        ("AWS_ENDPOINT_URL_SSM", "show ssm:/golden/web"),
        ("AWS_ENDPOINT_URL_ORGANIZATIONS", "list --org-role ami"),
    ] {
        let ran = setup.once().env(variable, page.url()).run(&format!("{line} -o json"));
        said(&ran, &[&format!("127.0.0.1:{}", page.port), "\"hint\"", "proxy or a sign-in page"]);
    }
}

#[test]
fn a_region_that_is_a_zone_or_none_is_a_wrong_setting_in_one_line() {
    let setup = ready(&format!("[profile one]\n{KEYS}"));
    for name in ["us-east-1a", "US-EAST-1", "aws-global", "us-east-1\u{1b}[31m"] {
        for ran in both(&setup, |amictl| amictl.env("AWS_REGION", name)) {
            said(&ran, &["AWS_REGION: ", "\"hint\":\"set it to a region"]);
        }
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_quota_on_public_images_says_what_to_do() {
    let setup = ready("");
    let quota = "You have reached your quota of 5 for the number of public images allowed in this Region.";
    setup.fake.fault(Fault::error("ModifyImageAttribute", "ResourceLimitExceeded", quota));
    let ran = setup.once().run("share prod-v1-2026-01-02 --public");
    assert!(ran.code == 1 || ran.code == 3, "{}: {}", ran.code, ran.stderr);
    ran.says(&[quota, EAST, "Service Quotas"]);
}
