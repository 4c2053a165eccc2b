//! References to images, and the errors about references that name none.
//!
//! `wait` stands for every command that takes a REF: of an image that is available it only says which one it is.

use crate::cli::Ran;
use crate::fake::{Fault, OTHER, PROD};
use crate::setup::{EAST, Setup, WEST};

/// The image that a reference names.
#[track_caller]
fn named(setup: &Setup, reference: &str) -> String {
    let ran = setup.amictl().args(&["wait", reference, "-o", "ids"]).ended(0);
    ran.stdout.trim().to_owned()
}

/// The end of a run whose reference names none: exit 1, and nothing on stdout.
#[track_caller]
fn unnamed(setup: &Setup, reference: &str) -> Ran {
    let ran = setup.amictl().args(&["wait", reference, "-o", "json"]).ended(1);
    assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    ran
}

#[test]
fn every_form_of_reference_names_its_image() {
    let setup = Setup::new();
    let (nine, ten, api) = {
        let mut world = setup.world();
        let nine = world.image(PROD, EAST, "web-v9-2026-01-02").put();
        let ten = world.image(PROD, EAST, "web-v10-2026-01-03").put();
        let api = world.image(PROD, EAST, "web-api-v11-2026-01-04").put();
        world.parameter(PROD, EAST, "/amictl/web/prod", &ten);
        world.parameter(PROD, EAST, "/amictl/web/prod", &nine);
        (nine, ten, api)
    };
    for (reference, id) in [
        (nine.as_str(), &nine),
        ("web-v9-2026-01-02", &nine),
        ("web", &ten),
        ("web:latest", &ten),
        ("web:v9", &nine),
        ("web:v10", &ten),
        ("web:prod", &nine),
        ("web-api", &api),
        ("web-api:v11", &api),
    ] {
        assert_eq!(named(&setup, reference), *id, "{reference}");
    }
}

#[test]
fn the_newest_is_the_newest_that_can_be_used() {
    let setup = Setup::new();
    let mut world = setup.world();
    let past = world.now() - chrono::Duration::days(1);
    let future = world.now() + chrono::Duration::days(1);
    world.image(PROD, EAST, "web-v1-2026-01-02").put();
    let usable = world.image(PROD, EAST, "web-v2-2026-01-02").deprecated_at(future).put();
    world.image(PROD, EAST, "web-v3-2026-01-02").deprecated_at(past).put();
    for (version, state) in [(4, "pending"), (5, "failed"), (6, "disabled")] {
        world.image(PROD, EAST, &format!("web-v{version}-2026-01-02")).state(state).put();
    }
    drop(world);
    assert_eq!(named(&setup, "web"), usable);
    assert_eq!(named(&setup, "web:latest"), usable);
}

#[test]
fn a_family_without_a_usable_version_says_what_there_is() {
    let setup = Setup::new();
    let past = chrono::Utc::now() - chrono::Duration::days(1);
    setup.world().image(PROD, EAST, "web-v3-2026-01-02").deprecated_at(past).put();
    setup.world().image(PROD, EAST, "web-v4-2026-01-02").state("failed").put();
    let error = unnamed(&setup, "web").error();
    let message = error["message"].as_str().unwrap();
    for said in
        ["'web' has no available version in account 111111111111, region us-east-1", ") is deprecated", ") is failed"]
    {
        assert!(message.contains(said), "{message}");
    }
    assert!(error["hint"].as_str().unwrap().contains("by its id"), "{error}");
}

#[test]
fn an_unmanaged_image_is_named_by_its_exact_name() {
    let setup = Setup::new();
    let golden = setup.world().image(PROD, EAST, "Golden Image (2020)").put();
    let plain = setup.world().image(PROD, EAST, "plain").put();
    assert_eq!(named(&setup, "Golden Image (2020)"), golden);
    assert_eq!(named(&setup, "plain"), plain);
    assert_eq!(unnamed(&setup, "plai").error()["code"], "InvalidAMIID.NotFound");
    assert_eq!(unnamed(&setup, "Plain").error()["code"], "InvalidAMIID.NotFound");
}

#[test]
fn two_images_of_one_version_are_ambiguous() {
    let setup = Setup::new();
    let first = setup.world().image(PROD, EAST, "web-v3-2026-01-02").put();
    let second = setup.world().image(PROD, EAST, "web-v3-2026-02-03").put();
    let error = unnamed(&setup, "web:v3").error();
    assert_eq!(error["code"], "AmbiguousReference");
    let message = error["message"].as_str().unwrap();
    let said = ["'web:v3' names 2 images in account 111111111111, region us-east-1", &first, &second];
    assert!(said.iter().all(|said| message.contains(said)), "{message}");
    assert!(error["hint"].as_str().unwrap().contains("by its id"), "{error}");
    assert_eq!(named(&setup, "web-v3-2026-01-02"), first);
}

