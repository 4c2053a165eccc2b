//! Resources as policies name them.

/// A kind of resource. Images and snapshots have no account in their ARNs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    /// All: the action does not tell resources apart.
    Any,
    /// `/amictl/<family>/<alias>`.
    Alias,
    /// An Auto Scaling group.
    AutoScalingGroup,
    /// An image.
    Image,
    /// An instance.
    Instance,
    /// A key of KMS.
    Key,
    /// A key pair.
    KeyPair,
    /// A launch template.
    LaunchTemplate,
    /// A network interface.
    NetworkInterface,
    /// Every parameter.
    Parameter,
    /// AWS's document that runs PowerShell scripts.
    PowerShellDocument,
    /// A parameter that AWS publishes.
    PublicParameter,
    /// A rule of the Recycle Bin.
    RetentionRule,
    /// A security group.
    SecurityGroup,
    /// AWS's document that runs shell scripts.
    ShellDocument,
    /// A snapshot.
    Snapshot,
    /// A Spot request.
    SpotRequest,
    /// A subnet.
    Subnet,
    /// An image usage report.
    UsageReport,
    /// A volume.
    Volume,
    /// A VPC.
    Vpc,
}

impl ResourceKind {
    /// The pattern of its ARN. A policy is to work in every partition (`aws`, `aws-cn`, `aws-us-gov`), which IAM allows
    /// to be a wildcard: an identity never meets the ARNs of another one.
    pub fn arn(self, family: Option<&str>) -> String {
        let rest = match self {
            Self::Any => return "*".to_owned(),
            Self::Alias => return format!("arn:*:ssm:*:*:parameter/amictl/{}", family.map_or("*".into(), below)),
            Self::AutoScalingGroup => "autoscaling:*:*:autoScalingGroup:*:autoScalingGroupName/*",
            Self::Image => "ec2:*::image/*",
            Self::Instance => "ec2:*:*:instance/*",
            Self::Key => "kms:*:*:key/*",
            Self::KeyPair => "ec2:*:*:key-pair/*",
            Self::LaunchTemplate => "ec2:*:*:launch-template/*",
            Self::NetworkInterface => "ec2:*:*:network-interface/*",
            Self::Parameter => "ssm:*:*:parameter/*",
            Self::PowerShellDocument => "ssm:*:*:document/AWS-RunPowerShellScript",
            Self::PublicParameter => "ssm:*::parameter/aws/service/*",
            Self::RetentionRule => "rbin:*:*:rule/*",
            Self::SecurityGroup => "ec2:*:*:security-group/*",
            Self::ShellDocument => "ssm:*:*:document/AWS-RunShellScript",
            Self::Snapshot => "ec2:*::snapshot/*",
            Self::SpotRequest => "ec2:*:*:spot-instances-request/*",
            Self::Subnet => "ec2:*:*:subnet/*",
            Self::UsageReport => "ec2:*:*:image-usage-report/*",
            Self::Volume => "ec2:*:*:volume/*",
            Self::Vpc => "ec2:*:*:vpc/*",
        };
        format!("arn:*:{rest}")
    }

    /// The word for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "all",
            Self::Alias => "aliases",
            Self::AutoScalingGroup => "Auto Scaling groups",
            Self::Image => "images",
            Self::Instance => "instances",
            Self::Key => "keys",
            Self::KeyPair => "key pairs",
            Self::LaunchTemplate => "launch templates",
            Self::NetworkInterface => "network interfaces",
            Self::Parameter => "parameters",
            Self::PowerShellDocument => "AWS-RunPowerShellScript",
            Self::PublicParameter => "public parameters",
            Self::RetentionRule => "retention rules",
            Self::SecurityGroup => "security groups",
            Self::ShellDocument => "AWS-RunShellScript",
            Self::Snapshot => "snapshots",
            Self::SpotRequest => "Spot requests",
            Self::Subnet => "subnets",
            Self::UsageReport => "usage reports",
            Self::Volume => "volumes",
            Self::Vpc => "VPCs",
        }
    }
}

fn below(family: &str) -> String {
    format!("{family}/*")
}
