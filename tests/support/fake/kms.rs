//! KMS keys, as far as copies need them.

use super::ids::derived;
use super::request::Request;
use super::world::World;

impl World {
    /// Makes a key in a region, with an alias such as `alias/images`; gives its ARN.
    pub fn add_kms_key(&mut self, account: &str, region: &str, alias: &str) -> String {
        let arn = key_arn(account, region, alias);
        let prefix = format!("arn:aws:kms:{region}:{account}");
        let aliased = format!("{prefix}:{alias}");
        self.kms_keys.insert(aliased, arn.clone());
        self.kms_keys.insert(arn.clone(), arn.clone());
        arn
    }

    /// The key a name stands for in an account and region: ARN, id or alias.
    pub(super) fn find_key(&self, account: &str, region: &str, name: &str) -> Option<String> {
        let prefix = format!("arn:aws:kms:{region}:{account}");
        let full = match name {
            "alias/aws/ebs" => return Some(default_key(account, region)),
            _ if name.starts_with("arn:") => name.to_owned(),
            _ if name.starts_with("alias/") => format!("{prefix}:{name}"),
            _ => format!("{prefix}:key/{name}"),
        };
        if full == default_key(account, region) {
            return Some(full);
        }
        let found = self.kms_keys.get(&full)?;
        found.contains(&format!(":kms:{region}:")).then(|| found.clone())
    }

    /// The key that encryption by default imposes where a request acts.
    pub(super) fn forced_key(&self, request: &Request) -> Option<String> {
        let place = (request.account.clone(), request.region.clone());
        let forced = self.encrypt_by_default.contains(&place);
        forced.then(|| default_key(&request.account, &request.region))
    }
}

/// The ARN of an account's `aws/ebs` key in a region.
pub fn default_key(account: &str, region: &str) -> String {
    key_arn(account, region, "alias/aws/ebs")
}

/// Whether a key is some account's `aws/ebs` key.
pub fn is_default_key(arn: &str) -> bool {
    match arn.split(':').collect::<Vec<_>>()[..] {
        [_, _, _, region, account, _] => arn == default_key(account, region),
        _ => false,
    }
}

fn key_arn(account: &str, region: &str, alias: &str) -> String {
    let hex = derived("k", &[account, region, alias]);
    let (left, right) = hex[3..].split_at(8);
    format!("arn:aws:kms:{region}:{account}:key/{left}-0000-4000-8000-0000{right}")
}
