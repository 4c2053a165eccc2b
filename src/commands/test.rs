//! `amictl test`: boots images, checks them, and terminates the instances.

use std::path::PathBuf;

use anyhow::Result;
use clap::builder::NonEmptyStringValueParser;

use crate::domain::age::Age;
use crate::domain::ids::{SecurityGroupId, SubnetId};
use crate::domain::probe::Probe;
use crate::domain::reference::ImageRef;
use crate::output;
use crate::workflows::boot_test::{self, BootTestRequest, run, sweep};
use crate::workflows::launch::read_user_data;
use crate::workflows::run::context::Context;
use crate::workflows::run::diagnostics::reported;

const EXAMPLES: &str = "\
Examples:
  amictl test web --type t3.micro
  amictl test web:v3 --type t3.micro,t4g.micro --http /health:8080 --tcp 22
  amictl test web api:v3 --type t3.micro --subnet subnet-0123456789abcdef0 -o json
  amictl test web --type t3.micro --instance-profile ssm --ssm 'systemctl is-active nginx'
  amictl test --sweep --region all";

/// Boot images, check them, and terminate the instances
///
/// Launches one instance from each image, waits for EC2's status checks (system, instance, EBS), runs the probes, and
/// terminates it in every case: after a success, a failure, an error and Ctrl-C. If amictl is killed, a timer in the user
/// data ends the instance, and --sweep ends what is left. Systems that read user data in another form (Bottlerocket, Fedora
/// CoreOS) need --user-data. The instance has no public address and no instance profile
/// unless you ask for them. Status checks that do not pass within --timeout (15m unless set) are a failure.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Images: ids, names, web, web:v3, web:prod, or SSM parameters (ssm:/golden/web)
    #[arg(value_name = "REF", required_unless_present = "sweep")]
    references: Vec<ImageRef>,

    /// Instance type, e.g. t3.micro; several separated by commas: each image boots on those of its architecture
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',', required_unless_present = "sweep",
          value_parser = NonEmptyStringValueParser::new())]
    types: Vec<String>,

    /// Subnet [default: one of the default VPC]
    #[arg(long, value_name = "ID")]
    subnet: Option<SubnetId>,

    /// Security group; repeat it for several [default: the default group of the VPC]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    security_group: Vec<SecurityGroupId>,

    /// Probe by HTTP, e.g. /health:8080=204; repeatable [default: port 80, status 200]
    #[arg(long, value_name = "PATH[:PORT][=STATUS]", value_parser = Probe::http)]
    http: Vec<Probe>,

    /// Probe of a TCP port: it must accept connections; repeatable
    #[arg(long, value_name = "PORT", value_delimiter = ',', value_parser = Probe::tcp)]
    tcp: Vec<Probe>,

    /// Probe by a command that SSM runs on the instance: it must exit with 0; repeatable
    #[arg(long, value_name = "COMMAND", value_parser = Probe::ssm)]
    ssm: Vec<Probe>,

    /// How long each probe is tried, e.g. 90s
    #[arg(long, value_name = "TIME", default_value = "5m")]
    probe_timeout: Age,

    /// File with user data, up to 16 KiB; without it the user data is a timer that ends the instance
    #[arg(long, value_name = "FILE")]
    user_data: Option<PathBuf>,

    /// Instance profile, by name; --ssm needs one, unless the account manages instances by default
    #[arg(long, value_name = "NAME")]
    instance_profile: Option<String>,

    /// Give the instance a public address, and probe that
    #[arg(long)]
    public_ip: bool,

    /// Leave the instance of a failed test running, for 24 hours
    #[arg(long)]
    keep_on_failure: bool,

    /// Only check, also with EC2 (DryRun), that the tests could run
    #[arg(long)]
    dry_run: bool,

    /// End what killed runs left: expired test instances, and instances that 'create --stop' left stopped
    #[arg(long, conflicts_with_all = ["references", "types", "subnet", "security_group", "http", "tcp", "ssm",
          "probe_timeout", "user_data", "instance_profile", "public_ip", "keep_on_failure"])]
    sweep: bool,
}

pub async fn run(context: &Context, args: Args) -> Result<()> {
    if args.sweep {
        let swept = sweep::sweep(context, args.dry_run).await?;
        let written = output::sweep(&context.printer, &swept.report);
        return reported(context, written, swept.conclude(context));
    }
    let dry_run = args.dry_run;
    let request = request(args)?;
    let target = context.target().await?;
    let plans = context.unless_stopped(boot_test::plans(context, &target, &request)).await?;
    if dry_run {
        run::dry_run(context, &target, &request, &plans);
        return Ok(());
    }
    let report = {
        let _told = output::error::InCaseOfPanic::tell(boot_test::sweep_line(&target));
        run::run(context, &target, &request, plans).await
    };
    let written = output::boot_tests(&context.printer, &report);
    reported(context, written, run::conclude(context, &target, &report))
}

fn request(args: Args) -> Result<BootTestRequest> {
    Ok(BootTestRequest {
        references: args.references,
        types: args.types,
        subnet: args.subnet,
        security_groups: args.security_group,
        probes: args.http.into_iter().chain(args.tcp).chain(args.ssm).collect(),
        probe_timeout: args.probe_timeout.duration(),
        user_data: args.user_data.as_deref().map(read_user_data).transpose()?,
        instance_profile: args.instance_profile,
        public_ip: args.public_ip,
        keep_on_failure: args.keep_on_failure,
    })
}
