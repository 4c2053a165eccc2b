//! `template`: the contents of the first version, and of those made from another one.

use serde_json::json;

use super::{data, ready, template};
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup, WEST, each};

#[test]
fn a_new_template_has_what_was_given_and_requires_imdsv2() {
    let (setup, first, _) = ready();
    let subnet = setup.world().subnets(PROD, EAST)[1].clone();
    let group = setup.world().groups(PROD, EAST).next().unwrap().id.clone();
    setup.world().add_key_pair(PROD, EAST, "ops");
    setup.world().add_profile(PROD, "web-role");
    let script = setup.home.write("boot.sh", "#!/bin/sh\n");
    let found = setup.json(&format!(
        "template web --image web:v1 --type t3.small --key-name ops --subnet {subnet} --security-group {group} \
         --instance-profile web-role --spot --name front --tag Team=core --user-data {script}"
    ));
    let made = template(&setup, "web");
    let expected = json!({"version": 1, "templates": [{
        "id": made.id, "name": "web", "account": PROD, "region": EAST, "version": 1, "default": 1, "image": first,
        "image_id": first, "image_name": "web-v1-2026-01-01", "changed": true, "groups": [], "warnings": [], "error": null,
    }]});
    assert_eq!(found, expected);
    assert!(made.tags["amictl:created-by"].starts_with("amictl/"), "{:?}", made.tags);
    let said = data(&setup, "web", 1);
    for (name, value) in [
        ("ImageId", first.as_str()),
        ("InstanceType", "t3.small"),
        ("KeyName", "ops"),
        ("NetworkInterface.1.DeviceIndex", "0"),
        ("NetworkInterface.1.SubnetId", &subnet),
        ("NetworkInterface.1.SecurityGroupId.1", &group),
        ("IamInstanceProfile.Name", "web-role"),
        ("InstanceMarketOptions.MarketType", "spot"),
        ("MetadataOptions.HttpTokens", "required"),
        ("UserData", "IyEvYmluL3NoCg=="),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", "front"),
        ("TagSpecification.2.ResourceType", "volume"),
        ("TagSpecification.2.Tag.2.Value", "core"),
    ] {
        assert_eq!(said.get(name).map(String::as_str), Some(value), "{name}: {said:#?}");
    }
    assert_eq!(setup.changes(), ["CreateLaunchTemplate"]);
    let launched = setup.json("launch --template web");
    let id = launched["instances"][0]["id"].as_str().unwrap().to_owned();
    let instance = setup.world().find_instance(&id).unwrap().clone();
    assert_eq!((instance.subnet, instance.groups[0].0.clone(), instance.image), (subnet, group, first));
}

#[test]
fn imdsv1_is_allowed_only_where_it_is_asked_for() {
    let (setup, ..) = ready();
    setup.run("template old --image web --type t3.micro --imds optional").ended(0);
    assert_eq!(data(&setup, "old", 1)["MetadataOptions.HttpTokens"], "optional");
    setup.run("template old --image web:v1").ended(0);
    assert_eq!(data(&setup, "old", 2)["MetadataOptions.HttpTokens"], "optional", "the version before says it");
    setup.world().launch_template(PROD, EAST, "silent").image("ami-0123456789abcdef0").put();
    setup.run("template silent --image web").ended(0).says(&["will require IMDSv2; --imds optional"]);
    assert_eq!(data(&setup, "silent", 2)["MetadataOptions.HttpTokens"], "required");
    let hops = [
        ("ImageId", "ami-0123456789abcdef0"),
        ("MetadataOptions.HttpTokens", "optional"),
        ("MetadataOptions.HttpPutResponseHopLimit", "2"),
        ("MetadataOptions.InstanceMetadataTags", "enabled"),
    ];
    setup.world().launch_template(PROD, EAST, "hops").version(&hops).put();
    setup.run("template hops --image web --imds v2.0").ended(0);
    let said = data(&setup, "hops", 2);
    assert_eq!(said["MetadataOptions.HttpTokens"], "required");
    assert_eq!(said["MetadataOptions.HttpPutResponseHopLimit"], "2");
    assert_eq!(said["MetadataOptions.InstanceMetadataTags"], "enabled");
}

