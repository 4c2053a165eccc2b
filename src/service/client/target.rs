//! One account in one region, with its clients.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_config::SdkConfig;
use aws_sdk_ec2::config::retry::RetryPartition;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::OnceCell;

use super::error::{ApiError, api};
use super::http::Network;
use super::rate_limit::{self, Pace};
use super::retry::Patient;
use crate::domain::ids::AccountId;
use crate::domain::problem::{PlaceError, Problem};
use crate::domain::region::{Region, place};
use crate::domain::roles::RoleArn;

/// An account, accessed with one set of credentials.
pub struct Account {
    config: SdkConfig,
    /// The role assumed in it, if any.
    pub role: Option<RoleArn>,
    /// The options that select this account on a command line.
    options: String,
    caller: OnceCell<Result<Caller, ApiError>>,
    pace: Pace,
    paced: Mutex<HashMap<Region, SharedHttpClient>>,
}

impl Account {
    pub fn new(config: SdkConfig, role: Option<RoleArn>, options: String, pace: Pace) -> Arc<Self> {
        let (caller, paced) = (OnceCell::new(), Mutex::default());
        Arc::new(Self { config, role, options, caller, pace, paced })
    }

    /// The caller of the credentials. Looked up once, even if that fails.
    pub async fn caller(&self) -> Result<&Caller, ApiError> {
        self.caller.get_or_init(|| caller(&self.config)).await.as_ref().map_err(Clone::clone)
    }

    /// An error of the whole account.
    pub fn error(&self, error: &ApiError) -> PlaceError {
        PlaceError { account: self.id(), region: error.region.clone(), problem: error.problem() }
    }

    /// The retry partition: separate retry budgets per account and region.
    fn retries(&self, region: &Region) -> String {
        let account = self.role.as_ref().map_or("default".to_owned(), ToString::to_string);
        format!("{account}/{region}")
    }

    /// The account id, if known without a call.
    fn id(&self) -> Option<String> {
        self.role.as_ref().map(|role| role.account().to_string())
    }

    /// The rate-limited client of a region, shared by all targets.
    fn paced(&self, region: &Region) -> SharedHttpClient {
        let mut paced = self.paced.lock().unwrap_or_else(PoisonError::into_inner);
        let new =
            || rate_limit::paced(self.config.http_client().unwrap_or_else(|| Network::default().client()), self.pace);
        paced.entry(region.clone()).or_insert_with(new).clone()
    }
}

/// The identity that makes the calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The user or role, as an ARN.
    pub arn: Option<String>,
}

/// The clients of a target for the other services, created on first use: a listing of every region needs none.
#[derive(Default)]
struct Others {
    autoscaling: OnceLock<aws_sdk_autoscaling::Client>,
    kms: OnceLock<aws_sdk_kms::Client>,
    rbin: OnceLock<aws_sdk_rbin::Client>,
    ssm: OnceLock<aws_sdk_ssm::Client>,
}

macro_rules! others {
    ($($service:ident: $sdk:ident),*) => {
        impl Target {
            $(pub fn $service(&self) -> &$sdk::Client {
                self.others.$service.get_or_init(|| {
                    let region = aws_config::Region::new(self.region.as_str().to_owned());
                    let partition = format!("{}/{}", self.account.retries(&self.region), stringify!($service));
                    let config = $sdk::config::Builder::from(&self.account.config).region(region);
                    let config = config.retry_classifier(Patient).retry_partition(RetryPartition::new(partition));
                    $sdk::Client::from_conf(config.build())
                })
            })*
        }
    };
}

others!(autoscaling: aws_sdk_autoscaling, kms: aws_sdk_kms, rbin: aws_sdk_rbin, ssm: aws_sdk_ssm);

/// One account in one region, on which every call is made.
#[derive(Clone)]
pub struct Target {
    /// The region.
    pub region: Region,
    pub ec2: aws_sdk_ec2::Client,
    others: Arc<Others>,
    account: Arc<Account>,
}

