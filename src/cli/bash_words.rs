//! The words of a line that bash gives to a completion: text up to the cursor.

/// The words, and how much of the last one bash keeps.
#[derive(Debug, PartialEq, Eq)]
pub struct BashWords {
    /// The words, without quotes. The last one ends at the cursor, and may be empty.
    pub words: Vec<String>,
    /// The bytes of the last word before the part that bash replaces: it takes words apart at `:` and `=`.
    pub kept: usize,
}

/// Splits a line at blanks. `breaks` are the characters at which bash takes words apart, quoted ones excepted.
pub fn split(line: &str, breaks: &str) -> BashWords {
    let (mut words, mut word, mut kept) = (Vec::new(), String::new(), 0);
    let (mut quote, mut begun) = (None, false);
    let mut rest = line.chars();
    while let Some(c) = rest.next() {
        match (quote, c) {
            (None, ' ' | '\t' | '\n') => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                (begun, kept) = (false, 0);
                continue;
            }
            (None, '\'' | '"') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            (None | Some('"'), '\\') => word.extend(rest.next()),
            (None, _) => {
                word.push(c);
                if breaks.contains(c) {
                    kept = word.len();
                }
            }
            (Some(_), _) => word.push(c),
        }
        begun = true;
    }
    words.push(word);
    BashWords { words, kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BREAKS: &str = " \t\n\"'><=;|&(:";

    #[test]
    fn words_are_split_as_bash_does() {
        for (line, words, kept) in [
            ("amictl launch we", &["amictl", "launch", "we"][..], 0),
            ("amictl  launch ", &["amictl", "launch", ""], 0),
            ("amictl launch web:pr", &["amictl", "launch", "web:pr"], 4),
            ("amictl launch web:", &["amictl", "launch", "web:"], 4),
            ("amictl launch \"web:pr", &["amictl", "launch", "web:pr"], 0),
            ("amictl list --region=us-e", &["amictl", "list", "--region=us-e"], 9),
            ("amictl tag a\\ b 'c d' \"e\\\"", &["amictl", "tag", "a b", "c d", "e\""], 0),
            ("", &[""], 0),
        ] {
            let expected = words.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(split(line, BREAKS), BashWords { words: expected, kept }, "{line}");
        }
        assert_eq!(split("amictl launch web:pr", "=").kept, 0, "a user may take ':' out of COMP_WORDBREAKS");
    }
}
