//! DescribeKey.

use serde_json::json;

use super::super::errors::{Answer, Refusal, refuse};
use super::super::request::Request;
use super::super::world::World;
use super::{is_default_key, owner};

/// A key by id, ARN, alias or the ARN of an alias; another account's only by ARN, and only if it is shared.
pub fn run(world: &mut World, request: &Request) -> Answer {
    let name = request.params.need("KeyId")?;
    let arn = world.find_key(&request.account, &request.region, name).ok_or_else(|| not_found(request, name))?;
    let owner = owner(&arn);
    let key = world.kms_keys.get(&arn);
    let shared = key.is_some_and(|key| key.shared.contains(&request.account));
    if owner != request.account && !shared {
        return Err(refuse(
            "AccessDeniedException",
            format!(
                "User: {} is not authorized to perform: kms:DescribeKey on resource: {arn} because no resource-based \
                 policy allows the kms:DescribeKey action",
                request.arn
            ),
        ));
    }
    let state = key.map_or("Enabled", |key| key.state.as_str());
    let created = key.map_or(request.now, |key| key.created);
    let mut metadata = json!({
        "AWSAccountId": owner,
        "KeyId": arn.rsplit('/').next(),
        "Arn": arn,
        "CreationDate": created.timestamp(),
        "Enabled": state == "Enabled",
        "Description": "",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "KeyState": state,
        "Origin": "AWS_KMS",
        "KeyManager": if is_default_key(&arn) { "AWS" } else { "CUSTOMER" },
        "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "KeySpec": "SYMMETRIC_DEFAULT",
        "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
        "MultiRegion": false,
    });
    if state == "PendingDeletion" {
        metadata["DeletionDate"] = json!((created + chrono::Duration::days(30)).timestamp());
    }
    Ok(json!({ "KeyMetadata": metadata }).to_string())
}

/// What another account's key that is not there is answered with is unconfirmed; here as one's own.
fn not_found(request: &Request, name: &str) -> Refusal {
    let place = format!("arn:aws:kms:{}:{}", request.region, request.account);
    if name.starts_with("arn:") {
        return match name.split(':').collect::<Vec<_>>()[..] {
            ["arn", "aws", "kms", region, _, what] if what.starts_with("key/") || what.starts_with("alias/") => {
                let message = match what {
                    _ if region != request.region => format!("Invalid arn {region}"),
                    _ if what.starts_with("alias/") => format!("Alias {name} is not found."),
                    _ => format!("Key '{name}' does not exist"),
                };
                refuse("NotFoundException", message)
            }
            _ => refuse("InvalidArnException", format!("Invalid arn {name}")),
        };
    }
    let message = match name.bytes().filter(|b| *b == b'-').count() {
        _ if name.starts_with("alias/") => format!("Alias {place}:{name} is not found."),
        4 => format!("Key '{place}:key/{name}' does not exist"),
        _ => format!("Invalid keyId '{name}'"),
    };
    refuse("NotFoundException", message)
}
