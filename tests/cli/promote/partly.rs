//! Partly written: what failed, and the lines that finish and put back.

use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use super::{TWO, codes, now_in, ready, rows, written};
use crate::cli::Ran;
use crate::fake::{Fault, PROD};
use crate::setup::{EAST, Setup, WEST, seconds};

#[test]
fn a_place_that_fails_does_not_stop_the_others_and_the_line_finishes() {
    let setup = Setup::new();
    let ([_, old_west], [new, new_west]) = ready(&setup);
    setup.fake.fault(Fault::error("PutParameter", "AccessDeniedException", "no").in_region(EAST));
    let ran = setup.run(&format!("promote web:v3 --to prod {TWO} --reason x -o json")).ended(3);
    assert_eq!(
        (codes(&ran.json()), rows(&ran.json(), "changed")),
        (vec!["AccessDeniedException".to_owned(), "-".to_owned()], vec![json!(false), json!(true)])
    );
    let error = ran.error();
    let hint = error["hint"].as_str().unwrap();
    let back = format!("; or put back with: amictl rollback web:prod --to {old_west} --region {WEST}");
    let finish = hint.strip_prefix("finish with: amictl ").and_then(|hint| hint.strip_suffix(&back));
    let finish = finish.unwrap_or_else(|| panic!("{hint}"));
    assert_eq!(finish, format!("promote {new} --to prod --reason x {TWO}"));
    setup.fake.clear_faults();
    let report = setup.json(finish);
    assert_eq!(rows(&report, "changed"), [true, false]);
    assert_eq!(now_in(&setup, PROD, WEST), Some((2, new_west)));
}

#[test]
fn a_value_that_ssm_drops_is_a_failure_of_its_own() {
    // In two places and in one, at the same time: each run looks for a minute.
    let begun = Instant::now();
    let runs = [(TWO, 3), ("", 1)].map(|(places, code)| {
        let setup = Setup::new();
        let (old, new) = ready(&setup);
        setup.world().late_values.dropped.insert(new[0].clone());
        let process = setup.process(&format!("promote web:v3 --to prod {places} -o json")).spawn().unwrap();
        (setup, old, new, process, places, code)
    });
    for (setup, [old, _], [_, new_west], process, places, code) in runs {
        let ran = Ran::from(process.wait_with_output().unwrap()).ended(code);
        assert!((seconds(59)..seconds(150)).contains(&begun.elapsed()), "{:?}", begun.elapsed());
        let dropped = "ValueNotStored".to_owned();
        if places.is_empty() {
            assert_eq!((codes(&ran.json()), ran.error()["code"].as_str()), (vec![dropped], Some("ValueNotStored")));
        } else {
            let changed = vec![json!(false), json!(true)];
            let report = ran.json();
            assert_eq!((codes(&report), rows(&report, "changed")), (vec![dropped, "-".to_owned()], changed));
            assert_eq!(now_in(&setup, PROD, WEST), Some((2, new_west)));
        }
        assert_eq!(now_in(&setup, PROD, EAST), Some((1, old)));
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_nothing_unreported() {
    let setup = Setup::new();
    let (_, [new, _]) = ready(&setup);
    setup.world().late_values.shown_after = seconds(600);
    let process = setup.process(&format!("promote web:v3 --to prod {TWO} -o json")).spawn().unwrap();
    setup.until("PutParameter", 2);
    setup.until("GetParameterHistory", 2);
    assert!(Command::new("kill").args(["-INT", &process.id().to_string()]).status().unwrap().success());
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((codes(&report), rows(&report, "changed")), (vec!["NotSeen".to_owned(); 2], vec![json!(true); 2]));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&format!("finish with: amictl promote {new} --to prod")), "{text}");
    assert_eq!(written(&setup), 2);
}
