//! One request after its signature scope and its form have been read.

use chrono::{DateTime, Utc};

use super::errors::{Refusal, dry_run, refuse};
use super::params::Params;
use super::rest;
use super::world::World;

/// What came over the wire.
pub struct Incoming {
    /// `POST`, …
    pub method: String,
    /// `/`, but for REST requests; what is asked for in a query is part of it.
    pub path: String,
    /// Whether amictl sent it, and not a test.
    pub by_amictl: bool,
    /// `Authorization` header.
    pub authorization: Option<String>,
    /// `X-Amz-Security-Token` header.
    pub session_token: Option<String>,
    /// `X-Amz-Date` header: when it was signed.
    pub signed: Option<String>,
    /// `X-Amz-Target` header; only JSON requests have it.
    pub target: Option<String>,
    /// Body: a form, or JSON; a REST request may have none.
    pub body: Vec<u8>,
}

/// The one operation that is asked for without a signature.
const ANONYMOUS: &str = "AssumeRoleWithWebIdentity";

/// Who signed for what; read from the SigV4 credential scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Access key id.
    pub key_id: String,
    /// Region.
    pub region: String,
    /// Service, e.g. `ec2`.
    pub service: String,
}

/// A request of a known account.
pub struct Request {
    /// Operation, e.g. `DescribeImages`.
    pub action: String,
    /// Region it was signed for.
    pub region: String,
    /// Account of the access key.
    pub account: String,
    /// ARN of the caller.
    pub arn: String,
    /// Whether the key is a temporary one.
    pub session: bool,
    /// Whether the session carries a second factor.
    pub mfa: bool,
    /// Its parameters, without `Action` and `Version`.
    pub params: Params,
    /// The world's time when it came.
    pub now: DateTime<Utc>,
}

impl Incoming {
    /// The parameters, among them `Action` and `Version`, which JSON requests have in a header and REST requests in
    /// their path.
    pub fn form(&self) -> Result<Params, Refusal> {
        if self.path != "/" {
            return rest::form(&self.method, &self.path, &self.body);
        }
        let Some(target) = &self.target else { return Params::from_form(&self.body) };
        let (version, action) = target.split_once('.').unwrap_or(("", target));
        let mut form = Params::from_json(&self.body)?;
        form.0.insert("Action".to_owned(), action.to_owned());
        form.0.insert("Version".to_owned(), version.to_owned());
        Ok(form)
    }

    /// Reads `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`.
    pub fn scope(&self) -> Result<Scope, Refusal> {
        let action = || Params::from_form(&self.body).ok()?.get("Action").map(str::to_owned);
        if self.authorization.is_none() && action().as_deref() == Some(ANONYMOUS) {
            // It comes unsigned; which region is asked is not known then.
            return Ok(Scope { key_id: String::new(), region: "us-east-1".to_owned(), service: "sts".to_owned() });
        }
        let header = self
            .authorization
            .as_deref()
            .ok_or_else(|| refuse("MissingAuthenticationToken", "Request is missing Authentication Token"))?;
        let scope = header.split_once("Credential=").and_then(|(_, rest)| rest.split(',').next()).unwrap_or_default();
        match scope.trim().split('/').collect::<Vec<_>>()[..] {
            [key_id, _, region, service, "aws4_request"] => {
                Ok(Scope { key_id: key_id.to_owned(), region: region.to_owned(), service: service.to_owned() })
            }
            _ => {
                Err(refuse("IncompleteSignature", "Credential must have the form KEY/DATE/REGION/SERVICE/aws4_request"))
            }
        }
    }
}

impl Request {
    /// Checks who is calling, and where.
    pub fn read(world: &World, scope: &Scope, incoming: &Incoming, form: &Params) -> Result<Request, Refusal> {
        let stranger = || refuse("AuthFailure", "AWS was not able to validate the provided access credentials");
        let now = world.now();
        if form.get("Action") == Some(ANONYMOUS) && scope.key_id.is_empty() {
            return Ok(Request {
                action: ANONYMOUS.to_owned(),
                region: scope.region.clone(),
                account: String::new(),
                arn: "anonymous".to_owned(),
                session: false,
                mfa: false,
                params: form.without(&["Action", "Version"]),
                now,
            });
        }
        world.check_clock(&scope.service, incoming.signed.as_deref())?;
        let key = world.keys.get(&scope.key_id).ok_or_else(stranger)?;
        if let Some((token, until)) = &key.session {
            if incoming.session_token.as_ref() != Some(token) {
                return Err(stranger());
            }
            if now >= *until {
                return Err(refuse("RequestExpired", "Request has expired."));
            }
        }
        if !world.is_enabled(&key.account, &scope.region) {
            return Err(stranger());
        }
        Ok(Request {
            action: form.get("Action").unwrap_or_default().to_owned(),
            region: scope.region.clone(),
            account: key.account.clone(),
            arn: key.arn.clone(),
            session: key.session.is_some(),
            mfa: key.mfa,
            params: form.without(&["Action", "Version"]),
            now,
        })
    }

    /// Ends a dry run: everything was checked, nothing has been changed yet.
    pub fn dry_run(&self) -> Result<(), Refusal> {
        match self.params.flag("DryRun")? {
            Some(true) => Err(dry_run()),
            _ => Ok(()),
        }
    }

    /// The key of state that belongs to a name within the account.
    pub fn named(&self, name: &str) -> (String, String) {
        (self.account.clone(), name.to_owned())
    }
}