impl Target {
    pub fn new(account: &Arc<Account>, region: Region) -> Self {
        let place = aws_config::Region::new(region.as_str().to_owned());
        let ec2 = aws_sdk_ec2::config::Builder::from(&account.config)
            .region(place)
            .http_client(account.paced(&region))
            .retry_classifier(Patient)
            .retry_partition(RetryPartition::new(account.retries(&region)))
            .build();
        Self { region, ec2: aws_sdk_ec2::Client::from_conf(ec2), others: Arc::default(), account: Arc::clone(account) }
    }

    /// Whether both use the same account entry.
    pub fn same_account(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.account, &other.account)
    }

    /// The same account in another region.
    pub fn in_region(&self, region: &Region) -> Self {
        Self::new(&self.account, region.clone())
    }

    /// The regions enabled for the account; the same from every region.
    pub async fn enabled_regions(&self) -> Result<Vec<Region>, ApiError> {
        let answer = self.ec2.describe_regions().send().await.map_err(api("DescribeRegions", &self.region))?;
        let names = answer.regions().iter().filter_map(|region| region.region_name());
        let mut regions: Vec<Region> = names.filter_map(|name| name.parse().ok()).collect();
        regions.sort();
        Ok(regions)
    }

    /// The caller of the credentials. Looked up once, even if that fails.
    pub async fn caller(&self) -> Result<&Caller, ApiError> {
        self.account.caller().await
    }

    /// The account behind the credentials.
    pub async fn account(&self) -> Result<&AccountId, ApiError> {
        Ok(&self.caller().await?.account)
    }

    /// Whether it is the same account and region.
    pub fn is(&self, other: &Self) -> bool {
        self.same_account(other) && self.region == other.region
    }

    /// A key of the place, equal if [`Self::is`] holds.
    pub fn key(&self) -> (usize, &Region) {
        (Arc::as_ptr(&self.account).addr(), &self.region)
    }

    /// The options that select this place, for a command line in a hint.
    pub fn options(&self) -> String {
        format!("--region {}{}", self.region, self.account.options)
    }

    /// The options for several regions.
    pub fn options_in(&self, regions: &BTreeSet<Region>) -> String {
        let regions: Vec<_> = regions.iter().map(Region::as_str).collect();
        format!("--region {}{}", regions.join(","), self.account.options)
    }

    /// The role assumed in the account, if any.
    pub fn role(&self) -> Option<&RoleArn> {
        self.account.role.as_ref()
    }

    /// The account for messages; that of the role if AWS does not answer.
    pub async fn whose(&self) -> Option<String> {
        let asked = self.account().await.ok().map(ToString::to_string);
        asked.or_else(|| self.account.id())
    }

    /// An error of this place, for a report.
    pub async fn error(&self, problem: Problem) -> PlaceError {
        PlaceError { account: self.whose().await, region: self.region.clone(), problem }
    }

    /// Account and region, for messages.
    pub async fn place(&self) -> String {
        place(self.account().await.ok(), &self.region)
    }
}

/// The STS client.
pub fn sts(config: &SdkConfig) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::config::Builder::from(config).retry_classifier(Patient).build();
    aws_sdk_sts::Client::from_conf(config)
}

/// The region for calls of which any region will do.
pub fn region_of(config: &SdkConfig) -> Region {
    config.region().and_then(|region| region.as_ref().parse().ok()).unwrap_or_else(Region::first)
}

/// The caller of the credentials of a configuration.
pub async fn caller(config: &SdkConfig) -> Result<Caller, ApiError> {
    const CALL: &str = "GetCallerIdentity";
    let region = region_of(config);
    let answer = sts(config).get_caller_identity().send().await.map_err(api(CALL, &region))?;
    let account = answer.account().and_then(|id| id.parse().ok());
    let account = account.ok_or_else(|| ApiError::unreadable(CALL, &region))?;
    Ok(Caller { account, arn: answer.arn().map(str::to_owned) })
}
