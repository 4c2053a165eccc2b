//! Recycle Bin rules before a deletion: warnings, and `--require-recycle-bin`.

use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, OTHER, PROD};
use crate::scene::{ALL_AWAY, Scene, days_ago};
use crate::setup::{EAST, WEST, part, seconds};

const HELD: &str = "Recycle Bin: the 2 images can be restored for 14 days";
const STRANDED: &str = "warning: Recycle Bin: the 2 images cannot be restored once deleted: a rule holds images, but none holds their snapshots";
const LOST: &str = "Recycle Bin: the 2 images cannot be restored once deleted: no active rule holds them";

/// Two images that may go.
fn ready() -> Scene {
    let setup = Scene::new();
    setup.family("web", 2);
    setup
}

fn rule(setup: &Scene, kind: &str, days: u32) -> String {
    setup.world().bin_rule(PROD, EAST, kind, days).put()
}

/// The lines about the bin on stderr.
fn told(ran: &Ran) -> Vec<&str> {
    ran.stderr.lines().filter(|line| line.contains("Recycle Bin:") && !line.starts_with('{')).collect()
}

/// What a run says about the bin, after which two images are gone.
#[track_caller]
fn says(setup: &Scene, line: &str) -> String {
    let ran = setup.run(line).ended(0);
    assert_eq!(setup.left(), [""; 0]);
    told(&ran).join("\n")
}

/// Checks that a run that requires the bin is refused, and that nothing was changed.
#[track_caller]
fn refuses(setup: &Scene, line: &str, said: &str) {
    let ran = setup.run(&format!("{line} --require-recycle-bin -o json")).ended(4);
    let error = ran.error();
    assert_eq!((&error["code"], &error["exit_code"]), (&"NotInRecycleBin".into(), &4.into()), "{}", ran.stderr);
    assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    setup.unchanged();
}

/// The four ways to delete the two images.
fn ways(setup: &Scene) -> [String; 3] {
    let file = setup.home.path().join("plan.json");
    setup.run(&format!("prune --keep 0 --plan-out {}", file.display())).ended(0);
    [
        ALL_AWAY.trim_end_matches(" -o json").to_owned(),
        format!("apply {} --yes", file.display()),
        "deregister web:v1 web:v2 --yes".to_owned(),
    ]
}

#[test]
fn what_would_be_held_is_said_before_it_goes() {
    for n in 0..3 {
        let rows = [((14, 14), HELD), ((14, 30), HELD), ((14, 0), STRANDED), ((0, 14), LOST), ((0, 0), LOST)];
        for (days, said) in part(rows, 3, n) {
            let setup = ready();
            setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), days);
            let line = &ways(&setup)[n];
            assert_eq!(says(&setup, line), said, "{line} {days:?}");
        }
    }
}

#[test]
fn who_requires_the_bin_is_refused_what_it_would_not_hold() {
    for n in 0..3 {
        let rows = [
            ((14, 0), "none holds their snapshots"),
            ((0, 14), "no active rule holds them"),
            ((0, 0), "no active rule holds them"),
        ];
        for (days, said) in part(rows, 3, n) {
            let setup = ready();
            setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), days);
            refuses(&setup, &ways(&setup)[n], said);
        }
        let setup = ready();
        setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), (14, 14));
        let line = format!("{} --require-recycle-bin", ways(&setup)[n]);
        assert_eq!(says(&setup, &line), HELD);
    }
}

#[test]
fn the_warning_comes_even_to_those_who_want_quiet_and_the_rest_does_not() {
    let setup = ready();
    rule(&setup, "EC2_IMAGE", 14);
    let ran = setup.run(&format!("{ALL_AWAY} -q")).ended(0);
    assert_eq!(told(&ran), [STRANDED]);
    let setup = ready();
    assert_eq!(setup.run(&format!("{ALL_AWAY} -q")).ended(0).stderr, "");
}

