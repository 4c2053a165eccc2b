//! Block device mappings of launch templates, which a new version loses unless they are named again.

use aws_sdk_ec2::types::{
    LaunchTemplateBlockDeviceMapping, LaunchTemplateBlockDeviceMappingRequest, LaunchTemplateEbsBlockDevice,
    LaunchTemplateEbsBlockDeviceRequest, ResponseLaunchTemplateData,
};

use crate::domain::launch_template::MappedVolume;

/// The volumes of a version.
pub(super) fn named(data: &ResponseLaunchTemplateData) -> Vec<MappedVolume> {
    let volume = |mapping: &LaunchTemplateBlockDeviceMapping| MappedVolume {
        device: mapping.device_name().unwrap_or_default().to_owned(),
        snapshot: mapping.ebs().and_then(|ebs| ebs.snapshot_id()).filter(|id| !id.is_empty()).map(str::to_owned),
        size_gib: mapping.ebs().and_then(|ebs| ebs.volume_size()).map(i64::from),
        ebs: mapping.ebs().is_some(),
    };
    data.block_device_mappings().iter().map(volume).collect()
}

/// The same mappings, with the snapshots that are kept.
pub(super) fn kept(
    mappings: &[LaunchTemplateBlockDeviceMapping],
    keep: &[bool],
) -> Vec<LaunchTemplateBlockDeviceMapping> {
    let keep = keep.iter().copied().chain(std::iter::repeat(true));
    let mut mappings = mappings.to_vec();
    for (mapping, keep) in mappings.iter_mut().zip(keep) {
        if let (Some(ebs), false) = (&mut mapping.ebs, keep) {
            ebs.snapshot_id = None;
        }
    }
    mappings
}

/// A mapping as a request has it.
pub(super) fn request(mapping: &LaunchTemplateBlockDeviceMapping) -> LaunchTemplateBlockDeviceMappingRequest {
    LaunchTemplateBlockDeviceMappingRequest::builder()
        .set_device_name(mapping.device_name.clone())
        .set_virtual_name(mapping.virtual_name.clone())
        .set_no_device(mapping.no_device.clone())
        .set_ebs(mapping.ebs.as_ref().map(ebs))
        .build()
}

fn ebs(volume: &LaunchTemplateEbsBlockDevice) -> LaunchTemplateEbsBlockDeviceRequest {
    LaunchTemplateEbsBlockDeviceRequest::builder()
        .set_encrypted(volume.encrypted)
        .set_delete_on_termination(volume.delete_on_termination)
        .set_iops(volume.iops)
        .set_kms_key_id(volume.kms_key_id.clone())
        .set_snapshot_id(volume.snapshot_id.clone())
        .set_volume_size(volume.volume_size)
        .set_volume_type(volume.volume_type.clone())
        .set_throughput(volume.throughput)
        .set_volume_initialization_rate(volume.volume_initialization_rate)
        .set_ebs_card_index(volume.ebs_card_index)
        .build()
}
