//! The binary as a Lambda function, served by a loopback runtime API.

mod answers;
mod deadline;
mod events;
mod killed;
mod runtime_api;
