//! The second factor: SerialNumber and TokenCode.

use super::super::errors::{Refusal, refuse};
use super::super::ids::is_account;
use super::super::request::Request;
use super::super::world::World;
use super::denied;

/// Whether the caller has a second factor: the session has it already, or a device and its code come along.
pub fn proven(world: &mut World, request: &Request) -> Result<bool, Refusal> {
    let (serial, code) = (request.params.get("SerialNumber"), request.params.get("TokenCode"));
    let (serial, code) = match (serial, code) {
        (None, None) => return Ok(request.mfa),
        (Some(serial), Some(code)) => (serial, code),
        _ => {
            return Err(denied(
                "MultiFactorAuthentication must provide both MFA serial number and one time pass code.",
            ));
        }
    };
    check_form(serial, code)?;
    // A device belongs to a user, and only that user's own keys can use it.
    let own = !request.session && device_account(serial).is_none_or(|account| account == request.account);
    let device = world.trust.devices.get_mut(serial).filter(|_| own).ok_or_else(|| {
        denied(
            "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is \
             valid and associated with this user.",
        )
    })?;
    if device.code != code || device.used {
        return Err(denied("MultiFactorAuthentication failed with invalid MFA one time pass code. "));
    }
    device.used = true;
    Ok(true)
}

/// A virtual device is named by ARN, one of hardware by the number on it; a code has six digits.
fn check_form(serial: &str, code: &str) -> Result<(), Refusal> {
    let bad = |value: &str, field: &str, pattern: &str| {
        refuse(
            "ValidationError",
            format!(
                "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must \
                 satisfy regular expression pattern: {pattern}"
            ),
        )
    };
    let number = serial.bytes().all(|b| b.is_ascii_alphanumeric());
    if !(9..=256).contains(&serial.len()) || !(number || device_account(serial).is_some()) {
        return Err(bad(serial, "serialNumber", "[\\w+=/:,.@-]*"));
    }
    if code.len() != 6 || !code.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad(code, "tokenCode", "[\\d]*"));
    }
    Ok(())
}

/// The account of `arn:aws:iam::ACCOUNT:mfa/NAME`.
pub fn device_account(serial: &str) -> Option<&str> {
    let (account, name) = serial.strip_prefix("arn:aws:iam::")?.split_once(":mfa/")?;
    (is_account(account) && !name.is_empty()).then_some(account)
}
