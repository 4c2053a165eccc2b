//! Contents of a launch template version: a change over what the source version says.
//!
//! EC2 gives contents in other types than it takes them in. A change is written in both: one is sent, and by the other
//! a version with the same contents is found.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::{
    InstanceType, LaunchTemplateHttpTokensState, LaunchTemplateIamInstanceProfileSpecification,
    LaunchTemplateIamInstanceProfileSpecificationRequest, LaunchTemplateInstanceMarketOptions,
    LaunchTemplateInstanceMarketOptionsRequest, LaunchTemplateInstanceMetadataOptions,
    LaunchTemplateInstanceMetadataOptionsRequest, LaunchTemplateInstanceNetworkInterfaceSpecification,
    LaunchTemplateInstanceNetworkInterfaceSpecificationRequest, LaunchTemplateTagSpecification,
    LaunchTemplateTagSpecificationRequest, MarketType, RequestLaunchTemplateData, ResourceType,
    ResponseLaunchTemplateData, Tag,
};

use super::volumes;
use crate::domain::instance_options::{InstanceOptions, MetadataTokens};
use crate::domain::tags::{MOST, Tags};
use crate::service::client::convert::{sdk_tags, tags};

/// What a version says otherwise than its source.
#[derive(Debug, Clone, Default)]
pub struct TemplateChange {
    /// The image field: an id, or `resolve:ssm:` and a parameter.
    pub image: String,
    /// The name of the image, for the description of the version.
    pub label: String,
    /// Everything else; what is not said stays as it is.
    pub options: InstanceOptions,
    /// What is said about metadata, if anything.
    pub metadata: Option<MetadataTokens>,
    /// For each volume of the source whether it keeps its snapshot.
    pub keep_snapshots: Vec<bool>,
}

/// The contents of a version to be made.
#[derive(Debug, Clone)]
pub struct NewVersion {
    request: RequestLaunchTemplateData,
    /// As EC2 will show it.
    result: ResponseLaunchTemplateData,
    label: String,
}

impl NewVersion {
    /// The contents of the first version of a template.
    pub fn first(change: &TemplateChange) -> Result<Self, String> {
        Self::over(&ResponseLaunchTemplateData::builder().build(), None, change)
    }

    pub(super) fn over(
        source: &ResponseLaunchTemplateData,
        number: Option<i64>,
        change: &TemplateChange,
    ) -> Result<Self, String> {
        let mut new = Self {
            request: RequestLaunchTemplateData::builder().build(),
            result: source.clone(),
            label: change.label.clone(),
        };
        let of = number.map_or_else(String::new, |number| format!("version {number} "));
        new.image(change);
        new.instances(&change.options).map_err(|why| format!("{of}{why}"))?;
        new.network(&change.options).map_err(|why| format!("{of}{why}"))?;
        new.tags(&change.options.tags)?;
        if let Some(tokens) = change.metadata {
            new.metadata(tokens);
        }
        Ok(new)
    }

    pub(super) fn request(&self) -> &RequestLaunchTemplateData {
        &self.request
    }

    pub(super) fn label(&self) -> &str {
        &self.label
    }

    /// The request as text, user data included, which the SDK does not show.
    pub(super) fn text(&self) -> String {
        format!("{:?}\n{:?}", self.request, self.request.user_data())
    }

    /// Whether these contents are the same.
    pub(super) fn is(&self, data: &ResponseLaunchTemplateData) -> bool {
        comparable(&self.result) == comparable(data)
    }

    /// Whether an instance of these contents starts from the same image and snapshots.
    pub(super) fn starts_as(&self, data: &ResponseLaunchTemplateData) -> bool {
        let snapshots = |data: &ResponseLaunchTemplateData| -> BTreeMap<String, Option<String>> {
            volumes::named(data).into_iter().map(|volume| (volume.device, volume.snapshot)).collect()
        };
        self.result.image_id() == data.image_id() && snapshots(&self.result) == snapshots(data)
    }

