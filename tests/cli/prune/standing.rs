//! Reasons that keep an image whatever the numbers say: sharing, managers, protection, aliases.

use crate::fake::{Fault, OTHER, PROD, Protection};
use crate::scene::{ALL_AWAY, Plan, Scene, days_ago, sorted};
use crate::setup::EAST;

#[test]
fn what_is_shared_stays_where_that_is_asked() {
    let setup = Scene::new();
    let organisation = "arn:aws:organizations::111111111111:organization/o-abcdefghij";
    let mut world = setup.world();
    let name = |n: u32| format!("web-v{n}-2025-01-01");
    let account = world.image(PROD, EAST, &name(1)).created(days_ago(100)).shared_with(OTHER).put();
    let public = world.image(PROD, EAST, &name(2)).created(days_ago(100)).public().put();
    let all = world.image(PROD, EAST, &name(3)).created(days_ago(100)).shared_with_arn(organisation).put();
    let itself = world.image(PROD, EAST, &name(4)).created(days_ago(100)).shared_with(PROD).put();
    drop(world);
    assert_eq!(setup.plan("prune --keep 0").going().len(), 4);
    assert_eq!(setup.fake.count("DescribeImageAttribute"), 0);
    let plan = setup.plan("prune --keep 0 --keep-shared");
    assert_eq!(plan.going(), [itself.as_str()]);
    assert_eq!(plan.reasons(&account), [("shared", "shared with 222222222222")]);
    assert_eq!(plan.reasons(&public), [("shared", "shared with all")]);
    assert_eq!(plan.reasons(&all), [("shared", format!("shared with {organisation}").as_str())]);
    // What stays anyway is not asked about.
    setup.fake.forget_calls();
    setup.plan("prune --keep 3 --keep-shared");
    assert_eq!(setup.fake.count("DescribeImageAttribute"), 1);
}

#[test]
fn an_image_stays_when_who_it_is_shared_with_cannot_be_read() {
    let setup = Scene::new();
    let web = setup.family("web", 2);
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", "not yours").matching(&web[0]));
    let ran = setup.run("prune --keep 0 --keep-shared --apply --yes --max-delete 100% -o json");
    assert_eq!(setup.left(), ["web-v1-2025-01-01"]);
    let plan = Plan::of(&setup.run("prune --keep 0 --keep-shared -o json"));
    let reasons = plan.reasons(&web[0]);
    assert!(matches!(reasons[..], [("unverified", why)] if why.contains("not yours")), "{reasons:?}");
    assert_eq!(ran.code, 4, "{}", ran.stderr);
}

#[test]
fn what_others_look_after_is_theirs() {
    let setup = Scene::new();
    let tags = [
        ("aws:backup:source-resource", "x", "AWS Backup"),
        ("aws:dlm:lifecycle-policy-id", "policy-1", "Data Lifecycle Manager"),
        ("aws:dlm:managed", "true", "Data Lifecycle Manager"),
        ("dlm:managed", "true", "Data Lifecycle Manager"),
        ("CreatedBy", "EC2 Image Builder", "EC2 Image Builder"),
        ("Ec2ImageBuilderArn", "arn:aws:imagebuilder:x", "EC2 Image Builder"),
    ];
    let mut ids = Vec::new();
    for (n, (key, value, _)) in tags.iter().enumerate() {
        let name = format!("web-v{}-2025-01-01", n + 1);
        ids.push(setup.world().image(PROD, EAST, &name).created(days_ago(100)).tag(key, value).put());
    }
    let by_hand =
        setup.world().image(PROD, EAST, "web-v9-2025-01-01").created(days_ago(100)).tag("CreatedBy", "me").put();
    let plan = setup.plan("prune --keep 0");
    assert_eq!(plan.going(), [by_hand.as_str()]);
    for (id, (_, _, who)) in ids.iter().zip(tags) {
        assert_eq!(plan.reasons(id), [("managed-elsewhere", who)]);
    }
}

#[test]
fn protected_images_stay_through_their_cooldown_too() {
    let setup = Scene::new();
    let until = chrono::Utc::now() + chrono::TimeDelta::hours(3);
    let kinds = [
        Protection::Enabled { cooldown: false },
        Protection::Enabled { cooldown: true },
        Protection::Cooling(until),
        Protection::Disabled,
    ];
    let put = |(n, kind): (usize, Protection)| {
        let name = format!("web-v{n}-2025-01-01");
        setup.world().image(PROD, EAST, &name).created(days_ago(100)).protection(kind).put()
    };
    let ids: Vec<_> = kinds.into_iter().enumerate().map(|(n, kind)| put((n + 1, kind))).collect();
    let plan = setup.plan("prune --keep 0");
    assert_eq!(plan.going(), [ids[3].as_str()]);
    for (id, word) in
        ids.iter().zip(["enabled-without-cooldown", "enabled-with-cooldown", "lifted, but protects until "])
    {
        assert!(matches!(plan.reasons(id)[..], [("deregistration-protection", why)] if why.starts_with(word)));
    }
}

#[test]
fn a_cooldown_that_has_ended_is_no_protection() {
    let setup = Scene::new();
    let ended = Protection::Cooling("2020-01-01T10:00:00Z".parse().unwrap());
    let id = setup.world().image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).protection(ended).put();
    assert_eq!(setup.plan("prune --keep 0").going(), [id.as_str()]);
    setup.run(ALL_AWAY).ended(0);
    assert!(!setup.has(&id));
}

#[test]
fn an_alias_keeps_its_target_and_the_one_before_it() {
    let setup = Scene::new();
    let web = setup.family("web", 4);
    for id in [&web[0], &web[1], &web[2], &web[2]] {
        setup.world().parameter(PROD, EAST, "/amictl/web/prod", id);
    }
    for line in ["prune --keep 0", "prune --keep 0 --without-source image-references"] {
        let plan = setup.plan(line);
        assert_eq!(plan.going(), sorted([&web[0], &web[3]]), "{line}");
        assert_eq!((plan.codes(&web[2]), plan.codes(&web[1])), (vec!["alias"], vec!["alias"]), "{line}");
        let before = plan.reasons(&web[1])[0].1;
        assert!(before.contains("/amictl/web/prod") && before.contains("the version before"), "{before}");
    }
}

#[test]
fn everything_that_keeps_an_image_is_said() {
    let setup = Scene::new();
    let mut world = setup.world();
    let image = world.image(PROD, EAST, "web-v1-2025-01-01").tag("amictl:keep", "").tag("aws:dlm:managed", "true");
    let id = image.protected().last_launched(days_ago(1)).put();
    world.instance(PROD, EAST).image(&id).put();
    world.parameter(PROD, EAST, "/amictl/web/prod", &id);
    drop(world);
    let mut codes = setup.plan("prune --unused-for 30d --only-tag temp").codes(&id).join(" ");
    codes.push(' ');
    for code in [
        "newest",
        "too-young",
        "recently-launched",
        "in-use",
        "alias",
        "protected-tag",
        "deregistration-protection",
        "managed-elsewhere",
        "out-of-scope",
    ] {
        assert!(codes.contains(&format!("{code} ")), "{code} is not in {codes}");
    }
}
