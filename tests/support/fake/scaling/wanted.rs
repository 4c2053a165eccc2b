//! The launch template or the mixed instances policy that a request asks for.

use super::super::errors::{Refusal, refuse};
use super::super::launchers::{Override, ScalingGroup, TemplateRef};
use super::super::params::Params;
use super::super::templates;
use super::super::world::Region;

/// What a group is to launch.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The launch template; of the policy, where there is one.
    pub template: TemplateRef,
    /// Overrides and distribution of a mixed instances policy.
    pub policy: Option<(Vec<Override>, Params)>,
}

/// A template by its id or its name, and not by both.
pub fn template_of(params: &Params) -> Result<TemplateRef, Refusal> {
    let some = |name: &str| params.get(name).map(str::to_owned);
    let (id, name) = (some("LaunchTemplateId"), some("LaunchTemplateName"));
    if id.is_some() == name.is_some() {
        let message = "Valid requests must contain either launchTemplateId or LaunchTemplateName";
        return Err(refuse("ValidationError", message));
    }
    Ok(TemplateRef { id, name, version: some("Version") })
}

impl Wanted {
    /// Reads the fields `LaunchTemplate` or `MixedInstancesPolicy`; none is nothing.
    pub fn read(params: &Params, region: &Region, account: &str) -> Result<Option<Wanted>, Refusal> {
        let invalid = |message: String| refuse("ValidationError", message);
        let wanted = match (params.has("LaunchTemplate"), params.has("MixedInstancesPolicy")) {
            (false, false) => return Ok(None),
            (true, true) => return Err(invalid("A launch template and a policy exclude each other.".to_owned())),
            (true, false) => Wanted { template: template_of(&params.sub("LaunchTemplate"))?, policy: None },
            (false, true) => {
                let policy = params.sub("MixedInstancesPolicy");
                let template = policy.sub("LaunchTemplate.LaunchTemplateSpecification");
                let overrides = policy.structs("LaunchTemplate.Overrides.member");
                let overrides = overrides.iter().map(|one| {
                    let some = |name: &str| one.get(name).map(str::to_owned);
                    let own = one.sub("LaunchTemplateSpecification");
                    let template = if own.0.is_empty() { None } else { Some(template_of(&own)?) };
                    Ok(Override {
                        image: some("ImageId"),
                        template,
                        kind: some("InstanceType"),
                        weight: some("WeightedCapacity"),
                    })
                });
                let overrides = overrides.collect::<Result<Vec<_>, Refusal>>()?;
                let policy = Some((overrides, policy.sub("InstancesDistribution")));
                Wanted { template: template_of(&template)?, policy }
            }
        };
        let (template, overrides) = (wanted.template, wanted.policy);
        let found = templates::version_of(region, account, &template);
        found.map_err(|refusal| invalid(refusal.message))?;
        let policy = overrides.map(|(overrides, distribution)| {
            let complete = |one: Override| Override {
                template: one.template.map(|template| template.completed(region, account)),
                ..one
            };
            (overrides.into_iter().map(complete).collect(), distribution)
        });
        Ok(Some(Wanted { template: template.completed(region, account), policy }))
    }

    /// What a group launches now; nothing of a launch configuration.
    pub fn of(group: &ScalingGroup) -> Option<Wanted> {
        let policy = group.mixed.as_ref().map(|_| (group.overrides.clone(), group.distribution.clone()));
        let template = group.template.as_ref().or(group.mixed.as_ref())?.clone();
        Some(Wanted { template, policy })
    }

    /// Puts it into a group. A policy that is not given a distribution keeps the one that it has.
    pub fn put_into(self, group: &mut ScalingGroup) {
        match self.policy {
            None => group.template = Some(self.template),
            Some((overrides, distribution)) => {
                group.mixed = Some(self.template);
                group.overrides = overrides;
                group.distribution.0.extend(distribution.0);
            }
        }
    }

    /// Whether AWS can go back to it or from it: neither its number nor its image moves by itself.
    pub fn stands_still(&self, region: &Region, account: &str) -> bool {
        let own =
            self.policy.iter().flat_map(|(overrides, _)| overrides.iter().filter_map(|one| one.template.as_ref()));
        std::iter::once(&self.template).chain(own).all(|template| {
            let number = template.version.as_ref().is_some_and(|version| version.parse::<u64>().is_ok());
            let data = templates::version_of(region, account, template);
            let image = data.ok().and_then(|version| version.data.get("ImageId").map(str::to_owned));
            number && image.is_none_or(|image| !image.starts_with("resolve:ssm:"))
        })
    }
}
