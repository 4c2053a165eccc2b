//! Temporary keys, and GetSessionToken.

use chrono::Duration;

use super::super::errors::{Answer, Refusal, refuse};
use super::super::request::Request;
use super::super::world::{Key, World, span};
use super::super::xml::Xml;
use super::{denied, mfa};

/// Hands out a key for somebody; writes its `Credentials`.
pub fn issue(world: &mut World, request: &Request, who: Key, seconds: i64, x: &mut Xml) {
    let number = world.ids.number();
    let key_id = format!("ASIAFAKE{number:012}");
    let token = format!("session-{number}");
    let until = request.now + world.sessions_last.map_or(Duration::seconds(seconds), span);
    world.keys.insert(key_id.clone(), Key { session: Some((token.clone(), until)), ..who });
    x.node("Credentials", |x| {
        x.leaf("AccessKeyId", &key_id).leaf("SecretAccessKey", "secret");
        x.leaf("SessionToken", token).time("Expiration", until);
    });
}

/// DurationSeconds within its bounds.
pub fn duration(request: &Request, default: i64, most: i64) -> Result<i64, Refusal> {
    let seconds = request.params.number("DurationSeconds")?.unwrap_or(default);
    if (900..=most).contains(&seconds) {
        return Ok(seconds);
    }
    Err(refuse("ValidationError", format!("DurationSeconds must be between 900 and {most}")))
}

/// A session of the caller's own; with a second factor, one that carries it into what the session does.
pub fn get_token(world: &mut World, request: &Request) -> Answer {
    if request.session {
        return Err(denied("Cannot call GetSessionToken with session credentials"));
    }
    let seconds = duration(request, 43_200, 129_600)?;
    let second_factor = mfa::proven(world, request)?;
    let who = Key { account: request.account.clone(), arn: request.arn.clone(), session: None, mfa: second_factor };
    let mut x = Xml::new();
    issue(world, request, who, seconds, &mut x);
    Ok(x.done())
}
