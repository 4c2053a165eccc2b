//! `show`: the document about one image, what is unknown in it, and how the run then ends.

use serde_json::{Value, json};

use crate::fake::{Fault, OTHER, PROD, Protection};
use crate::setup::{EAST, EUROPE, Setup, WEST, each};

const NAME: &str = "web-v3-2026-01-02";
const ORGANIZATION: &str = "arn:aws:organizations::111111111111:organization/o-abcdefghij";
const UNIT: &str = "arn:aws:organizations::111111111111:ou/o-abcdefghij/ou-ab12-cdefgh34";
const DENIED: &str = "You are not authorized to perform this operation.";

/// The sources of use that were read, with how much each looked at.
fn sources(read: &[(&str, u64)]) -> Value {
    let names = [
        "instances",
        "launch-templates",
        "launch-configurations",
        "auto-scaling-groups",
        "spot-requests",
        "ec2-fleets",
        "ssm-parameters",
        "image-references",
    ];
    let row = |name: &str| {
        let read = read.iter().find(|(source, _)| *source == name).map_or(0, |(_, read)| *read);
        json!({"account": PROD, "region": EAST, "source": name, "status": "ok", "message": null, "read": read})
    };
    names.map(row).into_iter().collect()
}

/// What `show` cannot read, as the document has it.
fn errors(found: &Value) -> Vec<(&str, &str, &str)> {
    let rows = found["errors"].as_array().unwrap().iter();
    rows.map(|e| (e["region"].as_str().unwrap(), e["code"].as_str().unwrap(), e["message"].as_str().unwrap())).collect()
}

#[test]
fn the_document_has_everything_about_an_image() {
    let setup = Setup::new();
    let (id, root, data, key, instance, copies) = {
        let mut world = setup.world();
        let key = world.add_kms_key(PROD, EAST, "alias/images");
        let root = world.snapshot(PROD, EAST).size(8).encrypted(&key).put();
        let data = world.snapshot(PROD, EAST).size(100).full_bytes(None).put();
        let image = world.image(PROD, EAST, NAME).created("2026-01-02T03:04:05Z").on_snapshots(&[&root, &data]);
        let image = image.blank("/dev/sdz", 50).tag("Name", "web").tag("Team", "core").description("golden");
        let image = image.last_launched("2026-02-03T04:05:06Z").deprecated_at("2035-01-02T03:04:00Z").protected();
        let id = image.shared_with(OTHER).shared_with_arn(UNIT).shared_with_arn(ORGANIZATION).put();
        let europe = world.image(PROD, EUROPE, NAME).copied_from(&id, EAST).put();
        let west = world.image(PROD, WEST, NAME).copied_from(&europe, EUROPE).state("pending").put();
        let instance = world.instance(PROD, EAST).image(&id).put();
        world.parameter(PROD, EAST, "/amictl/web/prod", &id);
        (id, root, data, key, instance, [europe, west])
    };
    let expected = json!({
        "version": 1,
        "image": {
            "id": id, "name": NAME, "family": "web", "image_version": 3, "date": "2026-01-02", "managed": true, "pattern": null,
            "region": EAST, "owner_id": PROD, "state": "available", "state_reason": null,
            "created_at": "2026-01-02T03:04:05Z", "deprecated_at": "2035-01-02T03:04:00Z",
            "last_launched_at": "2026-02-03T04:05:06Z", "architecture": "x86_64", "platform": "Linux/UNIX",
            "root_device_type": "ebs", "public": false, "deregistration_protection": "enabled-without-cooldown",
            "encrypted": true, "size_gib": 158, "monthly_cost_usd_at_most": 5.4,
            "snapshots": [
                {"id": root, "device": "/dev/xvda", "size_gib": 8, "encrypted": true},
                {"id": data, "device": "/dev/sdb", "size_gib": 100, "encrypted": false},
            ],
            "source": {"instance_id": null, "image_id": null, "region": null}, "description": "golden",
            "tags": {"Name": "web", "Team": "core"}, "scan": null, "watermarks": [], "tested": null, "revoked": false,
        },
        "launch_permissions": [OTHER, ORGANIZATION, UNIT],
        "snapshots": [
            {
                "id": root, "device": "/dev/xvda", "size_gib": 8, "encrypted": true, "state": "completed",
                "progress": 100, "full_bytes": 4_294_967_296_u64, "kms_key_id": key, "tier": "standard",
            },
            {
                "id": data, "device": "/dev/sdb", "size_gib": 100, "encrypted": false, "state": "completed",
                "progress": 100, "full_bytes": null, "kms_key_id": null, "tier": "standard",
            },
        ],
        "blank_volumes": [{"device": "/dev/sdz", "size_gib": 50, "encrypted": false}],
        "copies": [
            {"id": copies[0], "account": PROD, "region": EUROPE, "name": NAME, "state": "available"},
            {"id": copies[1], "account": PROD, "region": WEST, "name": NAME, "state": "pending"},
        ],
        "copied_from": null,
        "made_from": null,
        "children": [],
        "revoked": null,
        "tested_by_source": null,
        "aliases": ["prod"],
        "in_use": true,
        "references": [
            {"source": "instances", "kind": "instance", "id": instance, "detail": "running"},
            {"source": "ssm-parameters", "kind": "alias", "id": "/amictl/web/prod", "detail": "/amictl/web/prod"},
            {
                "source": "image-references", "kind": "alias", "id": "/amictl/web/prod",
                "detail": format!("arn:aws:ssm:{EAST}:{PROD}:parameter/amictl/web/prod"),
            },
            {
                "source": "image-references", "kind": "instance", "id": instance,
                "detail": format!("arn:aws:ec2:{EAST}:{PROD}:instance/{instance}"),
            },
        ],
        "sources": sources(&[("instances", 1), ("ssm-parameters", 1), ("image-references", 1)]),
        "monthly_cost_usd_at_most": 5.4,
        "errors": [],
    });
    for reference in [id.as_str(), NAME, "web", "web:v3", "web:prod"] {
        let ran = setup.run(&format!("show {reference} -o json")).ended(0);
        assert_eq!(ran.json(), expected, "{reference}");
        assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""), "one line, and no talk");
    }
    setup.unchanged();
}

