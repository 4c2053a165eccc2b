//! The same binary as an AWS Lambda function: events from the runtime API, a child process for each.

mod answer;
mod bounds;
mod child;
mod document_rows;
mod event;
mod function;
mod inline_policy;
mod path_options;
mod runtime_api;
mod serve;

pub use serve::{is_function, serve};