#[test]
fn snapshots_that_leave_sooner_than_their_images_are_worth_a_warning() {
    let setup = ready();
    rule(&setup, "EC2_IMAGE", 14);
    rule(&setup, "EBS_SNAPSHOT", 7);
    let said = says(&setup, ALL_AWAY);
    let [held, short] = &said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert_eq!(*held, "Recycle Bin: the 2 images can be restored for 7 days");
    assert!(short.starts_with("warning: ") && short.contains("after 7 days, images after 14 days"), "{short}");
}

#[test]
fn a_pending_rule_holds_nothing_yet_and_the_longest_in_force_counts() {
    let setup = ready();
    for kind in ["EC2_IMAGE", "EBS_SNAPSHOT"] {
        setup.world().bin_rule(PROD, EAST, kind, 365).pending().put();
    }
    refuses(&setup, ALL_AWAY.trim_end_matches(" -o json"), "no active rule holds them");
    for kind in ["EC2_IMAGE", "EBS_SNAPSHOT"] {
        rule(&setup, kind, 7);
        rule(&setup, kind, 14);
    }
    assert_eq!(says(&setup, ALL_AWAY), HELD);
}

#[test]
fn rules_by_tag_are_held_against_the_tags_of_images_and_of_snapshots() {
    let setup = Scene::new();
    let put = |name: &str, image: &str, snapshot: &str| {
        let mut world = setup.world();
        let seed = world.image(PROD, EAST, name).created(days_ago(100)).snapshots(2);
        seed.tag("Env", image).snapshot_tag("Env", snapshot).put()
    };
    for kind in ["EC2_IMAGE", "EBS_SNAPSHOT"] {
        let mut world = setup.world();
        world.bin_rule(PROD, EAST, kind, 14).tag("Env", "prod").tag("Env", "stage").put();
    }
    let held = [put("web-v1-2025-01-01", "prod", "prod"), put("web-v2-2025-01-01", "stage", "prod")];
    let stranded = put("web-v3-2025-01-01", "prod", "dev");
    let lost = put("web-v4-2025-01-01", "dev", "prod");
    let expected = [
        "Recycle Bin: 2 of 4 images can be restored for 14 days",
        "warning: Recycle Bin: 1 of 4 images cannot be restored once deleted: a rule holds images, but none holds its snapshots",
        "Recycle Bin: 1 of 4 images cannot be restored once deleted: no active rule holds it",
    ];
    let file = setup.home.path().join("plan.json");
    setup.run(&format!("prune --keep 0 --plan-out {}", file.display())).ended(0);
    refuses(&setup, &format!("apply {} --yes", file.display()), &expected[0]["Recycle Bin: ".len()..]);
    assert_eq!(told(&setup.run(ALL_AWAY).ended(0)), expected);
    // The endpoint agrees, image by image.
    for (id, in_bin) in [(&held[0], true), (&held[1], true), (&stranded, true), (&lost, false)] {
        assert_eq!(setup.world().is_in_recycle_bin(id), in_bin);
    }
    setup.run(&format!("restore {} {}", held[0], held[1])).ended(0);
    setup.run(&format!("restore {stranded}")).ended(4);
}

#[test]
fn what_a_rule_leaves_out_is_not_held() {
    let setup = Scene::new();
    setup.world().bin_rule(PROD, EAST, "EC2_IMAGE", 14).put();
    setup.world().bin_rule(PROD, EAST, "EBS_SNAPSHOT", 14).exclude("Scratch", "yes").put();
    let mut world = setup.world();
    let id = world.image(PROD, EAST, "web-v1-2025-01-01").created(days_ago(100)).snapshot_tag("Scratch", "yes").put();
    drop(world);
    setup.run(&format!("deregister {id} --yes --require-recycle-bin")).ended(4).says(&["none holds its snapshots"]);
    // Snapshots that stay need no rule.
    let line = format!("deregister {id} --yes --keep-snapshots --require-recycle-bin");
    setup.run(&line).ended(0).says(&["Recycle Bin: the image can be restored for 14 days"]);
}

