//! The parameter store: versions, labels, secrets, and what it refuses.

use super::*;

use aws_sdk_ssm::types::{ParameterType, ResourceTypeForTagging};

const WEB: &str = "/amictl/web/prod";

async fn value(client: &aws_sdk_ssm::Client, name: &str) -> String {
    let found = client.get_parameter().name(name).send().await.unwrap();
    found.parameter().unwrap().value().unwrap().to_owned()
}

#[tokio::test]
async fn parameters_are_read_by_version_label_and_arn() {
    let fake = Fake::start();
    let client = ssm(&fake, "AKIAPROD", EAST);
    {
        let mut world = fake.world();
        let seed = world.typed_parameter(PROD, EAST, WEB).value("one").label("good").value("two");
        seed.value("three").modified("2026-01-02T03:04:05Z").tag("Team", "web").put();
        world.parameter(PROD, EAST, "plain", "text");
    }
    for (name, expected) in [("", "three"), (":1", "one"), (":good", "one"), (":2", "two")] {
        assert_eq!(value(&client, &format!("{WEB}{name}")).await, expected);
    }
    for name in [WEB, "/plain"] {
        value(&client, &format!("arn:aws:ssm:{EAST}:{PROD}:parameter{name}")).await;
    }
    let found = client.get_parameter().name(format!("{WEB}:good")).send().await.unwrap();
    let found = found.parameter().unwrap();
    assert_eq!((found.name(), found.selector(), found.version()), (Some(WEB), Some(":good"), 1));
    assert_eq!(found.arn(), Some("arn:aws:ssm:us-east-1:111111111111:parameter/amictl/web/prod"));
    let newest = client.get_parameter().name(WEB).send().await.unwrap();
    assert_eq!(newest.parameter().unwrap().last_modified_date(), Some(&DateTime::from_secs(1_767_323_045)));

    let get = |name: &str| client.get_parameter().name(name).send();
    assert_eq!(code(get("/amictl/web").await), "ParameterNotFound");
    assert_eq!(code(get("/amictl/web/prod:9").await), "ParameterVersionNotFound");
    assert_eq!(code(get("arn:aws:ssm:us-west-2:111111111111:parameter/plain").await), "ParameterNotFound");
    let elsewhere = ssm(&fake, "AKIAOTHER", EAST);
    assert_eq!(code(elsewhere.get_parameter().name(WEB).send().await), "ParameterNotFound");

    let kind = ResourceTypeForTagging::Parameter;
    let tag = aws_sdk_ssm::types::Tag::builder().key("Stage").value("prod").build().unwrap();
    let tagging = client.add_tags_to_resource().resource_type(kind.clone()).tags(tag);
    assert_eq!(code(tagging.clone().resource_id("gone").send().await), "InvalidResourceId");
    tagging.resource_id(WEB).send().await.unwrap();
    let listed = client.list_tags_for_resource().resource_type(kind).resource_id(WEB).send().await.unwrap();
    assert_eq!(listed.tag_list().iter().map(|tag| tag.key()).collect::<Vec<_>>(), ["Stage", "Team"]);
}

#[tokio::test]
async fn a_published_parameter_is_read_by_everybody_and_listed_by_nobody() {
    let fake = Fake::start();
    let path = "/aws/service/golden/latest";
    fake.world().public_parameter(EAST, path, "ami-01234567");
    for key in ["AKIAPROD", "AKIAOTHER"] {
        let client = ssm(&fake, key, EAST);
        assert_eq!(value(&client, path).await, "ami-01234567");
        assert!(client.describe_parameters().send().await.unwrap().parameters().is_empty());
    }
}

#[tokio::test]
async fn secrets_are_ciphered_unless_decrypted() {
    let fake = Fake::start();
    fake.world().typed_parameter(PROD, EAST, "key").kind("SecureString").value("ami-01234567").put();
    let client = ssm(&fake, "AKIAPROD", EAST);
    assert!(!value(&client, "key").await.contains("ami-"));
    let shown = client.get_parameter().name("key").with_decryption(true).send().await.unwrap();
    assert_eq!(shown.parameter().unwrap().value(), Some("ami-01234567"));
    let launch = prod(&fake, EAST).run_instances().min_count(1).max_count(1).image_id("resolve:ssm:key");
    assert_eq!(code(launch.send().await), "InvalidParameterValue");
}

