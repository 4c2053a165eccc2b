//! Tests of `--query`: what it finds, how that is written, and what does not parse.

use proptest::prelude::*;

use super::*;

const DOCUMENT: &str = r#"{"version":1,"images":[
    {"id":"ami-1","name":"web-v1","size_gib":8,"cost":8.0,"public":false,"tags":{"a|b":"x","Team":"core"}},
    {"id":"ami-2","name":null,"size_gib":16,"cost":0.5,"public":true,"tags":{}}],
    "created_at":"2026-03-01T00:00:00Z","note":"a\u001b[31m\nb","none":null,"empty":[]}"#;

fn asked(expression: &str, style: AnswerStyle) -> String {
    let parsed: Expression = expression.parse().unwrap_or_else(|why| panic!("{expression}: {why}"));
    let answer = parsed.answer(DOCUMENT.as_bytes(), style).unwrap_or_else(|why| panic!("{expression}: {why}"));
    String::from_utf8(answer).unwrap()
}

fn refused(expression: &str) -> String {
    expression.parse::<Expression>().map(|_| expression.to_owned()).unwrap_err().to_string()
}

fn failed(expression: &str) -> String {
    expression.parse::<Expression>().unwrap().answer(DOCUMENT.as_bytes(), AnswerStyle::Json).unwrap_err()
}

#[test]
fn strings_numbers_and_flat_lists_are_bare_and_all_else_is_json() {
    for (expression, raw, json) in [
        ("images[0].id", "ami-1\n", "\"ami-1\"\n"),
        ("images[].id", "ami-1\nami-2\n", "[\"ami-1\",\"ami-2\"]\n"),
        ("images[].size_gib", "8\n16\n", "[8,16]\n"),
        ("[images[0].id, version]", "ami-1\n1\n", "[\"ami-1\",1]\n"),
        ("none", "", "null\n"),
        ("empty", "", "[]\n"),
        ("images[0].public", "false\n", "false\n"),
        ("images[].name", "web-v1\n", "[\"web-v1\"]\n"),
        (
            "images[].[id, name]",
            "[[\"ami-1\",\"web-v1\"],[\"ami-2\",null]]\n",
            "[[\"ami-1\",\"web-v1\"],[\"ami-2\",null]]\n",
        ),
        ("[version, none]", "[1,null]\n", "[1,null]\n"),
        ("images[1].tags", "{}\n", "{}\n"),
        ("'a b'", "a b\n", "\"a b\"\n"),
    ] {
        assert_eq!(asked(expression, AnswerStyle::Raw), raw, "{expression}");
        assert_eq!(asked(expression, AnswerStyle::Escaped), raw, "{expression}");
        assert_eq!(asked(expression, AnswerStyle::Json), json, "{expression}");
    }
}

#[test]
fn only_a_terminal_gets_escapes() {
    assert_eq!(asked("note", AnswerStyle::Raw), "a\u{1b}[31m\nb\n");
    assert_eq!(asked("note", AnswerStyle::Escaped), "a\\u{1b}[31m\\nb\n");
    assert_eq!(asked("note", AnswerStyle::Json), "\"a\\u001b[31m\\nb\"\n");
    assert_eq!(asked("{n: note}", AnswerStyle::Raw), "{\"n\":\"a\\u001b[31m\\nb\"}\n");
}

#[test]
fn integers_stay_integers() {
    for (expression, answer) in [
        ("sum(images[].size_gib)", "24"),
        ("sum(images[].cost)", "8.5"),
        ("sum(empty)", "0"),
        ("avg(images[].size_gib)", "12"),
        ("avg(`[1, 2]`)", "1.5"),
        ("abs(`-8`)", "8"),
        ("abs(`-8.5`)", "8.5"),
        ("ceil(`7.2`)", "8"),
        ("floor(`-7.2`)", "-8"),
        ("floor(`8`)", "8"),
        ("ceil(`1e300`)", "1e+300"),
        ("length(images)", "2"),
        ("max(images[].size_gib)", "16"),
        ("to_number('8')", "8"),
        ("to_string(images[0].size_gib)", "8"),
        ("images[0].cost", "8.0"),
        ("sum(`[9223372036854775807, 0]`)", "9223372036854775807"),
        ("sum(`[9223372036854775807, 1]`)", "9.223372036854776e+18"),
    ] {
        assert_eq!(asked(expression, AnswerStyle::Raw), format!("{answer}\n"), "{expression}");
    }
    assert_eq!(asked("avg(empty)", AnswerStyle::Json), "null\n");
}

#[test]
fn texts_are_compared_as_in_the_aws_cli() {
    for (expression, answer) in [
        ("created_at > '2026-02-28'", "true"),
        ("created_at <= '2026-02-28'", "false"),
        ("images[?size_gib >= `16`].id | [0]", "\"ami-2\""),
        ("images[?id < 'ami-2'].id | [0]", "\"ami-1\""),
        ("images[?!(id >= 'ami-2') && size_gib < `9`] | length(@)", "1"),
        ("sort_by(images, &size_gib)[-1].id", "\"ami-2\""),
        ("created_at > `1`", "null"),
        ("images[?name < 'x'] | length(@)", "1"),
    ] {
        assert_eq!(asked(expression, AnswerStyle::Json), format!("{answer}\n"), "{expression}");
    }
}

