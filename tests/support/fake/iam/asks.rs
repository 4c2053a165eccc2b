//! The questions of a request to IAM: each action on each resource that it touches.

use std::collections::BTreeMap;

use super::super::model::Tags;
use super::super::params::Params;
use super::super::request::Request;
use super::super::templates;
use super::super::world::World;

/// One action on one resource.
#[derive(Clone, Debug, Default)]
pub struct Ask {
    /// `ec2:CopyImage`
    pub action: String,
    /// The ARN; `*` where the action knows no resources. What is yet to be made has `*` as its id.
    pub resource: String,
    /// Condition keys.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Ask {
    pub fn new(action: &str, resource: &str) -> Ask {
        Ask { action: action.to_owned(), resource: resource.to_owned(), keys: BTreeMap::new() }
    }

    fn key(mut self, key: &str, values: impl IntoIterator<Item = String>) -> Ask {
        self.keys.insert(key.to_owned(), values.into_iter().collect());
        self
    }

    fn tagged(mut self, tags: &Tags) -> Ask {
        let tags = tags.iter().map(|(key, value)| (format!("aws:ResourceTag/{key}"), vec![value.clone()]));
        self.keys.extend(tags);
        self
    }
}

/// Everything that a request asks for.
pub fn of(world: &mut World, service: &str, request: &Request) -> Vec<Ask> {
    let action = format!("{service}:{}", request.action);
    let any = || vec![Ask::new(&action, "*")];
    match service {
        "ec2" => ec2(world, request),
        "ssm" if request.action == "SendCommand" => command(request, &action),
        "ssm" => parameters(request, &action),
        "autoscaling" => scaling(world, request, &action),
        "kms" => vec![Ask::new(&action, &key(world, request))],
        "sts" if request.action == "AssumeRole" => {
            vec![Ask::new(&action, request.params.get("RoleArn").unwrap_or_default())]
        }
        // These need no permission.
        "sts" => Vec::new(),
        "rbin" if matches!(request.action.as_str(), "CreateRule" | "TagResource" | "GetRule") => {
            let (region, account) = (&request.region, &request.account);
            let rule = request.params.get("Identifier").unwrap_or("*");
            vec![Ask::new(&action, &format!("arn:aws:rbin:{region}:{account}:rule/{rule}"))]
        }
        _ => any(),
    }
}

/// A change of a group; who gives it a template must be allowed to launch from it.
fn scaling(world: &mut World, request: &Request, action: &str) -> Vec<Ask> {
    let Some(name) = request.params.get("AutoScalingGroupName").filter(|_| !request.action.starts_with("Describe"))
    else {
        return vec![Ask::new(action, "*")];
    };
    let mut asks = vec![Ask::new(action, &super::super::scaling::arn(&request.region, &request.account, name))];
    let within = ["", "DesiredConfiguration."];
    let fields = ["LaunchTemplate", "MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification"];
    let given = within.iter().flat_map(|outer| fields.map(|inner| request.params.sub(&format!("{outer}{inner}"))));
    for template in given.filter(|template| template.has("Version")) {
        let named = template.0.iter().map(|(name, value)| (format!("LaunchTemplate.{name}"), value.clone()));
        let as_launch = Request {
            action: "RunInstances".to_owned(),
            region: request.region.clone(),
            account: request.account.clone(),
            arn: request.arn.clone(),
            session: request.session,
            mfa: request.mfa,
            params: Params(named.collect()),
            now: request.now,
        };
        asks.extend(launch(world, &as_launch, "ec2:RunInstances"));
        let data = templates::for_launch(world, &as_launch).ok().flatten().unwrap_or_default();
        asks.extend(tagging(&as_launch, &data));
    }
    asks
}

/// A document of AWS, and the instances that run it.
fn command(request: &Request, action: &str) -> Vec<Ask> {
    let document = request.params.get("DocumentName").unwrap_or_default();
    let document = format!("arn:aws:ssm:{}::document/{document}", request.region);
    let instances = request.params.list("InstanceIds").into_iter().map(|id| arn(request, "instance", id));
    std::iter::once(document).chain(instances).map(|on| Ask::new(action, &on)).collect()
}

fn parameters(request: &Request, action: &str) -> Vec<Ask> {
    parameters_of(request, &request.params, action)
}

fn parameters_of(request: &Request, params: &Params, action: &str) -> Vec<Ask> {
    let mut names = params.list("Names");
    names.extend(params.get("Name"));
    if names.is_empty() {
        return vec![Ask::new(action, "*")];
    }
    let arn = |name: &str| match name.starts_with("arn:") {
        true => name.to_owned(),
        false => {
            let path = name.split(':').next().unwrap_or_default();
            let owner = if path.starts_with("/aws/service/") { "" } else { &request.account };
            format!("arn:aws:ssm:{}:{owner}:parameter/{}", request.region, path.trim_start_matches('/'))
        }
    };
    names.into_iter().map(|name| Ask::new(action, &arn(name))).collect()
}

