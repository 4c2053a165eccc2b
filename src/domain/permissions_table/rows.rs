//! Rows that several commands share.

use super::condition::Condition::{GrantForAws, MadeBy, OfAmictl, TagKeys, ThroughEc2};
use super::resource::ResourceKind;
use super::resource::ResourceKind::{
    Alias, AutoScalingGroup, Image, Instance, Key, KeyPair, LaunchTemplate, NetworkInterface, Parameter,
    PowerShellDocument, PublicParameter, SecurityGroup, ShellDocument, Snapshot, SpotRequest, Subnet, UsageReport,
    Volume, Vpc,
};
use super::row::Need;

/// The images of the places.
pub const FIND: &[Need] = &[Need::any("ec2:DescribeImages", "finds images")];

/// `--region all`.
pub const REGIONS: &[Need] = &[Need::any("ec2:DescribeRegions", "--region all")];

/// A REF that is an alias, or a parameter that AWS publishes.
pub const REFERENCES: &[Need] =
    &[Need::new("ssm:GetParameter", &[Alias, PublicParameter], "a REF that is an alias or a public parameter")];

/// An alias that is moved.
pub const MOVE_ALIASES: &[Need] = &[
    Need::new("ssm:GetParameterHistory", &[Alias], "reads the alias back"),
    Need::new("ssm:GetParameters", &[Alias], "SSM's check of the image, after its answer"),
    Need::new("ssm:PutParameter", &[Alias], "writes the alias"),
];

/// Aliases with their histories.
pub const LIST_ALIASES: &[Need] = &[
    Need::any("ssm:DescribeParameters", "finds aliases"),
    Need::new("ssm:GetParameterHistory", &[Alias], "what an alias names and named before"),
];

/// Launch templates and what else names snapshots.
pub const TEMPLATES: &[Need] = &[
    Need::any("autoscaling:DescribeLaunchConfigurations", "use: launch configurations"),
    Need::any("ec2:DescribeLaunchTemplateVersions", "use: launch templates, also those of groups and fleets"),
    Need::any("ec2:DescribeLaunchTemplates", "use: launch templates"),
    Need::any("ec2:DescribeSpotFleetRequests", "use: Spot requests"),
    Need::any("ec2:DescribeSpotInstanceRequests", "use: Spot requests"),
];

/// The other sources of use.
pub const USE: &[Need] = &[
    Need::any("autoscaling:DescribeAutoScalingGroups", "use: Auto Scaling groups"),
    Need::any("ec2:DescribeFleets", "use: EC2 fleets"),
    Need::any("ec2:DescribeImageReferences", "use: EC2's own search"),
    Need::any("ec2:DescribeInstances", "use: instances"),
    Need::any("ssm:DescribeParameters", "use: parameters"),
    Need::new("ssm:GetParameterHistory", &[Alias], "use: what an alias named before, and a rollback would take"),
    Need::new("ssm:GetParameters", &[Parameter], "use: parameters, also those that templates name"),
    Need::any("imagebuilder:GetContainerRecipe", "EC2's own search").when(ThroughEc2).documented(),
    Need::any("imagebuilder:ListContainerRecipes", "EC2's own search").when(ThroughEc2).documented(),
    Need::any("imagebuilder:ListImageRecipes", "EC2's own search").when(ThroughEc2).documented(),
];

/// What `audit` reads beside images and templates. Without EC2's own search for references, which takes ten images a call.
pub const AUDIT: &[Need] = &[
    Need::any("autoscaling:DescribeAutoScalingGroups", "use: Auto Scaling groups"),
    Need::any("ec2:DescribeFleets", "use: EC2 fleets"),
    Need::new("ec2:DescribeImageAttribute", &[Image], "shared-outside: who the image is shared with"),
    Need::any("ec2:DescribeInstances", "use: instances"),
    Need::any("ssm:DescribeParameters", "use: parameters"),
    Need::new("ssm:GetParameterHistory", &[Alias], "use: what an alias named before"),
    Need::new("ssm:GetParameters", &[Parameter], "use: parameters, also those that templates name"),
];

/// What `stale` reads beside images.
pub const STALE: &[Need] = &[
    Need::any("ec2:DescribeInstanceImageMetadata", "running instances and their images"),
    Need::new("ssm:GetParameters", &[Alias], "--alias"),
];

/// `--usage-reports`.
pub const REPORTS: &[Need] = &[
    Need::new("ec2:CreateImageUsageReport", &[Image, UsageReport], "--usage-reports"),
    Need::new("ec2:DeleteImageUsageReport", &[UsageReport], "--usage-reports: removes its own reports")
        .says("the report stays"),
    Need::any("ec2:DescribeImageUsageReportEntries", "--usage-reports"),
    Need::any("ec2:DescribeImageUsageReports", "--usage-reports"),
];

