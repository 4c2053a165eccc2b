//! Questions on the terminal.

use std::io::{self, IsTerminal};

use super::escape::escaped;
use super::printer::Printer;

impl Printer {
    /// Whether there is a terminal for a question.
    pub fn can_ask(&self) -> bool {
        io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a yes-or-no question with the default no.
    pub fn confirm(&self, question: &str) -> io::Result<bool> {
        let answer = dialoguer::Confirm::new().with_prompt(escaped(question)).default(false).interact();
        answer.map_err(|dialoguer::Error::IO(error)| error)
    }

    /// Asks for the code of an MFA device.
    pub fn ask_code(&self, serial: &str) -> io::Result<String> {
        let six_digits = |code: &String| match code.len() == 6 && code.bytes().all(|b| b.is_ascii_digit()) {
            true => Ok(()),
            false => Err("a code has 6 digits"),
        };
        let prompt = format!("MFA code of {}", escaped(serial));
        let question = dialoguer::Input::<String>::new().with_prompt(prompt).validate_with(six_digits);
        self.bars().around(|| question.interact_text()).map_err(|dialoguer::Error::IO(error)| error)
    }
}
