//! Rows that several commands share.

use super::{Condition, Resource, Row};
use Condition::{GrantForAws, MadeBy, OfAmictl, TagKeys, ThroughEc2};
use Resource::{
    Alias, Image, Instance, Key, KeyPair, LaunchTemplate, NetworkInterface, Parameter, PublicParameter, SecurityGroup,
    Snapshot, SpotRequest, Subnet, UsageReport, Volume, Vpc,
};

/// The images of the places.
pub const FIND: &[Row] = &[Row::any("ec2:DescribeImages", "finds images")];

/// `--region all`.
pub const REGIONS: &[Row] = &[Row::any("ec2:DescribeRegions", "--region all")];

/// A REF that is an alias, or a parameter that AWS publishes.
pub const REFERENCES: &[Row] =
    &[Row::new("ssm:GetParameter", &[Alias, PublicParameter], "a REF that is an alias or a public parameter")];

/// Launch templates and what else names snapshots.
pub const TEMPLATES: &[Row] = &[
    Row::any("autoscaling:DescribeLaunchConfigurations", "use: launch configurations"),
    Row::any("ec2:DescribeLaunchTemplateVersions", "use: launch templates, also those of groups and fleets"),
    Row::any("ec2:DescribeLaunchTemplates", "use: launch templates"),
    Row::any("ec2:DescribeSpotFleetRequests", "use: Spot requests"),
    Row::any("ec2:DescribeSpotInstanceRequests", "use: Spot requests"),
];

/// The other sources of use.
pub const USE: &[Row] = &[
    Row::any("autoscaling:DescribeAutoScalingGroups", "use: Auto Scaling groups"),
    Row::any("ec2:DescribeFleets", "use: EC2 fleets"),
    Row::any("ec2:DescribeImageReferences", "use: EC2's own search"),
    Row::any("ec2:DescribeInstances", "use: instances"),
    Row::any("ssm:DescribeParameters", "use: parameters"),
    Row::new("ssm:GetParameterHistory", &[Alias], "use: the image that an alias named before"),
    Row::new("ssm:GetParameters", &[Parameter], "use: parameters, also those that templates name"),
    Row::any("imagebuilder:GetContainerRecipe", "EC2's own search").when(ThroughEc2).documented(),
    Row::any("imagebuilder:ListContainerRecipes", "EC2's own search").when(ThroughEc2).documented(),
    Row::any("imagebuilder:ListImageRecipes", "EC2's own search").when(ThroughEc2).documented(),
];

/// `--usage-reports`.
pub const REPORTS: &[Row] = &[
    Row::new("ec2:CreateImageUsageReport", &[Image, UsageReport], "--usage-reports"),
    Row::new("ec2:DeleteImageUsageReport", &[UsageReport], "--usage-reports: removes its own reports")
        .says("the report stays"),
    Row::any("ec2:DescribeImageUsageReportEntries", "--usage-reports"),
    Row::any("ec2:DescribeImageUsageReports", "--usage-reports"),
];

/// Who an image is shared with.
pub const SHARES: &[Row] = &[Row::new("ec2:DescribeImageAttribute", &[Image], "who the image is shared with")];

/// The same for the journal of a plan that is carried out.
pub const JOURNAL: &[Row] = &[Row::new("ec2:DescribeImageAttribute", &[Image], "who the image is shared with")
    .says("the journal has null there; nothing is disabled")];

/// The removal of images with their snapshots.
pub const DELETE: &[Row] = &[
    Row::new("ec2:DeleteSnapshot", &[Snapshot], "deletes snapshots"),
    Row::new("ec2:DeregisterImage", &[Image], "deregisters images"),
    Row::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "the journal: who could copy the snapshots")
        .says("the journal has null there"),
    Row::any("ec2:DescribeSnapshots", "checks that snapshots are gone; their tags may keep them")
        .says("the snapshots stay"),
];

/// The Recycle Bin's rules.
pub const BIN: &[Row] = &[
    Row::any("rbin:GetRule", "what could be restored").says("that is unknown; --require-recycle-bin refuses"),
    Row::any("rbin:ListRules", "what could be restored").says("that is unknown; --require-recycle-bin refuses"),
];