#[tokio::test]
async fn putting_makes_versions_and_checks_images() {
    let fake = Fake::start();
    let client = ssm(&fake, "AKIAPROD", EAST);
    let (old, new) = {
        let mut world = fake.world();
        (world.image(PROD, EAST, "web-v1").put(), world.image(PROD, EAST, "web-v2").put())
    };
    let put = |value: &str| client.put_parameter().name(WEB).value(value);
    let create = |value: &str| put(value).r#type(ParameterType::String).data_type("aws:ec2:image");
    assert_eq!(code(put(&old).send().await), "ValidationException", "a type is needed");
    assert_eq!(code(create("no image").send().await), "ValidationException");
    // SSM checks afterwards whether there is such an image: a good answer proves nothing.
    assert_eq!(create("ami-0123456789abcdef0").send().await.unwrap().version(), 1);
    assert_eq!(code(client.get_parameter().name(WEB).send().await), "ParameterNotFound");
    assert_eq!(create(&old).send().await.unwrap().version(), 1);
    assert_eq!(code(create(&new).send().await), "ParameterAlreadyExists");
    assert_eq!(code(put("text").overwrite(true).send().await), "ValidationException");
    assert_eq!(code(put(&new).overwrite(true).data_type("text").send().await), "ValidationException");
    let list = put(&new).overwrite(true).r#type(ParameterType::StringList);
    assert_eq!(code(list.send().await), "HierarchyTypeMismatchException");
    assert_eq!(put(&new).overwrite(true).send().await.unwrap().version(), 2);
    for name in ["no/slash", "/aws/reserved", "sp ace", "/a//b"] {
        let bad = client.put_parameter().name(name).value("x").r#type(ParameterType::String);
        assert_eq!(code(bad.send().await), "ValidationException", "{name}");
    }

    let label = |version: i64, label: &str| {
        client.label_parameter_version().name(WEB).parameter_version(version).labels(label).send()
    };
    assert_eq!(label(1, "9bad").await.unwrap().invalid_labels(), ["9bad"]);
    label(1, "stable").await.unwrap();
    label(2, "stable").await.unwrap();
    assert_eq!(value(&client, "/amictl/web/prod:stable").await, new);

    client.delete_parameter().name(WEB).send().await.unwrap();
    assert_eq!(code(client.delete_parameter().name(WEB).send().await), "ParameterNotFound");
    assert!(fake.world().find_parameter(PROD, EAST, WEB).is_none());
}

#[tokio::test]
async fn an_image_is_checked_late_and_shown_or_dropped() {
    let fake = Fake::start();
    let client = ssm(&fake, "AKIAPROD", EAST);
    let (old, new) = {
        let mut world = fake.world();
        world.late_values.shown_after = std::time::Duration::from_secs(60);
        (world.image(PROD, EAST, "web-v1").put(), world.image(PROD, EAST, "web-v2").put())
    };
    let put = |value: &str, overwrite: bool| {
        let call = client.put_parameter().name(WEB).value(value).r#type(ParameterType::String);
        call.data_type("aws:ec2:image").overwrite(overwrite).send()
    };
    let later = || fake.world().advance(std::time::Duration::from_secs(61));
    assert_eq!(put(&old, false).await.unwrap().version(), 1);
    assert_eq!(code(client.get_parameter().name(WEB).send().await), "ParameterNotFound");
    assert_eq!(code(put(&new, false).await), "ParameterAlreadyExists", "the name is taken already");
    later();
    assert_eq!(value(&client, WEB).await, old);
    fake.world().late_values.dropped.insert(new.clone());
    for dropped in ["ami-0123456789abcdef0", &new] {
        assert_eq!(put(dropped, true).await.unwrap().version(), 2);
        later();
        assert_eq!(value(&client, WEB).await, old, "{dropped}");
    }
    fake.world().late_values.dropped.clear();
    assert_eq!(put(&new, true).await.unwrap().version(), 2, "nobody saw the number");
    assert_eq!(put(&old, true).await.unwrap().version(), 3);
    assert_eq!(value(&client, WEB).await, old);
    later();
    let history = client.get_parameter_history().name(WEB).send().await.unwrap();
    let numbers: Vec<_> = history.parameters().iter().map(|p| (p.version(), p.value().unwrap())).collect();
    assert_eq!(numbers, [(1, old.as_str()), (2, &new), (3, &old)]);
}