#[test]
fn a_literal_that_is_no_json_is_a_text_as_in_the_aws_cli() {
    for (expression, answer) in [
        ("images[?name==`web-v1`].id | [0]", "\"ami-1\""),
        ("images[?contains(id, `mi-2`)].size_gib | [0]", "16"),
        ("created_at >= `2026-01-01`", "true"),
        ("join(`, `, images[].id)", "\"ami-1, ami-2\""),
        ("images[?name==`größe`] | length(@)", "0"),
        ("'`a`'", "\"`a`\""),
        ("images[0].tags.\"a|b\" == `x`", "true"),
        ("`` == ''", "true"),
        ("`8`", "8"),
        ("`true`", "true"),
        ("`\"web\"`", "\"web\""),
        ("'it\\'s `x`'", "\"it's `x`\""),
    ] {
        assert_eq!(asked(expression, AnswerStyle::Json), format!("{answer}\n"), "{expression}");
    }
    assert!(refused("images[?name==`web`] ]").starts_with("does not parse at character 22, before ]"));
}

#[test]
fn keys_keep_the_order_of_the_document_or_of_the_expression() {
    for (expression, answer) in [
        ("images[1]", r#"{"id":"ami-2","name":null,"size_gib":16,"cost":0.5,"public":true,"tags":{}}"#),
        ("images[0].tags", r#"{"a|b":"x","Team":"core"}"#),
        ("{z: version, a: none}", r#"{"z":1,"a":null}"#),
        ("images[:1].{size: size_gib, id: id}", r#"[{"size":8,"id":"ami-1"}]"#),
    ] {
        assert_eq!(asked(expression, AnswerStyle::Json), format!("{answer}\n"), "{expression}");
    }
    let whole: String = DOCUMENT.lines().map(str::trim_start).collect();
    assert_eq!(asked("@", AnswerStyle::Json), whole + "\n");
}

#[test]
fn what_does_not_parse_is_refused_with_its_place() {
    for (expression, why) in [
        ("", "does not parse at its end: a name, a value or an opening bracket is missing"),
        ("  ", "does not parse at its end: a name, a value or an opening bracket is missing"),
        ("images[", "does not parse at its end: expected number, ':', or '*'"),
        ("images[?id='a']", "does not parse at character 11, before ='a']: '=' is not valid. Did you mean '=='?"),
        ("images[0", "does not parse at its end: expected ':', or ']'"),
        ("images]", "does not parse at character 7, before ]: an operator or the end is missing"),
        ("images.", "does not parse at its end: expected identifier, '*', '{', '[', '&', or '[?'"),
        ("images[?id=='a", "does not parse at character 13, before 'a: the ' that closes it is missing"),
        ("\"a", "does not parse at character 1, before \"a: the \" that closes it is missing"),
        ("größe", "does not parse at character 3, before öße: invalid character: ö"),
        ("a b", "does not parse at character 3, before b: an operator or the end is missing"),
        ("images[99999999999]", "does not parse at character 8, before 99999999999]: expected valid number"),
        ("{a: }", "does not parse at character 5, before }: a name, a value or an opening bracket is missing"),
        ("nothing(@)", "does not parse at character 8, before (@): there is no function nothing"),
        ("images[::0]", "does not parse at character 11, before ]: the step of a slice cannot be 0"),
        ("images[1::2147483647]", "does not parse at character 21, before ]: a step of at most 1000000 is allowed"),
        ("`{`", "does not parse at character 1, before `{`: "),
        ("a || ", "does not parse at its end: a name, a value or an opening bracket is missing"),
    ] {
        let refusal = refused(expression);
        assert!(refusal.starts_with(why), "{expression}: {refusal}");
    }
    assert!(refused(&"a".repeat(1001)).starts_with("it has 1001 characters; at most 1000"));
    assert_eq!("a".repeat(1000).parse::<Expression>().map(|_| ()), Ok(()));
}

#[test]
fn what_fails_on_the_document_says_why() {
    for (expression, why) in [
        (
            "sum(images[].name)",
            "fails at character 4, before (images[].name): argument 1 must be array[number], not array",
        ),
        (
            "length(version)",
            "fails at character 7, before (version): argument 1 must be array|object|string, not number",
        ),
        ("length()", "fails at character 7, before (): not enough arguments: expected 1, found 0"),
        ("sort_by(images, &name)", "fails at character 8, before (images, &name): argument 1 must return"),
        ("&images", "finds an expression (&…), not a value"),
        ("[version, &images]", "finds an expression (&…), not a value"),
    ] {
        let failure = failed(expression);
        assert!(failure.starts_with(why), "{expression}: {failure}");
    }
}

#[test]
fn long_chains_do_not_exhaust_the_stack() {
    for expression in [
        "a.".repeat(499) + "a",
        "@|".repeat(499) + "@",
        "a||".repeat(333) + "a",
        "a&&".repeat(333) + "a",
        "[]".repeat(500),
        "*.".repeat(499) + "*",
        "[0]".repeat(333),
        "(".repeat(499) + "a" + &")".repeat(499),
        "!".repeat(999) + "a",
        "[".repeat(499) + "a" + &"]".repeat(499),
        "{a:".repeat(249) + "a" + &"}".repeat(249),
        "[*]".repeat(333),
        "[?a]".repeat(250),
        "[:]".repeat(333),
        "a==".repeat(333) + "a",
    ] {
        let _ = expression.parse::<Expression>().unwrap().answer(DOCUMENT.as_bytes(), AnswerStyle::Raw);
    }
    for open in ["(", "[", "{a:", "!", "a(", "*."] {
        assert!(refused(&open.repeat(1000 / open.len())).starts_with("does not parse at its end"), "{open}");
    }
}

proptest! {
    #[test]
    fn nothing_panics(any in any::<String>(), near in "[a-c0-9@*&|!<>=.,:?'`\"(){}\\[\\] -]{0,40}") {
        for text in [any, near] {
            if let Ok(expression) = text.parse::<Expression>() {
                let _ = expression.answer(br#"{"a":[1,"b",{"c":null}],"b":-1.5,"c":"d"}"#, AnswerStyle::Raw);
            }
        }
    }
}
