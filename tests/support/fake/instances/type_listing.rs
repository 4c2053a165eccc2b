//! DescribeInstanceTypes.

use super::super::errors::{Answer, refuse};
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;
use super::types::{Described, described};

/// The named types; without names EC2 lists all of them, which nobody here does.
pub fn run(_: &mut World, request: &Request) -> Answer {
    let wanted = request.params.list("InstanceType");
    let unknown: Vec<&str> = wanted.iter().copied().filter(|kind| described(kind).is_none()).collect();
    if wanted.is_empty() || !unknown.is_empty() {
        let message = format!("The following supplied instance types do not exist: [{}]", unknown.join(", "));
        return Err(refuse("InvalidInstanceType", message));
    }
    request.dry_run()?;
    let found = wanted.iter().filter_map(|kind| Some((kind, described(kind)?)));
    let mut x = Xml::new();
    x.list("instanceTypeSet", found, |x, (kind, Described { architectures, nitro, instance_store })| {
        x.leaf("instanceType", kind).leaf("hypervisor", if nitro { "nitro" } else { "xen" });
        x.node("processorInfo", |x| {
            x.list("supportedArchitectures", architectures, |x, name| {
                x.text(name);
            });
        });
        x.leaf("instanceStorageSupported", instance_store);
    });
    Ok(x.done())
}