#[test]
fn what_is_not_there_is_null_or_empty() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, "plain").instance_store().put();
    let found = setup.json(&format!("show {id}"));
    assert_eq!(found["copied_from"], Value::Null);
    for empty in ["launch_permissions", "snapshots", "blank_volumes", "copies", "aliases", "references", "errors"] {
        assert_eq!(found[empty], json!([]), "{empty}");
    }
    assert_eq!((&found["in_use"], &found["monthly_cost_usd_at_most"]), (&json!(false), &json!(0.0)));
    let image = &found["image"];
    for absent in ["family", "last_launched_at", "deprecated_at", "state_reason", "description"] {
        assert_eq!(image[absent], Value::Null, "{absent}");
    }
    assert_eq!(found["sources"], sources(&[("image-references", 1)]));
}

#[test]
fn a_public_image_is_shared_with_all() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).public().shared_with(OTHER).put();
    let found = setup.json("show web");
    assert_eq!((&found["launch_permissions"], &found["image"]["public"]), (&json!(["all", OTHER]), &json!(true)));
}

#[test]
fn snapshots_are_shown_as_they_are_now() {
    let setup = Setup::new();
    {
        let mut world = setup.world();
        let pending = world.snapshot(PROD, EAST).state("pending").put();
        let failed = world.snapshot(PROD, EAST).state("error").put();
        let archived = world.snapshot(PROD, EAST).tier("archive").put();
        world.image(PROD, EAST, NAME).on_snapshots(&[&pending, &failed, &archived]).put();
    }
    let found = setup.json("show web");
    assert_eq!(each(&found["snapshots"], "state"), ["pending", "error", "completed"]);
    assert_eq!(each(&found["snapshots"], "tier"), ["standard", "standard", "archive"]);
    assert_eq!(found["snapshots"][0]["progress"], json!(0));
    assert_eq!(found["snapshots"][0]["full_bytes"], Value::Null);
    let page = setup.run("show web").ended(0).stdout;
    for said in ["pending 0%", " error ", " archived "] {
        assert!(page.contains(said), "{said} is not in\n{page}");
    }
}

#[test]
fn an_image_of_others_shows_what_its_owner_lets_be_seen() {
    let setup = Setup::new();
    let id = setup.world().image(OTHER, EAST, "base-v1-2026-01-02").shared_with(PROD).last_launched("2026-01-03").put();
    let own = setup.world().image(PROD, EAST, "web-v1-2026-01-02").copied_from(&id, EAST).put();
    let found = setup.json(&format!("show {id}"));
    for unseen in ["launch_permissions", "monthly_cost_usd_at_most"] {
        assert_eq!(found[unseen], Value::Null, "{unseen}");
    }
    let snapshot = &found["snapshots"][0];
    assert_eq!((&snapshot["state"], &snapshot["full_bytes"]), (&Value::Null, &Value::Null));
    assert_eq!((&found["errors"], &found["image"]["managed"]), (&json!([]), &json!(false)));
    assert_eq!(each(&found["copies"], "id"), [own.as_str()], "the account's own copies are known");
    assert!(setup.calls("DescribeImageAttribute").is_empty(), "EC2 tells the owner only");
    let page = setup.run(&format!("show {id}")).ended(0).stdout;
    assert_eq!(page.matches("EC2 tells the owner only").count(), 4, "{page}");
    assert!(page.contains("222222222222, another account") && page.contains("nothing to this account"), "{page}");
    let public = setup.world().image(OTHER, EAST, "public-v1-2026-01-02").public().put();
    let page = setup.run(&format!("show {public}")).ended(0).stdout;
    assert!(page.contains("everyone: it is public"), "{page}");
}

