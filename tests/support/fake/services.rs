//! Which operations there are, by the service of the credential scope.

use super::errors::{Answer, Refusal, refuse};
use super::request::Request;
use super::world::World;
use super::xml::Xml;
use super::{groups, images, instances, network, regions, snapshots, sts, tags, templates};

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
    version: &'static str,
    namespace: &'static str,
    operations: &'static [&'static [Operation]],
}

const SERVICES: [Service; 2] = [
    Service {
        name: "ec2",
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
        ],
    },
    Service {
        name: "sts",
        version: "2011-06-15",
        namespace: "https://sts.amazonaws.com/doc/2011-06-15/",
        operations: &[sts::OPERATIONS],
    },
];

/// Finds the operation and lets it work.
pub fn run(world: &mut World, service: &str, version: Option<&str>, request: &Request) -> Answer {
    let no_action =
        || refuse("InvalidAction", format!("The action {} is not valid for this web service.", request.action));
    let service = SERVICES.iter().find(|s| s.name == service).ok_or_else(no_action)?;
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
    let answer = (operation.run)(world, request)?;
    if request.params.get("DryRun") == Some("true") {
        let lapse = format!("{} works in a dry run", operation.name);
        return Err(refuse("InternalError", lapse));
    }
    Ok(answer)
}

/// The document of an accepted request.
pub fn envelope(service: &str, action: &str, inner: &str, request_id: &str) -> String {
    let service = SERVICES.iter().find(|s| s.name == service);
    let namespace = service.map_or("", |s| s.namespace);
    let content = if service.is_some_and(|s| s.name == "ec2") {
        format!("<requestId>{request_id}</requestId>{inner}")
    } else {
        format!(
            "<{action}Result>{inner}</{action}Result>\
             <ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>"
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <{action}Response xmlns=\"{namespace}\">{content}</{action}Response>"
    )
}

/// The document of a refused request.
pub fn error_document(service: &str, refusal: &Refusal, request_id: &str) -> String {
    let mut x = Xml::new();
    if service == "ec2" {
        x.node("Response", |x| {
            x.node("Errors", |x| {
                x.node("Error", |x| {
                    x.leaf("Code", &refusal.code).leaf("Message", &refusal.message);
                });
            });
            x.leaf("RequestID", request_id);
        });
    } else {
        let kind = if refusal.status < 500 { "Sender" } else { "Receiver" };
        x.node("ErrorResponse", |x| {
            x.node("Error", |x| {
                x.leaf("Type", kind);
                x.leaf("Code", &refusal.code).leaf("Message", &refusal.message);
            });
            x.leaf("RequestId", request_id);
        });
    }
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", x.done())
}
