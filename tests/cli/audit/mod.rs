//! `audit`: what is wrong with images and with what refers to them.

mod faults;
mod files;
mod hints;
mod pins;
mod places;
mod sarif;
mod settings;
mod validator;

/// An image of us-east-1 that no rule complains about, made so many days ago.
macro_rules! good {
    ($world:expr, $name:expr, $days:expr) => {
        $world
            .image(crate::fake::PROD, crate::setup::EAST, $name)
            .created(crate::scene::days_ago($days))
            .encrypted("arn:aws:kms:us-east-1:111111111111:key/00000000-0000-4000-8000-000000000000")
            .imds_v2()
            .tag("Environment", "prod")
            .tag("Owner", "web")
    };
}
pub(crate) use good;
