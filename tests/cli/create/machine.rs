//! `create` from snapshots: boot mode and other properties, volumes, and `--like` another image.

use serde_json::Value;

use crate::fake::{Fault, Image, OTHER, PROD};
use crate::setup::{EAST, Setup};

/// Variables as EC2 gives them.
const UEFI: &str = "QU1aTlVFRkkAAAAA";

/// Makes an image; gives it as the endpoint has it, and what was said.
#[track_caller]
fn made(setup: &Setup, arguments: &str) -> (Image, String) {
    let ran = setup.run(&format!("create web {arguments} -o json")).ended(0);
    (setup.image(ran.json()["images"][0]["id"].as_str().unwrap()), ran.stderr)
}

fn snapshot(setup: &Setup, gib: i64) -> String {
    setup.world().snapshot(PROD, EAST).size(gib).put()
}

/// The volumes of an image: device, snapshot, size and type.
fn volumes(image: &Image) -> Vec<(&str, Option<&str>, i64, &str)> {
    let ebs = image.mappings.iter().filter_map(|m| Some((m.device.as_str(), m.ebs.as_ref()?)));
    ebs.map(|(device, ebs)| (device, ebs.snapshot.as_deref(), ebs.size, ebs.kind.as_str())).collect()
}

#[test]
fn instances_require_imdsv2_unless_that_is_optional_and_it_is_said() {
    let setup = Setup::new();
    let snapshot = snapshot(&setup, 8);
    let (image, said) = made(&setup, &format!("--snapshot {snapshot}"));
    assert_eq!(image.imds.as_deref(), Some("v2.0"));
    assert!(said.contains("its instances will require IMDSv2; --imds optional"), "{said}");
    let (image, said) = made(&setup, &format!("--snapshot {snapshot} --imds v2.0"));
    assert_eq!((image.imds.as_deref(), said.contains("IMDSv2")), (Some("v2.0"), false));
    let (image, said) = made(&setup, &format!("--snapshot {snapshot} --imds optional"));
    assert_eq!((image.imds, said.contains("IMDSv2")), (None, false));
}

#[test]
fn the_boot_mode_the_tpm_and_the_uefi_data_are_as_asked_for() {
    let setup = Setup::new();
    let snapshot = snapshot(&setup, 8);
    let file = setup.home.write("vars.b64", &format!("{}\n{}\n", &UEFI[..8], &UEFI[8..]));
    let line = format!("--snapshot {snapshot} --boot-mode uefi --tpm v2.0 --uefi-data {file}");
    let (image, _) = made(&setup, &line);
    assert_eq!((image.boot_mode.as_deref(), image.tpm.as_deref()), (Some("uefi"), Some("v2.0")));
    assert_eq!(image.uefi_data.as_deref(), Some(UEFI));
    for mode in ["legacy-bios", "uefi-preferred"] {
        let (image, _) = made(&setup, &format!("--snapshot {snapshot} --boot-mode {mode}"));
        assert_eq!((image.boot_mode.as_deref(), image.tpm), (Some(mode), None));
    }
    let (image, _) = made(&setup, &format!("--snapshot {snapshot}"));
    assert_eq!((image.boot_mode, image.uefi_data), (None, None));
}

#[test]
fn every_architecture_of_ec2_can_be_registered() {
    let setup = Setup::new();
    let snapshot = snapshot(&setup, 8);
    for architecture in ["x86_64", "arm64", "i386", "x86_64_mac", "arm64_mac"] {
        let (image, _) = made(&setup, &format!("--snapshot {snapshot} --arch {architecture}"));
        assert_eq!(image.architecture, architecture);
    }
}

#[test]
fn further_volumes_come_from_snapshots_or_start_empty() {
    let setup = Setup::new();
    let (root, data) = (snapshot(&setup, 8), snapshot(&setup, 20));
    let line = format!("--snapshot {root} --volume /dev/sdb={data} --volume /dev/sdc=100 --volume-type gp3");
    let (image, _) = made(&setup, &line);
    assert_eq!(
        volumes(&image),
        [
            ("/dev/xvda", Some(root.as_str()), 8, "gp3"),
            ("/dev/sdb", Some(data.as_str()), 20, "gp3"),
            ("/dev/sdc", None, 100, "gp3")
        ]
    );
    for id in [&root, &data] {
        assert_eq!(setup.world().find_snapshot(id).unwrap().tags["Family"], "web", "{id}");
    }
    let (image, _) = made(&setup, &format!("--snapshot {root} --volume /dev/xvda=40 --volume-type gp2"));
    assert_eq!(volumes(&image), [("/dev/xvda", Some(root.as_str()), 40, "gp2")]);
    let (image, _) = made(&setup, &format!("--snapshot {root}"));
    assert_eq!(volumes(&image), [("/dev/xvda", Some(root.as_str()), 8, "standard")], "what EC2 takes by itself");
}