/// Who an image is shared with.
pub const SHARES: &[Need] = &[Need::new("ec2:DescribeImageAttribute", &[Image], "who the image is shared with")];

/// The same for the journal of a plan that is carried out.
pub const JOURNAL: &[Need] = &[Need::new("ec2:DescribeImageAttribute", &[Image], "who the image is shared with")
    .says("the journal has null there; nothing is disabled")];

/// A policy in an SSM parameter.
pub const POLICY: &[Need] = &[Need::new("ssm:GetParameter", &[Parameter], "--policy ssm:/PATH")];

/// The removal of images with their snapshots.
pub const DELETE: &[Need] = &[
    Need::new("ec2:DeleteSnapshot", &[Snapshot], "deletes snapshots"),
    Need::new("ec2:DeregisterImage", &[Image], "deregisters images"),
    Need::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "the journal: who could copy the snapshots")
        .says("the journal has null there"),
    Need::any("ec2:DescribeSnapshots", "checks that snapshots are gone; their tags may keep them")
        .says("the snapshots stay"),
];

/// The Recycle Bin's rules.
pub const BIN: &[Need] = &[
    Need::any("rbin:GetRule", "what could be restored").says("that is unknown; --require-recycle-bin refuses"),
    Need::any("rbin:ListRules", "what could be restored").says("that is unknown; --require-recycle-bin refuses"),
];

/// Retirement in stages.
pub const RETIRE: &[Need] = &[
    Need::new("ec2:CreateTags", &[Image], "retire: notes the stage").when(TagKeys(&["amictl:retire", "amictl:shares"])),
    Need::new("ec2:DeleteTags", &[Image], "retire: takes the note back")
        .when(TagKeys(&["amictl:retire", "amictl:shares"])),
    Need::new("ec2:DisableImage", &[Image], "retire: disable"),
    Need::new("ec2:DisableImageDeprecation", &[Image], "retire: takes a deprecation back"),
    Need::new("ec2:EnableImage", &[Image], "retire: takes disabling back"),
    Need::new("ec2:EnableImageDeprecation", &[Image], "retire: deprecate"),
    Need::new("ec2:ModifyImageAttribute", &[Image], "retire: restores launch permissions"),
];

/// Boot tests.
pub const BOOT_TEST: &[Need] = &[
    Need::new("ec2:RunInstances", BOOTED, "launches test instances"),
    Need::new("ec2:CreateTags", &[Instance, NetworkInterface, Volume], "tags test instances")
        .when(MadeBy("RunInstances")),
    Need::new("ec2:CreateTags", &[Image], "writes the verdict").when(TagKeys(&["amictl:tested"])),
    Need::any("ec2:DescribeInstanceStatus", "waits for the status checks"),
    Need::any("ec2:DescribeInstanceTypeOfferings", "without --subnet: the zones that offer a type"),
    Need::any("ec2:DescribeInstanceTypes", "the architectures of a type"),
    Need::any("ec2:DescribeInstances", "sees instances terminated; --sweep: finds them"),
    Need::any("ec2:DescribeSubnets", "finds the subnet"),
    Need::new("ec2:GetConsoleOutput", &[Instance], "the console output of a failed test").says("it is left out"),
    Need::new("ec2:TerminateInstances", &[Instance], "ends test instances").when(OfAmictl),
];

/// What a boot test makes or uses.
const BOOTED: &[ResourceKind] = &[Image, Instance, NetworkInterface, SecurityGroup, Snapshot, Subnet, Volume];

/// `test --sweep`, beside the rows of [`BOOT_TEST`]: starts what `create --stop` left stopped.
pub const SWEEP: &[Need] = &[
    Need::new("ec2:DeleteTags", &[Instance], "--sweep: the tag of a stopped instance")
        .when(TagKeys(&["amictl:stopped"]))
        .says("the tag stays"),
    Need::new("ec2:StartInstances", &[Instance], "--sweep: starts what 'create --stop' left stopped"),
];

/// Steps after an image is available: --share-with, --deprecate-after, --protect.
pub const FOLLOW_UP: &[Need] = &[
    Need::new("ec2:EnableImageDeprecation", &[Image], "--deprecate-after"),
    Need::new("ec2:EnableImageDeregistrationProtection", &[Image], "--protect"),
    Need::new("ec2:ModifyImageAttribute", &[Image], "--share-with"),
    Need::any("ec2:GetEbsDefaultKmsKeyId", "--share-with: whether the key can be shared")
        .says("EC2 says so afterwards"),
    Need::any("ec2:GetEbsEncryptionByDefault", "--share-with: whether the key can be shared")
        .says("EC2 says so afterwards"),
];

