//! Tests of registrations built from options and another image.

use super::*;

fn snap(n: u32) -> SnapshotId {
    format!("snap-{n:08x}").parse().unwrap()
}

fn wanted() -> Wanted {
    Wanted {
        snapshot: snap(1),
        architecture: None,
        root_device: None,
        boot_mode: None,
        imds_v2: None,
        tpm: false,
        uefi_data: None,
        volume_type: None,
        volumes: Vec::new(),
    }
}

fn volumes(all: &[&str]) -> Vec<NamedVolume> {
    all.iter().map(|text| text.parse().unwrap()).collect()
}

/// An image with every optional field set.
fn like() -> Registration {
    let root = Volume {
        size_gib: Some(30),
        kind: Some("io2".to_owned()),
        iops: Some(4000),
        delete_on_termination: false,
        named: false,
        ..Volume::new("/dev/sda1", Contents::Snapshot(snap(7)))
    };
    let data = Volume { named: false, size_gib: Some(50), ..Volume::new("/dev/sdb", Contents::Snapshot(snap(8))) };
    Registration {
        architecture: "arm64".to_owned(),
        boot_mode: Some("uefi".to_owned()),
        imds_v2: false,
        tpm: true,
        uefi_data: "QUJD".parse().ok(),
        ena: true,
        sriov: None,
        root_device: "/dev/sda1".to_owned(),
        volumes: vec![root, data],
    }
}

fn found(id: SnapshotId, size_gib: i64) -> Snapshot {
    Snapshot {
        id,
        state: "completed".to_owned(),
        percent: 100,
        size_gib,
        full_bytes: None,
        kms_key: None,
        tier: None,
        volume_id: None,
        started_at: None,
        description: String::new(),
        tags: crate::domain::tags::Tags::new(),
    }
}

#[test]
fn imdsv2_is_required_where_nobody_says_otherwise() {
    let made = wanted().registration(None).unwrap();
    assert_eq!((made.imds_v2, made.tpm, made.boot_mode.as_deref()), (true, false, None));
    assert_eq!((made.architecture.as_str(), made.root_device.as_str()), ("x86_64", "/dev/xvda"));
    assert!(!Wanted { imds_v2: Some(false), ..wanted() }.registration(None).unwrap().imds_v2);
}

#[test]
fn a_tpm_and_uefi_data_need_uefi() {
    let mode = |mode: &str| Some(mode.to_owned());
    for boot_mode in [None, mode("legacy-bios"), mode("uefi-preferred")] {
        let tpm = Wanted { tpm: true, boot_mode: boot_mode.clone(), ..wanted() };
        assert!(matches!(tpm.registration(None), Err(Impossible::Tpm(_))), "{boot_mode:?}");
        let data = Wanted { uefi_data: "QUJD".parse().ok(), boot_mode: boot_mode.clone(), ..wanted() };
        assert!(matches!(data.registration(None), Err(Impossible::UefiData(_))), "{boot_mode:?}");
    }
    let both = Wanted { tpm: true, uefi_data: "QUJD".parse().ok(), boot_mode: mode("uefi"), ..wanted() };
    let made = both.registration(None).unwrap();
    assert!(made.tpm && made.uefi_data.is_some());
    let arm = Wanted { architecture: mode("arm64"), boot_mode: mode("legacy-bios"), ..wanted() };
    assert_eq!(arm.registration(None), Err(Impossible::Bios("arm64".to_owned())));
}

#[test]
fn another_image_gives_all_that_is_not_asked_for() {
    let made = wanted().registration(Some(&like())).unwrap();
    let expected = like();
    assert_eq!((&made.architecture, &made.boot_mode, made.tpm), (&expected.architecture, &expected.boot_mode, true));
    assert_eq!((made.imds_v2, &made.uefi_data, &made.root_device), (false, &expected.uefi_data, &expected.root_device));
    assert_eq!(made.snapshots(), [snap(1), snap(8)].into());
    assert_eq!(made.named_snapshots(), [snap(1)].into());
    let root = &made.volumes[0];
    assert_eq!((root.iops, root.size_gib, root.delete_on_termination), (Some(4000), Some(30), false));
}

#[test]
fn what_is_asked_for_counts_for_more_than_another_image() {
    let asked = Wanted {
        architecture: Some("x86_64".to_owned()),
        root_device: Some("/dev/xvda".to_owned()),
        boot_mode: Some("legacy-bios".to_owned()),
        imds_v2: Some(true),
        volume_type: Some("gp3".to_owned()),
        volumes: volumes(&["/dev/sdb=9", "/dev/xvda=40"]),
        ..wanted()
    };
    let made = asked.registration(Some(&like())).unwrap();
    assert_eq!((made.architecture.as_str(), made.boot_mode.as_deref()), ("x86_64", Some("legacy-bios")));
    assert!(made.imds_v2 && !made.tpm && made.uefi_data.is_none(), "what needs UEFI goes with it");
    assert_eq!(made.snapshots(), [snap(1)].into());
    let [root, data] = &made.volumes[..] else { panic!("{:?}", made.volumes) };
    assert_eq!((root.device.as_str(), root.size_gib, root.kind.as_deref()), ("/dev/xvda", Some(40), Some("gp3")));
    assert_eq!((root.iops, data.size_gib, data.kind.as_deref()), (None, Some(9), Some("gp3")));
}

#[test]
fn a_device_has_one_volume() {
    for named in [&["/dev/sdb=8", "/dev/sdb=9"][..], &["/dev/xvda=snap-00000002"], &["/dev/xvda=9", "/dev/xvda=10"]] {
        let asked = Wanted { volumes: volumes(named), ..wanted() };
        assert!(matches!(asked.registration(None), Err(Impossible::Device(_))), "{named:?}");
    }
    let moved = Wanted { root_device: Some("/dev/sdb".to_owned()), ..wanted() };
    assert_eq!(moved.registration(Some(&like())), Err(Impossible::Device("/dev/sdb".to_owned())));
}

#[test]
fn a_size_that_is_asked_for_holds_the_snapshot_and_one_of_another_image_gives_way() {
    let asked = Wanted { volumes: volumes(&["/dev/xvda=10"]), ..wanted() };
    let made = asked.registration(None).unwrap();
    assert!(made.clone().over(&[found(snap(1), 10)]).is_ok());
    let small = made.over(&[found(snap(1), 11)]).unwrap_err();
    assert!(matches!(small, Impossible::Small { size: 10, least: 11, .. }));
    assert_eq!(small.hint(), "give --volume /dev/xvda=11 or more, or leave the size out");
    let like = wanted().registration(Some(&like())).unwrap();
    assert_eq!(like.clone().over(&[found(snap(1), 30)]).unwrap().volumes[0].size_gib, Some(30));
    assert_eq!(like.over(&[found(snap(1), 31)]).unwrap().volumes[0].size_gib, None);
}

#[test]
fn a_size_suits_the_type() {
    let asked = Wanted { volume_type: Some("standard".to_owned()), ..wanted() };
    let made = asked.registration(None).unwrap();
    assert!(made.clone().over(&[found(snap(1), 1024)]).is_ok());
    assert!(matches!(made.over(&[found(snap(1), 1025)]), Err(Impossible::Size { size: 1025, .. })));
    let blank = Wanted { volumes: volumes(&["/dev/sdb=1025"]), ..asked };
    assert!(matches!(blank.registration(None), Err(Impossible::Size { .. })), "before anything is asked of EC2");
}
