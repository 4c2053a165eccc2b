//! The argument that stands at the cursor of an unfinished command line.

use std::ffi::OsString;

use clap::{Arg, Command};

/// Options that lead to other names: their values are needed to find those.
const PLACES: [&str; 6] = ["profile", "region", "role_arn", "org_role", "endpoint_url", "config"];

/// The argument at the cursor.
pub struct Cursor<'a> {
    /// The argument.
    pub arg: &'a Arg,
    /// The part of the word before its value: `--region=`, or nothing.
    pub option: String,
    /// The value as far as it is typed.
    pub typed: String,
    /// The options before it that say in which account and region, as words of a command line.
    pub places: Vec<OsString>,
}

/// Finds it. The words are those after the program; the last one ends at the cursor. `None` where a command or the name
/// of an option stands, which the static completions know.
pub fn find<'a>(root: &'a Command, words: &[String]) -> Option<Cursor<'a>> {
    let (last, before) = words.split_last()?;
    let mut line =
        Line { command: root, in_command: false, waiting: None, ended: false, number: 0, places: Vec::new() };
    for word in before {
        line.read(word)?;
    }
    let Line { command, in_command, waiting, ended, number, places } = line;
    let at = |arg, option: &str, typed: &str| {
        Some(Cursor { arg, option: option.to_owned(), typed: typed.to_owned(), places })
    };
    match (waiting, last.split_once('=')) {
        (Some(arg), _) => at(arg, "", last),
        (None, Some((name, typed))) if last.starts_with("--") && !ended => {
            at(long(command, &name[2..])?, &format!("{name}="), typed)
        }
        (None, _) if last.starts_with('-') && !ended || !in_command => None,
        (None, _) => at(positional(command, number)?, "", last),
    }
}

/// What is known after some words.
struct Line<'a> {
    command: &'a Command,
    in_command: bool,
    /// The option whose value comes next.
    waiting: Option<&'a Arg>,
    /// Whether `--` ended the options.
    ended: bool,
    /// The positional arguments so far.
    number: usize,
    places: Vec<OsString>,
}

impl<'a> Line<'a> {
    /// Reads one word; `None` for one that amictl does not know.
    fn read(&mut self, word: &str) -> Option<()> {
        if let Some(arg) = self.waiting.take() {
            self.note(arg, word);
            return Some(());
        }
        match word.strip_prefix("--") {
            Some("") if !self.ended => self.ended = true,
            Some(name) if !self.ended => match name.split_once('=') {
                Some((name, value)) => self.note(long(self.command, name)?, value),
                None => self.waiting = Some(long(self.command, name)?).filter(|arg| takes_value(arg)),
            },
            _ if word.starts_with('-') && word.len() > 1 && !self.ended => self.shorts(&word[1..])?,
            _ if self.in_command => self.number += 1,
            _ => {
                self.command = self.command.find_subcommand(word)?;
                self.in_command = true;
            }
        }
        Some(())
    }

    /// Reads short options that share a dash; the first with a value ends them.
    fn shorts(&mut self, letters: &str) -> Option<()> {
        for (at, letter) in letters.char_indices() {
            let arg = self.command.get_arguments().find(|arg| arg.get_short() == Some(letter))?;
            if takes_value(arg) {
                match &letters[at + letter.len_utf8()..] {
                    "" => self.waiting = Some(arg),
                    value => self.note(arg, value.trim_start_matches('=')),
                }
                return Some(());
            }
        }
        Some(())
    }

    fn note(&mut self, arg: &Arg, value: &str) {
        if let Some(name) = arg.get_long().filter(|_| PLACES.contains(&arg.get_id().as_str())) {
            self.places.push(format!("--{name}={value}").into());
        }
    }
}

fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values()
}

fn long<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command.get_arguments().find(|arg| arg.get_long() == Some(name))
}

/// The positional argument with this number; the last one may take all that follow.
fn positional(command: &Command, number: usize) -> Option<&Arg> {
    let last = command.get_positionals().last()?;
    let many = || last.get_num_args().is_some_and(|range| range.max_values() > 1);
    command.get_positionals().nth(number).or_else(|| many().then_some(last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::root::command_line;
    use crate::options::value_kind::ValueKind;
    use crate::options::value_kind::ValueKind::{Alias, Column, Family, FamilyAlias, Reference, Region, Source};

    fn found(line: &str) -> Option<(Option<ValueKind>, String, String, usize)> {
        let mut root = command_line();
        root.build();
        let words: Vec<_> = line.split(' ').map(str::to_owned).collect();
        let cursor = find(&root, &words)?;
        Some((ValueKind::of(cursor.arg), cursor.option, cursor.typed, cursor.places.len()))
    }

    #[test]
    fn the_argument_at_the_cursor_is_found() {
        for (line, kind, option, typed, places) in [
            ("launch we", Reference, "", "we", 0),
            ("launch ", Reference, "", "", 0),
            ("--region us-east-1 launch --type t3.micro we", Reference, "", "we", 1),
            ("launch web --region=us", Region, "--region=", "us", 0),
            ("-qo json --profile ops list --region ", Region, "", "", 1),
            ("list --columns name,ve", Column, "", "name,ve", 0),
            ("-ojson -vv list -o=json --columns x", Column, "", "x", 0),
            ("prune web ap", Family, "", "ap", 0),
            ("prune --without-source inst", Source, "", "inst", 0),
            ("promote web:v3 --to pr", Alias, "", "pr", 0),
            ("rollback web:", FamilyAlias, "", "web:", 0),
            ("tag web api", Reference, "", "api", 0),
            ("launch -- --x", Reference, "", "--x", 0),
        ] {
            let expected = (Some(kind), option.to_owned(), typed.to_owned(), places);
            assert_eq!(found(line), Some(expected), "{line}");
        }
        assert_eq!(found("list --timeout 3").map(|found| found.0), Some(None));
    }

    #[test]
    fn what_the_static_completions_know_is_left_to_them() {
        for line in ["", "li", "list --colu", "-", "launch web web web", "nothing we", "list --nothing we", "list -Z x"]
        {
            assert_eq!(found(line), None, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_words_panic(words in proptest::collection::vec("(list|launch|-|--|-[a-zü=]{0,4}|--[a-z=]{0,8}|[a-z:=ü]{0,4})", 0..6)) {
            let mut root = command_line();
            root.build();
            let _ = find(&root, &words);
        }
    }
}