/// A copy of an image.
pub const COPY: &[Need] = &[
    Need::new("ec2:CopyImage", &[Image, Snapshot], "copies the image and its snapshots"),
    Need::new("ec2:CreateTags", &[Image, Snapshot], "tags the copy").when(MadeBy("CopyImage")),
];

/// The tag by which the snapshots of a copy are known.
pub const MARK: &[Need] =
    &[Need::new("ec2:CreateTags", &[Snapshot], "the tag by which orphans knows the snapshots of a copy")
        .when(TagKeys(&["amictl:snapshot-of"]))
        .says("orphans later keeps these snapshots because of doubt")];

/// What EC2 remembers of the images above one.
pub const ANCESTRY: &[Need] = &[Need::new("ec2:GetImageAncestry", &[Image], "images above those that are listed")];

/// What EC2 does with the keys of encrypted snapshots in the name of the caller.
pub const KEYS: &[Need] = &[
    Need::new("kms:CreateGrant", &[Key], "encrypted snapshots").when(GrantForAws).documented(),
    Need::new("kms:Decrypt", &[Key], "encrypted snapshots").documented(),
    Need::new("kms:GenerateDataKeyWithoutPlaintext", &[Key], "encrypted snapshots").documented(),
    Need::new("kms:ReEncryptFrom", &[Key], "encrypted snapshots").documented(),
    Need::new("kms:ReEncryptTo", &[Key], "encrypted snapshots").documented(),
];

/// A look at a key.
pub const LOOK_AT_KEYS: &[Need] =
    &[Need::new("kms:DescribeKey", &[Key], "whether a key can be used and shared").says("EC2 says so afterwards")];

/// Instances and the group that admits web traffic.
pub const LAUNCH: &[Need] = &[
    Need::new("ec2:RunInstances", LAUNCHED, "launches instances"),
    Need::new("ec2:CreateTags", &[Instance, Volume], "tags instances").when(MadeBy("RunInstances")),
    Need::any("ec2:DescribeInstances", "waits for instances"),
    Need::any("ec2:DescribeLaunchTemplateVersions", "--template without REF: its image"),
    Need::new("ssm:GetParameters", &[Alias, PublicParameter], "--template without REF: the parameter that it names"),
    Need::new("ec2:AuthorizeSecurityGroupIngress", &[SecurityGroup], "--allow-http").when(OfAmictl),
    Need::new("ec2:CreateSecurityGroup", &[SecurityGroup, Vpc], "--allow-http"),
    Need::new("ec2:CreateTags", &[SecurityGroup], "--allow-http: tags the group").when(MadeBy("CreateSecurityGroup")),
    Need::any("ec2:DescribeSecurityGroups", "--allow-http"),
    Need::any("ec2:DescribeSubnets", "--allow-http with --subnet"),
    Need::any("ec2:DescribeVpcs", "--allow-http without --subnet"),
    Need::new("kms:DescribeKey", &[Key], "encrypted snapshots").documented(),
];

/// `create --stop`: an instance is stopped, and started again.
pub const STOP: &[Need] = &[
    Need::any("autoscaling:DescribeAutoScalingInstances", "--stop: whether an Auto Scaling group would replace it"),
    Need::new("ec2:CreateTags", &[Instance], "--stop: notes that it is to be started again")
        .when(TagKeys(&["amictl:stopped"])),
    Need::new("ec2:DeleteTags", &[Instance], "--stop: takes the note back").when(TagKeys(&["amictl:stopped"])),
    Need::any("ec2:DescribeInstanceAttribute", "--stop: whether it is protected"),
    Need::any("ec2:DescribeInstanceTypes", "--stop: whether it has instance store volumes"),
    Need::any("ec2:DescribeSpotInstanceRequests", "--stop of a Spot Instance"),
    Need::new("ec2:StartInstances", &[Instance], "--stop: starts the instance again"),
    Need::new("ec2:StopInstances", &[Instance], "--stop"),
];

/// Scripts on instances. `amictl permissions` leaves [`SEND_COMMAND`] out unless it is asked for.
pub const RUN_COMMAND: &[Need] = &[
    Need::any("ssm:CancelCommand", "ends a script whose time is over"),
    Need::any("ssm:DescribeInstanceInformation", "whether the agent is online"),
    Need::any("ssm:GetCommandInvocation", "how a script ended"),
    Need::any("ssm:ListCommands", "finds a script after a lost answer"),
    Need::new(SEND_COMMAND, &[Instance, PowerShellDocument, ShellDocument], "runs scripts on instances"),
];

