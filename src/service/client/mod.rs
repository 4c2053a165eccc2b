//! The client of one account and region: HTTP, retries, request limits, errors and waits.

pub mod action;
pub mod address;
pub mod answer;
pub mod concurrency;
pub mod connections;
pub mod convert;
pub mod error;
pub mod http;
pub mod lost_answers;
pub mod patience;
pub mod proxies;
pub mod quota;
pub mod rate_limit;
pub mod retry;
pub mod sdk;
pub mod stop;
pub mod target;
pub mod workers;
