//! Instance types, as far as launches are checked against images.

use super::super::errors::{Answer, Refusal, combination, missing, refuse};
use super::super::filters::Filters;
use super::super::model::Image;
use super::super::paging::Window;
use super::super::request::Request;
use super::super::world::World;
use super::super::xml::Xml;

const SIZES: [&str; 9] = ["nano", "micro", "small", "medium", "large", "xlarge", "2xlarge", "4xlarge", "metal"];
const ARM: [&str; 7] = ["t4g", "m6g", "m7g", "c6g", "c7g", "r6g", "r7g"];
const NITRO: [&str; 10] = ["t3", "t3a", "m5", "m6i", "m7i", "c5", "c6i", "c7i", "r5", "r6i"];
const XEN: [&str; 3] = ["t2", "m4", "c4"];
const OLD: [&str; 2] = ["m1", "t1"];

/// What there is to know of a type.
struct Known {
    arm: bool,
    nitro: bool,
    old: bool,
}

fn known(kind: &str) -> Option<Known> {
    let (family, size) = kind.split_once('.')?;
    let of = |families: &[&str]| families.contains(&family) && SIZES.contains(&size);
    let (arm, nitro, old) = (of(&ARM), of(&NITRO), of(&OLD));
    (arm || nitro || old || of(&XEN)).then_some(Known { arm, nitro: arm || nitro, old })
}

/// Whether a type is built on Nitro.
pub fn nitro(kind: &str) -> bool {
    known(kind).is_some_and(|known| known.nitro)
}

/// Refuses types that do not exist or do not suit the image.
pub fn check(kind: &str, image: &Image) -> Result<(), Refusal> {
    let Some(Known { arm, nitro, old }) = known(kind) else {
        return Err(refuse("InvalidParameterValue", format!("Invalid value '{kind}' for InstanceType.")));
    };
    let family = kind.split_once('.').map_or(kind, |(family, _)| family);
    let fits = match image.architecture.as_str() {
        "arm64" => arm,
        "x86_64" => !arm,
        "i386" => old || family == "t2",
        _ => false,
    };
    if !fits {
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

/// DescribeInstanceTypes, by names only: nobody needs all of them.
pub fn describe(_: &mut World, request: &Request) -> Answer {
    let wanted = request.params.list("InstanceType");
    if wanted.is_empty() {
        return Err(missing("InstanceType"));
    }
    let unknown: Vec<&str> = wanted.iter().copied().filter(|kind| known(kind).is_none()).collect();
    if !unknown.is_empty() {
        let list = unknown.join(", ");
        let message = format!("The following supplied instance types do not exist: [{list}]");
        return Err(refuse("InvalidInstanceType", message));
    }
    request.dry_run()?;
    let mut x = Xml::new();
    x.list("instanceTypeSet", wanted, |x, kind| {
        let Some(Known { arm, nitro, old }) = known(kind) else { return };
        x.leaf("instanceType", kind).leaf("currentGeneration", !old);
        x.leaf("bareMetal", kind.ends_with(".metal"));
        let hypervisor = if nitro { "nitro" } else { "xen" };
        x.maybe("hypervisor", (!kind.ends_with(".metal")).then_some(hypervisor));
        x.node("processorInfo", |x| {
            let architectures: &[&str] = match (arm, old || kind.starts_with("t2.")) {
                (true, _) => &["arm64"],
                (false, true) => &["i386", "x86_64"],
                (false, false) => &["x86_64"],
            };
            x.list("supportedArchitectures", architectures, |x, one| {
                x.text(one);
            });
        });
    });
    Ok(x.done())
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