    fn image(&mut self, change: &TemplateChange) {
        self.request.image_id = Some(change.image.clone());
        self.result.image_id = Some(change.image.clone());
        // Only snapshots get lost: other mappings EC2 takes over by itself.
        if volumes::named(&self.result).iter().any(|volume| volume.snapshot.is_some()) {
            let kept = volumes::kept(self.result.block_device_mappings(), &change.keep_snapshots);
            self.request.block_device_mappings = Some(kept.iter().map(volumes::request).collect());
            self.result.block_device_mappings = Some(kept);
        }
    }

    fn instances(&mut self, options: &InstanceOptions) -> Result<(), String> {
        if let Some(kind) = &options.instance_type {
            if self.result.instance_requirements.is_some() {
                return Err("describes its instance types by requirements, which do not go with --type".to_owned());
            }
            let kind = InstanceType::from(kind.as_str());
            (self.request.instance_type, self.result.instance_type) = (Some(kind.clone()), Some(kind));
        }
        if let Some(key) = &options.key_name {
            (self.request.key_name, self.result.key_name) = (Some(key.clone()), Some(key.clone()));
        }
        if let Some(data) = &options.user_data {
            (self.request.user_data, self.result.user_data) = (Some(data.clone()), Some(data.clone()));
        }
        if let Some(name) = &options.instance_profile {
            let sent = LaunchTemplateIamInstanceProfileSpecificationRequest::builder().name(name).build();
            let shown = LaunchTemplateIamInstanceProfileSpecification::builder().name(name).build();
            (self.request.iam_instance_profile, self.result.iam_instance_profile) = (Some(sent), Some(shown));
        }
        if options.spot {
            let sent = LaunchTemplateInstanceMarketOptionsRequest::builder().market_type(MarketType::Spot).build();
            let shown = LaunchTemplateInstanceMarketOptions::builder().market_type(MarketType::Spot).build();
            (self.request.instance_market_options, self.result.instance_market_options) = (Some(sent), Some(shown));
        }
        Ok(())
    }

    /// A template names a subnet only within a network interface, and then the security groups there too. What the
    /// source version has cannot be taken away.
    fn network(&mut self, options: &InstanceOptions) -> Result<(), String> {
        let given: Vec<String> = options.security_groups.iter().map(ToString::to_string).collect();
        let subnet = options.subnet.as_ref().map(ToString::to_string);
        if given.is_empty() && subnet.is_none() {
            return Ok(());
        }
        if !self.result.security_groups().is_empty() {
            return Err(
                "names security groups by their names, which --security-group and --subnet cannot replace".to_owned()
            );
        }
        let (subnet, groups) = match (self.result.network_interfaces(), subnet) {
            ([], None) => {
                (self.request.security_group_ids, self.result.security_group_ids) = (Some(given.clone()), Some(given));
                return Ok(());
            }
            ([], Some(_)) if !self.result.security_group_ids().is_empty() => {
                return Err(
                    "has security groups outside of a network interface, which do not go with --subnet".to_owned()
                );
            }
            ([], Some(subnet)) => (Some(subnet), given),
            ([one], subnet) if *one == interface(one.subnet_id(), one.groups()) => {
                let groups = if given.is_empty() { one.groups().to_vec() } else { given };
                (subnet.or_else(|| one.subnet_id().map(str::to_owned)), groups)
            }
            _ => {
                return Err(
                    "has network interfaces of its own, which --subnet and --security-group cannot change".to_owned()
                );
            }
        };
        let sent = LaunchTemplateInstanceNetworkInterfaceSpecificationRequest::builder().device_index(0);
        let sent = sent.set_subnet_id(subnet.clone()).set_groups((!groups.is_empty()).then(|| groups.clone())).build();
        self.result.network_interfaces = Some(vec![interface(subnet.as_deref(), &groups)]);
        self.request.network_interfaces = Some(vec![sent]);
        Ok(())
    }