/// An image of which everything is unusual; gives its id and the snapshots of its volumes.
fn unusual(setup: &Setup) -> (String, Vec<String>) {
    let mut world = setup.world();
    let seed = world.image(PROD, EAST, "api-v3-2026-01-02").architecture("arm64").tpm(UEFI).snapshots(2).size(30);
    let id = seed.blank("/dev/sdf", 5).put();
    let image = world.find_image_mut(&id).unwrap();
    for mapping in &mut image.mappings {
        let ebs = mapping.ebs.as_mut().unwrap();
        if mapping.device == "/dev/xvda" {
            "io2".clone_into(&mut ebs.kind);
            (ebs.iops, ebs.delete_on_termination) = (Some(9000), false);
        }
        if mapping.device == "/dev/sdf" {
            ebs.encrypted = true;
            (ebs.iops, ebs.throughput) = (Some(4000), Some(300));
        }
    }
    let snapshots = image.snapshots().map(str::to_owned).collect();
    (id, snapshots)
}

#[test]
fn an_image_like_another_has_all_that_the_other_has() {
    let setup = Setup::new();
    let root = snapshot(&setup, 10);
    let (like, of_like) = unusual(&setup);
    for reference in ["api", "api:v3", &like] {
        let (image, said) = made(&setup, &format!("--snapshot {root} --like {reference}"));
        assert_eq!((image.architecture.as_str(), image.boot_mode.as_deref()), ("arm64", Some("uefi")));
        assert_eq!((image.tpm.as_deref(), image.uefi_data.as_deref()), (Some("v2.0"), Some(UEFI)));
        assert_eq!(
            (image.imds.as_deref(), said.contains("IMDSv2")),
            (None, false),
            "it does not require IMDSv2 either"
        );
        let expected = [
            ("/dev/xvda", Some(root.as_str()), 30, "io2"),
            ("/dev/sdf", None, 5, "gp3"),
            ("/dev/sdb", Some(of_like[1].as_str()), 30, "gp3"),
        ];
        let mut found = volumes(&image);
        found.sort_by_key(|(device, ..)| expected.iter().position(|(other, ..)| device == other));
        assert_eq!(found, expected);
        let ebs = |device: &str| image.mappings.iter().find(|m| m.device == device).unwrap().ebs.as_ref().unwrap();
        assert_eq!((ebs("/dev/xvda").iops, ebs("/dev/xvda").delete_on_termination), (Some(9000), false));
        assert_eq!(
            (ebs("/dev/sdf").iops, ebs("/dev/sdf").throughput, ebs("/dev/sdf").encrypted),
            (Some(4000), Some(300), true)
        );
    }
    let tags = |id: &str| setup.world().find_snapshot(id).unwrap().tags.clone();
    assert_eq!(tags(&root)["Family"], "web");
    assert!(!tags(&of_like[1]).contains_key("amictl:run"), "a snapshot of the other image is not this family's");
    let calls = setup.calls("DescribeImageAttribute");
    assert!(calls.iter().all(|call| call.params["Attribute"] == "uefiData") && calls.len() == 3);
}

#[test]
fn what_is_given_counts_for_more_than_the_other_image() {
    let setup = Setup::new();
    let root = snapshot(&setup, 40);
    unusual(&setup);
    let line = format!(
        "--snapshot {root} --like api --arch x86_64 --root-device /dev/sda1 --boot-mode legacy-bios --imds v2.0 \
         --volume-type gp2 --volume /dev/sdb=7"
    );
    let (image, _) = made(&setup, &line);
    assert_eq!((image.architecture.as_str(), image.boot_mode.as_deref()), ("x86_64", Some("legacy-bios")));
    assert_eq!((image.tpm, image.uefi_data, image.imds.as_deref()), (None, None, Some("v2.0")), "what needs UEFI goes");
    let mut found: Vec<_> = image.mappings.iter().map(|m| (m.device.as_str(), m.ebs.as_ref().unwrap())).collect();
    found.sort_by_key(|(device, _)| *device);
    let found: Vec<_> =
        found.into_iter().map(|(device, ebs)| (device, ebs.size, ebs.kind.as_str(), ebs.iops)).collect();
    // The snapshot is larger than the volume of the other image: the volume is as large as the snapshot.
    assert_eq!(found, [("/dev/sda1", 40, "gp2", None), ("/dev/sdb", 7, "gp2", None), ("/dev/sdf", 5, "gp2", None)]);
    let file = setup.home.write("vars", "QUJD");
    setup.fake.forget_calls();
    let (image, _) = made(&setup, &format!("--snapshot {root} --like api --uefi-data {file} --volume /dev/xvda=50"));
    assert_eq!((image.uefi_data.as_deref(), setup.fake.count("DescribeImageAttribute")), (Some("QUJD"), 0));
}

