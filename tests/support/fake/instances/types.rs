//! Instance types, as far as launches are checked against images.

use super::super::errors::{Refusal, combination, refuse};
use super::super::model::Image;

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

/// Refuses types that do not exist or do not suit the image.
pub fn check(kind: &str, image: &Image) -> Result<(), Refusal> {
    let (family, size) = kind.split_once('.').unwrap_or((kind, ""));
    let known = |families: &[&str]| families.contains(&family) && SIZES.contains(&size);
    let (arm, nitro, old) = (known(&ARM), known(&NITRO), known(&OLD));
    if !(arm || nitro || old || known(&XEN)) {
        return Err(refuse("InvalidParameterValue", format!("Invalid value '{kind}' for InstanceType.")));
    }
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
    if (arm || nitro) && !image.ena {
        return Err(combination(format!(
            "Enhanced networking with the Elastic Network Adapter (ENA) is required for the \
             '{kind}' instance type. Ensure that you are using an AMI that is enabled for ENA."
        )));
    }
    Ok(())
}
