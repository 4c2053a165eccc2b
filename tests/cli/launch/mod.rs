//! `launch`: its flags, and the security group for web traffic.

mod flags;
mod http;
