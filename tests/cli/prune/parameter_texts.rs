//! SSM parameters that say more than one id, or something else beside it.

use crate::fake::PROD;
use crate::scene::{ALL, Plan, Scene};
use crate::setup::EAST;

fn plan(setup: &Scene) -> Plan {
    Plan::of(&setup.run(ALL).ended(0))
}

#[test]
fn every_id_in_the_value_of_a_parameter_counts() {
    let setup = Scene::new();
    let web = setup.family("web", 8);
    let values = [
        format!("{} {}", web[0], web[1]),
        format!("{}\n{}\n", web[2], web[3]),
        format!(r#"{{"east": "{}", "arn": "arn:aws:ec2:us-east-1::image/{}"}}"#, web[4], web[5]),
        format!("golden-{}", web[6]),
        format!("{}0", web[7]),
    ];
    for (number, value) in values.iter().enumerate() {
        setup.world().typed_parameter(PROD, EAST, &format!("/golden/{number}")).value(value).put();
    }
    let plan = plan(&setup);
    assert_eq!(plan.going(), [web[7].as_str()]);
    assert_eq!(plan.reasons(&web[1]), [("in-use", "ssm-parameter /golden/0")]);
}

#[test]
fn what_an_alias_named_before_is_kept_whatever_else_its_values_say() {
    let setup = Scene::new();
    let web = setup.family("web", 3);
    let alias = "/amictl/web/prod";
    // The same image with a line feed is no other image, and a version without any is nothing to go back to.
    let [before, now] = [format!("{}\n", web[1]), format!(" {}\r\n", web[2])];
    let values = [web[0].as_str(), &before, "broken", web[2].as_str(), &now];
    values.iter().for_each(|value| setup.world().parameter(PROD, EAST, alias, value));
    let plan = plan(&setup);
    assert_eq!(plan.going(), [web[0].as_str()]);
    assert!(plan.reasons(&web[1]).iter().any(|(_, detail)| detail.contains("the version before")), "{plan:?}");
}

#[test]
fn ids_in_tags_are_no_use() {
    let setup = Scene::new();
    let web = setup.family("web", 1);
    setup.world().instance(PROD, EAST).tag("amictl:copied-from", &web[0]).put();
    assert_eq!(plan(&setup).going(), [web[0].as_str()]);
}
