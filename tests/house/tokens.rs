//! Source text as a flat list of tokens, without comments and the contents of strings.

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};

/// One token and the line it stands on. Strings are `""`, whatever they say.
#[derive(Debug)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// The tokens of `stream` with groups opened; `::` is one token.
pub fn flat(stream: TokenStream) -> Vec<Token> {
    let mut tokens = Vec::new();
    open(stream, &mut tokens);
    tokens
}

fn open(stream: TokenStream, tokens: &mut Vec<Token>) {
    let mut half = false;
    for tree in stream {
        let line = tree.span().start().line;
        let mut push = |text: String, line| tokens.push(Token { text, line });
        let second = half;
        half = false;
        match tree {
            TokenTree::Group(group) => {
                let (begin, end) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                push(begin.to_owned(), line);
                let end_line = group.span_close().end().line;
                open(group.stream(), tokens);
                tokens.push(Token { text: end.to_owned(), line: end_line });
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' && second => {
                tokens.pop();
                tokens.push(Token { text: "::".to_owned(), line });
            }
            TokenTree::Punct(punct) => {
                half = punct.as_char() == ':' && punct.spacing() == Spacing::Joint;
                push(punct.as_char().to_string(), line);
            }
            TokenTree::Ident(ident) => push(ident.to_string(), line),
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                push(if text.contains('"') { "\"\"".to_owned() } else { text }, line);
            }
        }
    }
}

/// Lines of `tokens` on which `words` stand in a row. A last word that ends in `_` stands for all that begin with it.
pub fn lines_saying(tokens: &[Token], words: &[Token]) -> Vec<usize> {
    let same = |(token, word): (&Token, &Token)| match word.text.ends_with('_') {
        true => token.text.starts_with(&word.text),
        false => token.text == word.text,
    };
    let found = tokens.windows(words.len()).filter(|window| window.iter().zip(words).all(same));
    found.map(|window| window[0].line).collect()
}

/// Words of a rule as tokens: `Utc::now`, `println!`, `aws_`.
pub fn words(text: &str) -> Vec<Token> {
    let words = flat(text.parse().unwrap());
    assert!(!words.is_empty(), "an empty word stands everywhere");
    words
}

/// A path such as `crate::a::b` with its line.
pub type Path = (Vec<Ident>, usize);

/// The paths of two segments and more in `stream`, inside of macros too.
pub fn paths(stream: TokenStream) -> Vec<Path> {
    let mut found: Vec<Path> = Vec::new();
    let mut path: Vec<Ident> = Vec::new();
    let mut colons = 0;
    let mut end = |path: &mut Vec<Ident>| {
        let whole = std::mem::take(path);
        if whole.len() > 1 {
            let line = whole[0].span().start().line;
            found.push((whole, line));
        }
    };
    let mut inner = Vec::new();
    for tree in stream {
        match tree {
            TokenTree::Ident(ident) => {
                if colons != 2 {
                    end(&mut path);
                } else if path.is_empty() {
                    colons = 0; // `::name` and `<T as Trait>::name` begin outside of this crate's modules
                    continue;
                }
                path.push(ident);
                colons = 0;
            }
            TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
            TokenTree::Group(group) => {
                end(&mut path);
                colons = 0;
                inner.extend(paths(group.stream()));
            }
            _ => {
                end(&mut path);
                colons = 0;
            }
        }
    }
    end(&mut path);
    found.extend(inner);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(text: &str, word: &str) -> bool {
        !lines_saying(&words(text), &words(word)).is_empty()
    }

    #[test]
    fn comments_and_strings_break_no_rule_but_code_does() {
        let text =
            "use a; // use tokio\nlet s = \"aws_\\\"x\"; let c = '\"'; let r = r#\"clap\"#; tokio::spawn(aws_x::y)";
        assert!(!says(text, "clap") && says(text, "tokio") && says(text, "aws_"));
        assert!(!says("let a = \"aws_x::y\"; /* aws_z */ /// aws_doc\nfn f() {}", "aws_"));
        assert!(!says("laws_x + clapper + asynchronous", "aws_") && !says("clapper", "clap"));
        assert!(says("a :: Utc::now()", "Utc::now") && !says("Utc::nowhere", "Utc::now"));
        assert!(says("println!(\"x\")", "println!") && !says("println(1)", "println!"));
        assert_eq!(lines_saying(&words("a\nb(\nc::d)"), &words("c::d"))[..], [3]);
    }

    #[test]
    fn paths_are_found_in_whatever_a_macro_holds() {
        let text = "json!({ \"a\": crate::a::b(c::D), e: f.g, T::<super::x>::new, h: i::j!() })";
        let found = paths(text.parse().unwrap());
        let mut found: Vec<String> =
            found.iter().map(|(path, _)| path.iter().map(Ident::to_string).collect::<Vec<_>>().join("::")).collect();
        found.sort();
        assert_eq!(found, ["c::D", "crate::a::b", "i::j", "super::x"]);
    }
}