#[test]
fn a_new_version_inherits_what_is_not_given() {
    let (setup, first, second) = ready();
    setup.world().add_key_pair(PROD, EAST, "ops");
    setup.run("template web --image web:v1 --type t3.small --key-name ops --tag Team=core --tag Tier=a").ended(0);
    setup.run("template web --image web:v2 --tag Tier=b --type t3.large").ended(0);
    let said = data(&setup, "web", 2);
    assert_eq!((said["ImageId"].as_str(), said["InstanceType"].as_str()), (second.as_str(), "t3.large"));
    assert_eq!((said["KeyName"].as_str(), said["MetadataOptions.HttpTokens"].as_str()), ("ops", "required"));
    for kind in 1..=2 {
        let tags: Vec<_> =
            (1..=2).map(|tag| said[&format!("TagSpecification.{kind}.Tag.{tag}.Value")].as_str()).collect();
        assert_eq!(tags, ["core", "b"]);
    }
    assert_eq!(data(&setup, "web", 1)["ImageId"], first, "versions never change");
}

#[test]
fn snapshots_stay_but_for_those_that_the_image_brings() {
    let (setup, first, second) = ready();
    let (root, data_volume) = (setup.snapshots_of(&first).remove(0), setup.world().snapshot(PROD, EAST).put());
    let device = setup.image(&first).root_device.clone();
    let version = [
        ("ImageId", first.as_str()),
        ("InstanceType", "t3.micro"),
        ("BlockDeviceMapping.1.DeviceName", &device),
        ("BlockDeviceMapping.1.Ebs.SnapshotId", &root),
        ("BlockDeviceMapping.1.Ebs.VolumeType", "gp3"),
        ("BlockDeviceMapping.1.Ebs.Iops", "4000"),
        ("BlockDeviceMapping.1.Ebs.Throughput", "250"),
        ("BlockDeviceMapping.2.DeviceName", "/dev/sdf"),
        ("BlockDeviceMapping.2.Ebs.SnapshotId", &data_volume),
        ("BlockDeviceMapping.2.Ebs.DeleteOnTermination", "true"),
        ("BlockDeviceMapping.2.Ebs.KmsKeyId", "alias/data"),
        ("BlockDeviceMapping.2.Ebs.Encrypted", "true"),
        ("BlockDeviceMapping.3.DeviceName", "/dev/sdg"),
        ("BlockDeviceMapping.3.VirtualName", "ephemeral0"),
    ];
    setup.world().launch_template(PROD, EAST, "web").version(&version).put();
    setup.run("template web --image web:v2 --default").ended(0);
    let said = data(&setup, "web", 2);
    let volumes: Vec<_> = said.iter().filter(|(name, _)| name.starts_with("BlockDevice")).collect();
    let expected: Vec<_> =
        version[2..].iter().filter(|(name, _)| *name != "BlockDeviceMapping.1.Ebs.SnapshotId").collect();
    let mut expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    expected.sort();
    assert_eq!(volumes, expected.iter().map(|(name, value)| (name, value)).collect::<Vec<_>>());
    assert_eq!(said["ImageId"], second);
}

#[test]
fn a_snapshot_is_not_kept_by_guess() {
    let (setup, first, second) = ready();
    let device = setup.image(&first).root_device.clone();
    let gone = [
        ("ImageId", "ami-0123456789abcdef0"),
        ("BlockDeviceMapping.1.DeviceName", device.as_str()),
        ("BlockDeviceMapping.1.Ebs.SnapshotId", "snap-0123456789abcdef0"),
    ];
    setup.world().launch_template(PROD, EAST, "gone").version(&gone).put();
    let ran = setup.run("template gone --image web:v2 -o json").ended(4);
    assert_eq!(ran.error()["code"], "TemplateVolumes");
    let small = [
        ("ImageId", first.as_str()),
        ("BlockDeviceMapping.1.DeviceName", &device),
        ("BlockDeviceMapping.1.Ebs.VolumeSize", "1"),
    ];
    setup.world().launch_template(PROD, EAST, "small").version(&small).put();
    let ran = setup.run("template small --image web:v2 -o json").ended(4);
    let message = ran.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("1 GiB") && message.contains(&second), "{message}");
    setup.unchanged();
}

