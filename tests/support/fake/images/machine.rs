//! Machine properties of RegisterImage, and their combinations.
//!
//! Where no source tells, a combination is refused.

use super::super::errors::{Refusal, combination, invalid_value, refuse};
use super::super::params::Params;

const ARCHITECTURES: [&str; 5] = ["i386", "x86_64", "arm64", "x86_64_mac", "arm64_mac"];
/// Characters of base64.
const LONGEST_UEFI_DATA: usize = 64_000;
/// The types of volumes with their sizes in GiB.
const VOLUMES: [(&str, i64, i64); 7] = [
    ("gp2", 1, 16_384),
    ("gp3", 1, 65_536),
    ("io1", 4, 16_384),
    ("io2", 4, 65_536),
    ("sc1", 125, 16_384),
    ("st1", 125, 16_384),
    ("standard", 1, 1024),
];

/// A machine as it is registered.
pub struct Machine {
    pub architecture: String,
    pub virtualization: String,
    pub ena: bool,
    pub boot_mode: Option<String>,
    pub imds: Option<String>,
    pub tpm: Option<String>,
    pub uefi_data: Option<String>,
}

/// Reads it; EC2 has the defaults of long ago.
pub fn read(params: &Params) -> Result<Machine, Refusal> {
    let one_of = |name: &str, known: &[&str]| one_of(params, name, known).map(|value| value.map(str::to_owned));
    one_of("SriovNetSupport", &["simple"])?;
    let machine = Machine {
        architecture: one_of("Architecture", &ARCHITECTURES)?.unwrap_or_else(|| "i386".to_owned()),
        virtualization: one_of("VirtualizationType", &["hvm", "paravirtual"])?
            .unwrap_or_else(|| "paravirtual".to_owned()),
        ena: params.flag("EnaSupport")?.unwrap_or(false),
        boot_mode: one_of("BootMode", &["legacy-bios", "uefi", "uefi-preferred"])?,
        imds: one_of("ImdsSupport", &["v2.0"])?,
        tpm: one_of("TpmSupport", &["v2.0"])?,
        uefi_data: params.get("UefiData").map(str::to_owned),
    };
    let uefi = machine.boot_mode.as_deref() == Some("uefi");
    if machine.tpm.is_some() && !uefi {
        return Err(combination("TpmSupport requires BootMode to be uefi"));
    }
    if let Some(data) = &machine.uefi_data {
        let digits = data.trim_end_matches('=');
        let base64 = digits.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/".contains(&b));
        if data.is_empty() || data.len() > LONGEST_UEFI_DATA || data.len() % 4 != 0 || !base64 {
            return Err(refuse("InvalidParameterValue", "The UEFI data is not valid."));
        }
        if !uefi {
            return Err(combination("UefiData requires BootMode to be uefi"));
        }
    }
    if machine.architecture.starts_with("arm64") && machine.boot_mode.as_deref() == Some("legacy-bios") {
        return Err(combination("The boot mode legacy-bios is not supported for the architecture"));
    }
    Ok(machine)
}

/// A type has its sizes, and only some have operations or throughput to buy.
pub fn check_volume(kind: &str, size: i64, iops: Option<i64>, throughput: Option<i64>) -> Result<(), Refusal> {
    let Some((_, least, most)) = VOLUMES.iter().find(|(name, ..)| *name == kind) else {
        return Err(invalid_value("VolumeType", kind, "Unknown volume type."));
    };
    if !(*least..=*most).contains(&size) {
        return Err(invalid_value("VolumeSize", &size.to_string(), &format!("{kind} has {least} to {most} GiB.")));
    }
    let bought = ["io1", "io2"].contains(&kind);
    if bought && iops.is_none() {
        return Err(refuse("MissingParameter", format!("The parameter iops must be specified for {kind} volumes.")));
    }
    if iops.is_some() && !bought && kind != "gp3" {
        return Err(combination(format!("The parameter iops is not supported for {kind} volumes.")));
    }
    if throughput.is_some() && kind != "gp3" {
        return Err(combination(format!("The parameter throughput is not supported for {kind} volumes.")));
    }
    Ok(())
}

fn one_of<'a>(params: &'a Params, name: &str, known: &[&str]) -> Result<Option<&'a str>, Refusal> {
    match params.get(name) {
        Some(value) if !known.contains(&value) => {
            Err(invalid_value(name, value, &format!("Expected one of {known:?}.")))
        }
        other => Ok(other),
    }
}