#[test]
fn uefi_data_that_cannot_be_read_are_not_left_out_without_a_word() {
    let setup = Setup::new();
    let root = snapshot(&setup, 40);
    unusual(&setup);
    setup.fake.fault(Fault::error("DescribeImageAttribute", "UnauthorizedOperation", "Not you.").times(1));
    let ran = setup.run(&format!("create web --snapshot {root} --like api -o json")).ended(1);
    assert_eq!(ran.error()["code"], "UnauthorizedOperation");
    ran.says(&["the UEFI data of api-v3-2026-01-02", "Not you.", "ec2:DescribeImageAttribute"]);
    let theirs = setup.world().image(OTHER, EAST, "base").tpm(UEFI).shared_with(PROD).put();
    setup
        .run(&format!("create web --snapshot {root} --like {theirs}"))
        .ended(1)
        .says(&["only its owner can read them"]);
    setup.unchanged();
    let plain = setup.world().image(OTHER, EAST, "plain").snapshots(1).shared_with(PROD).put();
    setup.run(&format!("create web --snapshot {root} --like {plain}")).ended(0);
}

#[test]
fn what_ec2_would_refuse_is_refused_before_it_is_asked() {
    let setup = Setup::new();
    let (root, data) = (snapshot(&setup, 8), snapshot(&setup, 20));
    let file = setup.home.write("vars", "QUJD");
    for (arguments, said) in [
        ("--tpm v2.0".to_owned(), "a TPM needs the boot mode uefi, and the boot mode is not given"),
        ("--tpm v2.0 --boot-mode uefi-preferred".to_owned(), "the boot mode is uefi-preferred"),
        (format!("--uefi-data {file} --boot-mode legacy-bios"), "UEFI data need the boot mode uefi"),
        ("--arch arm64 --boot-mode legacy-bios".to_owned(), "arm64 has no legacy-bios"),
        (format!("--volume /dev/sdb={data} --volume /dev/sdb=8"), "two volumes are named for the device /dev/sdb"),
        (format!("--volume /dev/xvda={data}"), "two volumes are named for the device /dev/xvda"),
        ("--volume-type standard --volume /dev/sdb=2000".to_owned(), "standard, which has 1 to 1024 GiB"),
    ] {
        let ran = setup.run(&format!("create web --snapshot {root} {arguments} -o json")).ended(2);
        let error = ran.error();
        assert!(error["message"].as_str().unwrap().contains(said), "{arguments}: {error}");
        assert!(error["hint"].as_str().unwrap().len() > 10, "{arguments}: {error}");
    }
    assert!(setup.fake.calls().is_empty(), "nothing was asked");
    let small = setup.run(&format!("create web --snapshot {data} --volume /dev/xvda=19 -o json")).ended(2);
    let error = small.error();
    assert!(error["message"].as_str().unwrap().contains(&format!("of 19 GiB is smaller than {data} of 20 GiB")));
    assert_eq!(error["hint"], "give --volume /dev/xvda=20 or more, or leave the size out");
    setup.unchanged();
}

#[test]
fn a_snapshot_of_a_volume_that_cannot_be_used_is_named() {
    let setup = Setup::new();
    let root = snapshot(&setup, 8);
    let (foreign, shared, pending, archived) = {
        let mut world = setup.world();
        (
            world.snapshot(OTHER, EAST).put(),
            world.snapshot(OTHER, EAST).shared_with(PROD).put(),
            world.snapshot(PROD, EAST).state("pending").put(),
            world.snapshot(PROD, EAST).tier("archive").put(),
        )
    };
    for (id, said) in [
        (&foreign, "a snapshot of another account must be shared with this one"),
        (&pending, "is pending, not completed"),
        (&archived, "aws ec2 restore-snapshot-tier --region us-east-1 --snapshot-id"),
    ] {
        let ran = setup.run(&format!("create web --snapshot {root} --volume /dev/sdb={id}")).ended(1);
        ran.says(&[id, said]);
    }
    setup.unchanged();
    setup.run(&format!("create web --snapshot {root} --volume /dev/sdb={shared} --no-snapshot-tags")).ended(0);
}

