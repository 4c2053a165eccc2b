//! The endpoint kept running, to try commands by hand without an AWS account.

use std::io::Write;

use crate::fake::organization::{REGIONS, ROLE};
use crate::fake::{Fake, PROD};
use crate::shell::{BE_AMICTL, HERE, Home};

/// Serves the organization that is to be taken over until Ctrl-C; first prints what a shell has to be told.
pub fn serve() {
    let (fake, home) = (Fake::start(), Home::new());
    fake.world().organization_to_take_over();
    fake.world().add_profile(PROD, "ssm");
    println!("{}", lines(&fake.url(), &home));
    // Who reads the lines from a pipe waits for them.
    std::io::stdout().flush().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(tokio::signal::ctrl_c()).unwrap();
    // A call by hand may be one that amictl's own tests would stop at.
    std::mem::forget(fake);
}

/// The lines to paste. Nothing below the user's home is read or written.
fn lines(url: &str, home: &Home) -> String {
    let home = shell_words::quote(home.path().to_str().unwrap()).into_owned();
    let this = std::env::current_exe().unwrap();
    let this = shell_words::quote(this.to_str().unwrap()).into_owned();
    format!(
        "# An endpoint with eight accounts and three regions is running. Paste this into another shell (bash or zsh);
# Ctrl-C ends the endpoint.
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_ENDPOINT_URL_EC2
export AWS_ENDPOINT_URL={url}
export AWS_ACCESS_KEY_ID=AKIAPROD AWS_SECRET_ACCESS_KEY=demo
export AWS_REGION={HERE} AWS_DEFAULT_REGION={HERE} AWS_EC2_METADATA_DISABLED=true
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export XDG_CONFIG_HOME={home}/config XDG_STATE_HOME={home}/state XDG_CACHE_HOME={home}/cache
amictl() {{ (export {BE_AMICTL}=1; exec -a amictl {this} \"$@\"); }}

# For example:
#   amictl list --region {regions}
#   amictl list --org-role {ROLE} --unmanaged --columns name,owner,age,tag:Owner,scan
#   amictl prune --org-role {ROLE} --keep 2
#   aws ec2 describe-images --owners self --query 'Images[].Name'",
        regions = REGIONS.join(",")
    )
}
