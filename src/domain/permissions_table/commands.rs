//! The commands, each with its rows.

use super::condition::Condition::{MadeBy, TagKeys};
use super::resource::ResourceKind::{Image, Instance, RetentionRule, Snapshot};
use super::row::Need;
use super::rows::{
    ANCESTRY, AUDIT, BIN, BOOT_TEST, COPY, DELETE, DEPRECATE, FIND, FOLLOW_UP, JOURNAL, KEYS, LAUNCH, LIST_ALIASES,
    LOOK_AT_KEYS, MARK, MOVE_ALIASES, POLICY, REFERENCES, REFRESHES, REGIONS, REPORTS, RESTORE, RETIRE, REVOKE,
    ROLL_OUT, RUN_COMMAND, SHARES, STALE, STOP, SWEEP, TEMPLATE, TEMPLATE_VERSIONS, TEMPLATES, UNREVOKE, USE,
};

/// A command with its rows.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// The name of the command.
    pub command: &'static str,
    parts: &'static [&'static [Need]],
}

impl Needs {
    /// The rows; those that several commands share come first.
    pub fn rows(&self) -> impl Iterator<Item = &'static Need> + use<> {
        self.parts.iter().flat_map(|part| part.iter())
    }
}

/// The commands that call AWS, in the order of their names.
pub fn all() -> &'static [Needs] {
    COMMANDS
}

/// The rows of a command; none for one that does not call AWS.
pub fn of(command: &str) -> Option<&'static Needs> {
    COMMANDS.iter().find(|needs| needs.command == command)
}

