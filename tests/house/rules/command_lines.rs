//! Command lines in hints come from one builder, so that each word is quoted.

use crate::rules::{Breach, Rule};
use crate::tree::Tree;

pub const RULE: Rule = Rule {
    name: "command-line",
    remedy: "Build command lines with domain/command_line.rs, which quotes; examples stand in a constant EXAMPLES.",
    breaches,
};

fn breaches(tree: &Tree) -> Vec<Breach> {
    let others = tree.in_folder("src/").filter(|file| file.path != "src/domain/command_line.rs" && !tree.is_test(file));
    let texts = others.flat_map(|file| {
        let examples = |constant: &Option<String>| constant.as_ref().is_some_and(|name| name.starts_with("EXAMPLES"));
        let texts = file.texts.iter().filter(move |text| !text.place.test && !examples(&text.constant));
        let texts = texts.filter(|text| text.value.starts_with("amictl "));
        texts.map(|text| Breach::line(file, text.place.line, &format!("writes {:?}", text.value)))
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::subjects;

    #[test]
    fn command_lines_are_written_by_the_builder_and_in_examples() {
        let check = |code, expected: &[&str]| {
            let files = [("src/lib.rs", "mod a; mod domain;"), ("src/a.rs", code)];
            assert_eq!(subjects(&RULE, &files), expected, "{code}");
        };
        check("fn f() { hint(\"amictl list\") }", &["src/a.rs"]);
        check("fn f() { format!(\"amictl show {id}\") }", &["src/a.rs"]);
        check("const HINT: &str = \"amictl list\";", &["src/a.rs"]);
        check("const EXAMPLES_OF_COPY: &str = \"amictl copy web\";", &[]);
        check("/// amictl list\nfn f() { x(\"see amictl list\", \"amictl\") } // \"amictl list\"", &[]);
        check("#[cfg(test)] mod tests { fn f() { \"amictl list\" } }", &[]);
        let builder = [("src/domain/command_line.rs", "fn f() { \"amictl list\" }")];
        assert_eq!(subjects(&RULE, &builder), [""; 0]);
    }
}