/// The action that lets its holder act as whoever an instance is.
pub const SEND_COMMAND: &str = "ssm:SendCommand";

/// Auto Scaling groups and their instance refreshes.
pub const REFRESHES: &[Need] = &[
    Need::any("autoscaling:DescribeAutoScalingGroups", "finds groups"),
    Need::any("autoscaling:DescribeInstanceRefreshes", "watches instance refreshes"),
];

/// A roll-out. Who gives a group a version must be allowed to launch from it.
pub const ROLL_OUT: &[Need] = &[
    Need::new("autoscaling:CancelInstanceRefresh", &[AutoScalingGroup], "--cancel"),
    Need::new("autoscaling:RollbackInstanceRefresh", &[AutoScalingGroup], "--rollback"),
    Need::new("autoscaling:StartInstanceRefresh", &[AutoScalingGroup], "begins an instance refresh"),
    Need::new("autoscaling:UpdateAutoScalingGroup", &[AutoScalingGroup], "pins a group that follows its template"),
    Need::new("ec2:CreateLaunchTemplateVersion", &[LaunchTemplate], "--image: makes a version"),
    Need::new("ec2:CreateTags", &[Instance, Volume], "a template with tags").when(MadeBy("RunInstances")),
    Need::any("ec2:DescribeInstances", "the image that instances run, where a template names a parameter"),
    Need::any("ec2:DescribeLaunchTemplateVersions", "finds the versions of the template"),
    Need::new("ec2:RunInstances", LAUNCHED, "Auto Scaling asks for it before it takes a version"),
];

/// What a launch makes or uses.
const LAUNCHED: &[ResourceKind] =
    &[Image, Instance, KeyPair, LaunchTemplate, NetworkInterface, SecurityGroup, Snapshot, SpotRequest, Subnet, Volume];

/// A launch template.
pub const TEMPLATE: &[Need] = &[
    Need::new("ec2:CreateLaunchTemplate", &[LaunchTemplate], "makes a launch template"),
    Need::new("ec2:CreateTags", &[LaunchTemplate], "tags a launch template").when(MadeBy("CreateLaunchTemplate")),
];

/// Versions of a launch template: `--template` of `promote` too.
pub const TEMPLATE_VERSIONS: &[Need] = &[
    Need::any("autoscaling:DescribeAutoScalingGroups", "which groups use the template").says("that is unknown"),
    Need::new("ec2:CreateLaunchTemplateVersion", &[LaunchTemplate], "makes a version of a launch template"),
    Need::any("ec2:DescribeLaunchTemplateVersions", "finds a launch template and its versions"),
    Need::new("ec2:ModifyLaunchTemplate", &[LaunchTemplate], "makes a version the default"),
];

/// The deprecation of images.
pub const DEPRECATE: &[Need] = &[
    Need::new("ec2:DisableImageDeprecation", &[Image], "--cancel"),
    Need::new("ec2:EnableImageDeprecation", &[Image], "deprecates images"),
];

/// What `restore` brings back, and what EC2 does not.
pub const RESTORE: &[Need] = &[
    Need::new("ec2:CreateTags", &[Image, Snapshot], "tags that EC2 does not bring back"),
    Need::new("ec2:DeleteTags", &[Image], "ends a retirement").when(TagKeys(&["amictl:retire"])),
    Need::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "who may copy the snapshots"),
    Need::any("ec2:DescribeSnapshots", "finds snapshots"),
    Need::any("ec2:ListImagesInRecycleBin", "the contents of the bin"),
    Need::any("ec2:ListSnapshotsInRecycleBin", "the contents of the bin"),
    Need::new("ec2:ModifyImageAttribute", &[Image], "permissions that EC2 does not bring back"),
    Need::new("ec2:ModifySnapshotAttribute", &[Snapshot], "permissions that EC2 does not bring back"),
    Need::new("ec2:RestoreImageFromRecycleBin", &[Image], "brings images back"),
    Need::new("ec2:RestoreSnapshotFromRecycleBin", &[Snapshot], "brings snapshots back"),
];

/// The mark of a revoked image, and `--disable`.
pub const REVOKE: &[Need] = &[
    Need::new("ec2:CreateTags", &[Image], "the mark; --disable: records the launch permissions")
        .when(TagKeys(&["amictl:revoked", "amictl:shares"])),
    Need::new("ec2:DeleteTags", &[Image], "--disable: takes the record back").when(TagKeys(&["amictl:shares"])),
    Need::new("ec2:DisableImage", &[Image], "--disable"),
];

/// The removal of that mark.
pub const UNREVOKE: &[Need] =
    &[Need::new("ec2:DeleteTags", &[Image], "removes the mark").when(TagKeys(&["amictl:revoked"]))];
