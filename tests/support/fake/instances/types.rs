//! Instance types, as far as launches are checked against images.

use super::super::errors::{Answer, Refusal, combination, refuse};
use super::super::filters::Filters;
use super::super::model::Image;
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;

const SIZES: [&str; 9] = ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "metal"];
const ARM: [&str; 7] = ["t4g", "m6g", "m7g", "c6g", "c7g", "r6g", "r7g"];
const NITRO: [&str; 11] = ["t3", "t3a", "m5", "m5d", "m6i", "m7i", "c5", "c6i", "c7i", "r5", "r6i"];
const XEN: [&str; 3] = ["t2", "m4", "c4"];
const OLD: [&str; 2] = ["m1", "t1"];

/// Families with disks of the host.
const STORE: [&str; 2] = ["m5d", "m1"];

/// What a type is.
pub struct Described {
    /// Its architectures.
    pub architectures: &'static [&'static str],
    /// Whether it is of the Nitro system.
    pub nitro: bool,
    /// Whether it has disks of the host.
    pub instance_store: bool,
}

/// A type that exists.
pub fn described(kind: &str) -> Option<Described> {
    let (family, size) = kind.split_once('.')?;
    let known = |families: &[&str]| families.contains(&family) && SIZES.contains(&size);
    let architectures: &[&str] = match (known(&ARM), known(&NITRO) || known(&XEN), known(&OLD)) {
        (true, _, _) => &["arm64"],
        (_, true, _) if family == "t2" => &["i386", "x86_64"],
        (_, true, _) => &["x86_64"],
        (_, _, true) => &["i386", "x86_64"],
        _ => return None,
    };
    let nitro = known(&ARM) || known(&NITRO);
    Some(Described { architectures, nitro, instance_store: STORE.contains(&family) })
}

/// Whether a type is built on Nitro.
pub fn nitro(kind: &str) -> bool {
    described(kind).is_some_and(|described| described.nitro)
}

/// Refuses types that do not exist or do not suit the image.
pub fn check(kind: &str, image: &Image) -> Result<(), Refusal> {
    let Some(Described { architectures, nitro, .. }) = described(kind) else {
        return Err(refuse("InvalidParameterValue", format!("Invalid value '{kind}' for InstanceType.")));
    };
    let old = OLD.iter().any(|family| kind.split('.').next() == Some(family));
    if !architectures.contains(&image.architecture.as_str()) {
        return Err(refuse(
            "InvalidParameterValue",
            format!(
                "The architecture of the instance type '{kind}' does not match the architecture '{}' \
                 of the specified AMI. Specify an instance type and an AMI that have matching \
                 architectures, and try again.",
                image.architecture
            ),
        ));
    }
    if image.virtualization == "paravirtual" && !old {
        return Err(combination(
            "Non-Windows instances with a virtualization type of 'paravirtual' are currently not \
             supported for this instance type.",
        ));
    }
    if nitro && !image.ena {
        return Err(combination(format!(
            "Enhanced networking with the Elastic Network Adapter (ENA) is required for the \
             '{kind}' instance type. Ensure that you are using an AMI that is enabled for ENA."
        )));
    }
    Ok(())
}

/// DescribeInstanceTypeOfferings, by zones, of the types that are asked for.
pub fn offerings(world: &mut World, request: &Request) -> Answer {
    let window = Window::read(world, request, (5, 1000), None)?;
    if request.params.get("LocationType") != Some("availability-zone") {
        return Err(refuse("InvalidParameterValue", "Only the zones are known here."));
    }
    let filters = Filters::read(&request.params, &["instance-type", "location"])?;
    request.dry_run()?;
    let families = [&ARM[..], &NITRO, &XEN, &OLD].concat();
    let kinds = families.iter().flat_map(|family| SIZES.iter().map(move |size| format!("{family}.{size}")));
    let mut all = Vec::new();
    for kind in kinds {
        for zone in ["a", "b", "c"].map(|letter| format!("{}{letter}", request.region)) {
            let offered = !world.not_offered.contains(&(kind.clone(), zone.clone()));
            let passes = |name: &str, test: &dyn Fn(&str) -> bool| match name {
                "instance-type" => test(&kind),
                _ => test(&zone),
            };
            if offered && filters.accept(passes) {
                all.push((format!("{kind} {zone}"), (kind.clone(), zone)));
            }
        }
    }
    all.sort();
    let (page, next) = window.cut(all.into_iter());
    let mut x = Xml::new();
    x.list("instanceTypeOfferingSet", page, |x, (kind, zone)| {
        x.leaf("instanceType", kind).leaf("locationType", "availability-zone").leaf("location", zone);
    });
    x.maybe("nextToken", next);
    Ok(x.done())
}