fn key(world: &World, request: &Request) -> String {
    let (account, region) = (&request.account, &request.region);
    let known = world.find_key(account, region, request.params.get("KeyId").unwrap_or_default());
    known.unwrap_or_else(|| format!("arn:aws:kms:{region}:{account}:key/unknown"))
}

/// A resource of EC2 by its kind and id; images and snapshots have no account.
fn arn(request: &Request, kind: &str, id: &str) -> String {
    let account = if matches!(kind, "image" | "snapshot") { "" } else { &request.account };
    format!("arn:aws:ec2:{}:{account}:{kind}/{id}", request.region)
}

/// The kind of resource that an id is of.
fn kind(id: &str) -> &'static str {
    match id.split('-').next().unwrap_or_default() {
        "ami" => "image",
        "snap" => "snapshot",
        "i" => "instance",
        "sg" => "security-group",
        "lt" => "launch-template",
        "vol" => "volume",
        "amiur" => "image-usage-report",
        _ => "unknown",
    }
}

fn tags_of(world: &World, request: &Request, id: &str) -> Tags {
    let Some(region) = world.regions.get(&request.region) else { return Tags::new() };
    let found = match kind(id) {
        "image" => region.images.get(id).map(|image| &image.tags),
        "snapshot" => region.snapshots.get(id).map(|snapshot| &snapshot.tags),
        "instance" => region.instances.get(id).map(|instance| &instance.tags),
        "security-group" => region.groups.get(id).map(|group| &group.tags),
        _ => None,
    };
    found.cloned().unwrap_or_default()
}

fn ec2(world: &mut World, request: &Request) -> Vec<Ask> {
    let params = &request.params;
    let action = format!("ec2:{}", request.action);
    let on = |kind: &str, id: &str| Ask::new(&action, &arn(request, kind, id));
    let one = |world: &World, name: &str| {
        let id = params.get(name).unwrap_or_default();
        vec![on(kind(id), id).tagged(&tags_of(world, request, id))]
    };
    let mut asks = match request.action.as_str() {
        "CreateImage" => {
            let instance = params.get("InstanceId").unwrap_or_default();
            vec![on("image", "*"), on("instance", instance), on("snapshot", "*")]
        }
        "RegisterImage" => {
            let devices = params.structs("BlockDeviceMapping");
            let snapshots = devices.iter().filter_map(|device| device.get("Ebs.SnapshotId"));
            std::iter::once(on("image", "*")).chain(snapshots.map(|id| on("snapshot", id))).collect()
        }
        "CopyImage" => {
            let source = params.get("SourceImageId").unwrap_or_default();
            let from = params.get("SourceRegion").unwrap_or_default();
            let source = Ask::new(&action, &format!("arn:aws:ec2:{from}::image/{source}"));
            vec![source, on("image", "*"), on("snapshot", "*")]
        }
        "RunInstances" => launch(world, request, &action),
        "CreateLaunchTemplate" => vec![on("launch-template", "*")],
        "CreateLaunchTemplateVersion" | "ModifyLaunchTemplate" => {
            vec![on("launch-template", template(world, request).as_str())]
        }
        "CreateTags" | "DeleteTags" => {
            let keys: Vec<String> =
                params.structs("Tag").iter().filter_map(|tag| Some(tag.get("Key")?.to_owned())).collect();
            let ids = params.list("ResourceId").into_iter();
            let ask = |id: &str| on(kind(id), id).tagged(&tags_of(world, request, id)).key("aws:TagKeys", keys.clone());
            ids.map(ask).collect()
        }
        "StartInstances" | "StopInstances" => {
            let ids = params.list("InstanceId").into_iter();
            ids.map(|id| on("instance", id).tagged(&tags_of(world, request, id))).collect()
        }
        "CreateSecurityGroup" => vec![on("security-group", "*"), on("vpc", params.get("VpcId").unwrap_or_default())],
        "AuthorizeSecurityGroupIngress" => one(world, "GroupId"),
        "CreateImageUsageReport" => {
            vec![on("image", params.get("ImageId").unwrap_or_default()), on("image-usage-report", "*")]
        }
        "DeleteImageUsageReport" => one(world, "ReportId"),
        "DeleteSnapshot"
        | "DescribeSnapshotAttribute"
        | "ModifySnapshotAttribute"
        | "RestoreSnapshotFromRecycleBin" => one(world, "SnapshotId"),
        "TerminateInstances" => {
            let ids = params.list("InstanceId").into_iter();
            ids.map(|id| on("instance", id).tagged(&tags_of(world, request, id))).collect()
        }
        "GetConsoleOutput" => one(world, "InstanceId"),
        "DescribeImageReferences" => references(request),
        read if ["DescribeImageAttribute", "GetImageAncestry"].contains(&read) => one(world, "ImageId"),
        read if ["Describe", "Get", "List"].iter().any(|verb| read.starts_with(verb)) => {
            vec![Ask::new(&action, "*")]
        }
        _ if params.get("ImageId").is_some() => one(world, "ImageId"),
        // Nobody can be allowed what is not known.
        _ => vec![Ask::new(&action, "unknown")],
    };
    asks.extend(tagging(request, params));
    asks
}