#[test]
fn a_name_that_is_also_a_family_is_ambiguous() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web").put();
    let version = setup.world().image(PROD, EAST, "web-v3-2026-02-03").put();
    assert_eq!(unnamed(&setup, "web").error()["code"], "AmbiguousReference");
    assert_eq!(named(&setup, "web:latest"), version);
}

#[test]
fn images_of_others_are_named_by_id_only() {
    let setup = Setup::new();
    let public = setup.world().image(OTHER, EAST, "web-v99-2026-01-02").public().put();
    let shared = setup.world().image(OTHER, EAST, "api-v1-2026-01-02").shared_with(PROD).put();
    let secret = setup.world().image(OTHER, EAST, "db-v1-2026-01-02").put();
    assert_eq!((named(&setup, &public), named(&setup, &shared)), (public, shared));
    for reference in ["web", "web:latest", "web:v99", "web-v99-2026-01-02", "api", &secret] {
        assert_eq!(unnamed(&setup, reference).error()["code"], "InvalidAMIID.NotFound", "{reference}");
    }
}

#[test]
fn what_is_not_found_is_named_with_the_place_and_the_nearest_names() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "debian-nginx-v1-2024-12-18").put();
    setup.world().image(PROD, EAST, "debian-nginx-v2-2024-12-19").put();
    setup.world().image(PROD, WEST, "debian-ngin-v1-2024-12-18").put();
    for (reference, nearest) in [
        ("debian-ngnix", "debian-nginx"),
        ("debian-ngnix:latest", "debian-nginx"),
        ("debian-ngnix:v1", "debian-nginx"),
        ("debian-nginx:v3", "debian-nginx-v2-2024-12-19, debian-nginx-v1-2024-12-18"),
        ("debian-nginx-v1-2024-12-81", "debian-nginx-v1-2024-12-18"),
        ("debian-nginx-v1-2024-12-19", "debian-nginx-v"),
    ] {
        let error = unnamed(&setup, reference).error();
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(&format!("nothing is called '{reference}'")), "{message}");
        assert!(message.contains("account 111111111111, region us-east-1"), "{message}");
        let hint = error["hint"].as_str().unwrap();
        assert!(hint.starts_with("did you mean ") && hint.contains(nearest), "{reference}: {hint}");
        assert!(!hint.contains("debian-ngin-"), "{hint}");
    }
    let hint = unnamed(&setup, "zzz").error()["hint"].clone();
    assert_eq!(hint, "see what there is with: amictl list");
}

#[test]
fn an_id_that_is_not_found_is_named_with_the_place() {
    let setup = Setup::new();
    let elsewhere = setup.world().image(PROD, WEST, "web-v1-2026-01-02").put();
    for id in ["ami-0123456789abcdef0", "ami-01234567", &elsewhere] {
        let error = unnamed(&setup, id).error();
        assert_eq!(error["code"], "InvalidAMIID.NotFound");
        let message = format!(
            "nothing is called '{id}': no image {id} that the account can see in account 111111111111, region us-east-1"
        );
        assert_eq!(error["message"], message);
        assert!(error["hint"].as_str().unwrap().contains("--region"), "{error}");
    }
    let found = setup.run(&format!("wait {elsewhere} --region us-west-2 -o ids")).ended(0);
    assert_eq!(found.stdout.trim(), elsewhere);
}

#[test]
fn an_alias_that_leads_nowhere_says_so() {
    let setup = Setup::new();
    setup.world().parameter(PROD, EAST, "/amictl/web/text", "none");
    setup.world().parameter(PROD, EAST, "/amictl/web/gone", "ami-0123456789abcdef0");
    let error = unnamed(&setup, "web:prod").error();
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("no SSM parameter /amictl/web/prod in account 111111111111, region us-east-1"),
        "{message}"
    );
    let error = unnamed(&setup, "web:text").error();
    assert_eq!(error["code"], "InvalidAlias");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("/amictl/web/text in us-east-1: its value has no image id in it"), "{message}");
    let error = unnamed(&setup, "web:gone").error();
    assert_eq!(error["code"], "InvalidAMIID.NotFound");
    assert!(error["message"].as_str().unwrap().contains("'web:gone': no image ami-0123456789abcdef0"), "{error}");
    let denied = "not authorized to perform: ssm:GetParameter";
    setup.fake.fault(Fault::error("GetParameter", "AccessDeniedException", denied));
    let error = unnamed(&setup, "web:prod").error();
    assert_eq!(error["code"], "AccessDeniedException");
    assert!(error["message"].as_str().unwrap().contains(denied), "{error}");
}