/// All commands that call AWS.
const COMMANDS: &[Needs] = &[
    Needs { command: "aliases", parts: &[FIND, REGIONS, LIST_ALIASES] },
    Needs { command: "apply", parts: &[FIND, TEMPLATES, USE, JOURNAL, DELETE, BIN, RETIRE] },
    Needs { command: "audit", parts: &[FIND, REGIONS, TEMPLATES, AUDIT] },
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
                Need::new("ec2:CreateTags", &[Image, Snapshot], "completes the tags of a copy that is there already"),
                Need::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "--from-role-arn: what is shared")
                    .says("EC2 says what is not shared"),
                Need::any("ec2:DescribeSnapshots", "the snapshots of the source and of the copy"),
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
            STOP,
            RUN_COMMAND,
            &[
                Need::new("ec2:CreateImage", &[Image, Instance, Snapshot], "--instance"),
                Need::new("ec2:CreateTags", &[Image, Snapshot], "--instance: tags the image")
                    .when(MadeBy("CreateImage")),
                Need::new("ec2:CreateTags", &[Image], "--snapshot: tags the image").when(MadeBy("RegisterImage")),
                Need::new(
                    "ec2:CreateTags",
                    &[Snapshot],
                    "--snapshot: tags the snapshot; --no-snapshot-tags does without",
                ),
                Need::any("ec2:DescribeInstances", "--instance"),
                Need::new("ec2:GetImageAncestry", &[Image], "--instance: whether it came of a revoked image")
                    .says("that is unknown"),
                Need::any("ec2:DescribeSnapshots", "--snapshot; --stop: when its snapshots are begun"),
                Need::any("ec2:DescribeVolumes", "--share-with: whether the keys of the volumes can be shared")
                    .says("EC2 says so afterwards"),
                Need::new("ec2:RegisterImage", &[Image, Snapshot], "--snapshot"),
            ],
        ],
    },
    Needs { command: "deprecate", parts: &[FIND, REFERENCES, REGIONS, DEPRECATE] },
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
            &[Need::new("ec2:CreateTags", &[Snapshot], "--keep-snapshots").when(TagKeys(&["amictl:keep"]))],
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
                Need::new("ec2:CreateTags", &[Image], "records the launch permissions")
                    .when(TagKeys(&["amictl:shares"])),
                Need::new("ec2:DeleteTags", &[Image], "takes the record back").when(TagKeys(&["amictl:shares"])),
                Need::new("ec2:DisableImage", &[Image], "disables images"),
            ],
        ],
    },
    Needs {
        command: "doctor",
        parts: &[
            FIND,
            REGIONS,
            &[
                Need::any("ec2:DescribeInstances", "an instance to try on"),
                Need::any("ec2:DescribeSnapshots", "a snapshot to try on"),
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
                Need::new("ec2:CreateTags", &[Image], "records what is left").when(TagKeys(&["amictl:shares"])),
                Need::new("ec2:DeleteTags", &[Image], "removes the record").when(TagKeys(&["amictl:shares"])),
                Need::new("ec2:EnableImage", &[Image], "enables images"),
                Need::new("ec2:ModifyImageAttribute", &[Image], "--restore-shares"),
            ],
        ],
    },
    Needs { command: "launch", parts: &[FIND, REFERENCES, KEYS, LAUNCH] },
    Needs { command: "lineage", parts: &[FIND, REFERENCES, REGIONS, TEMPLATES, USE, ANCESTRY] },
    Needs { command: "list", parts: &[FIND, REGIONS, TEMPLATES, USE] },
    Needs {
        command: "orphans",
        parts: &[
            FIND,
            REGIONS,
            TEMPLATES,
            BIN,
            &[
                Need::new("ec2:DeleteSnapshot", &[Snapshot], "--apply"),
                Need::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "where an account cannot be read"),
                Need::any("ec2:DescribeSnapshots", "finds snapshots"),
                Need::any("ec2:ListImagesInRecycleBin", "images that can come back"),
            ],
        ],
    },
    Needs { command: "promote", parts: &[FIND, REFERENCES, REGIONS, MOVE_ALIASES, TEMPLATE_VERSIONS] },
    Needs {
        command: "protect",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            &[Need::new("ec2:EnableImageDeregistrationProtection", &[Image], "protects images")],
        ],
    },
    Needs { command: "prune", parts: &[FIND, REGIONS, TEMPLATES, USE, REPORTS, SHARES, DELETE, BIN, RETIRE, POLICY] },
    Needs {
        command: "recycle-bin",
        parts: &[
            REGIONS,
            &[
                Need::new("rbin:CreateRule", &[RetentionRule], "--retain"),
                Need::any("rbin:GetRule", "reads the rules"),
                Need::any("rbin:ListRules", "reads the rules"),
            ],
        ],
    },
    Needs { command: "refs", parts: &[FIND, REFERENCES, REGIONS, TEMPLATES, USE, REPORTS, SHARES] },
    Needs { command: "restore", parts: &[FIND, REGIONS, SHARES, RESTORE] },
    Needs { command: "revoke", parts: &[FIND, REFERENCES, REGIONS, TEMPLATES, USE, SHARES, ANCESTRY, REVOKE] },
    Needs { command: "rollback", parts: &[FIND, REFERENCES, REGIONS, MOVE_ALIASES] },
    Needs { command: "rollout", parts: &[FIND, REFERENCES, REFRESHES, ROLL_OUT] },
    Needs {
        command: "share",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            SHARES,
            LOOK_AT_KEYS,
            &[
                Need::any("ec2:DescribeSnapshots", "the keys of encrypted images"),
                Need::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "--copyable"),
                Need::any("ec2:GetImageBlockPublicAccessState", "--public").says("EC2 says so afterwards"),
                Need::any("ec2:GetSnapshotBlockPublicAccessState", "--public --copyable")
                    .says("EC2 says so afterwards"),
                Need::new("ec2:ModifyImageAttribute", &[Image], "shares images"),
                Need::new("ec2:ModifySnapshotAttribute", &[Snapshot], "--copyable"),
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
            &[Need::any("ec2:DescribeSnapshots", "the snapshots of the image")],
        ],
    },
    Needs { command: "stale", parts: &[FIND, REGIONS, STALE] },
    Needs {
        command: "tag",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            &[Need::new("ec2:CreateTags", &[Image], "sets tags"), Need::new("ec2:DeleteTags", &[Image], "--remove")],
        ],
    },
    Needs { command: "template", parts: &[FIND, REFERENCES, REGIONS, TEMPLATE, TEMPLATE_VERSIONS] },
    Needs { command: "test", parts: &[FIND, REFERENCES, REGIONS, KEYS, BOOT_TEST, RUN_COMMAND, SWEEP] },
    Needs {
        command: "unprotect",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            &[Need::new("ec2:DisableImageDeregistrationProtection", &[Image], "takes the protection away")],
        ],
    },
    Needs { command: "unrevoke", parts: &[FIND, REFERENCES, REGIONS, ANCESTRY, UNREVOKE] },
    Needs {
        command: "unshare",
        parts: &[
            FIND,
            REFERENCES,
            REGIONS,
            SHARES,
            &[
                Need::new("ec2:CreateTags", &[Image], "permissions that are recorded in a tag")
                    .when(TagKeys(&["amictl:shares"])),
                Need::new("ec2:DeleteTags", &[Image], "permissions that are recorded in a tag")
                    .when(TagKeys(&["amictl:shares"])),
                Need::new("ec2:DescribeSnapshotAttribute", &[Snapshot], "--copyable, --all"),
                Need::new("ec2:ModifyImageAttribute", &[Image], "withdraws permissions"),
                Need::new("ec2:ModifySnapshotAttribute", &[Snapshot], "--copyable, --all"),
                Need::new("ec2:ResetImageAttribute", &[Image], "--all"),
            ],
        ],
    },
    Needs {
        command: "wait",
        parts: &[
            FIND,
            REFERENCES,
            MARK,
            REFRESHES,
            &[
                Need::any("ec2:DescribeInstances", "waits for instances"),
                Need::any("ec2:DescribeSnapshots", "the snapshots of a copy; the progress bar")
                    .says("orphans later keeps these snapshots because of doubt"),
            ],
        ],
    },
];

#[cfg(test)]
#[path = "commands_tests.rs"]
mod tests;
