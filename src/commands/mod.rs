//! The commands, one file each, named as the user types it: arguments, then execution.

pub mod aliases;
pub mod apply;
pub mod audit;
pub mod completions;
pub mod config;
pub mod copy;
pub mod create;
pub mod deprecate;
pub mod deregister;
pub mod disable;
pub mod doctor;
pub mod enable;
pub mod launch;
pub mod lineage;
pub mod list;
pub mod man;
pub mod orphans;
pub mod permissions;
pub mod promote;
pub mod protect;
pub mod prune;
pub mod recycle_bin;
pub mod refs;
pub mod restore;
pub mod revoke;
pub mod rollback;
pub mod rollout;
pub mod share;
pub mod show;
pub mod stale;
pub mod tag;
pub mod template;
pub mod test;
pub mod unprotect;
pub mod unrevoke;
pub mod unshare;
pub mod wait;

use anyhow::Result;
use clap::Subcommand;

use crate::output::ColumnName;
use crate::workflows::run::context::Context;

/// The commands as the help of the root lists them. Those on one line belong together; the first describes them.
pub const GROUPS: &[(&str, &[&[&str]])] = &[
    ("Make", &[&["create"], &["copy"], &["launch", "wait"]]),
    ("Find", &[&["list", "show", "lineage"], &["refs", "stale", "audit"]]),
    ("Release", &[&["test"], &["promote", "rollback"], &["aliases"], &["template"], &["rollout"]]),
    ("Share and guard", &[&["share", "unshare"], &["protect", "unprotect"], &["tag"]]),
    (
        "Retire",
        &[
            &["revoke", "unrevoke"],
            &["deprecate"],
            &["disable", "enable"],
            &["prune", "apply"],
            &["deregister", "orphans"],
        ],
    ),
    ("Recover", &[&["restore", "recycle-bin"]]),
    ("Set up", &[&["doctor", "permissions"], &["config"], &["completions", "man"]]),
];

/// The names that `list --columns` takes, for completions.
pub fn column_names() -> impl Iterator<Item = &'static str> {
    ColumnName::all()
}

/// A command with its arguments.
#[derive(Debug, Subcommand)]
pub enum Command {
    Create(Box<create::Args>),
    List(list::Args),
    Show(show::Args),
    Launch(launch::Args),
    Copy(copy::Args),
    Share(share::Args),
    Unshare(unshare::Args),
    Deprecate(deprecate::Args),
    Disable(disable::Args),
    Enable(enable::Args),
    Protect(protect::Args),
    Unprotect(unprotect::Args),
    Tag(tag::Args),
    Template(template::Args),
    Deregister(deregister::Args),
    Restore(restore::Args),
    Refs(refs::Args),
    Lineage(lineage::Args),
    Revoke(revoke::Args),
    Unrevoke(unrevoke::Args),
    Stale(stale::Args),
    Audit(audit::Args),
    Promote(promote::Args),
    Prune(prune::Args),
    Apply(apply::Args),
    Orphans(orphans::Args),
    Rollout(rollout::Args),
    Test(test::Args),
    Wait(wait::Args),
    Rollback(rollback::Args),
    Aliases(aliases::Args),
    RecycleBin(recycle_bin::Args),
    Permissions(permissions::Args),
    Doctor(doctor::Args),
    Config(config::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    /// Whether this command, with these arguments, changes nothing at AWS: what a function runs unless it is allowed more.
    pub fn only_reads(&self) -> bool {
        match self {
            Self::List(_)
            | Self::Show(_)
            | Self::Refs(_)
            | Self::Lineage(_)
            | Self::Stale(_)
            | Self::Audit(_)
            | Self::Aliases(_)
            | Self::Permissions(_)
            | Self::Doctor(_)
            | Self::Config(_)
            | Self::Completions(_)
            | Self::Man(_) => true,
            Self::Prune(args) => args.only_reads(),
            Self::Orphans(args) => args.only_reads(),
            Self::Restore(args) => args.only_reads(),
            Self::RecycleBin(args) => args.only_reads(),
            // `wait` also tags the snapshots of a copy.
            Self::Wait(_)
            | Self::Create(_)
            | Self::Launch(_)
            | Self::Copy(_)
            | Self::Share(_)
            | Self::Unshare(_)
            | Self::Deprecate(_)
            | Self::Disable(_)
            | Self::Enable(_)
            | Self::Protect(_)
            | Self::Unprotect(_)
            | Self::Tag(_)
            | Self::Template(_)
            | Self::Deregister(_)
            | Self::Revoke(_)
            | Self::Unrevoke(_)
            | Self::Promote(_)
            | Self::Apply(_)
            | Self::Rollout(_)
            | Self::Test(_)
            | Self::Rollback(_) => false,
        }
    }

    /// Whether this command has anything to do with AWS.
    pub fn calls_aws(&self) -> bool {
        !matches!(self, Self::Permissions(_) | Self::Config(_) | Self::Completions(_) | Self::Man(_))
    }

    /// Runs the command; `tree` is the whole command line, for commands that print it. A command that only reads is
    /// dropped on a stop signal.
    pub async fn execute(self, context: &Context, tree: fn() -> clap::Command) -> Result<()> {
        match self {
            Self::Create(args) => create::run(context, *args).await,
            Self::List(args) => context.unless_stopped(list::run(context, args)).await,
            Self::Show(args) => context.unless_stopped(show::run(context, args)).await,
            Self::Launch(args) => launch::run(context, args).await,
            Self::Copy(args) => copy::run(context, args).await,
            Self::Share(args) => share::run(context, args).await,
            Self::Unshare(args) => unshare::run(context, args).await,
            Self::Deprecate(args) => deprecate::run(context, args).await,
            Self::Disable(args) => disable::run(context, args).await,
            Self::Enable(args) => enable::run(context, args).await,
            Self::Protect(args) => protect::run(context, args).await,
            Self::Unprotect(args) => unprotect::run(context, args).await,
            Self::Tag(args) => tag::run(context, args).await,
            Self::Template(args) => template::run(context, args).await,
            Self::Deregister(args) => deregister::run(context, args).await,
            Self::Restore(args) => restore::run(context, args).await,
            Self::Promote(args) => promote::run(context, args).await,
            Self::Prune(args) => prune::run(context, args).await,
            Self::Apply(args) => apply::run(context, args).await,
            Self::Orphans(args) => orphans::run(context, args).await,
            Self::Refs(args) => context.unless_stopped(refs::run(context, args)).await,
            Self::Lineage(args) => context.unless_stopped(lineage::run(context, args)).await,
            Self::Revoke(args) => revoke::run(context, args).await,
            Self::Unrevoke(args) => unrevoke::run(context, args).await,
            Self::Stale(args) => context.unless_stopped(stale::run(context, args)).await,
            Self::Audit(args) => context.unless_stopped(audit::run(context, args)).await,
            Self::Rollback(args) => rollback::run(context, args).await,
            Self::Aliases(args) => context.unless_stopped(aliases::run(context, args)).await,
            Self::Rollout(args) => rollout::run(context, args).await,
            Self::Test(args) => test::run(context, args).await,
            Self::Wait(args) => wait::run(context, args).await,
            Self::RecycleBin(args) => recycle_bin::run(context, args).await,
            Self::Doctor(args) => context.unless_stopped(doctor::run(context, args)).await,
            Self::Permissions(args) => permissions::run(context, &args),
            Self::Config(args) => context.unless_stopped(config::run(context, &args)).await,
            Self::Completions(args) => completions::run(context, &args, tree()),
            Self::Man(args) => man::run(context, &args, tree()),
        }
    }
}
