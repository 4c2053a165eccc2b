//! Levels of the log for -v, -vv and -vvv.

/// The log filter by number of `-v`: none, then more and more of the SDK's messages.
pub fn filter(verbose: u8) -> Option<&'static str> {
    match verbose {
        0 => None,
        1 => Some("amictl=debug,aws_smithy_runtime=info,aws_config=info"),
        2 => Some("amictl=trace,aws_smithy_runtime=debug,aws_config=debug"),
        _ => Some("trace"),
    }
}
