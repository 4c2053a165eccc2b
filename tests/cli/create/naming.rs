//! Names, dates, versions and tags of `create`.

use crate::fake::{OTHER, PROD};
use crate::setup::{EAST, Setup, WEST, each, sorted, today};

/// An instance to make images of, and the command line for the next version of `web`.
fn ready(setup: &Setup) -> String {
    let id = setup.world().instance(PROD, EAST).put();
    format!("create web --instance {id}")
}

#[test]
fn a_wrong_name_date_or_version_is_refused_before_any_call() {
    let setup = Setup::new();
    let long = format!("{} --version 1", "a".repeat(115));
    for (arguments, said) in [
        ("Web", "family 'Web' must be lower-case"),
        ("web-", "family 'web-' must be"),
        ("_web", "family '_web' must be"),
        ("w\u{e9}b", "must be lower-case letters"),
        ("web:1", "family 'web:1'"),
        ("web --version 0", "version '0' must be v1, v2"),
        ("web --version v0", "version 'v0' must be v1, v2"),
        ("web --version v01", "version 'v01' must be"),
        ("web --version 007", "without leading zeros"),
        ("web --version 1.2", "version '1.2' must be"),
        ("web --version 99999999999999999999", "version '99999999999999999999'"),
        ("web --date 2024-02-30", "date '2024-02-30' must be a real calendar day"),
        ("web --date 2023-02-29", "e.g. '2024-12-18'"),
        ("web --date 2024-2-3", "as YYYY-MM-DD"),
        ("web --date 20240203", "date '20240203'"),
        (&long, "has 129 characters; EC2 takes at most 128: shorten the family"),
    ] {
        let line = format!("create {arguments} --instance i-0123456789abcdef0");
        let ran = setup.run(&line).ended(2).says(&[said]);
        assert!(ran.stdout.is_empty(), "{arguments}: {}", ran.stdout);
    }
    assert!(setup.fake.calls().is_empty(), "{:?}", setup.fake.calls());
}

#[test]
fn a_wrong_tag_is_refused_before_any_call() {
    let setup = Setup::new();
    let many: Vec<String> = (0..46).map(|n| format!("--tag k{n}=v")).collect();
    let (many, key) = (many.join(" "), format!("--tag {}=v", "k".repeat(129)));
    let (value, owner) = (format!("--tag k={}", "v".repeat(257)), format!("--owner {}", "o".repeat(257)));
    for (arguments, said) in [
        ("--tag aws:team=x", "tag key 'aws:team' starts with 'aws:'"),
        ("--tag AWS:team=x", "choose another key"),
        ("--tag team", "tag 'team' must read KEY=VALUE, e.g. Team=platform"),
        ("--tag =x", "has 0 characters; EC2 takes 1 to 128"),
        (&key, "has 129 characters; EC2 takes 1 to 128"),
        (&value, "the value of tag 'k' has 257 characters; EC2 takes at most 256"),
        (&owner, "the value of tag 'Owner' has 257 characters"),
        (&many, "51 tags are too many, amictl's own included; EC2 takes at most 50"),
        ("--tag a=1 --tag a=2", "tag 'a' is given twice"),
        ("--owner ops --tag Owner=dev", "tag 'Owner' is given twice"),
        ("--tag Family=api", "tag 'Family' is set by amictl from the image's name"),
        ("--tag Version=9", "tag 'Version' is set by amictl"),
        ("--tag amictl:created-by=me", "is set by amictl"),
    ] {
        let line = format!("create web --instance i-0123456789abcdef0 {arguments}");
        setup.run(&line).ended(2).says(&[said]);
    }
    assert!(setup.fake.calls().is_empty(), "{:?}", setup.fake.calls());
}

#[test]
fn the_first_version_is_one_and_dated_today() {
    let setup = Setup::new();
    let create = ready(&setup);
    let before = today();
    let made = setup.json(&create);
    let image = &made["images"][0];
    let names = [format!("web-v1-{before}"), format!("web-v1-{}", today())];
    assert!(names.contains(&image["name"].as_str().unwrap().to_owned()), "{image}");
    assert_eq!((&image["family"], &image["image_version"]), (&"web".into(), &1.into()));
    assert_eq!(setup.names(PROD, EAST), [image["name"].as_str().unwrap()]);
}

