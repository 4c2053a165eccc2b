//! RegisterImage, and the settings of an existing image for registering one like it.

use anyhow::Result;
use aws_sdk_ec2::types::{
    ArchitectureValues, BlockDeviceMapping, BootModeValues, EbsBlockDevice, ImageAttributeName, ImdsSupportValues,
    ResourceType, TpmSupportValues, VirtualizationType, VolumeType,
};

use super::client::convert::tag_specification;
use super::client::error::{ApiError, api};
use super::client::lost_answers::Attempts;
use super::client::target::Target;
use super::image_request::Request;
use crate::domain::failure::{Failure, Kind};
use crate::domain::image::Image;
use crate::domain::naming::ImageName;
use crate::domain::registration::Registration;
use crate::domain::tags::Tags;
use crate::domain::uefi::UefiData;
use crate::domain::volume::{Contents, Volume};

const CALL: &str = "RegisterImage";
const ATTRIBUTE: &str = "DescribeImageAttribute";

/// The settings of an image for registering another like it. UEFI data take a call of their own, made only if wanted.
pub async fn like(target: &Target, image: &Image, uefi_data: bool) -> Result<Registration> {
    let call = target.ec2.describe_images().image_ids(image.id.as_str());
    let answer = call.include_disabled(true).include_deprecated(true).send().await;
    let answer = answer.map_err(api("DescribeImages", &target.region))?;
    let Some(found) = answer.images().first() else {
        let message = format!("{} in {} is not there any more", image.label(), target.region);
        return Err(Failure::new(Kind::Failed, "InvalidAMIID.NotFound", message).into());
    };
    if found.virtualization_type().is_some_and(|kind| *kind != VirtualizationType::Hvm) {
        let message = format!("{} is no HVM image, and no other kind can be made from a snapshot", image.label());
        let failure = Failure::new(Kind::Failed, "InvalidParameterValue", message);
        return Err(failure.hint("leave --like out, and give the settings that the image needs").into());
    }
    let boot_mode = found.boot_mode().map(|mode| mode.as_str().to_owned());
    // Without UEFI there are no such data; arm64 always has UEFI, whatever the boot mode says.
    let uefi = boot_mode.as_deref().is_some_and(|mode| mode.starts_with("uefi"))
        || found.architecture() == Some(&ArchitectureValues::Arm64);
    let uefi_data = if uefi && uefi_data { self::uefi_data(target, image).await? } else { None };
    let plain = Registration::plain();
    Ok(Registration {
        architecture: found.architecture().map_or(plain.architecture, |name| name.as_str().to_owned()),
        boot_mode,
        imds_v2: found.imds_support() == Some(&ImdsSupportValues::V20),
        tpm: found.tpm_support() == Some(&TpmSupportValues::V20),
        uefi_data,
        ena: found.ena_support().unwrap_or(false),
        sriov: found.sriov_net_support().map(str::to_owned),
        root_device: found.root_device_name().map_or(plain.root_device, str::to_owned),
        volumes: found.block_device_mappings().iter().filter_map(volume).collect(),
    })
}

/// The UEFI variables of an image, which EC2 shows only to the owner.
async fn uefi_data(target: &Target, image: &Image) -> Result<Option<UefiData>> {
    let call = target.ec2.describe_image_attribute().image_id(image.id.as_str());
    let answer = call.attribute(ImageAttributeName::UefiData).send().await.map_err(api(ATTRIBUTE, &target.region));
    let problem = |code: String, why: String, hint: &str| {
        let message = format!("the UEFI data of {} in {} are unknown: {why}", image.label(), target.region);
        Failure::new(Kind::Failed, code, message).hint(hint)
    };
    match answer {
        Ok(answer) => match answer.uefi_data().and_then(|data| data.value()).filter(|data| !data.is_empty()) {
            None => Ok(None),
            Some(data) => match data.parse() {
                Ok(data) => Ok(Some(data)),
                Err(why) => {
                    let why = format!("{why}");
                    Err(problem("UnreadableResponse".to_owned(), why, "give --uefi-data FILE").into())
                }
            },
        },
        Err(error) => {
            let hint = match image.own {
                true => "allow ec2:DescribeImageAttribute, or give --uefi-data FILE",
                false => "only its owner can read them: give --uefi-data FILE, or leave --like out",
            };
            Err(problem(error.code.clone(), error.message.clone(), hint).into())
        }
    }
}

