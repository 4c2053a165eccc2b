//! The operations of each service, by the service of the credential scope.

use super::errors::{Answer, refuse};
use super::protocol::Protocol;
use super::request::Request;
use super::world::World;
use super::{
    fleets, forms, groups, iam, images, instances, kms, network, organizations, recycle_bin, references, regions,
    run_command, scaling, settings, snapshots, ssm, sts, tags, templates, usage_reports,
};

/// An operation: its name, the first parts of its parameters, its work.
pub struct Operation {
    /// Name, e.g. `CopyImage`.
    pub name: &'static str,
    /// Parameters it takes; anything else is refused.
    pub params: &'static [&'static str],
    /// The work. Must end a dry run before it changes anything.
    pub run: fn(&mut World, &Request) -> Answer,
}

/// A service and how its documents look.
struct Service {
    name: &'static str,
    protocol: Protocol,
    /// The `Version` of forms; for JSON the first half of `X-Amz-Target`; for REST nothing.
    version: &'static str,
    namespace: &'static str,
    operations: &'static [&'static [Operation]],
}

const SERVICES: [Service; 7] = [
    Service {
        name: "ec2",
        protocol: Protocol::Ec2,
        version: "2016-11-15",
        namespace: "http://ec2.amazonaws.com/doc/2016-11-15/",
        operations: &[
            images::OPERATIONS,
            snapshots::OPERATIONS,
            instances::OPERATIONS,
            groups::OPERATIONS,
            network::OPERATIONS,
            templates::OPERATIONS,
            regions::OPERATIONS,
            tags::OPERATIONS,
            fleets::OPERATIONS,
            references::OPERATIONS,
            recycle_bin::OPERATIONS,
            settings::OPERATIONS,
            usage_reports::OPERATIONS,
        ],
    },
    Service {
        name: "sts",
        protocol: Protocol::Query,
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
        operations: &[sts::OPERATIONS],
    },
    Service {
        name: "autoscaling",
        protocol: Protocol::Query,
        version: "2011-01-01",
        namespace: "http://autoscaling.amazonaws.com/doc/2011-01-01/",
        operations: &[scaling::OPERATIONS],
    },
    Service {
        name: "ssm",
        protocol: Protocol::Json,
        version: "AmazonSSM",
        namespace: "",
        operations: &[ssm::OPERATIONS, run_command::OPERATIONS],
    },
    Service {
        name: "organizations",
        protocol: Protocol::Json,
        version: "AWSOrganizationsV20161128",
        namespace: "",
        operations: &[organizations::OPERATIONS],
    },
    Service {
        name: "kms",
        protocol: Protocol::Json,
        version: "TrentService",
        namespace: "",
        operations: &[kms::OPERATIONS],
    },
    Service {
        name: "rbin",
        protocol: Protocol::RestJson,
        version: "",
        namespace: "",
        operations: &[recycle_bin::RULE_OPERATIONS],
    },
];

/// Finds the operation and lets it work.
pub fn run(world: &mut World, service: &str, version: Option<&str>, request: &Request) -> Answer {
    let no_action =
        || refuse("InvalidAction", format!("The action {} is not valid for this web service.", request.action));
    let service = SERVICES.iter().find(|s| s.name == service).ok_or_else(no_action)?;
    // STS answers who is calling whatever is denied.
    if service.name != "sts" && world.denies(request) {
        let (who, action) = (&request.arn, format!("{}:{}", service.name, request.action));
        let code = if service.name == "ec2" { "UnauthorizedOperation" } else { "AccessDeniedException" };
        let message = format!("User: {who} is not authorized to perform: {action} with an explicit deny");
        return Err(refuse(code, message));
    }
    if version != Some(service.version) {
        return Err(refuse("NoSuchVersion", "The requested version is not valid."));
    }
    let operation = service
        .operations
        .iter()
        .flat_map(|group| group.iter())
        .find(|operation| operation.name == request.action)
        .ok_or_else(no_action)?;
    for head in request.params.heads() {
        let shared = service.name == "ec2" && head == "DryRun";
        if !shared && !operation.params.contains(&head) {
            return Err(refuse("UnknownParameter", format!("The parameter {head} is not recognized")));
        }
    }
    ssm::settle(world, request.now);
    forms::check(service.name, operation.name, &request.params)?;
    iam::check(world, service.name, request)?;
    let answer = (operation.run)(world, request)?;
    if request.params.get("DryRun") == Some("true") {
        let lapse = format!("{} works in a dry run", operation.name);
        return Err(refuse("InternalError", lapse));
    }
    Ok(answer)
}

/// What operations take and their forms do not have.
pub fn unformed() -> Vec<String> {
    let all = SERVICES.iter().flat_map(|service| {
        let operations = service.operations.iter().flat_map(|group| group.iter());
        operations.map(|operation| (service.name, operation))
    });
    let missing = all.flat_map(|(service, operation)| {
        let lines = forms::heads(service, operation.name);
        let unknown = operation.params.iter().filter(move |param| !lines.contains(*param));
        unknown.map(move |param| format!("{service} {} takes {param}", operation.name))
    });
    missing.collect()
}

/// How a service talks; an unknown one is answered in the general form.
pub fn protocol(service: &str) -> Protocol {
    SERVICES.iter().find(|s| s.name == service).map_or(Protocol::Query, |s| s.protocol)
}

/// The document of an accepted request.
pub fn envelope(service: &str, action: &str, inner: &str, request_id: &str) -> String {
    let namespace = SERVICES.iter().find(|s| s.name == service).map_or("", |s| s.namespace);
    protocol(service).envelope(namespace, action, inner, request_id)
}
