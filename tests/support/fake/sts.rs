//! The security token service: who am I, and becoming somebody else.

use super::errors::{Answer, Refusal, missing, refuse};
use super::ids::is_account;
use super::request::Request;
use super::services::Operation;
use super::world::{Key, World};
use super::xml::Xml;

/// STS operations.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "GetCallerIdentity", params: &[], run: identity },
    Operation {
        name: "AssumeRole",
        params: &["DurationSeconds", "ExternalId", "RoleArn", "RoleSessionName"],
        run: assume,
    },
];

#[expect(clippy::unnecessary_wraps, reason = "every operation has this signature")]
fn identity(_: &mut World, request: &Request) -> Answer {
    let mut x = Xml::new();
    x.leaf("Arn", &request.arn).leaf("UserId", "AIDAFAKE").leaf("Account", &request.account);
    Ok(x.done())
}

/// Hands out a key for the account of the role, if there is such an account.
fn assume(world: &mut World, request: &Request) -> Answer {
    let arn = request.params.need("RoleArn")?;
    let session = request.params.need("RoleSessionName")?;
    let (account, role) = read_role(arn)?;
    if !(2..=64).contains(&session.len()) {
        return Err(refuse("ValidationError", "RoleSessionName must have 2 to 64 characters"));
    }
    let chained = request.arn.contains(":assumed-role/");
    let longest = if chained { 3600 } else { 43_200 };
    let seconds = request.params.number("DurationSeconds")?.unwrap_or(3600);
    if !(900..=longest).contains(&seconds) {
        let message = format!("DurationSeconds must be between 900 and {longest}");
        return Err(refuse("ValidationError", message));
    }
    if !world.accounts.contains(account) || world.denied_roles.contains(arn) {
        return Err(refuse(
            "AccessDenied",
            format!("User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}", request.arn),
        ));
    }
    let number = world.ids.number();
    let key_id = format!("ASIAFAKE{number:012}");
    let token = format!("session-{number}");
    let until = request.now + chrono::Duration::seconds(seconds);
    let assumed = format!("arn:aws:sts::{account}:assumed-role/{role}/{session}");
    let key = Key { account: account.to_owned(), arn: assumed.clone(), session: Some((token.clone(), until)) };
    world.keys.insert(key_id.clone(), key);
    let mut x = Xml::new();
    x.node("Credentials", |x| {
        x.leaf("AccessKeyId", &key_id).leaf("SecretAccessKey", "secret");
        x.leaf("SessionToken", token).time("Expiration", until);
    });
    x.node("AssumedRoleUser", |x| {
        x.leaf("AssumedRoleId", format_args!("AROAFAKE:{session}")).leaf("Arn", assumed);
    });
    Ok(x.done())
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