/// A device without snapshot, size or instance store volume is one that the image omits.
fn volume(mapping: &BlockDeviceMapping) -> Option<Volume> {
    let device = mapping.device_name()?;
    let Some(ebs) = mapping.ebs() else {
        let disk = Contents::InstanceStore(mapping.virtual_name()?.to_owned());
        return Some(Volume { named: false, ..Volume::new(device, disk) });
    };
    let contents = match ebs.snapshot_id() {
        Some(id) => Contents::Snapshot(id.parse().ok()?),
        None => Contents::Blank { encrypted: ebs.encrypted().unwrap_or(false) },
    };
    // EC2 also shows the IOPS included in gp2 and standard, but accepts only provisioned values.
    let kind = ebs.volume_type().map(|kind| kind.as_str().to_owned());
    let bought = |kinds: &[&str]| kind.as_deref().is_some_and(|kind| kinds.contains(&kind));
    Some(Volume {
        size_gib: ebs.volume_size(),
        iops: ebs.iops().filter(|_| bought(&["gp3", "io1", "io2"])),
        throughput: ebs.throughput().filter(|_| bought(&["gp3"])),
        delete_on_termination: ebs.delete_on_termination().unwrap_or(true),
        named: false,
        kind,
        ..Volume::new(device, contents)
    })
}

fn mapping(volume: &Volume) -> BlockDeviceMapping {
    let mapping = BlockDeviceMapping::builder().device_name(&volume.device);
    let ebs = EbsBlockDevice::builder()
        .delete_on_termination(volume.delete_on_termination)
        .set_volume_size(volume.size_gib)
        .set_volume_type(volume.kind.as_deref().map(VolumeType::from))
        .set_iops(volume.iops)
        .set_throughput(volume.throughput);
    match &volume.contents {
        Contents::Snapshot(id) => mapping.ebs(ebs.snapshot_id(id.as_str()).build()),
        // `false` is left out, so that the account's default encryption applies.
        Contents::Blank { encrypted } => mapping.ebs(ebs.set_encrypted(encrypted.then_some(true)).build()),
        Contents::InstanceStore(disk) => mapping.virtual_name(disk),
    }
    .build()
}

/// Registers the image and returns its id as EC2 writes it.
pub(super) async fn send(
    target: &Target,
    request: &Request,
    registration: &Registration,
    name: &ImageName,
    tags: &Tags,
    dry_run: bool,
) -> Result<Option<String>, ApiError> {
    let attempts = Attempts::default();
    let answer = target
        .ec2
        .register_image()
        .name(name.to_string())
        .set_description(request.image.description.clone())
        .architecture(ArchitectureValues::from(registration.architecture.as_str()))
        .virtualization_type("hvm")
        .ena_support(registration.ena)
        .set_sriov_net_support(registration.sriov.clone())
        .set_boot_mode(registration.boot_mode.as_deref().map(BootModeValues::from))
        .set_tpm_support(registration.tpm.then_some(TpmSupportValues::V20))
        .set_imds_support(registration.imds_v2.then_some(ImdsSupportValues::V20))
        .set_uefi_data(registration.uefi_data.as_ref().map(|data| data.as_str().to_owned()))
        .root_device_name(&registration.root_device)
        .set_block_device_mappings(Some(registration.volumes.iter().map(mapping).collect()))
        .tag_specifications(tag_specification(ResourceType::Image, tags))
        .dry_run(dry_run)
        .customize()
        .interceptor(attempts.clone())
        .send()
        .await;
    Ok(answer.map_err(api(CALL, &target.region)).map_err(|error| attempts.judged(error))?.image_id)
}