#[test]
fn snapshots_that_others_let_be_copied_are_seen() {
    let setup = Setup::new();
    let id = setup.world().image(OTHER, EAST, "base").shared_with(PROD).copyable_by(PROD).put();
    assert_eq!(setup.json(&format!("show {id}"))["snapshots"][0]["state"], "completed");
}

#[test]
fn launch_permissions_that_may_not_be_read_are_unknown() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).shared_with(OTHER).put();
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", DENIED));
    let ran = setup.run("show web -o json").ended(3);
    let found = ran.json();
    assert_eq!(found["launch_permissions"], Value::Null);
    let message = format!("launch permissions: {DENIED}");
    assert_eq!(errors(&found), [(EAST, "UnauthorizedOperation", message.as_str())]);
    assert_eq!(found["errors"][0]["account"], PROD);
    assert_eq!((&found["in_use"], &found["snapshots"][0]["state"]), (&json!(false), &json!("completed")));
    let error = ran.error();
    assert_eq!((&error["code"], &error["exit_code"]), (&json!("PartialPage"), &json!(3)));
    let page = setup.run("show web").ended(3);
    assert!(page.stdout.contains("Shared with     unknown\n"), "{}", page.stdout);
    page.says(&[&format!("us-east-1: {message} [UnauthorizedOperation]"), "1 part of the page could not be read"]);
}

#[test]
fn snapshots_that_may_not_be_read_are_unknown() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let snapshot = setup.image(&id).snapshots().next().unwrap().to_owned();
    setup.fake.fault(Fault::error("DescribeSnapshots", "UnauthorizedOperation", DENIED));
    let ran = setup.run("show web -o json").ended(3);
    let found = ran.json();
    let expected = json!([{
        "id": snapshot, "device": "/dev/xvda", "size_gib": 8, "encrypted": false, "state": null, "progress": null,
        "full_bytes": null, "kms_key_id": null, "tier": null,
    }]);
    assert_eq!(found["snapshots"], expected);
    assert_eq!(errors(&found)[0].2, format!("snapshots: {DENIED}"));
    assert_eq!(found["monthly_cost_usd_at_most"], json!(0.4));
    assert!(setup.run("show web").ended(3).stdout.contains(" unknown "));
}

#[test]
fn a_source_of_use_that_cannot_be_read_leaves_the_question_open() {
    let setup = Setup::new();
    let (used, unused) = {
        let mut world = setup.world();
        let used = world.image(PROD, EAST, "web-v1-2026-01-02").put();
        world.instance(PROD, EAST).image(&used).put();
        (used, world.image(PROD, EAST, "web-v2-2026-01-02").put())
    };
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", DENIED));
    let ran = setup.run(&format!("show {unused} -o json")).ended(4);
    let found = ran.json();
    assert_eq!((&found["in_use"], &found["errors"], &found["aliases"]), (&Value::Null, &json!([]), &json!([])));
    let row = found["sources"].as_array().unwrap().iter().find(|row| row["source"] == "ec2-fleets").unwrap();
    assert_eq!((&row["status"], row["message"].as_str().unwrap().contains(DENIED)), (&json!("failed"), true));
    assert_eq!(ran.error()["code"], "Unverified");
    let page = setup.run(&format!("show {unused}")).ended(4);
    for said in ["unverified: no use is known", "Not readable    ec2-fleets\n"] {
        assert!(page.stdout.contains(said), "{said} is not in\n{}", page.stdout);
    }
    page.says(&[&format!("ec2-fleets in us-east-1 could not be read: {DENIED}")]);
    // What is known is known.
    assert_eq!(setup.run(&format!("show {used} -o json")).ended(4).json()["in_use"], json!(true));
    let left_out = setup.run(&format!("show {unused} --without-source ec2-fleets")).ended(0);
    assert!(left_out.stdout.contains("Left out        ec2-fleets\n"), "{}", left_out.stdout);
}

#[test]
fn doubt_about_use_weighs_more_than_other_gaps() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    setup.fake.fault(Fault::error("DescribeFleets", "UnauthorizedOperation", DENIED));
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", DENIED));
    let ran = setup.run("show web -o json").ended(4);
    assert_eq!(errors(&ran.json()).len(), 1);
    ran.says(&["launch permissions", "ec2-fleets"]);
}

