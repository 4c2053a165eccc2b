//! AWS's clock, and what it does to requests that are signed by another one.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::errors::{Refusal, refuse};
use super::world::World;

/// AWS takes what was signed within five minutes of its own time.
const TOLERANCE: i64 = 5;

impl World {
    /// The header `Date` of an answer.
    pub fn date(&self) -> String {
        self.clock().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    fn clock(&self) -> DateTime<Utc> {
        Utc::now() + chrono::Duration::minutes(self.clock_ahead)
    }

    /// Refuses a request that was signed at another time, in the words of the service.
    pub fn check_clock(&self, service: &str, signed: Option<&str>) -> Result<(), Refusal> {
        let Some(signed) = signed.and_then(|text| NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ").ok()) else {
            return Ok(());
        };
        if (self.clock() - signed.and_utc()).num_minutes().abs() < TOLERANCE {
            return Ok(());
        }
        let now = self.clock().format("%Y%m%dT%H%M%SZ");
        let expired = format!("Signature expired: {} is now earlier than {now}", signed.format("%Y%m%dT%H%M%SZ"));
        Err(match service {
            "ec2" => refuse("RequestExpired", "Request has expired."),
            "sts" | "autoscaling" => refuse("SignatureDoesNotMatch", expired),
            _ => refuse("InvalidSignatureException", expired),
        })
    }
}
