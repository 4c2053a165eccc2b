//! The instances of groups: launched from a version of a template, and terminated.

use super::super::launchers::{Member, TemplateRef};
use super::super::model::Phase;
use super::super::templates;
use super::super::world::{World, span};

/// Launches an instance for a group, by owner and name, from a version of a template; an error where its image cannot be
/// launched. Auto Scaling tags it with the name of the group.
pub fn launch(
    world: &mut World,
    (account, group): &(String, String),
    region: &str,
    template: &TemplateRef,
) -> Result<String, String> {
    let version = templates::version_of(world.region(region), account, template).map_err(|refusal| refusal.message)?;
    let data = version.data.clone();
    let image = data.get("ImageId").unwrap_or_default();
    let id = match image.strip_prefix("resolve:ssm:") {
        None => image.to_owned(),
        Some(name) => {
            let key = (account.clone(), name.to_owned());
            let found = world.region(region).parameters.get(&key).and_then(|found| found.versions.values().next_back());
            found.map(|version| version.value.clone()).ok_or_else(|| format!("There is no parameter {name}"))?
        }
    };
    let now = world.now();
    let known = world.region(region).images.get(&id);
    let known = known.map(|image| (image.state(now).to_owned(), image.architecture.clone()));
    let Some((_, architecture)) = known.filter(|(state, _)| state == "available") else {
        return Err(format!("The image id '[{id}]' does not exist. Launching EC2 instance failed."));
    };
    let kind = data.get("InstanceType").unwrap_or("t3.micro");
    let instance = world.instance(account, region).image(&id).kind(kind).architecture(&architecture);
    Ok(instance.tag("aws:autoscaling:groupName", group).put())
}

/// Terminates an instance of a group.
pub fn terminate(world: &mut World, region: &str, id: &str) {
    let turn = world.now() + span(world.shutdown_for);
    if let Some(instance) = world.region(region).instances.get_mut(id) {
        instance.phase = Phase { before: "shutting-down", turn, after: "terminated".to_owned() };
    }
}

/// A group whose member was stopped terminates it and launches another, unless it is in Standby.
pub fn replace_stopped(world: &mut World, account: &str, region: &str, id: &str) {
    let groups = world.region(region).scaling_groups.iter();
    let of = groups.filter(|((owner, _), group)| owner == account && !group.standby.contains(id));
    let found = of.map(|(key, group)| (key.clone(), group)).find_map(|(key, group)| {
        let at = group.members.iter().position(|member| member.id == id)?;
        Some((key, at, group.members[at].template.clone()))
    });
    let Some((key, at, template)) = found else { return };
    terminate(world, region, id);
    let launched = launch(world, &key, region, &template);
    if let Some(group) = world.region(region).scaling_groups.get_mut(&key) {
        group.members.remove(at);
        group.members.extend(launched.map(|id| Member { id, template }));
    }
}