/// Retirement in stages.
pub const RETIRE: &[Row] = &[
    Row::new("ec2:CreateTags", &[Image], "retire: notes the stage").when(TagKeys(&["amictl:retire", "amictl:shares"])),
    Row::new("ec2:DeleteTags", &[Image], "retire: takes the note back")
        .when(TagKeys(&["amictl:retire", "amictl:shares"])),
    Row::new("ec2:DisableImage", &[Image], "retire: disable"),
    Row::new("ec2:DisableImageDeprecation", &[Image], "retire: takes a deprecation back"),
    Row::new("ec2:EnableImage", &[Image], "retire: takes disabling back"),
    Row::new("ec2:EnableImageDeprecation", &[Image], "retire: deprecate"),
    Row::new("ec2:ModifyImageAttribute", &[Image], "retire: restores launch permissions"),
];

/// Steps after an image is available: --share-with, --deprecate-after, --protect.
pub const FOLLOW_UP: &[Row] = &[
    Row::new("ec2:EnableImageDeprecation", &[Image], "--deprecate-after"),
    Row::new("ec2:EnableImageDeregistrationProtection", &[Image], "--protect"),
    Row::new("ec2:ModifyImageAttribute", &[Image], "--share-with"),
    Row::any("ec2:GetEbsDefaultKmsKeyId", "--share-with: whether the key can be shared").says("EC2 says so afterwards"),
    Row::any("ec2:GetEbsEncryptionByDefault", "--share-with: whether the key can be shared")
        .says("EC2 says so afterwards"),
];

/// A copy of an image.
pub const COPY: &[Row] = &[
    Row::new("ec2:CopyImage", &[Image, Snapshot], "copies the image and its snapshots"),
    Row::new("ec2:CreateTags", &[Image, Snapshot], "tags the copy").when(MadeBy("CopyImage")),
];

/// The tag by which the snapshots of a copy are known.
pub const MARK: &[Row] =
    &[Row::new("ec2:CreateTags", &[Snapshot], "the tag by which orphans knows the snapshots of a copy")
        .when(TagKeys(&["amictl:snapshot-of"]))
        .says("orphans later keeps these snapshots because of doubt")];

/// What EC2 does with the keys of encrypted snapshots in the name of the caller.
pub const KEYS: &[Row] = &[
    Row::new("kms:CreateGrant", &[Key], "encrypted snapshots").when(GrantForAws).documented(),
    Row::new("kms:Decrypt", &[Key], "encrypted snapshots").documented(),
    Row::new("kms:GenerateDataKeyWithoutPlaintext", &[Key], "encrypted snapshots").documented(),
    Row::new("kms:ReEncryptFrom", &[Key], "encrypted snapshots").documented(),
    Row::new("kms:ReEncryptTo", &[Key], "encrypted snapshots").documented(),
];

/// A look at a key.
pub const LOOK_AT_KEYS: &[Row] =
    &[Row::new("kms:DescribeKey", &[Key], "whether a key can be used and shared").says("EC2 says so afterwards")];

/// Instances and the group that admits web traffic.
pub const LAUNCH: &[Row] = &[
    Row::new("ec2:RunInstances", LAUNCHED, "launches instances"),
    Row::new("ec2:CreateTags", &[Instance, Volume], "tags instances").when(MadeBy("RunInstances")),
    Row::any("ec2:DescribeInstances", "waits for instances"),
    Row::new("ec2:AuthorizeSecurityGroupIngress", &[SecurityGroup], "--allow-http").when(OfAmictl),
    Row::new("ec2:CreateSecurityGroup", &[SecurityGroup, Vpc], "--allow-http"),
    Row::new("ec2:CreateTags", &[SecurityGroup], "--allow-http: tags the group").when(MadeBy("CreateSecurityGroup")),
    Row::any("ec2:DescribeSecurityGroups", "--allow-http"),
    Row::any("ec2:DescribeSubnets", "--allow-http with --subnet"),
    Row::any("ec2:DescribeVpcs", "--allow-http without --subnet"),
];

/// What a launch makes or uses.
const LAUNCHED: &[Resource] =
    &[Image, Instance, KeyPair, LaunchTemplate, NetworkInterface, SecurityGroup, Snapshot, SpotRequest, Subnet, Volume];
