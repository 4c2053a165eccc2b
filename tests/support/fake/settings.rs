//! Settings of an account and region: encryption by default, blocks on public images and snapshots.

use super::errors::Answer;
use super::request::Request;
use super::services::Operation;
use super::world::World;
use super::xml::Xml;

/// Operations that read the settings.
pub const OPERATIONS: &[Operation] = &[
    Operation { name: "GetEbsDefaultKmsKeyId", params: &[], run: default_key },
    Operation { name: "GetEbsEncryptionByDefault", params: &[], run: encryption },
    Operation { name: "GetImageBlockPublicAccessState", params: &[], run: block },
    Operation { name: "GetSnapshotBlockPublicAccessState", params: &[], run: block_of_snapshots },
];

/// `alias/aws/ebs` until another key is set, then that key's ARN.
fn default_key(world: &mut World, request: &Request) -> Answer {
    request.dry_run()?;
    let set = world.ebs_default_keys.get(&place(request));
    let mut x = Xml::new();
    x.leaf("kmsKeyId", set.map_or("alias/aws/ebs", String::as_str));
    Ok(x.done())
}

fn encryption(world: &mut World, request: &Request) -> Answer {
    request.dry_run()?;
    let mut x = Xml::new();
    x.leaf("ebsEncryptionByDefault", world.encrypt_by_default.contains(&place(request)));
    Ok(x.done())
}

fn block(world: &mut World, request: &Request) -> Answer {
    request.dry_run()?;
    let place = place(request);
    let blocked = world.block_public_access.contains(&place);
    let by_policy = world.settings_by_policy.contains(&place);
    let mut x = Xml::new();
    x.leaf("imageBlockPublicAccessState", if blocked { "block-new-sharing" } else { "unblocked" });
    x.leaf("managedBy", if by_policy { "declarative-policy" } else { "account" });
    Ok(x.done())
}

fn block_of_snapshots(world: &mut World, request: &Request) -> Answer {
    request.dry_run()?;
    let place = place(request);
    let by_policy = world.settings_by_policy.contains(&place);
    let mut x = Xml::new();
    x.leaf("state", world.block_public_snapshots.get(&place).unwrap_or(&"unblocked"));
    x.leaf("managedBy", if by_policy { "declarative-policy" } else { "account" });
    Ok(x.done())
}

fn place(request: &Request) -> (String, String) {
    (request.account.clone(), request.region.clone())
}