#[test]
fn aliases_are_those_that_name_the_image_now() {
    let setup = Setup::new();
    let (first, second) = {
        let mut world = setup.world();
        let first = world.image(PROD, EAST, "web-v1-2026-01-02").put();
        let second = world.image(PROD, EAST, "web-v2-2026-01-02").put();
        for (name, id) in [("web/prod", &first), ("web/prod", &second), ("web/test", &second), ("api/base", &second)] {
            world.parameter(PROD, EAST, &format!("/amictl/{name}"), id);
        }
        world.parameter(PROD, EAST, "/golden", &second);
        (first, second)
    };
    let found = setup.json(&format!("show {second}"));
    assert_eq!(found["aliases"], json!(["api:base", "prod", "test"]));
    let before = setup.json(&format!("show {first}"));
    assert_eq!((&before["aliases"], &before["in_use"]), (&json!([]), &json!(true)), "rollback goes back to it");
    assert_eq!(before["references"][0]["detail"], "/amictl/web/prod, the version before");
}

#[test]
fn aliases_are_unknown_where_nobody_could_look() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let without = "--without-source ssm-parameters";
    assert_eq!(setup.json(&format!("show {id} {without}"))["aliases"], Value::Null);
    setup.world().parameter(PROD, EAST, "/amictl/web/prod", &id);
    // EC2's own search knows of it as well.
    assert_eq!(setup.json(&format!("show {id} {without}"))["aliases"], json!(["prod"]));
    let page = setup.run(&format!("show {id} {without},image-references")).ended(0).stdout;
    assert!(page.contains("Aliases         unknown\n"), "{page}");
}

#[test]
fn ids_in_files_count_as_use() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).put();
    let file = setup.home.write("main.tf", &format!("ami = \"{id}\"\n"));
    let found = setup.json(&format!("show {id} --refs-from {file}"));
    assert_eq!(found["in_use"], json!(true));
    assert_eq!(each(&found["references"], "source"), ["files"]);
}

#[test]
fn the_price_can_be_given() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).size(100).snapshots(2).put();
    let found = setup.json("show web --price-per-gb 0.1");
    assert_eq!(found["monthly_cost_usd_at_most"], json!(20.0));
    assert_eq!(found["image"]["monthly_cost_usd_at_most"], json!(20.0));
}

#[test]
fn a_command_line_that_cannot_be_meant_is_a_usage_error() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    for (line, said) in [
        ("show", "<REF>"),
        ("show web api", "unexpected argument 'api'"),
        ("show web --price-per-gb much", "'much' is not a price"),
        ("show web --copies-in nowhere", "'nowhere' is not a region"),
        ("show web --without-source fleets", "there is no source 'fleets'"),
        ("show a+b", "cannot name an image"),
    ] {
        setup.run(line).ended(2).says(&[said]);
    }
    assert!(setup.calls("DescribeImages").is_empty());
}

#[test]
fn an_image_that_is_not_there_is_said_so() {
    let setup = Setup::new();
    let ran = setup.run("show web -o json").ended(1);
    assert_eq!((ran.error()["code"].as_str(), ran.stdout.as_str()), (Some("InvalidAMIID.NotFound"), ""));
}

#[test]
fn dates_and_protection_say_what_holds_now() {
    let setup = Setup::new();
    let now = setup.world().now();
    let (past, future) = (now - chrono::Duration::days(10), now + chrono::Duration::days(40));
    let until = now + chrono::Duration::hours(5);
    let mut world = setup.world();
    let gone = world.image(PROD, EAST, "a").deprecated_at(past).protection(Protection::Cooling(until)).put();
    let cooldown = Protection::Enabled { cooldown: true };
    let planned = world.image(PROD, EAST, "b").deprecated_at(future).protection(cooldown).state("disabled").put();
    let plain = world.image(PROD, EAST, "c").protected().last_launched(past).put();
    drop(world);
    for (id, said) in [
        (
            &gone,
            vec!["available, but deprecated", "Deprecated      since 2", " UTC, 10d ago", "until 2", " UTC, in 4h"],
        ),
        (&planned, vec!["disabled", "Deprecated      from 2", " UTC, in 39d", "and for 24 hours after"]),
        (
            &plain,
            vec!["State           available\n", "Deprecated      no\n", "Protected       yes\n", " UTC, 10d ago\n"],
        ),
    ] {
        let page = setup.run(&format!("show {id}")).ended(0).stdout;
        for said in said {
            assert!(page.contains(said), "{said} is not in\n{page}");
        }
    }
}