    /// Tags of instances and volumes; those of the source version stay.
    fn tags(&mut self, given: &Tags) -> Result<(), String> {
        if given.is_empty() {
            return Ok(());
        }
        let mut all = self.result.tag_specifications().to_vec();
        for kind in [ResourceType::Instance, ResourceType::Volume] {
            let at = all.iter().position(|one| one.resource_type() == Some(&kind)).unwrap_or(all.len());
            let mut merged = all.get(at).map(|one| tags(one.tags())).unwrap_or_default();
            merged.extend(given.clone());
            if merged.len() > MOST {
                return Err(format!(
                    "with those of the version before, {} tags are too many: EC2 takes {MOST}",
                    merged.len()
                ));
            }
            let one = specification(Some(kind), sdk_tags(&merged));
            match all.get_mut(at) {
                Some(before) => *before = one,
                None => all.push(one),
            }
        }
        let sent = |one: &LaunchTemplateTagSpecification| {
            LaunchTemplateTagSpecificationRequest::builder()
                .set_resource_type(one.resource_type.clone())
                .set_tags(one.tags.clone())
                .build()
        };
        self.request.tag_specifications = Some(all.iter().map(sent).collect());
        self.result.tag_specifications = Some(all);
        Ok(())
    }

    fn metadata(&mut self, tokens: MetadataTokens) {
        let state = match tokens {
            MetadataTokens::Required => LaunchTemplateHttpTokensState::Required,
            MetadataTokens::Optional => LaunchTemplateHttpTokensState::Optional,
        };
        let none = || LaunchTemplateInstanceMetadataOptions::builder().build();
        let mut options = self.result.metadata_options.clone().unwrap_or_else(none);
        options.http_tokens = Some(state);
        let sent = LaunchTemplateInstanceMetadataOptionsRequest::builder()
            .set_http_tokens(options.http_tokens.clone())
            .set_http_put_response_hop_limit(options.http_put_response_hop_limit)
            .set_http_endpoint(options.http_endpoint.clone())
            .set_http_protocol_ipv6(options.http_protocol_ipv6.clone())
            .set_instance_metadata_tags(options.instance_metadata_tags.clone());
        self.request.metadata_options = Some(sent.build());
        self.result.metadata_options = Some(options);
    }
}

pub(super) fn metadata_tokens(data: &ResponseLaunchTemplateData) -> Option<MetadataTokens> {
    match data.metadata_options()?.http_tokens()? {
        LaunchTemplateHttpTokensState::Required => Some(MetadataTokens::Required),
        _ => Some(MetadataTokens::Optional),
    }
}

/// A network interface as amictl asks for it.
fn interface(subnet: Option<&str>, groups: &[String]) -> LaunchTemplateInstanceNetworkInterfaceSpecification {
    LaunchTemplateInstanceNetworkInterfaceSpecification::builder()
        .device_index(0)
        .set_subnet_id(subnet.map(str::to_owned))
        .set_groups((!groups.is_empty()).then(|| groups.to_vec()))
        .build()
}

fn specification(kind: Option<ResourceType>, tags: Vec<Tag>) -> LaunchTemplateTagSpecification {
    LaunchTemplateTagSpecification::builder().set_resource_type(kind).set_tags(Some(tags)).build()
}

/// The contents without what says nothing: orders of tags, empty lists, and how far EC2 has applied them.
fn comparable(data: &ResponseLaunchTemplateData) -> ResponseLaunchTemplateData {
    let mut data = data.clone();
    if let Some(options) = &mut data.metadata_options {
        options.state = None;
    }
    let mut tagged: Vec<_> = data
        .tag_specifications()
        .iter()
        .map(|one| specification(one.resource_type.clone(), sdk_tags(&tags(one.tags()))))
        .collect();
    tagged.sort_by_key(|one| one.resource_type().map(|kind| kind.as_str().to_owned()));
    data.tag_specifications = Some(tagged).filter(|list| !list.is_empty());
    data.block_device_mappings = data.block_device_mappings.filter(|list| !list.is_empty());
    data.network_interfaces = data.network_interfaces.filter(|list| !list.is_empty());
    data.security_group_ids = data.security_group_ids.filter(|list| !list.is_empty());
    data.security_groups = data.security_groups.filter(|list| !list.is_empty());
    data
}

#[cfg(test)]
#[path = "contents_tests.rs"]
mod tests;
