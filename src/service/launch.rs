//! RunInstances from an image, and the wait until the instances run.

use anyhow::Result;
use aws_sdk_ec2::types::{
    IamInstanceProfileSpecification, InstanceMarketOptionsRequest, InstanceType, LaunchTemplateSpecification,
    MarketType, ResourceType,
};
use tokio::time::Instant;

use super::client::convert::tag_specification;
use super::client::error::{ApiError, api, codes::NO_INSTANCE, dry_run};
use super::client::patience::{Over, Patience, Pauses, Progress, UNKNOWN_AT_FIRST, Watch, out_of_sight};
use super::client::target::Target;
use super::instances;
use crate::domain::command_line::amictl;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::{ImageId, InstanceId};
use crate::domain::instance::Instance;
use crate::domain::instance_options::InstanceOptions;
use crate::domain::launch_template::TemplateRef;

const CALL: &str = "RunInstances";

/// The instances to start.
#[derive(Debug, Clone)]
pub struct Request {
    /// The image; the template's when `None`.
    pub image: Option<ImageId>,
    /// The number of instances; all or none are started.
    pub count: i32,
    /// What is said about the instances.
    pub options: InstanceOptions,
    /// A launch template for options not given here.
    pub template: Option<TemplateRef>,
    /// The client token, up to 64 characters: EC2 answers a known token with the instances started for it.
    pub client_token: String,
}

/// Asks EC2 whether the launch would work; changes nothing.
pub async fn check(target: &Target, request: &Request) -> Result<(), ApiError> {
    dry_run(CALL, &target.region, send(target, request, true).await)
}

/// Starts the instances, or returns those started earlier with the same token: neither a retry nor a repeated run
/// starts any twice.
pub async fn start(target: &Target, request: &Request) -> Result<Vec<Instance>, ApiError> {
    send(target, request, false).await
}

async fn send(target: &Target, request: &Request, dry_run: bool) -> Result<Vec<Instance>, ApiError> {
    let options = &request.options;
    let groups: Vec<String> = options.security_groups.iter().map(ToString::to_string).collect();
    let kinds = [ResourceType::Instance, ResourceType::Volume];
    let tags = kinds.map(|kind| tag_specification(kind, &options.tags));
    let profile = |name: &String| IamInstanceProfileSpecification::builder().name(name).build();
    let spot = || InstanceMarketOptionsRequest::builder().market_type(MarketType::Spot).build();
    let template = |t: &TemplateRef| {
        LaunchTemplateSpecification::builder()
            .launch_template_name(t.name.as_str())
            .set_version(t.version.clone())
            .build()
    };
    let answer = target
        .ec2
        .run_instances()
        .set_image_id(request.image.as_ref().map(ToString::to_string))
        .set_instance_type(options.instance_type.as_deref().map(InstanceType::from))
        .min_count(request.count)
        .max_count(request.count)
        .set_key_name(options.key_name.clone())
        .set_subnet_id(options.subnet.as_ref().map(ToString::to_string))
        .set_security_group_ids((!groups.is_empty()).then_some(groups))
        .set_user_data(options.user_data.clone())
        .set_iam_instance_profile(options.instance_profile.as_ref().map(profile))
        .set_instance_market_options(options.spot.then(spot))
        .set_launch_template(request.template.as_ref().map(template))
        .set_tag_specifications((!options.tags.is_empty()).then(|| tags.to_vec()))
        .client_token(&request.client_token)
        .dry_run(dry_run)
        .send()
        .await
        .map_err(api(CALL, &target.region))?;
    Ok(answer.instances().iter().filter_map(|found| instances::instance(found, &target.region)).collect())
}

/// Waits until all instances run; an instance that ends instead is a failure with EC2's reason.
pub async fn running(
    target: &Target,
    started: Vec<Instance>,
    patience: &Patience,
    watch: Option<Watch<'_>>,
) -> Result<Vec<Instance>> {
    let ids: Vec<InstanceId> = started.iter().map(|i| i.id.clone()).collect();
    let mut seen = started;
    let (mut pauses, began) = (Pauses::new(patience), Instant::now());
    let list = ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    let resume = amictl("wait").words(&ids).options(target.options()).to_string();
    let up = |seen: &[Instance]| seen.iter().filter(|i| i.state == "running").count();
    let failure = |over: Over, up: usize| over.failure(&format!("{up} of {} are running: {list}", ids.len()), &resume);
    loop {
        let found = patience.unless_over(instances::by_ids(target, &ids)).await;
        match found.map_err(|over| failure(over, up(&seen)))? {
            // A new id may be unknown for a while; until then the state from RunInstances stands.
            Err(error) if error.is(NO_INSTANCE) && began.elapsed() < UNKNOWN_AT_FIRST => {}
            Err(error) => {
                return Err(out_of_sight(&error, &format!("{list} in {} was launched", target.region), &resume).into());
            }
            Ok(found) => seen = found,
        }
        if let Some(ended) = seen.iter().find(|i| i.ended()) {
            let reason = ended.state_reason.as_deref().unwrap_or("EC2 gives no reason");
            let others = if ids.len() > 1 { format!("; launched with it: {list}") } else { String::new() };
            let message = format!("{} in {} is {}: {reason}{others}", ended.id, target.region, ended.state);
            return Err(Failure::new(Kind::Failed, "InstanceEnded", message).into());
        }
        let up = up(&seen);
        if up == ids.len() {
            return Ok(seen);
        }
        if let Some(watch) = watch {
            let percent = u8::try_from(100 * up / ids.len()).ok();
            watch(Progress { percent, doing: format!("{up} of {} running", ids.len()) });
        }
        pauses.pause().await.map_err(|over| failure(over, up))?;
    }
}

/// User data in base64, as EC2 accepts it.
pub fn encode(data: &[u8]) -> String {
    aws_smithy_types::base64::encode(data)
}
