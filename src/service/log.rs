//! Levels of the log for -v, -vv and -vvv.

/// What is logged when the user asks for more talk: nothing at first, then more and more of what the SDK does.
pub fn filter(verbose: u8) -> Option<&'static str> {
    match verbose {
        0 => None,
        1 => Some("amictl=debug,aws_smithy_runtime=info,aws_config=info"),
        2 => Some("amictl=trace,aws_smithy_runtime=debug,aws_config=debug"),
        _ => Some("trace"),
    }
}
