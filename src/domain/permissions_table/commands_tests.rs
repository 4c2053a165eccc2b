//! Tests of the table of commands.

use super::*;

#[test]
fn commands_stand_once_and_in_order() {
    let names: Vec<_> = all().iter().map(|needs| needs.command).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
}

#[test]
fn every_row_names_an_action_and_says_what_for() {
    for row in all().iter().flat_map(Needs::rows) {
        let (service, name) = row.action.split_once(':').unwrap();
        assert!(!service.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()), "{row:?}");
        assert!(!row.on.is_empty() && !row.why.is_empty(), "{row:?}");
    }
}

#[test]
fn no_command_has_the_same_row_twice() {
    for needs in all() {
        let rows: Vec<_> = needs.rows().map(|row| (row.action, row.on, row.when)).collect();
        let twice = rows.iter().enumerate().find(|(at, row)| rows[..*at].contains(row));
        assert!(twice.is_none(), "{}: {twice:?}", needs.command);
    }
}
