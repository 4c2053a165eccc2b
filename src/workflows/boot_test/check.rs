//! The checks before a boot test: images, types, subnets, and EC2's DryRun of each launch.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Error, Result};

use super::request::BootTestRequest;
use super::verdict;
use crate::domain::boot_type::BootType;
use crate::domain::failure::{Failure, Kind};
use crate::domain::ids::SubnetId;
use crate::domain::image::Image;
use crate::domain::leftover::launch_token;
use crate::domain::probe::Probe;
use crate::domain::tags::{CREATED_BY, EXPIRES, TEST, Tags};
use crate::service::client::error::{ApiError, passes};
use crate::service::subnets::DefaultSubnet;
use crate::service::test_launch::{self, BootLaunch};
use crate::service::{Target, instance_types, launch, ssm_agents, subnets};
use crate::workflows::launch::{check, not_revoked};
use crate::workflows::run::concurrency;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::tell_failed;
use crate::workflows::select::resolve;

/// EC2's code for types that it does not know in the region.
const NO_SUCH_TYPE: &str = "InvalidInstanceType";
/// An instance that nobody has.
const NOBODY: &str = "i-00000000000000000";

/// A test that has passed all checks.
#[derive(Debug, Clone)]
pub struct BootPlan {
    /// The image, as it was before the launch.
    pub image: Image,
    /// The type of the instance.
    pub kind: BootType,
    /// The launch, but for the time at which it expires.
    pub launch: BootLaunch,
}

impl BootPlan {
    /// The image and the type, for messages.
    pub fn label(&self) -> String {
        format!("{} on {}", self.image.label(), self.kind.name)
    }
}

/// Checks everything for all tests: the images in the order given, each with its types in the order given.
pub async fn plans(context: &Context, target: &Target, request: &BootTestRequest) -> Result<Vec<BootPlan>> {
    let images = images(context, target, request).await?;
    let kinds = kinds(target, &request.types).await?;
    let tests = pairs(&images, &kinds)?;
    if request.probes.iter().any(|probe| matches!(probe, Probe::Ssm(_))) {
        ssm(target).await?;
    }
    let place = Place::of(target, request, &tests).await?;
    let mut plans = Vec::new();
    for (at, (image, kind)) in tests.into_iter().enumerate() {
        let subnet = place.subnet(target, kind).await?;
        let launch = launch_of(context, request, (at, image, kind), subnet);
        plans.push(BootPlan { image: image.clone(), kind: kind.clone(), launch });
    }
    let tried = concurrency::each(concurrency::TESTS, &plans, |plan| async {
        test_launch::check(target, &plan.launch).await.with_context(|| plan.label())
    });
    all(context, tried.await)?;
    Ok(plans)
}

/// Whether SSM may be asked for agents: a denial is no verdict on an image, so it is found before anything costs.
async fn ssm(target: &Target) -> Result<()> {
    match ssm_agents::managed(target, &NOBODY.parse()?).await {
        Err(error) if !passes(&error) => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The images, each once, all fit to be launched.
async fn images(context: &Context, target: &Target, request: &BootTestRequest) -> Result<Vec<Image>> {
    let looked = concurrency::each(concurrency::LOOKUPS, &request.references, |reference| async move {
        let image = resolve::image(context, target, reference).await?;
        not_revoked(context, &image, false)?;
        check(&image)?;
        match verdict::objection(&image) {
            Some(problem) => Err(Failure::new(Kind::Refused, problem.code, problem.message).into()),
            None => Ok(image),
        }
    });
    let mut images: Vec<Image> = Vec::new();
    for image in all(context, looked.await)? {
        if images.iter().all(|known| known.id != image.id) {
            images.push(image);
        }
    }
    Ok(images)
}

/// All results, or the first error after the others were told.
fn all<T>(context: &Context, results: Vec<Result<T>>) -> Result<Vec<T>> {
    let (mut found, mut wrong): (Vec<T>, Vec<Error>) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(one) => found.push(one),
            Err(error) => wrong.push(error),
        }
    }
    let mut wrong = wrong.into_iter();
    let Some(first) = wrong.next() else { return Ok(found) };
    for error in wrong {
        tell_failed(context, "also wrong", &error);
    }
    Err(first)
}

/// The types in the order given, each once.
async fn kinds(target: &Target, names: &[String]) -> Result<Vec<BootType>> {
    let mut wanted: Vec<String> = Vec::new();
    for name in names {
        if !wanted.contains(name) {
            wanted.push(name.clone());
        }
    }
    let found = instance_types::describe(target, &wanted).await.map_err(|error| unknown_type(target, error))?;
    let one = |name: String| {
        let kind = found.iter().find(|kind| kind.name == name).cloned();
        kind.ok_or_else(|| no_such_type(target, format!("{}: EC2 tells nothing of type {name}", target.region)).into())
    };
    wanted.into_iter().map(one).collect()
}

