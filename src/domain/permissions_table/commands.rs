//! The commands, each with its rows.

use super::rows::{
    BIN, COPY, DELETE, FIND, FOLLOW_UP, JOURNAL, KEYS, LAUNCH, LOOK_AT_KEYS, MARK, REFERENCES, REGIONS, REPORTS,
    RETIRE, SHARES, TEMPLATES, USE,
};
use super::{Condition, Needs, Resource, Row};
use Condition::{MadeBy, TagKeys};
use Resource::{Image, Instance, RetentionRule, Snapshot};

/// All commands that call AWS.
pub const COMMANDS: &[Needs] = &[
    Needs { command: "apply", parts: &[FIND, TEMPLATES, USE, JOURNAL, DELETE, BIN, RETIRE] },
    Needs {
        command: "copy",
        parts: &[
            FIND,
            REFERENCES,
            COPY,
            MARK,
            SHARES,
            FOLLOW_UP,
            LOOK_AT_KEYS,
            KEYS,
            &[
                Row::new("ec2:CreateTags", &[Image, Snapshot], "completes the tags of a copy that is there already"),
                Row::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "--from-role-arn: what is shared")
                    .says("EC2 says what is not shared"),
                Row::any("ec2:DescribeSnapshots", "the snapshots of the source and of the copy"),
            ],
        ],
    },
    Needs {
        command: "create",
        parts: &[
            FIND,
            REFERENCES,
            COPY,
            MARK,
            SHARES,
            FOLLOW_UP,
            LOOK_AT_KEYS,
            KEYS,
            &[
                Row::new("ec2:CreateImage", &[Image, Instance, Snapshot], "--instance"),
                Row::new("ec2:CreateTags", &[Image, Snapshot], "--instance: tags the image")
                    .when(MadeBy("CreateImage")),
                Row::new("ec2:CreateTags", &[Image], "--snapshot: tags the image").when(MadeBy("RegisterImage")),
                Row::new(
                    "ec2:CreateTags",
                    &[Snapshot],
                    "--snapshot: tags the snapshot; --no-snapshot-tags does without",
                ),
                Row::any("ec2:DescribeInstances", "--instance"),
                Row::any("ec2:DescribeSnapshots", "--snapshot"),
                Row::any("ec2:DescribeVolumes", "--share-with: whether the keys of the volumes can be shared")
                    .says("EC2 says so afterwards"),
                Row::new("ec2:RegisterImage", &[Image, Snapshot], "--snapshot"),
            ],
        ],
    },
    Needs {
        command: "deprecate",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            &[
                Row::new("ec2:DisableImageDeprecation", &[Image], "--cancel"),
                Row::new("ec2:EnableImageDeprecation", &[Image], "deprecates images"),
            ],
        ],
    },
    Needs {
        command: "deregister",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            TEMPLATES,
            USE,
            REPORTS,
            SHARES,
            DELETE,
            BIN,
            &[Row::new("ec2:CreateTags", &[Snapshot], "--keep-snapshots").when(TagKeys(&["amictl:keep"]))],
        ],
    },
    Needs {
        command: "disable",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            TEMPLATES,
            USE,
            SHARES,
            &[
                Row::new("ec2:CreateTags", &[Image], "records the launch permissions")
                    .when(TagKeys(&["amictl:shares"])),
                Row::new("ec2:DeleteTags", &[Image], "takes the record back").when(TagKeys(&["amictl:shares"])),
                Row::new("ec2:DisableImage", &[Image], "disables images"),
            ],
        ],
    },
    Needs {
        command: "doctor",
        parts: &[
            FIND,
            REGIONS,
            &[
                Row::any("ec2:DescribeInstances", "an instance to try on"),
                Row::any("ec2:DescribeSnapshots", "a snapshot to try on"),
            ],
        ],
    },
    Needs {
        command: "enable",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            SHARES,
            &[
                Row::new("ec2:CreateTags", &[Image], "records what is left").when(TagKeys(&["amictl:shares"])),
                Row::new("ec2:DeleteTags", &[Image], "removes the record").when(TagKeys(&["amictl:shares"])),
                Row::new("ec2:EnableImage", &[Image], "enables images"),
                Row::new("ec2:ModifyImageAttribute", &[Image], "--restore-shares"),
            ],
        ],
    },
    Needs { command: "launch", parts: &[FIND, REFERENCES, KEYS, LAUNCH] },
    Needs { command: "list", parts: &[FIND, REGIONS, TEMPLATES, USE] },
    Needs {
        command: "orphans",
        parts: &[
            FIND,
            REGIONS,
            TEMPLATES,
            BIN,
            &[
                Row::new("ec2:DeleteSnapshot", &[Snapshot], "--apply"),
                Row::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "where an account cannot be read"),
                Row::any("ec2:DescribeSnapshots", "finds snapshots"),
                Row::any("ec2:ListImagesInRecycleBin", "images that can come back"),
            ],
        ],
    },
    Needs {
        command: "protect",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            &[Row::new("ec2:EnableImageDeregistrationProtection", &[Image], "protects images")],
        ],
    },
    Needs { command: "prune", parts: &[FIND, REGIONS, TEMPLATES, USE, REPORTS, SHARES, DELETE, BIN, RETIRE] },
    Needs {
        command: "recycle-bin",
        parts: &[
            REGIONS,
            &[
                Row::new("rbin:CreateRule", &[RetentionRule], "--retain"),
                Row::any("rbin:GetRule", "reads the rules"),
                Row::any("rbin:ListRules", "reads the rules"),
            ],
        ],
    },
    Needs { command: "refs", parts: &[FIND, REFERENCES, REGIONS, TEMPLATES, USE, REPORTS, SHARES] },
    Needs {
        command: "restore",
        parts: &[
            FIND,
            REGIONS,
            SHARES,
            &[
                Row::new("ec2:CreateTags", &[Image, Snapshot], "tags that EC2 does not bring back"),
                Row::new("ec2:DeleteTags", &[Image], "ends a retirement").when(TagKeys(&["amictl:retire"])),
                Row::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "who may copy the snapshots"),
                Row::any("ec2:DescribeSnapshots", "finds snapshots"),
                Row::any("ec2:ListImagesInRecycleBin", "the contents of the bin"),
                Row::any("ec2:ListSnapshotsInRecycleBin", "the contents of the bin"),
                Row::new("ec2:ModifyImageAttribute", &[Image], "permissions that EC2 does not bring back"),
                Row::new("ec2:ModifySnapshotAttribute", &[Snapshot], "permissions that EC2 does not bring back"),
                Row::new("ec2:RestoreImageFromRecycleBin", &[Image], "brings images back"),
                Row::new("ec2:RestoreSnapshotFromRecycleBin", &[Snapshot], "brings snapshots back"),
            ],
        ],
    },
    Needs {
        command: "share",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            SHARES,
            LOOK_AT_KEYS,
            &[
                Row::any("ec2:DescribeSnapshots", "the keys of encrypted images"),
                Row::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "--copyable"),
                Row::any("ec2:GetImageBlockPublicAccessState", "--public").says("EC2 says so afterwards"),
                Row::any("ec2:GetSnapshotBlockPublicAccessState", "--public --copyable").says("EC2 says so afterwards"),
                Row::new("ec2:ModifyImageAttribute", &[Image], "shares images"),
                Row::new("ec2:ModifySnapshotAttribute", &[Snapshot], "--copyable"),
            ],
        ],
    },
    Needs {
        command: "show",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            TEMPLATES,
            USE,
            SHARES,
            &[Row::any("ec2:DescribeSnapshots", "the snapshots of the image")],
        ],
    },
    Needs {
        command: "tag",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            &[Row::new("ec2:CreateTags", &[Image], "sets tags"), Row::new("ec2:DeleteTags", &[Image], "--remove")],
        ],
    },
    Needs {
        command: "unprotect",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            &[Row::new("ec2:DisableImageDeregistrationProtection", &[Image], "takes the protection away")],
        ],
    },
    Needs {
        command: "unshare",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            SHARES,
            &[
                Row::new("ec2:CreateTags", &[Image], "permissions that are recorded in a tag")
                    .when(TagKeys(&["amictl:shares"])),
                Row::new("ec2:DeleteTags", &[Image], "permissions that are recorded in a tag")
                    .when(TagKeys(&["amictl:shares"])),
                Row::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "--copyable, --all"),
                Row::new("ec2:ModifyImageAttribute", &[Image], "withdraws permissions"),
                Row::new("ec2:ModifySnapshotAttribute", &[Snapshot], "--copyable, --all"),
                Row::new("ec2:ResetImageAttribute", &[Image], "--all"),
            ],
        ],
    },
    Needs {
        command: "wait",
        parts: &[
            FIND,
            REFERENCES,
            MARK,
            &[
                Row::any("ec2:DescribeInstances", "waits for instances"),
                Row::any("ec2:DescribeSnapshots", "the snapshots of a copy; the progress bar")
                    .says("orphans later keeps these snapshots because of doubt"),
            ],
        ],
    },
];