#[test]
fn an_alias_names_its_image_whatever_else_its_value_says() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    let values = [
        format!("{id}\n"),
        format!("  {id}\r\n"),
        format!("\"{id}\""),
        format!("arn:aws:ec2:us-east-1::image/{id}"),
        format!("{{\"image_id\": \"{id}\"}}"),
        format!("{id},{id}"),
    ];
    for (number, value) in values.iter().enumerate() {
        setup.world().parameter(PROD, EAST, &format!("/amictl/web/a{number}"), value);
        assert_eq!(named(&setup, &format!("web:a{number}")), id, "{value:?}");
    }
    let two = format!("{id} ami-0123456789abcdef0");
    setup.world().parameter(PROD, EAST, "/amictl/web/two", &two);
    let error = unnamed(&setup, "web:two").error();
    assert_eq!(error["code"], "InvalidAlias");
    assert!(error["message"].as_str().unwrap().contains("it names 2 images"), "{error}");
}

#[test]
fn a_parameter_names_its_image_by_version_by_label_and_by_arn() {
    let setup = Setup::new();
    let mut world = setup.world();
    let one = world.image(PROD, EAST, "web-v1-2026-01-02").put();
    let two = world.image(PROD, EAST, "web-v2-2026-01-02").put();
    for name in ["/golden/web", "golden"] {
        world.typed_parameter(PROD, EAST, name).value(&one).label("tested").value(&format!("{two}\n")).put();
    }
    let family = world.image(PROD, EAST, "ssm-v1-2026-01-02").put();
    world.parameter(PROD, EAST, "/amictl/ssm/prod", &family);
    drop(world);
    for (reference, id) in [
        ("ssm:/golden/web", &two),
        ("ssm:/golden/web:1", &one),
        ("ssm:/golden/web:2", &two),
        ("ssm:/golden/web:tested", &one),
        ("resolve:ssm:/golden/web:1", &one),
        ("resolve:ssm:golden", &two),
        ("resolve:ssm:golden:tested", &one),
        ("ssm:arn:aws:ssm:us-east-1:111111111111:parameter/golden/web:1", &one),
        ("ssm:prod", &family),
    ] {
        assert_eq!(named(&setup, reference), *id, "{reference}");
    }
}

#[test]
fn a_parameter_that_was_not_meant_does_not_tell_what_is_in_it() {
    let setup = Setup::new();
    let says = |value: &str| {
        setup.world().parameter(PROD, EAST, "/prod/db", value);
        let ran = unnamed(&setup, "ssm:/prod/db");
        assert!(!ran.stderr.contains("pa55w0rd"), "{}", ran.stderr);
        let error = ran.error();
        assert!(!error["hint"].as_str().unwrap().is_empty());
        error["message"].as_str().unwrap().to_owned()
    };
    for value in ["pa55w0rd", "postgres://me:pa55w0rd@db", "ami-pa55w0rd-of-the-database-that-is-long"] {
        assert!(says(value).ends_with("/prod/db in us-east-1: its value has no image id in it"), "{value}");
    }
    assert!(says("ami-CHANGEME").ends_with("'ami-CHANGEME' is not an image id"));
}

#[test]
fn a_parameter_of_amazon_that_says_more_than_the_id_names_its_image() {
    let setup = Setup::new();
    let id = setup.world().image(OTHER, EAST, "amzn2-ami-ecs-hvm-2.0.20260102-x86_64-ebs").public().put();
    let value = format!(
        r#"{{"ecs_agent_version":"1.90.0","ecs_runtime_version":"Docker version 25.0.8","image_id":"{id}",
        "image_name":"amzn2-ami-ecs-hvm-2.0.20260102-x86_64-ebs","os":"Amazon Linux 2","schema_version":1,
        "source_image_name":"amzn2-ami-minimal-hvm-2.0.20260101.0-x86_64-ebs"}}"#
    );
    let path = "/aws/service/ecs/optimized-ami/amazon-linux-2/recommended";
    setup.world().public_parameter(EAST, path, &value);
    assert_eq!(named(&setup, &format!("ssm:{path}")), id);
}