#[test]
fn rules_that_cannot_be_read_are_said_to_be_unknown_and_stop_only_who_requires_them() {
    for (call, fault) in [
        ("ListRules", Fault::error("ListRules", "AccessDeniedException", "No rules for you.")),
        ("GetRule", Fault::error("GetRule", "AccessDeniedException", "No rules for you.")),
    ] {
        let setup = ready();
        rule(&setup, "EC2_IMAGE", 14);
        setup.fake.fault(fault);
        for line in ways(&setup) {
            refuses(&setup, &line, "unknown in us-east-1: No rules for you. [AccessDeniedException]");
        }
        let said = says(&setup, ALL_AWAY);
        assert_eq!(said, "Recycle Bin: unknown in us-east-1: No rules for you. [AccessDeniedException]", "{call}");
    }
    // Tags that decide, and cannot be read.
    let setup = ready();
    rule(&setup, "EC2_IMAGE", 14);
    setup.world().bin_rule(PROD, EAST, "EBS_SNAPSHOT", 14).tag("Env", "prod").put();
    setup.fake.fault(Fault::error("DescribeSnapshots", "UnauthorizedOperation", "No looking.").times(1));
    refuses(&setup, ALL_AWAY.trim_end_matches(" -o json"), "unknown in us-east-1: No looking.");
}

#[test]
fn a_service_that_does_not_answer_holds_nobody_up() {
    let setup = ready();
    setup.fake.fault(Fault::on("ListRules", FaultKind::Hang(seconds(60))));
    let begun = std::time::Instant::now();
    let said = says(&setup, ALL_AWAY);
    assert!(said.contains("unknown in us-east-1: no answer within 10 seconds [RequestTimeout]"), "{said}");
    assert!(begun.elapsed() < seconds(30), "{:?}", begun.elapsed());
}

#[test]
fn rules_are_asked_for_beside_the_other_reads_and_only_when_something_may_go() {
    let setup = ready();
    setup.run("prune --keep 0").ended(0);
    setup.run("orphans").ended(0);
    setup.run("list").ended(0);
    assert_eq!(setup.fake.count("ListRules"), 0);
    // Two of the slowest reads together take as long as one.
    setup.fake.fault(Fault::on("ListRules", FaultKind::Latency(seconds(2))));
    setup.fake.fault(Fault::on("DescribeInstances", FaultKind::Latency(seconds(2))));
    let begun = std::time::Instant::now();
    setup.run("deregister web:v1 --yes --dry-run").ended(0);
    assert!(begun.elapsed() < seconds(4), "{:?}", begun.elapsed());
    let begun = std::time::Instant::now();
    setup.run(&format!("{ALL_AWAY} --dry-run")).ended(0);
    assert!(begun.elapsed() < seconds(4), "{:?}", begun.elapsed());
}

#[test]
fn several_regions_each_have_their_rules() {
    let setup = Scene::new();
    for region in [EAST, WEST] {
        setup.world().image(PROD, region, "web-v1-2025-01-01").created(days_ago(100)).put();
    }
    setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), (14, 14));
    let line = format!("{ALL_AWAY} --region {EAST},{WEST}");
    refuses(
        &setup,
        line.replace(" -o json", "").as_str(),
        "1 of 2 images cannot be restored once deleted: no active rule holds it",
    );
    setup.fake.fault(Fault::error("ListRules", "AccessDeniedException", "no").in_region(WEST));
    let ran = setup.run(&line).ended(0);
    assert_eq!(
        told(&ran),
        [
            "Recycle Bin: the image can be restored for 14 days",
            "Recycle Bin: unknown in us-west-2: no [AccessDeniedException]"
        ]
    );
}

#[test]
fn a_plan_or_a_dry_run_is_held_against_the_bin_where_that_is_asked_for() {
    let setup = ready();
    rule(&setup, "EC2_IMAGE", 14);
    let ran = setup.run("prune --keep 0 --require-recycle-bin -o json").ended(4);
    assert_eq!((&ran.json()["kind"], &ran.error()["code"]), (&"plan".into(), &"NotInRecycleBin".into()));
    refuses(&setup, &format!("{} --dry-run", ALL_AWAY.trim_end_matches(" -o json")), "none holds their snapshots");
    setup.run(&format!("{ALL_AWAY} --dry-run")).ended(0).says(&[STRANDED]);
    setup.run("deregister web:v1 --dry-run --require-recycle-bin").ended(4);
    setup.run("prune web --keep 9 --apply --yes --max-delete 1 --require-recycle-bin").ended(0);
    setup.unchanged();
}

