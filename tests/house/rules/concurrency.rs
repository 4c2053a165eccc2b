//! Calls run side by side in one place, with named bounds.

use crate::rules::{Breach, Rule};
use crate::source::{Kind, Source};
use crate::tree::Tree;

pub const RULE: Rule =
    Rule { name: "concurrency", remedy: "Use the helper and the bounds of workflows/run/concurrency.rs.", breaches };

const METHODS: [&str; 6] = [
    "buffered",
    "buffer_unordered",
    "try_buffered",
    "try_buffer_unordered",
    "for_each_concurrent",
    "try_for_each_concurrent",
];

fn breaches(tree: &Tree) -> Vec<Breach> {
    let may = ["src/workflows/run/concurrency.rs", "src/service/client/"];
    let others = tree.in_folder("src/").filter(|file| !may.iter().any(|begin| file.path.starts_with(begin)));
    others
        .flat_map(|file| {
            let calls = file.tokens.iter().filter(|token| METHODS.contains(&token.text.as_str()));
            let calls = calls.map(|token| Breach::line(file, token.line, &format!("calls {}", token.text)));
            let counts = bounds(file).into_iter();
            let counts =
                counts.map(|(name, line)| Breach::line(file, line, &format!("the bound {name} has its own constant")));
            calls.chain(counts).collect::<Vec<_>>()
        })
        .collect()
}

/// Constants of type `usize` that are given to a call that runs things side by side.
fn bounds(file: &Source) -> Vec<(&str, usize)> {
    let counts = file.items.iter().filter(|item| item.kind == Kind::Count);
    let given = counts.filter(|item| calls(file).iter().any(|call| call.contains(&item.name.as_str())));
    given.map(|item| (item.name.as_str(), item.place.line)).collect()
}

/// The arguments of each call of a method of [`METHODS`] or of the helper: tokens that are not named through a module.
fn calls(file: &Source) -> Vec<Vec<&str>> {
    let text: Vec<&str> = file.tokens.iter().map(|token| token.text.as_str()).collect();
    let helper = |at: usize| at > 1 && text[at - 1] == "::" && text[at - 2] == "concurrency";
    let starts = (0..text.len().saturating_sub(1))
        .filter(|at| text[at + 1] == "(" && (METHODS.contains(&text[*at]) || helper(*at)));
    let arguments = starts.map(|at| {
        let mut depth = 0_usize;
        let inside = text[at + 1..].iter().take_while(|token| {
            match **token {
                "(" => depth += 1,
                ")" => depth -= 1,
                _ => {}
            }
            depth > 0
        });
        let inside: Vec<&str> = inside.copied().collect();
        let own = inside.iter().enumerate().filter(|(at, _)| *at == 0 || inside[at - 1] != "::");
        own.map(|(_, token)| *token).collect()
    });
    arguments.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::subjects;

    #[test]
    fn calls_run_side_by_side_in_one_place_only() {
        let calls = "const AT_ONCE: usize = 8; fn f() { each.buffered(AT_ONCE).collect() }";
        let files = [
            ("src/workflows/run/concurrency.rs", calls),
            ("src/service/client/retry.rs", calls),
            ("src/service/copy.rs", "const WIDTH: usize = 8; fn f() { buffer(WIDTH) } // buffered"),
            ("src/commands/list.rs", "fn f() { each.buffer_unordered(8) }"),
            ("src/workflows/copy.rs", "const PLACES: usize = 8; fn f() { concurrency::each(g(x), PLACES, h) }"),
            (
                "src/workflows/tag.rs",
                "const PLACES: usize = 8; fn f() { concurrency::each(concurrency::PLACES, h); PLACES }",
            ),
        ];
        assert_eq!(subjects(&RULE, &files[..3]), [""; 0]);
        assert_eq!(subjects(&RULE, &files), ["src/commands/list.rs", "src/workflows/copy.rs"]);
    }
}
