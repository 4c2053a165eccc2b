//! The AWS SDK that this build was made with.

/// The crate that talks to EC2, with its version.
pub fn ec2() -> String {
    format!("aws-sdk-ec2 {}", aws_sdk_ec2::meta::PKG_VERSION)
}