#[test]
fn an_image_of_no_snapshots_never_enters_the_bin() {
    let setup = Scene::new();
    setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), (14, 14));
    let id = setup.world().image(PROD, EAST, "web-v1-2025-01-01").instance_store().put();
    setup
        .run(&format!("deregister {id} --yes"))
        .ended(0)
        .says(&["the image cannot be restored once deleted: no active rule holds it"]);
    assert!(!setup.world().is_in_recycle_bin(&id));
}

#[test]
fn leftover_snapshots_are_asked_about_too() {
    let setup = Scene::new();
    let put = |env: &str| {
        let mut world = setup.world();
        let seed = world.snapshot(PROD, EAST).started(days_ago(100)).tag("Env", env);
        seed.description("Created by CreateImage(i-0123456789abcdef0) for ami-0aaaaaaaaaaaaaaaa").put()
    };
    let (kept, lost) = (put("prod"), put("dev"));
    setup.world().bin_rule(PROD, EAST, "EBS_SNAPSHOT", 7).tag("Env", "prod").put();
    let line = "orphans --apply --yes --max-delete 2";
    refuses(&setup, line, "1 of 2 snapshots cannot be restored once deleted: no active rule holds it");
    refuses(&setup, "orphans", "1 of 2 snapshots cannot be restored once deleted: no active rule holds it");
    let ran = setup.run(line).ended(0);
    assert_eq!(
        told(&ran),
        [
            "Recycle Bin: 1 of 2 snapshots can be restored for 7 days",
            "Recycle Bin: 1 of 2 snapshots cannot be restored once deleted: no active rule holds it"
        ]
    );
    assert!(setup.world().is_in_recycle_bin(&kept));
    assert!(!setup.world().is_in_recycle_bin(&lost));
}

#[test]
fn several_accounts_each_have_their_rules() {
    let setup = Scene::new();
    for account in [PROD, OTHER] {
        setup.world().image(account, EAST, "web-v1-2025-01-01").created(days_ago(100)).put();
    }
    let roles = "--role-arn arn:aws:iam::111111111111:role/ami,arn:aws:iam::222222222222:role/ami";
    setup.world().recycle_bin.insert((PROD.to_owned(), EAST.to_owned()), (14, 14));
    let file = setup.home.path().join("plan.json");
    setup.run(&format!("prune --keep 0 {roles} --plan-out {}", file.display())).ended(0);
    let expected = [
        "Recycle Bin: 1 of 2 images can be restored for 14 days",
        "Recycle Bin: 1 of 2 images cannot be restored once deleted: no active rule holds it",
    ];
    for line in [format!("apply {} --dry-run {roles}", file.display()), format!("{ALL_AWAY} --dry-run {roles}")] {
        assert_eq!(told(&setup.run(&line).ended(0)), expected, "{line}");
    }
    setup.world().recycle_bin.insert((OTHER.to_owned(), EAST.to_owned()), (14, 14));
    let ran = setup.run(&format!("{ALL_AWAY} {roles} --require-recycle-bin")).ended(0);
    assert_eq!(told(&ran), [HELD]);
}

#[test]
fn a_step_that_leaves_the_image_there_asks_nothing_of_the_bin() {
    let setup = ready();
    let policy = setup.home.write(
        "policy.toml",
        "version = 1\n[[rule]]\nfamilies = [\"*\"]\nkeep = 0\nretire = [\"deprecate\", \"deregister@1d\"]\n",
    );
    let line = format!("prune --policy {policy} --apply --yes --max-delete 100% --require-recycle-bin");
    let ran = setup.run(&line).ended(0);
    assert_eq!((told(&ran), setup.left().len()), (Vec::<&str>::new(), 2));
    assert!(setup.changes().contains(&"EnableImageDeprecation".to_owned()), "{:?}", setup.changes());
}
