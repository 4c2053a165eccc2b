//! Others who write the alias while it is rolled back.

use serde_json::json;

use super::{PARAMETER, four, value};
use crate::cli::Ran;
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, seconds};

#[test]
fn a_value_that_comes_in_between_is_said() {
    let (setup, web) = four();
    setup.fake.fault(Fault::on("DescribeImages", FaultKind::Latency(seconds(2))).times(1));
    let child = setup.process("rollback web:prod -o json").spawn().unwrap();
    setup.until("DescribeImages", 1);
    setup.world().parameter(PROD, EAST, PARAMETER, &web[0]);
    let ran = Ran::from(child.wait_with_output().unwrap()).ended(3);
    assert_eq!(ran.error()["code"], "ConcurrentChange");
    assert!(ran.error()["message"].as_str().unwrap().contains(&web[0]), "{}", ran.stderr);
    assert_eq!(ran.json()["results"][0]["error"]["code"], json!("ConcurrentChange"));
    assert_eq!(value(&setup, PROD, EAST), web[2]);
}

#[test]
fn a_lost_answer_is_looked_at_and_not_sent_again_over_another_value() {
    let (setup, web) = four();
    setup.fake.fault(Fault::on("PutParameter", FaultKind::ResetAfter).times(1));
    let row = setup.run("rollback web:prod -o json").ended(0).json()["results"][0].clone();
    assert_eq!((&row["image_id"], &row["changed"]), (&json!(web[2]), &json!(true)));
    assert_eq!(value(&setup, PROD, EAST), web[2]);
    setup.run("rollback web:prod").ended(0);
    assert_eq!(value(&setup, PROD, EAST), web[1]);
}

#[test]
fn a_history_of_another_moment_is_read_again() {
    let (setup, web) = four();
    setup.fake.fault(Fault::on("GetParameters", FaultKind::Latency(seconds(2))).times(1));
    let child = setup.process("rollback web:prod -o json").spawn().unwrap();
    setup.until("GetParameters", 1);
    setup.world().parameter(PROD, EAST, PARAMETER, &web[0]);
    let ran = Ran::from(child.wait_with_output().unwrap()).ended(0);
    assert_eq!(ran.json()["results"][0]["from_image_id"], json!(web[0]));
    assert_eq!(value(&setup, PROD, EAST), web[3]);
}
