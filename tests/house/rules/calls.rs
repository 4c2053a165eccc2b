//! The page of calls and the code of `service/` list the same calls to AWS.

use std::collections::BTreeSet;
use std::fs;

use crate::source::Source;
use crate::tree::{REPOSITORY, root};

/// Operations of AWS that a file calls through a client, as the SDK names them.
fn calls_of(file: &Source) -> Vec<String> {
    const CLIENTS: [&[&str]; 8] = [
        &["ec2"],
        &["client"],
        &["ssm", "(", ")"],
        &["kms", "(", ")"],
        &["autoscaling", "(", ")"],
        &["rbin", "(", ")"],
        &["aws_sdk_sts", "::", "Client", "::", "new", "(", "config", ")"],
        &["sts", "(", "config", ")"],
    ];
    let text: Vec<&str> = file.tokens.iter().map(|token| token.text.as_str()).collect();
    let operation = |name: &str| {
        name.contains('_') && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let called = (1..text.len().saturating_sub(2)).filter(|at| {
        let through = |client: &&[&str]| text[..at - 1].ends_with(client);
        operation(text[*at]) && text[at - 1] == "." && text[at + 1..at + 3] == ["(", ")"] && CLIENTS.iter().any(through)
    });
    called.map(|at| text[at].to_owned()).collect()
}

/// `describe_images` for `DescribeImages`.
fn as_the_sdk_names_it(operation: &str) -> String {
    let parts = operation.chars().map(|c| match c.is_ascii_uppercase() {
        true => format!("_{}", c.to_ascii_lowercase()),
        false => c.to_string(),
    });
    parts.collect::<String>().trim_start_matches('_').to_owned()
}

/// The operations that the rows of `page` name.
fn listed(page: &str) -> BTreeSet<String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.map(as_the_sdk_names_it).collect()
}

/// What `page` lacks, and what it lists though no file calls it.
fn differences<'a>(page: &str, service: impl Iterator<Item = &'a Source>) -> Vec<String> {
    let listed = listed(page);
    let made: BTreeSet<String> = service.flat_map(calls_of).collect();
    let missing = made.difference(&listed).map(|call| format!("docs/reference/calls.md does not list {call}"));
    let stale = listed.difference(&made).map(|call| format!("nothing in src/service calls {call}"));
    missing.chain(stale).collect()
}

/// Sections of `page` whose rows are not in order.
fn out_of_order(page: &str) -> Vec<&str> {
    let rows = |section: &str| -> Vec<String> {
        let calls = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        calls.map(str::to_owned).collect()
    };
    let wrong = page.split("\n## ").skip(1).filter(|section| rows(section).is_empty() || !rows(section).is_sorted());
    wrong.filter_map(|section| section.lines().next()).collect()
}

fn page() -> String {
    fs::read_to_string(root().join("docs/reference/calls.md")).unwrap()
}

#[test]
fn every_call_to_aws_is_on_the_page_of_calls_and_every_call_of_the_page_is_made() {
    let service = REPOSITORY.in_folder("src/service/").filter(|file| !REPOSITORY.is_test(file));
    let differences = differences(&page(), service);
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

#[test]
fn the_page_of_calls_is_in_order() {
    let page = page();
    assert!(page.contains("\n## ") && out_of_order(&page).is_empty(), "not in order: {:?}", out_of_order(&page));
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: &str = "fn f() { target\n.ec2\n.describe_images()\n; target.ssm().get_parameters().x(); \
                        self.client.assume_role(); ec2.clone(); sts(config).get_caller_identity(); other.run_it(); }";

    #[test]
    fn calls_are_found_on_whatever_line_they_stand() {
        let calls = calls_of(&Source::parse("a.rs", CODE));
        assert_eq!(calls, ["describe_images", "get_parameters", "assume_role", "get_caller_identity"]);
        assert_eq!(as_the_sdk_names_it("GetEbsDefaultKmsKeyId"), "get_ebs_default_kms_key_id");
    }

    #[test]
    fn page_and_code_are_compared_both_ways() {
        let page = "# Calls\n\n## EC2\n\n| `DescribeImages` | x |\n| `GetParameters` | x |\n\n## STS\n\n\
                    | `AssumeRole` | x |\n| `GetCallerIdentity` | x |\n";
        let file = Source::parse("a.rs", CODE);
        assert_eq!(differences(page, [&file].into_iter()), [""; 0]);
        assert_eq!(differences(page, [].into_iter()).len(), 4);
        let less = page.replace("| `AssumeRole` | x |\n", "");
        assert_eq!(differences(&less, [&file].into_iter()), ["docs/reference/calls.md does not list assume_role"]);
        assert_eq!(out_of_order(page), [""; 0]);
        assert_eq!(out_of_order(&page.replace("Images", "Xs").replace("Describe", "Z")), ["EC2"]);
    }
}
