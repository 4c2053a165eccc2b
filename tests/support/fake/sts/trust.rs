//! Conditions of roles on those who assume them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::request::Request;
use super::super::world::World;
use super::mfa::device_account;

/// What roles ask, by their ARNs.
#[derive(Default)]
pub struct Trust {
    /// The external id that must come along.
    pub external_ids: BTreeMap<String, String>,
    /// The account whose callers alone may assume the role.
    pub principals: BTreeMap<String, String>,
    /// Roles that need a second factor.
    pub mfa: BTreeSet<String>,
    /// MaxSessionDuration, in seconds, where it is not one hour.
    pub longest: BTreeMap<String, i64>,
    /// Devices by serial number.
    pub devices: BTreeMap<String, Device>,
}

/// A device that shows codes.
pub struct Device {
    /// The code it shows.
    pub code: String,
    /// Whether it has been used; a code works once.
    pub used: bool,
}

impl World {
    /// Makes a role ask for an external id.
    pub fn require_external_id(&mut self, role_arn: &str, id: &str) {
        self.trust.external_ids.insert(role_arn.to_owned(), id.to_owned());
    }

    /// Gives a role this trust policy: one statement, for callers of an account and, if it says so, an external id.
    pub fn trust_only(&mut self, role_arn: &str, policy: &Value) {
        let [statement] = policy["Statement"].as_array().unwrap().as_slice() else { panic!("{policy}") };
        assert_eq!((&statement["Effect"], &statement["Action"]), (&"Allow".into(), &"sts:AssumeRole".into()));
        let account = statement["Principal"]["AWS"].as_str().unwrap();
        self.trust.principals.insert(role_arn.to_owned(), account.to_owned());
        if let Some(id) = statement["Condition"]["StringEquals"]["sts:ExternalId"].as_str() {
            self.require_external_id(role_arn, id);
        }
    }

    /// Makes a role ask for a second factor, and a device show a code.
    pub fn require_mfa(&mut self, role_arn: &str, serial: &str, code: &str) {
        self.trust.mfa.insert(role_arn.to_owned());
        self.show_mfa_code(serial, code);
    }

    /// Makes a device, such as `arn:aws:iam::111111111111:mfa/operator`, show its next code; it works once.
    pub fn show_mfa_code(&mut self, serial: &str, code: &str) {
        assert!(!serial.contains(':') || device_account(serial).is_some(), "{serial} is no MFA device");
        self.trust.devices.insert(serial.to_owned(), Device { code: code.to_owned(), used: false });
    }

    /// Lets sessions of a role last longer than an hour.
    pub fn allow_long_sessions(&mut self, role_arn: &str, seconds: i64) {
        assert!((3600..=43_200).contains(&seconds), "sessions of a role last an hour to twelve, not {seconds} s");
        self.trust.longest.insert(role_arn.to_owned(), seconds);
    }

    /// Whether the role that a session is of is denied everything in the region of the request.
    pub(in super::super) fn denies(&self, request: &Request) -> bool {
        let session = request.arn.strip_prefix("arn:aws:sts::").and_then(|rest| rest.split_once(":assumed-role/"));
        let Some((account, session)) = session else { return false };
        let role = session.split('/').next().unwrap_or_default();
        let mut denied = self.denied_regions.iter().filter(|(_, region)| *region == request.region);
        denied.any(|(arn, _)| {
            let named = arn.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":role/"));
            named.is_some_and(|(of, path)| of == account && path.rsplit('/').next() == Some(role))
        })
    }
}
