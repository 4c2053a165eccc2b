//! AssumeRole.

use super::super::errors::{Answer, Refusal, missing, refuse};
use super::super::ids::is_account;
use super::super::request::Request;
use super::super::world::{Key, World};
use super::super::xml::Xml;
use super::{denied, mfa, session};

/// Hands out a key for the account of the role, if there is such an account and the role trusts the caller. The
/// session does not carry a second factor any further.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let arn = params.need("RoleArn")?;
    let name = params.need("RoleSessionName")?;
    let (account, role) = read_role(arn)?;
    if !(2..=64).contains(&name.len()) {
        return Err(refuse("ValidationError", "RoleSessionName must have 2 to 64 characters"));
    }
    let external_id = params.get("ExternalId");
    if external_id.is_some_and(|id| !(2..=1224).contains(&id.len())) {
        return Err(refuse("ValidationError", "ExternalId must have 2 to 1224 characters"));
    }
    let seconds = seconds(world, request, arn)?;
    let second_factor = mfa::proven(world, request)?;
    let wanted = world.trust.external_ids.get(arn);
    let trusted = wanted.is_none_or(|wanted| external_id == Some(wanted))
        && (second_factor || !world.trust.mfa.contains(arn))
        && world.trust.principals.get(arn).is_none_or(|principal| *principal == request.account)
        && world.is_active(account)
        && !world.denied_roles.contains(arn);
    if !trusted {
        return Err(denied(format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            request.arn
        )));
    }
    let assumed = format!("arn:aws:sts::{account}:assumed-role/{role}/{name}");
    let who = Key { account: account.to_owned(), arn: assumed.clone(), session: None, mfa: false };
    let mut x = Xml::new();
    session::issue(world, request, who, seconds, &mut x);
    x.node("AssumedRoleUser", |x| {
        x.leaf("AssumedRoleId", format_args!("AROAFAKE:{name}")).leaf("Arn", assumed);
    });
    x.maybe("SourceIdentity", params.get("SourceIdentity"));
    Ok(x.done())
}

/// The same for whoever has a token of somebody the role trusts: any token will do here. Nobody signs the request.
pub fn with_web_identity(world: &mut World, request: &Request) -> Answer {
    let params = &request.params;
    let arn = params.need("RoleArn")?;
    let (name, token) = (params.need("RoleSessionName")?, params.need("WebIdentityToken")?);
    let (account, role) = read_role(arn)?;
    if !(2..=64).contains(&name.len()) {
        return Err(refuse("ValidationError", "RoleSessionName must have 2 to 64 characters"));
    }
    if token.len() < 4 || !world.is_active(account) || world.denied_roles.contains(arn) {
        return Err(denied("Not authorized to perform sts:AssumeRoleWithWebIdentity"));
    }
    let seconds = session::duration(request, 3600, 43_200)?;
    let assumed = format!("arn:aws:sts::{account}:assumed-role/{role}/{name}");
    let who = Key { account: account.to_owned(), arn: assumed.clone(), session: None, mfa: false };
    let mut x = Xml::new();
    session::issue(world, request, who, seconds, &mut x);
    x.leaf("SubjectFromWebIdentityToken", "somebody");
    x.node("AssumedRoleUser", |x| {
        x.leaf("AssumedRoleId", format_args!("AROAFAKE:{name}")).leaf("Arn", assumed);
    });
    Ok(x.done())
}

/// At most an hour for a session that comes of another role's, and for a role that was not told otherwise.
fn seconds(world: &World, request: &Request, arn: &str) -> Result<i64, Refusal> {
    let seconds = session::duration(request, 3600, 43_200)?;
    let chained = request.arn.contains(":assumed-role/");
    if chained && seconds > 3600 {
        return Err(refuse(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    if seconds > world.trust.longest.get(arn).copied().unwrap_or(3600) {
        return Err(refuse(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(seconds)
}

/// Account and name of `arn:aws:iam::ACCOUNT:role/PATH/NAME`.
fn read_role(arn: &str) -> Result<(&str, &str), Refusal> {
    let parts = arn
        .strip_prefix("arn:aws:iam::")
        .and_then(|rest| rest.split_once(":role/"))
        .filter(|(account, path)| is_account(account) && !path.is_empty());
    let (account, path) = parts.ok_or_else(|| match arn {
        "" => missing("RoleArn"),
        _ => refuse("ValidationError", format!("{arn} is invalid")),
    })?;
    Ok((account, path.rsplit('/').next().unwrap_or(path)))
}
