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
use crate::domain::region::Region;
use crate::domain::roles::RoleArn;

/// An account, reached with one set of credentials.
pub struct Account {
    config: SdkConfig,
    /// The role that leads to it, where one does.
    pub role: Option<RoleArn>,
    /// The options that lead to this account again.
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

    /// Who the credentials belong to. Asked for once, also where there is no answer.
    pub async fn caller(&self) -> Result<&Caller, ApiError> {
        self.caller.get_or_init(|| caller(&self.config)).await.as_ref().map_err(Clone::clone)
    }

    /// An error that is one of this account as a whole.
    pub fn error(&self, error: &ApiError) -> PlaceError {
        PlaceError { account: self.id(), region: error.region.clone(), problem: error.problem() }
    }

    /// What keeps the retries of one account and region from draining those of another.
    fn retries(&self, region: &Region) -> String {
        let account = self.role.as_ref().map_or("default".to_owned(), ToString::to_string);
        format!("{account}/{region}")
    }

    /// The account as far as it is known without asking.
    fn id(&self) -> Option<String> {
        self.role.as_ref().map(|role| role.account().to_string())
    }

    /// The client that keeps to EC2's limits in a region: one, however many targets there are.
    fn paced(&self, region: &Region) -> SharedHttpClient {
        let mut paced = self.paced.lock().unwrap_or_else(PoisonError::into_inner);
        let new =
            || rate_limit::paced(self.config.http_client().unwrap_or_else(|| Network::default().client()), self.pace);
        paced.entry(region.clone()).or_insert_with(new).clone()
    }
}

/// Who makes the calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The account.
    pub account: AccountId,
    /// The user or role, as an ARN.
    pub arn: Option<String>,
}

/// The clients of a target for the other services, made when one is first needed: a listing of every region needs none.
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

/// One account in one region: what every call is made on.
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

    /// Whether both are of one account, as it was asked for.
    pub fn same_account(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.account, &other.account)
    }

    /// The same account in another region.
    pub fn in_region(&self, region: &Region) -> Self {
        Self::new(&self.account, region.clone())
    }

    /// The regions that are enabled for the account: the same wherever it is asked.
    pub async fn enabled_regions(&self) -> Result<Vec<Region>, ApiError> {
        let answer = self.ec2.describe_regions().send().await.map_err(api("DescribeRegions", &self.region))?;
        let names = answer.regions().iter().filter_map(|region| region.region_name());
        let mut regions: Vec<Region> = names.filter_map(|name| name.parse().ok()).collect();
        regions.sort();
        Ok(regions)
    }

    /// Who the credentials belong to. Asked for once, also where there is no answer.
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

    /// Tells the places of a run apart: the same for two of which each [`Self::is`] the other.
    pub fn key(&self) -> (usize, &Region) {
        (Arc::as_ptr(&self.account).addr(), &self.region)
    }

    /// The options that lead here again, for a command line that takes something up.
    pub fn options(&self) -> String {
        format!("--region {}{}", self.region, self.account.options)
    }

    /// The same for several regions.
    pub fn options_in(&self, regions: &BTreeSet<Region>) -> String {
        let regions: Vec<_> = regions.iter().map(Region::as_str).collect();
        format!("--region {}{}", regions.join(","), self.account.options)
    }

    /// The role that leads here, where one does.
    pub fn role(&self) -> Option<&RoleArn> {
        self.account.role.as_ref()
    }

    /// The account for messages: that of the role where nobody answers.
    pub async fn whose(&self) -> Option<String> {
        let asked = self.account().await.ok().map(ToString::to_string);
        asked.or_else(|| self.account.id())
    }

    /// What went wrong here, as an entry of a report.
    pub async fn error(&self, problem: Problem) -> PlaceError {
        PlaceError { account: self.whose().await, region: self.region.clone(), problem }
    }

    /// Where this is, for messages: account and region.
    pub async fn place(&self) -> String {
        match self.account().await {
            Ok(account) => format!("account {account}, region {}", self.region),
            Err(_) => format!("region {}", self.region),
        }
    }
}

/// A client that says who somebody is and makes them somebody else.
pub fn sts(config: &SdkConfig) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::config::Builder::from(config).retry_classifier(Patient).build();
    aws_sdk_sts::Client::from_conf(config)
}

/// The region that calls go to which are the same in all of them.
pub fn region_of(config: &SdkConfig) -> Region {
    config.region().and_then(|region| region.as_ref().parse().ok()).unwrap_or_else(Region::first)
}

/// Who the credentials of a configuration belong to.
pub async fn caller(config: &SdkConfig) -> Result<Caller, ApiError> {
    const CALL: &str = "GetCallerIdentity";
    let region = region_of(config);
    let answer = sts(config).get_caller_identity().send().await.map_err(api(CALL, &region))?;
    let account = answer.account().and_then(|id| id.parse().ok());
    let account = account.ok_or_else(|| ApiError::unreadable(CALL, &region))?;
    Ok(Caller { account, arn: answer.arn().map(str::to_owned) })
}