/// The tags of what a request makes.
fn tagging(request: &Request, params: &Params) -> Vec<Ask> {
    let ask = |given: &Params| {
        let kind = given.get("ResourceType").unwrap_or_default();
        let keys = given.structs("Tag").iter().filter_map(|tag| Some(tag.get("Key")?.to_owned())).collect::<Vec<_>>();
        let ask = Ask::new("ec2:CreateTags", &arn(request, kind, "*")).key("aws:TagKeys", keys);
        ask.key("ec2:CreateAction", [request.action.clone()])
    };
    params.structs("TagSpecification").iter().map(ask).collect()
}

/// The id of the template that a request names by id or name.
fn template(world: &World, request: &Request) -> String {
    let (id, name) = (request.params.get("LaunchTemplateId"), request.params.get("LaunchTemplateName"));
    let all = world.regions.get(&request.region).into_iter().flat_map(|region| region.templates.values());
    let mut own = all.filter(|template| template.owner == request.account);
    let found = own.find(|template| Some(template.id.as_str()) == id || Some(template.name.as_str()) == name);
    found.map_or_else(|| "unknown".to_owned(), |template| template.id.clone())
}

/// What EC2 asks for in the name of the caller.
fn references(request: &Request) -> Vec<Ask> {
    let parameters = format!("arn:aws:ssm:{}:{}:parameter/*", request.region, request.account);
    let calls = [
        ("ec2:DescribeInstances", "*"),
        ("ec2:DescribeLaunchTemplates", "*"),
        ("ec2:DescribeLaunchTemplateVersions", "*"),
        ("ssm:DescribeParameters", "*"),
        ("ssm:GetParameters", &parameters),
        ("imagebuilder:ListImageRecipes", "*"),
        ("imagebuilder:ListContainerRecipes", "*"),
        ("imagebuilder:GetContainerRecipe", "*"),
    ];
    let via = || ["ec2-images.amazonaws.com".to_owned()];
    let calls = calls.iter().map(|(action, on)| Ask::new(action, on).key("aws:CalledVia", via()));
    std::iter::once(Ask::new("ec2:DescribeImageReferences", "*")).chain(calls).collect()
}

fn launch(world: &mut World, request: &Request, action: &str) -> Vec<Ask> {
    let template = templates::for_launch(world, request).ok().flatten().unwrap_or_default();
    let params: Params = request.params.over(&template);
    let on = |kind: &str, id: &str| Ask::new(action, &arn(request, kind, id));
    let named = params.get("ImageId").unwrap_or_default();
    let resolved = templates::resolve(world.region(&request.region), request, named).unwrap_or_default();
    let image = resolved.as_str();
    let mut asks = vec![on("image", image), on("instance", "*"), on("network-interface", "*"), on("volume", "*")];
    let interface = params.structs("NetworkInterface").into_iter().next();
    let network = interface.as_ref().unwrap_or(&params);
    asks.push(on("subnet", network.get("SubnetId").unwrap_or("*")));
    let groups = network.list("SecurityGroupId");
    asks.extend(groups.iter().map(|id| on("security-group", id)));
    if groups.is_empty() {
        asks.push(on("security-group", "*"));
    }
    asks.extend(params.get("KeyName").map(|name| on("key-pair", name)));
    if params.get("InstanceMarketOptions.MarketType").is_some() {
        asks.push(on("spot-instances-request", "*"));
    }
    if request.params.has("LaunchTemplate") {
        asks.push(on("launch-template", "*"));
    }
    let snapshots: Vec<String> =
        world.find_image(image).map(|image| image.snapshots().map(str::to_owned).collect()).unwrap_or_default();
    asks.extend(snapshots.iter().map(|id| on("snapshot", id)));
    if let Some(name) = named.strip_prefix("resolve:ssm:") {
        // EC2 reads the parameter in the name of the caller.
        let read = Params([("Names.1".to_owned(), name.to_owned())].into());
        asks.extend(parameters_of(request, &read, "ssm:GetParameters"));
    }
    if let Some(profile) = params.get("IamInstanceProfile.Name") {
        // The role has the name of the profile, as the console makes them.
        let role = format!("arn:aws:iam::{}:role/{profile}", request.account);
        asks.push(Ask::new("iam:PassRole", &role).key("iam:PassedToService", ["ec2.amazonaws.com".to_owned()]));
    }
    asks
}