#[test]
fn a_public_parameter_names_an_image_of_amazon() {
    let setup = Setup::new();
    let path = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
    let id = setup.world().image(OTHER, EAST, "al2023-ami-2023.1-x86_64").public().copyable_by_all().put();
    setup.world().public_parameter(EAST, path, &id);
    for form in ["ssm:", "resolve:ssm:"] {
        let reference = format!("{form}{path}");
        assert_eq!(named(&setup, &reference), id);
        assert_eq!(setup.json(&format!("show {reference}"))["image"]["id"], id.as_str());
        assert_eq!(setup.json(&format!("refs {reference}"))["images"][0]["id"], id.as_str());
        setup.run(&format!("launch {reference} --type t3.micro")).ended(0);
        setup.run(&format!("copy {reference} --to {WEST} --dry-run")).ended(0);
        let refused = setup.run(&format!("deprecate {reference} --after 1d")).ended(1);
        assert!(refused.stderr.contains("only its owner can change an image"), "{}", refused.stderr);
    }
}

#[test]
fn a_parameter_that_names_no_image_says_so() {
    let setup = Setup::new();
    setup.world().parameter(PROD, EAST, "/golden/text", &"none ".repeat(100));
    setup.world().parameter(PROD, EAST, "/golden/gone", "ami-0123456789abcdef0");
    for reference in ["ssm:/golden/missing", "ssm:/golden/gone:7", "ssm:/golden/gone:tested"] {
        let error = unnamed(&setup, reference).error();
        assert_eq!(error["code"], "InvalidAMIID.NotFound");
        let message = error["message"].as_str().unwrap();
        let path = reference.trim_start_matches("ssm:");
        let said = format!("'{reference}': no SSM parameter {path} in account 111111111111, region us-east-1");
        assert!(message.contains(&said), "{message}");
        assert!(error["hint"].as_str().unwrap().contains("--region"), "{error}");
    }
    let error = unnamed(&setup, "ssm:/golden/text").error();
    assert_eq!(error["code"], "UnresolvedParameter");
    let message = error["message"].as_str().unwrap();
    assert!(message.ends_with("/golden/text in us-east-1: its value has no image id in it"), "{message}");
    assert_eq!(unnamed(&setup, "ssm:/golden/gone").error()["code"], "InvalidAMIID.NotFound");
    setup.world().typed_parameter(PROD, EAST, "/golden/secret").kind("SecureString").value("ami-01234567").put();
    let error = unnamed(&setup, "ssm:/golden/secret").error();
    assert!(error["message"].as_str().unwrap().ends_with("it is a SecureString, which names no image"), "{error}");
}

#[test]
fn a_bare_parameter_is_a_usage_error_whose_hint_says_how_it_is_written() {
    let setup = Setup::new();
    for command in [vec!["launch", "/aws/service/x", "--type", "t3.micro"], vec!["show", "/aws/service/x"]] {
        let ran = setup.amictl().args(&command).ended(2);
        assert!(ran.stderr.contains("hint: for the image that the parameter names, write ssm:/aws/service/x"));
        let error = setup.amictl().env("AMICTL_OUTPUT", "json").args(&command).ended(2).error();
        assert!(error["hint"].as_str().unwrap().contains("ssm:/aws/service/x"), "{error}");
    }
    setup.amictl().args(&["tag", "/golden", "A=b"]).ended(2).says(&["hint: ", "ssm:/golden"]);
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn a_reference_that_can_name_nothing_is_a_usage_error() {
    let setup = Setup::new();
    for (reference, said) in [
        ("", "cannot name an image"),
        ("a+b", "cannot name an image; give an id (ami-0123456789abcdef0), a name"),
        ("ami-123", "'ami-123' is not an image id; it should look like ami-0123456789abcdef0"),
        ("web:v0", "in 'web:v0': version 'v0' must be v1, v2"),
        ("web:v01", "in 'web:v01': version 'v01' must be"),
        ("Web:latest", "in 'Web:latest': family 'Web' must be"),
        (":latest", "family '' must be"),
        ("web:", "in 'web:': an alias is made of"),
        ("web:Prod", "in 'web:Prod': an alias is made of lower-case letters"),
        ("web:a:b", "an alias is made of"),
        ("ssm:/golden:", "in '/golden:': an SSM parameter has a name of"),
        ("resolve:ssm:", "in '': an SSM parameter has a name of"),
    ] {
        for command in [vec!["wait", reference], vec!["copy", reference, "--to", WEST], vec!["deregister", reference]] {
            setup.amictl().args(&command).ended(2).says(&[said]);
        }
    }
    assert!(setup.fake.calls().is_empty());
}