fn unknown_type(target: &Target, error: ApiError) -> Error {
    match error.is(NO_SUCH_TYPE) {
        true => no_such_type(target, error.to_string()).into(),
        false => error.into(),
    }
}

fn no_such_type(target: &Target, message: String) -> Failure {
    Failure::new(Kind::Failed, NO_SUCH_TYPE, message).hint(format!(
        "see the types of the region with: aws ec2 describe-instance-type-offerings --region {}",
        target.region
    ))
}

/// Each image with the types of its architecture.
fn pairs<'a>(images: &'a [Image], kinds: &'a [BootType]) -> Result<Vec<(&'a Image, &'a BootType)>> {
    let mut tests = Vec::new();
    for image in images {
        let before = tests.len();
        tests.extend(kinds.iter().filter(|kind| kind.runs(image)).map(|kind| (image, kind)));
        if tests.len() == before {
            let architecture = image.architecture.as_deref().unwrap_or("unknown");
            let each = kinds.iter().map(|kind| format!("{} runs {}", kind.name, kind.architectures.join(" and ")));
            let each: Vec<_> = each.collect();
            let message = format!("{} in {} is for {architecture}: {}", image.label(), image.region, each.join(", "));
            return Err(Failure::new(Kind::Refused, "ArchitectureMismatch", message)
                .hint(format!("give a type for {architecture} with --type; nothing was launched"))
                .into());
        }
    }
    Ok(tests)
}

/// Where the instances run.
enum Place {
    Given(SubnetId),
    /// The default subnets, and the zones in which each type is offered.
    Default(Vec<DefaultSubnet>, BTreeMap<String, BTreeSet<String>>),
}

impl Place {
    async fn of(target: &Target, request: &BootTestRequest, tests: &[(&Image, &BootType)]) -> Result<Self> {
        if let Some(id) = &request.subnet {
            subnets::look(target, id).await?;
            return Ok(Self::Given(id.clone()));
        }
        let defaults = subnets::defaults(target).await?;
        if defaults.is_empty() {
            let message = format!("{} has no default VPC with a subnet", target.place().await);
            return Err(Failure::usage(message).hint("give --subnet").into());
        }
        let names: BTreeSet<String> = tests.iter().map(|(_, kind)| kind.name.clone()).collect();
        let zones = instance_types::zones(target, &names.into_iter().collect::<Vec<_>>()).await?;
        Ok(Self::Default(defaults, zones))
    }

    /// The subnet for a type: of the default ones the first in a zone that offers it.
    async fn subnet(&self, target: &Target, kind: &BootType) -> Result<SubnetId> {
        let (defaults, zones) = match self {
            Self::Given(id) => return Ok(id.clone()),
            Self::Default(defaults, zones) => (defaults, zones),
        };
        let offered = |subnet: &&DefaultSubnet| zones.get(&kind.name).is_some_and(|zones| zones.contains(&subnet.zone));
        if let Some(subnet) = defaults.iter().find(offered) {
            return Ok(subnet.id.clone());
        }
        let message = format!("{} is not offered where {} has a default subnet", kind.name, target.place().await);
        Err(Failure::new(Kind::Refused, "NoSuchOffering", message).hint("give --subnet, or another --type").into())
    }
}

fn launch_of(
    context: &Context,
    request: &BootTestRequest,
    (at, image, kind): (usize, &Image, &BootType),
    subnet: SubnetId,
) -> BootLaunch {
    let timer = || launch::encode(request.timer(context).user_data(image.platform.as_deref()).as_bytes());
    let user_data = match (&request.user_data, request.keep_on_failure) {
        (Some(given), _) => Some(given.clone()),
        (None, true) => None,
        (None, false) => Some(timer()),
    };
    let name = image.name.as_deref().unwrap_or_else(|| image.id.as_str());
    let expires = context.now + request.life(context);
    let tags = [
        ("Name", format!("amictl-test {name}")),
        (CREATED_BY, context.maker.program.clone()),
        (TEST, context.maker.run.clone()),
        (EXPIRES, rfc3339(expires)),
    ];
    BootLaunch {
        image: image.id.clone(),
        instance_type: kind.name.clone(),
        subnet,
        security_groups: request.security_groups.clone(),
        user_data,
        instance_profile: request.instance_profile.clone(),
        public_ip: request.public_ip,
        kept_volumes: image.kept_volumes.clone(),
        tags: tags.map(|(key, value)| (key.to_owned(), value)).into_iter().collect::<Tags>(),
        client_token: launch_token(&context.maker.run, at),
    }
}

/// A time as the tag has it.
pub(super) fn rfc3339(at: chrono::DateTime<chrono::Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