#[tokio::test]
async fn a_version_without_a_description_keeps_that_of_the_one_before() {
    let fake = Fake::start();
    let client = ssm(&fake, "AKIAPROD", EAST);
    let images = ["one", "two"].map(|name| fake.world().image(PROD, EAST, name).put());
    for (name, data_type, values) in [("/text", "text", ["1", "2"]), (WEB, "aws:ec2:image", [&images[0], &images[1]])] {
        for (value, description) in [(values[0], Some("why")), (values[1], None), (values[0], Some("again"))] {
            let put = client.put_parameter().name(name).value(value).set_description(description.map(str::to_owned));
            put.r#type(ParameterType::String).data_type(data_type).overwrite(true).send().await.unwrap();
        }
        let history = client.get_parameter_history().name(name).send().await.unwrap();
        let told: Vec<_> = history.parameters().iter().map(|p| p.description().unwrap()).collect();
        assert_eq!(told, ["why", "why", "again"]);
    }
}

#[tokio::test]
async fn writing_is_limited_to_three_a_second() {
    let fake = Fake::start();
    let client = ssm(&fake, "AKIAPROD", EAST);
    fake.world().throttle = true;
    fake.world().stop_clock(chrono::Utc::now());
    let put = |number: usize| {
        client.put_parameter().name(format!("/p{number}")).value("x").r#type(ParameterType::String).send()
    };
    for number in 0..3 {
        put(number).await.unwrap();
    }
    assert_eq!(code(put(3).await), "ThrottlingException");
}

#[tokio::test]
async fn history_comes_oldest_first_and_keeps_a_hundred_versions() {
    let fake = Fake::start();
    let client = ssm(&fake, "AKIAPROD", EAST);
    let put = |number: usize| {
        client.put_parameter().name(WEB).value(number.to_string()).r#type(ParameterType::String).overwrite(true).send()
    };
    for number in 1..=102 {
        put(number).await.unwrap();
    }
    let mut pages = client.get_parameter_history().name(WEB).into_paginator().page_size(50).send();
    let (mut versions, mut sizes) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.parameters().len());
        versions.extend(page.parameters().iter().map(|p| (p.version(), p.value().unwrap().to_owned())));
    }
    assert_eq!(sizes, [50, 50]);
    assert!(versions.iter().map(|(number, _)| *number).eq(3..=102), "{versions:?}");
    assert!(versions.iter().all(|(number, value)| number.to_string() == *value));
    client.label_parameter_version().name(WEB).parameter_version(3).labels("first").send().await.unwrap();
    assert_eq!(code(put(103).await), "ParameterMaxVersionLimitExceeded");
    let one = client.get_parameter_history().name(format!("{WEB}:3"));
    assert_eq!(code(one.send().await), "ValidationException");
    let wide = client.get_parameter_history().name(WEB).max_results(51);
    assert_eq!(code(wide.send().await), "ValidationException");
}

#[tokio::test]
async fn many_parameters_are_ten_at_most_and_each_is_asked_for_once() {
    let fake = Fake::start();
    {
        let mut world = fake.world();
        world.typed_parameter(PROD, EAST, "/web").value("one").label("old").value("two").put();
        world.typed_parameter(PROD, EAST, "golden").value("three").put();
    }
    let client = ssm(&fake, "AKIAPROD", EAST);
    let get = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        client.get_parameters().set_names(Some(names)).send()
    };
    let arn = format!("arn:aws:ssm:{EAST}:{PROD}:parameter/golden:1");
    let found = get(&["/web:old", &arn, "/none", "/web2:3"]).await.unwrap();
    let shown = found.parameters().iter().map(|p| (p.name().unwrap(), p.value().unwrap(), p.selector()));
    assert_eq!(shown.collect::<Vec<_>>(), [("/web", "one", Some(":old")), ("golden", "three", Some(":1"))]);
    assert_eq!(found.invalid_parameters(), ["/none", "/web2:3"]);
    let same_arn = format!("arn:aws:ssm:{EAST}:{PROD}:parameter/web");
    for twice in [["/web", "/web"], ["/web:1", "/web:2"], ["/web", &same_arn], ["/web", "a b"]] {
        assert_eq!(code(get(&twice).await), "ValidationException", "{twice:?}");
    }
    let many: Vec<String> = (0..11).map(|n| format!("/p/{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(get(&many[..10]).await.unwrap().invalid_parameters().len(), 10);
    assert_eq!(code(get(&many).await), "ValidationException");
}