#[test]
fn versions_are_counted_as_numbers() {
    let setup = Setup::new();
    let create = ready(&setup);
    setup.world().image(PROD, EAST, "web-v9-2024-12-18").put();
    setup.world().image(PROD, EAST, "web-v8-2025-01-01").put();
    for version in [10, 11] {
        let made = setup.json(&format!("{create} --date 2026-01-02"));
        assert_eq!(made["images"][0]["name"], format!("web-v{version}-2026-01-02"));
    }
}

#[test]
fn only_own_images_of_the_family_in_the_region_count() {
    let setup = Setup::new();
    let create = ready(&setup);
    {
        let mut world = setup.world();
        world.image(PROD, EAST, "web-v2-2026-01-02").put();
        world.image(PROD, EAST, "web-v02-2026-01-02").put();
        world.image(PROD, EAST, "web-v30-2026-02-30").put();
        world.image(PROD, EAST, "web-v40").put();
        world.image(PROD, EAST, "web-v7-v50-2026-01-02").put();
        world.image(PROD, EAST, "webx-v60-2026-01-02").put();
        world.image(PROD, WEST, "web-v70-2026-01-02").put();
        world.image(OTHER, EAST, "web-v80-2026-01-02").public().put();
    }
    let made = setup.json(&create);
    assert_eq!(made["images"][0]["image_version"], 3);
}

#[test]
fn images_that_cannot_be_used_keep_their_numbers() {
    let setup = Setup::new();
    let create = ready(&setup);
    for (version, state) in [(3, "failed"), (4, "pending"), (5, "disabled")] {
        setup.world().image(PROD, EAST, &format!("web-v{version}-2026-01-02")).state(state).put();
        let made = setup.json(&create);
        assert_eq!(made["images"][0]["image_version"], version + 1, "{state}");
        let id = made["images"][0]["id"].as_str().unwrap().to_owned();
        setup.run(&format!("deregister {id} --yes --allow-in-use")).ended(0);
    }
}

#[test]
fn a_version_and_a_date_can_be_chosen() {
    let setup = Setup::new();
    let create = ready(&setup);
    let made = setup.json(&format!("{create} --version v7 --date 2024-02-29"));
    assert_eq!(made["images"][0]["name"], "web-v7-2024-02-29");
    assert_eq!(setup.names(PROD, EAST), ["web-v7-2024-02-29"]);
}

#[test]
fn a_version_that_is_there_is_not_made_again_under_another_date() {
    let setup = Setup::new();
    let create = ready(&setup);
    let there = setup.world().image(PROD, EAST, "web-v7-2024-02-29").put();
    let ran = setup.run(&format!("{create} --version 7 --date 2026-01-02 -o json")).ended(1);
    let error = ran.error();
    assert_eq!((&error["code"], &error["exit_code"]), (&"InvalidAMIName.Duplicate".into(), &1.into()));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&there) && message.contains("web-v7-2024-02-29"), "{message}");
    assert!(error["hint"].as_str().unwrap().contains("leave --version out"), "{error}");
    setup.unchanged();
    assert_eq!(setup.names(PROD, EAST), ["web-v7-2024-02-29"]);
}

#[test]
fn after_the_largest_version_a_new_family_is_asked_for() {
    let setup = Setup::new();
    let create = ready(&setup);
    setup.world().image(PROD, EAST, &format!("web-v{}-2026-01-02", u64::MAX)).put();
    setup.run(&create).ended(2).says(&["is the last that can be counted; start a new family"]);
    setup.unchanged();
}

#[test]
fn every_character_of_a_family_survives_the_way_there_and_back() {
    let setup = Setup::new();
    let id = setup.world().instance(PROD, EAST).put();
    let families = ["team/web.api_2-v3", "0", "a-v1-2024-01-01", "x--y"];
    for family in families {
        let made = setup.json(&format!("create {family} --instance {id} --date 2026-01-02"));
        assert_eq!(made["images"][0]["name"], format!("{family}-v1-2026-01-02"));
        let listed = setup.json(&format!("list --family {family}"));
        assert_eq!(each(&listed["images"], "family"), [family]);
    }
    let all = setup.json("list --managed");
    assert_eq!(sorted(&all["images"], "family"), ["0", "a-v1-2024-01-01", "team/web.api_2-v3", "x--y"]);
}
