//! Resource ids that look like EC2's, are never given twice and are the same in every run.

use super::errors::{Refusal, refuse};

/// The largest last group of a UUID.
const MOST_NODE: u64 = 0xffff_ffff_ffff;

/// Gives out ids.
#[derive(Debug, Default)]
pub struct Ids {
    given: u64,
}

impl Ids {
    /// The next id, e.g. `ami-` and 17 hex digits.
    pub fn next(&mut self, prefix: &str) -> String {
        self.given += 1;
        format!("{prefix}-{}", hex17(self.given))
    }

    /// The next id of the long kind, e.g. `fleet-` and a UUID.
    pub fn next_uuid(&mut self, prefix: &str) -> String {
        self.given += 1;
        let (high, low) = (mixed(self.given), mixed(!self.given));
        let (first, second) = (high >> 32, (high >> 16) & 0xffff);
        format!("{prefix}-{first:08x}-{second:04x}-4{:03x}-8{:03x}-{:012x}", high & 0xfff, low >> 52, low & MOST_NODE)
    }

    /// The next id of the short kind: 11 letters and digits.
    pub fn next_short(&mut self) -> String {
        self.given += 1;
        short(self.given)
    }

    /// The next number, for what is numbered rather than named (addresses, keys).
    pub fn number(&mut self) -> u64 {
        self.given += 1;
        self.given
    }
}

/// An id that follows from its parts, for what exists without being made (default VPC, KMS keys).
pub fn derived(prefix: &str, parts: &[&str]) -> String {
    format!("{prefix}-{}", hex17(seed(parts)))
}

/// An id of the short kind that follows from its parts.
pub fn derived_short(parts: &[&str]) -> String {
    short(seed(parts))
}

fn seed(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Mixes a number so that neighbours look unrelated (splitmix64, a bijection: no collisions).
pub fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// 11 letters and digits.
fn short(number: u64) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = mixed(number);
    let digits = (0..11).map(|_| {
        let digit = usize::try_from(rest % 62).unwrap_or(0);
        rest /= 62;
        char::from(DIGITS[digit])
    });
    digits.collect()
}

/// 17 hex digits; the first is `0`, as in the ids EC2 gives out today.
fn hex17(number: u64) -> String {
    format!("0{:016x}", mixed(number))
}

/// Whether this is `<prefix>-` and 8 or 17 hex digits.
pub fn well_formed(prefix: &str, id: &str) -> bool {
    id.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('-')).is_some_and(|hex| {
        matches!(hex.len(), 8 | 17) && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

/// Refuses an id of the wrong shape, with the code that its kind of resource uses.
pub fn check(prefix: &str, id: &str) -> Result<(), Refusal> {
    if well_formed(prefix, id) {
        return Ok(());
    }
    let code = match prefix {
        "ami" => "InvalidAMIID.Malformed",
        "snap" => "InvalidSnapshotID.Malformed",
        "i" => "InvalidInstanceID.Malformed",
        "sg" => "InvalidGroupId.Malformed",
        "subnet" => "InvalidSubnetID.Malformed",
        "vpc" => "InvalidVpcID.Malformed",
        "lt" => "InvalidLaunchTemplateId.Malformed",
        "amiur" => "InvalidImageUsageReportId.Malformed",
        "sir" => "InvalidSpotInstanceRequestID.Malformed",
        _ => "InvalidID",
    };
    Err(refuse(code, format!("Invalid id: \"{id}\" (expecting \"{prefix}-...\")")))
}

/// Whether this is an account number.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}
