//! The parameter store: listings and their filters, faults, keys.

use super::*;

use aws_sdk_ssm::types::ParameterStringFilter;

fn by(key: &str, option: Option<&str>, values: &[&str]) -> ParameterStringFilter {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    let option = option.map(str::to_owned);
    ParameterStringFilter::builder().key(key).set_option(option).set_values(Some(values)).build().unwrap()
}

async fn names(client: &aws_sdk_ssm::Client, filters: &[ParameterStringFilter]) -> Vec<String> {
    let filters = Some(filters.to_vec());
    let listed = client.describe_parameters().set_parameter_filters(filters).send().await.unwrap();
    listed.parameters().iter().map(|p| p.name().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn listings_come_in_pages_of_fifty() {
    let fake = Fake::start();
    for number in 0..120 {
        fake.world().parameter(PROD, EAST, &format!("/many/{number:03}"), "text");
        fake.world().parameter(OTHER, EAST, &format!("/theirs/{number:03}"), "text");
    }
    let client = ssm(&fake, "AKIAPROD", EAST);
    assert_eq!(client.describe_parameters().send().await.unwrap().parameters().len(), 50, "never more in a page");
    fake.world().short_pages = true;
    let mut pages = client.describe_parameters().into_paginator().page_size(50).send();
    let (mut found, mut empty) = (Vec::new(), 0);
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        empty += usize::from(page.parameters().is_empty());
        found.extend(page.parameters().iter().map(|p| p.name().unwrap().to_owned()));
    }
    assert!(found.iter().cloned().eq((0..120).map(|n| format!("/many/{n:03}"))), "{found:?}");
    assert!(empty > 0, "a page may be empty and still not the last");
    fake.world().short_pages = false;

    let too_wide = client.describe_parameters().max_results(51);
    assert_eq!(code(too_wide.send().await), "ValidationException");
    let stale = client.describe_parameters().next_token("made-up");
    assert_eq!(code(stale.send().await), "InvalidNextToken");
    let path = client.get_parameters_by_path().path("/many");
    assert_eq!(path.clone().send().await.unwrap().parameters().len(), 10);
    assert_eq!(code(path.max_results(11).send().await), "ValidationException");
}

#[tokio::test]
async fn filters_by_type_path_name_and_tag() {
    let fake = Fake::start();
    {
        let mut world = fake.world();
        world.parameter(PROD, EAST, "root", "text");
        world.parameter(PROD, EAST, "/amictl/web/prod", "ami-0123456789abcdef0");
        world
            .typed_parameter(PROD, EAST, "/amictl/api")
            .kind("StringList")
            .value("a")
            .label("good")
            .value("a,b")
            .tag("Team", "api")
            .put();
        world.typed_parameter(PROD, EAST, "/amictl/key").kind("SecureString").value("x").put();
    }
    let client = ssm(&fake, "AKIAPROD", EAST);
    let (api, key, web) = ("/amictl/api", "/amictl/key", "/amictl/web/prod");
    let cases: [(ParameterStringFilter, &[&str]); 8] = [
        (by("Type", None, &["String", "StringList"]), &[api, web, "root"]),
        (by("DataType", Some("Equals"), &["aws:ec2:image"]), &[web]),
        (by("Path", None, &["/amictl"]), &[api, key]),
        (by("Path", Some("Recursive"), &["/amictl"]), &[api, key, web]),
        (by("Name", Some("BeginsWith"), &["/amictl/w"]), &[web]),
        (by("Name", Some("Contains"), &["oo"]), &["root"]),
        (by("tag:Team", None, &["api"]), &[api]),
        (by("KeyId", None, &["alias/aws/ssm"]), &[key]),
    ];
    for (filter, expected) in cases {
        assert_eq!(names(&client, std::slice::from_ref(&filter)).await, expected, "{filter:?}");
    }
    let both = [by("Type", None, &["String"]), by("Path", Some("Recursive"), &["/"])];
    assert_eq!(names(&client, &both).await, [web, "root"]);

    let refused = |filter| client.describe_parameters().parameter_filters(filter).send();
    assert_eq!(code(refused(by("Value", None, &["x"])).await), "InvalidFilterKey");
    assert_eq!(code(refused(by("Type", Some("Contains"), &["String"])).await), "InvalidFilterOption");
    assert_eq!(code(refused(by("Type", None, &["Text"])).await), "InvalidFilterValue");

    let under = client.get_parameters_by_path().path("/amictl").recursive(true).send().await.unwrap();
    assert_eq!(under.parameters().len(), 3);
    let labelled = client.get_parameters_by_path().path("/amictl").parameter_filters(by("Label", None, &["good"]));
    let labelled = labelled.send().await.unwrap();
    assert_eq!((labelled.parameters()[0].name(), labelled.parameters()[0].value()), (Some(api), Some("a")));
    let relative = client.get_parameters_by_path().path("amictl");
    assert_eq!(code(relative.send().await), "ValidationException");
}

#[tokio::test]
async fn many_are_read_ten_at_a_time() {
    let fake = Fake::start();
    fake.world().parameter(PROD, EAST, "here", "ami-0123456789abcdef0");
    let client = ssm(&fake, "AKIAPROD", EAST);
    let found = client.get_parameters().names("here").names("gone").send().await.unwrap();
    assert_eq!(found.parameters()[0].value(), Some("ami-0123456789abcdef0"));
    assert_eq!(found.invalid_parameters(), ["gone"]);
    let no_version = client.get_parameters().names("here:7").send().await.unwrap();
    assert_eq!(no_version.invalid_parameters(), ["here:7"]);
    let eleven = client.get_parameters().set_names(Some((0..11).map(|n| n.to_string()).collect()));
    assert_eq!(code(eleven.send().await), "ValidationException");
}

#[tokio::test]
async fn faults_and_strangers_are_answered_in_json() {
    let fake = Fake::start();
    let stranger = ssm(&fake, "AKIANOBODY", EAST);
    assert_eq!(code(stranger.describe_parameters().send().await), "UnrecognizedClientException");
    let client = ssm(&fake, "AKIAPROD", EAST);
    assert_eq!(code(client.get_document().name("x").send().await), "UnknownOperationException");
    let wide = client.describe_parameters().shared(true);
    assert_eq!(code(wide.send().await), "ValidationException", "the parameter is not known here");
    fake.fault(Fault::error("GetParameters", "AccessDeniedException", "no").of_account(PROD).matching("secret"));
    assert_eq!(code(client.get_parameters().names("secret").send().await), "AccessDeniedException");
    assert!(client.get_parameters().names("open").send().await.is_ok());
    let call = fake.calls().pop().unwrap();
    assert_eq!((call.service.as_str(), call.action.as_str()), ("ssm", "GetParameters"));
    assert_eq!((call.account.as_str(), call.outcome), (PROD, Outcome::Ok));
    fake.world().throttle = true;
    for _ in 0..150 {
        client.get_parameters().names("open").send().await.unwrap();
    }
}