#[test]
fn no_error_quotes_what_is_in_a_file_of_uefi_data() {
    let setup = Setup::new();
    let line = |file: &str| format!("create web --snapshot snap-0123456789abcdef0 --boot-mode uefi --uefi-data {file}");
    let missing = setup.home.path().join("none");
    for (file, why) in [
        (setup.home.write("secret", "BEGIN-PRIVATE-KEY!"), "it is not base64"),
        (setup.home.write("empty", ""), "it is empty"),
        (setup.home.write("long", &"QUJD".repeat(16_001)), "it has more than 64000 characters"),
        (setup.home.write("huge", &"QUJD".repeat(100_000)), "it has more than 64000 characters"),
        (missing.display().to_string(), "No such file"),
    ] {
        let hint = if why == "No such file" { "hint: check the path" } else { "hint: aws ec2 get-instance-uefi-data" };
        let ran = setup.run(&line(&file)).ended(2).says(&[&file, why, hint]);
        assert!(!ran.stderr.contains("PRIVATE") && !ran.stderr.contains("QUJD"), "{}", ran.stderr);
    }
    let binary = setup.home.path().join("binary");
    std::fs::write(&binary, [0xff, 0xfe, 0x00, 0x41]).unwrap();
    setup.run(&line(&binary.display().to_string())).ended(2).says(&["it is not base64"]);
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn the_options_of_snapshots_do_not_go_with_an_instance() {
    let setup = Setup::new();
    for option in [
        "--like web",
        "--boot-mode uefi",
        "--imds optional",
        "--tpm v2.0",
        "--uefi-data file",
        "--volume-type gp3",
        "--volume /dev/sdb=8",
    ] {
        let line = format!("create web --instance i-0123456789abcdef0 {option}");
        setup.run(&line).ended(2).says(&["cannot be used with"]);
    }
    for (option, said) in [
        ("--boot-mode bios", "legacy-bios, uefi, uefi-preferred"),
        ("--imds v1.0", "v2.0, optional"),
        ("--tpm v1.2", "v2.0"),
        ("--volume-type io2", "gp3, gp2, standard"),
        ("--volume /dev/sdb", "give DEVICE=SNAPSHOT or DEVICE=SIZE in GiB"),
        ("--volume /dev/sdb=0", "give DEVICE=SNAPSHOT or DEVICE=SIZE in GiB"),
    ] {
        setup.run(&format!("create web --snapshot snap-0123456789abcdef0 {option}")).ended(2).says(&[said]);
    }
    assert!(setup.fake.calls().is_empty());
}

#[test]
fn nothing_is_made_like_an_image_that_is_not_whole() {
    let setup = Setup::new();
    let root = snapshot(&setup, 8);
    for (state, said) in [("pending", "wait for it with: amictl wait ami-"), ("failed", "name another image")] {
        let name = format!("{state}-v1-2026-01-02");
        let id = setup.world().image(PROD, EAST, &name).state(state).put();
        let ran = setup.run(&format!("create web --snapshot {root} --like {id}")).ended(1);
        ran.says(&[&format!("is {state}: nothing can be made like it"), said]);
    }
    setup.unchanged();
}

#[test]
fn a_dry_run_asks_ec2_for_the_same_image() {
    let setup = Setup::new();
    let root = snapshot(&setup, 8);
    unusual(&setup);
    setup.run(&format!("create web --snapshot {root} --like api --dry-run")).ended(0);
    let call = &setup.calls("RegisterImage")[0];
    assert!(call.dry_run);
    let params = ["BootMode", "TpmSupport", "UefiData", "Architecture"].map(|name| call.params[name].clone());
    assert_eq!(params, ["uefi", "v2.0", UEFI, "arm64"]);
    assert_eq!(call.params.get("ImdsSupport"), None);
    setup.unchanged();
}

#[test]
fn an_image_like_one_that_is_billed_otherwise_says_what_may_be_lost() {
    let setup = Setup::new();
    let root = snapshot(&setup, 40);
    let windows = setup.world().image(PROD, EAST, "win-v1-2026-01-02").windows().put();
    let ran = setup.run(&format!("create web --snapshot {root} --like {windows} -o json")).ended(0);
    let warning: Value = ran.json()["images"][0]["id"].clone();
    assert!(warning.is_string() && ran.stderr.contains("warning: win-v1-2026-01-02"), "{}", ran.stderr);
}
