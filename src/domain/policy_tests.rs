//! Tests of the reader of policies.

use super::super::limit::Limit;
use super::*;

const FILE: &str = r#"
version = 1
regions = ["us-east-1", "eu-west-1"]
max_delete = "20%"
protect_tags = ["amictl:keep", "Release=gold"]

[[rule]]
families = ["web", "api-*"]
tags = { Environment = "prod" }
keep = 5
min_age = "30d"
unused_for = "90d"
retire = ["deprecate", "disable@14d", "deregister@30d"]

[[rule]]
families = ["*"]
keep = 2
"#;

#[test]
fn the_file_of_the_contract_is_read() {
    let policy = Policy::parse(FILE).unwrap();
    assert_eq!(policy.max_delete, Some(Limit::Percent(20)));
    assert_eq!(policy.protect_tags.len(), 2);
    let rules = policy.settled();
    assert_eq!((rules[0].keep, rules[0].min_age, rules[0].unused_for.is_some()), (5, Age::days(30), true));
    assert_eq!((rules[1].keep, rules[1].min_age, rules[1].unused_for.is_some()), (2, Age::days(7), false));
}

#[test]
fn what_is_retired_in_stages_is_revived_unless_the_policy_says_otherwise() {
    let settled = |text: &str| {
        let rules = Policy::parse(&format!("version = 1\n{text}")).unwrap().settled();
        rules.iter().map(|rule| (rule.retire.clone().map(Vec::from), rule.revive)).collect::<Vec<_>>()
    };
    let disable = || Some(vec!["disable".to_owned()]);
    assert_eq!(settled(""), [(None, false)]);
    assert_eq!(settled("revive = true"), [(None, true)]);
    assert_eq!(settled("retire = ['disable']"), [(disable(), true)]);
    let rules = "[[rule]]\nrevive = false\n[[rule]]\nretire = ['deregister']\n[[rule]]\n";
    let deregister = Some(vec!["deregister".to_owned()]);
    let found = settled(&format!("retire = ['disable']\n{rules}"));
    assert_eq!(found, [(disable(), false), (deregister, true), (disable(), true)]);
}

#[test]
fn values_at_the_top_apply_to_rules_without_their_own() {
    let policy = Policy::parse("version = 1\nkeep = 9\n[[rule]]\nkeep = 4\n[[rule]]\n").unwrap();
    let keeps: Vec<_> = policy.settled().iter().map(|rule| rule.keep).collect();
    assert_eq!(keeps, [4, 9]);
    assert_eq!(Policy::parse("version = 1").unwrap().settled().len(), 1);
}

#[test]
fn errors_name_the_line() {
    let cases = [
        ("version = 1\nkep = 3", "line 2", "kep"),
        ("version = 1\n[[rule]]\nfamilys = ['web']", "line 3", "familys"),
        ("version = 1\nmin_age = '30x'", "line 2", "30x"),
        ("version = 1\nmax_delete = '120%'", "line 2", "120%"),
        ("version = 1\nwithout_sources = ['instance']", "line 2", "launch-templates"),
        ("version = 1\nregions = ['mars']", "line 2", "mars"),
        ("version = 1\nkeep = -1", "line 2", "-1"),
        ("version = 1\naccounts = ['11111111111']", "line 2", "twelve digits"),
        ("version = 1\norg_role = 'a b'", "line 2", "is not the name of a role"),
        ("keep = 1", "line 1", "version"),
        ("version = 1\n[[rule]]\nretire = ['delete']", "line 3", "'delete' is not a stage"),
        ("version = 1\nretire = []", "line 2", "at least one stage"),
        ("version = 1\nretire = 'deprecate'", "line 2", "sequence"),
        ("version = 1\nretire = [\n 'disable',\n 'deprecate@1d']", "line 2", "cannot come after"),
        ("version = 1\nrevive = 'no'", "line 2", "boolean"),
    ];
    for (text, line, word) in cases {
        let error = Policy::parse(text).unwrap_err();
        assert!(error.contains(line) && error.contains(word), "{text}\n{error}");
    }
    assert!(Policy::parse("version = 2").unwrap_err().contains("version 2"));
    assert!(Policy::parse("version = 1\nscope = ['web']").unwrap_err().contains("scope"));
    assert!(Policy::parse("version = 1\nfamily_tag = 'role'").unwrap_err().contains("unmanaged"));
    assert!(Policy::parse("version = 1\nunmanaged = true\nfamily_tag = 'role'").is_ok());
}

#[test]
fn a_policy_reads_back_from_json_as_it_was() {
    let policy = Policy::parse(FILE).unwrap();
    let json = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
}

#[test]
fn accounts_are_named_by_roles_and_by_ids() {
    let text = "version = 1\naccounts = ['arn:aws:iam::111122223333:role/ami', '444455556666']\norg_role = 'ops/ami'\n";
    let policy = Policy::parse(text).unwrap();
    assert_eq!(policy.account_ids(), ["444455556666".parse().unwrap()]);
    assert_eq!(policy.role_arns(), ["arn:aws:iam::111122223333:role/ami".parse().unwrap()]);
    let json = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&json).unwrap(), policy);
}

#[test]
fn limits() {
    assert_eq!("20".parse::<Limit>().unwrap().most(7), 20);
    assert_eq!("20%".parse::<Limit>().unwrap().most(19), 3);
    assert!("max 5".parse::<Limit>().unwrap_err().to_string().starts_with("'max 5' is not a limit"));
    for text in ["", "%", "-1", "101%", "1.5"] {
        assert!(text.parse::<Limit>().is_err(), "{text}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in proptest::arbitrary::any::<String>()) {
        let said = |error: String| assert!(!error.is_empty());
        let _ = Policy::parse(&text).map_err(|error| said(error.to_string()));
        let _ = text.parse::<Limit>().map_err(|error| said(error.to_string()));
    }

    #[test]
    fn no_lookalike_panics(
        key in "(version|keep|retire|revive|min_age|max_delete|protect_tags|rule|regions|x)",
        value in "(-?[0-9]{1,12}|'[a-z0-9%:]{0,9}'|\\['[a-z=:]{0,5}'\\]|\\{\\}|true)",
    ) {
        let _ = Policy::parse(&format!("version = 1\n{key} = {value}\n"));
    }
}

#[test]
fn a_wrong_pattern_or_service_names_its_line() {
    for (text, said) in [
        ("family_patterns = ['(?<family>.+']", "unclosed group"),
        ("family_patterns = ['.+-\\d+']", "no capture named 'family'"),
        ("family_patterns = ['(?<family>.+)-(?<family>.+)']", "duplicate capture group name"),
        ("family_patterns = ['(?<family>.+)-(?<ordr>.+)']", "capture 'ordr'"),
        ("family_patterns = ['(?<family>.{1000}){1000}']", "too large"),
        ("family_patterns = ['(?<family>a)|(?:b', '']", "unclosed group"),
        ("family_patterns = ['(?<family>.+)', '(?<family>.+)']", "given twice"),
        ("family_patterns = '(?<family>.+)'", "expected a sequence"),
        ("managed_by = ['backup']", "only image-builder"),
        ("managed_by = ['dlm']", "only image-builder"),
        ("managed_by = 'image-builder'", "expected a sequence"),
    ] {
        let error = Policy::parse(&format!("version = 1\n{text}")).unwrap_err();
        assert!(error.contains("line 2") && error.contains(said), "{text}: {error}");
    }
}
