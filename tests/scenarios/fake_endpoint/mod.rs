//! The fake endpoint itself, driven by the real SDK client.

mod bin_rules;
mod boot_tests;
mod copying;
mod fleets;
mod keys;
mod launching;
mod listing;
mod making;
mod organizations;
mod parameter_listing;
mod parameters;
mod recycling;
mod references;
mod refreshes;
mod retiring;
mod run_command;
mod scaling;
mod sessions;
mod sharing;
mod stops;
mod strict;
mod templates;
mod trouble;
mod usage_reports;

use std::time::{Duration, Instant};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::retry::RetryConfig;
use aws_sdk_ec2::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{
    BlockDeviceMapping, CreateVolumePermission, CreateVolumePermissionModifications, EbsBlockDevice, Filter,
    ImageAttributeName, InstanceType, LaunchPermission, LaunchPermissionModifications, LaunchTemplateVersion,
    RequestLaunchTemplateData, ResourceType, Tag, TagSpecification,
};

use crate::fake::{self, Fake, Fault, FaultKind, OTHER, Outcome, PROD};

const EAST: &str = "us-east-1";
const WEST: &str = "us-west-2";

fn client(fake: &Fake, key: &str, region: &str, attempts: u32) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(fake.url())
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
        .retry_config(RetryConfig::standard().with_max_attempts(attempts))
        .build();
    Client::from_conf(config)
}

fn prod(fake: &Fake, region: &str) -> Client {
    client(fake, "AKIAPROD", region, 1)
}

fn other(fake: &Fake, region: &str) -> Client {
    client(fake, "AKIAOTHER", region, 1)
}

/// A client of another service.
macro_rules! clients {
    ($($name:ident: $sdk:ident),+) => {$(
        fn $name(fake: &Fake, key: &str, region: &str) -> $sdk::Client {
            let config = $sdk::Config::builder()
                .behavior_version($sdk::config::BehaviorVersion::latest())
                .endpoint_url(fake.url())
                .region($sdk::config::Region::new(region.to_owned()))
                .credentials_provider(Credentials::new(key, "secret", None, None, "test"))
                .retry_config(RetryConfig::disabled());
            $sdk::Client::from_conf(config.build())
        }
    )+};
}

clients!(autoscaling: aws_sdk_autoscaling, kms: aws_sdk_kms, org: aws_sdk_organizations, rbin: aws_sdk_rbin, ssm: aws_sdk_ssm, sts: aws_sdk_sts);

/// Error code of a refused call.
#[track_caller]
fn code<T: std::fmt::Debug, E>(result: Result<T, SdkError<E>>) -> String
where
    E: ProvideErrorMetadata + std::fmt::Debug,
{
    let error = result.expect_err("the call should have been refused");
    error.code().map_or_else(|| format!("{error:?}"), str::to_owned)
}

fn filter(name: &str, value: &str) -> Filter {
    Filter::builder().name(name).values(value).build()
}

fn tags(kind: ResourceType, key: &str, value: &str) -> TagSpecification {
    let tag = Tag::builder().key(key).value(value).build();
    TagSpecification::builder().resource_type(kind).tags(tag).build()
}

async fn state(client: &Client, id: &str) -> String {
    let found = client.describe_images().image_ids(id).send().await.unwrap();
    found.images()[0].state().unwrap().as_str().to_owned()
}