#[test]
fn what_a_version_cannot_take_away_is_refused() {
    let (setup, first, _) = ready();
    let subnet = setup.world().subnets(PROD, EAST)[0].clone();
    let group = setup.world().groups(PROD, EAST).next().unwrap().id.clone();
    let grouped = [("ImageId", first.as_str()), ("SecurityGroupId.1", &group)];
    setup.world().launch_template(PROD, EAST, "grouped").version(&grouped).put();
    let ran = setup.run(&format!("template grouped --image web --subnet {subnet} -o json")).ended(4);
    assert_eq!(ran.error()["code"], "TemplateContents");
    assert!(ran.error()["hint"].as_str().unwrap().contains("amictl template NAME"), "{}", ran.error());
    setup.unchanged();
    let made = format!("template own --image web:v1 --type t3.micro --subnet {subnet} --security-group {group}");
    setup.run(&made).ended(0);
    let other = setup.world().subnets(PROD, EAST)[1].clone();
    setup.run(&format!("template own --image web:v1 --subnet {other}")).ended(0);
    let said = data(&setup, "own", 2);
    assert_eq!(said["NetworkInterface.1.SubnetId"], other);
    assert_eq!(said["NetworkInterface.1.SecurityGroupId.1"], group);
}

#[test]
fn each_region_gets_its_own_image() {
    let (setup, ..) = ready();
    let west = setup.world().image(PROD, WEST, "web-v5-2026-01-05").put();
    let east = setup.world().image_named(PROD, EAST, "web-v2-2026-01-02").unwrap().id.clone();
    let line = "template web --image web --type t3.micro --region us-east-1,us-west-2";
    let found = setup.json(line);
    assert_eq!(each(&found["templates"], "region"), [EAST, WEST]);
    assert_eq!(each(&found["templates"], "image"), [east, west]);
    let line = "template api --image web:v5 --type t3.micro --region us-east-1,us-west-2 -o json";
    setup.run(line).ended(1).says(&["nothing is called 'web:v5'"]);
    assert!(setup.world().templates(PROD, WEST).all(|template| template.name != "api"), "nothing is written anywhere");
}

#[test]
fn a_region_that_fails_does_not_stop_the_others() {
    let (setup, ..) = ready();
    setup.world().image(PROD, WEST, "web-v5-2026-01-05").put();
    setup.fake.fault(
        Fault::error("CreateLaunchTemplate", "UnauthorizedOperation", "You are not authorized.").in_region(WEST),
    );
    let line = "template web --image web --type t3.micro --region us-east-1,us-west-2 -o json";
    let ran = setup.run(line).ended(3);
    assert_eq!(ran.error()["code"], "UnauthorizedOperation");
    let found = ran.json();
    assert_eq!(found["templates"][0]["version"], 1);
    assert_eq!(found["templates"][1]["error"]["code"], "UnauthorizedOperation");
    assert_eq!(found["templates"][1]["id"], json!(null));
}

#[test]
fn bad_input_is_refused_before_any_call() {
    let setup = Setup::new();
    for (arguments, said) in [
        ("w --image web --type t3.micro", "a template name has 3 to 128"),
        ("web:3 --image web --type t3.micro", "a template name has 3 to 128"),
        ("web --type t3.micro", "--image"),
        ("web --image /golden/web --type t3.micro", "ssm:/golden/web"),
        ("web --image web --imds v1", "--imds"),
        ("web --image web --type t3.micro --tag a=b --tag a=c", "tag 'a' is given twice"),
        ("web --image web --type t3.micro --user-data /nowhere/boot.sh", "/nowhere/boot.sh: No such file"),
        ("web --image web --type t3.micro --subnet vpc-0123456789abcdef0", "subnet-0123456789abcdef0"),
    ] {
        setup.run(&format!("template {arguments}")).ended(2).says(&[said]);
    }
    assert!(setup.fake.calls().is_empty(), "{:?}", setup.fake.calls());
    let (setup, ..) = ready();
    setup.run("template web --image web").ended(2).says(&["a new one needs --type"]);
    setup.unchanged();
}
