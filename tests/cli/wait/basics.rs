//! `wait`.

use crate::fake::PROD;
use crate::setup::{EAST, Setup, WEST, each, seconds, sorted};

const NAME: &str = "web-v1-2026-01-02";

#[test]
fn it_comes_back_when_the_image_is_available() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, WEST, NAME).pending_for(seconds(1)).put();
    let found = setup.json(&format!("wait {id} --region us-west-2"));
    assert_eq!((each(&found["images"], "id"), each(&found["images"], "state")), (vec![&*id], vec!["available"]));
    setup.unchanged();
}

#[test]
fn an_available_image_is_not_waited_for() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    setup.run("wait web").ended(0);
    assert_eq!(setup.calls("DescribeImages").len(), 2, "one to find it, one to see its state");
}

#[test]
fn a_state_from_which_nothing_comes_ends_the_wait_at_once() {
    let setup = Setup::new();
    for state in ["failed", "error", "invalid", "disabled"] {
        let mut world = setup.world();
        let image = world.image(PROD, EAST, &format!("{state}-v1-2026-01-02")).state(state);
        let id = image.reason("Client.InternalError", "EC2 has its reasons").put();
        drop(world);
        setup.fake.forget_calls();
        let ran = setup.run(&format!("wait {id} -o json")).ended(1);
        assert_eq!(setup.calls("DescribeImages").len(), 2, "{state}: one to find it, one to see its state");
        let message = ran.error()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(&format!("is {state}: Client.InternalError: EC2 has its reasons")), "{message}");
    }
}

#[test]
fn an_image_that_fails_while_it_is_waited_for_shows_the_reason() {
    let setup = Setup::new();
    let mut world = setup.world();
    let failing = world.image(PROD, EAST, NAME).state("failed").pending_for(seconds(1));
    let id = failing.reason("Client.InstanceTerminated", "Instance was terminated").put();
    drop(world);
    let ran = setup.run(&format!("wait {id}")).ended(1);
    ran.says(&["is failed: Client.InstanceTerminated: Instance was terminated", &format!("amictl deregister {id}")]);
}

#[test]
fn when_the_time_is_over_the_message_says_how_to_go_on() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).pending_for(seconds(600)).put();
    let ran = setup.run(&format!("wait {id} --timeout 1s -o json")).ended(5);
    let error = ran.error();
    assert_eq!((&error["code"], &error["exit_code"]), (&"Timeout".into(), &5.into()));
    let hint = error["hint"].as_str().unwrap().to_owned();
    let resume = hint.strip_prefix("wait for it with: amictl ").unwrap();
    setup.world().advance(seconds(600));
    assert_eq!(each(&setup.json(resume)["images"], "id"), [id]);
}

#[test]
fn instances_are_waited_for_too() {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, NAME).put();
    setup.world().boot_for = seconds(600);
    let ran = setup.run("launch web --type t3.micro --count 2 --timeout 1s -o json").ended(5);
    let hint = ran.error()["hint"].as_str().unwrap().to_owned();
    setup.world().advance(seconds(600));
    let running = setup.json(hint.strip_prefix("wait for it with: amictl ").unwrap());
    let mut launched: Vec<_> = setup.world().instances(PROD, EAST).map(|i| i.id.clone()).collect();
    launched.sort();
    assert_eq!(sorted(&running["instances"], "id"), launched);
    assert_eq!(each(&running["instances"], "state"), ["running"; 2]);
    setup.run("wait i-0123456789abcdef0").ended(1).says(&["InvalidInstanceID.NotFound"]);
    setup.run(&format!("wait web {}", launched[0])).ended(2).says(&["one image, or one or more instances"]);
}

#[test]
fn an_image_deregistered_meanwhile_ends_the_wait() {
    let setup = Setup::new();
    let id = setup.world().image(PROD, EAST, NAME).state("pending").put();
    let waited = std::thread::scope(|scope| {
        let run = scope.spawn(|| setup.run(&format!("wait {id} -o json")));
        setup.until("DescribeImages", 2);
        setup.run(&format!("deregister {id} --yes --allow-in-use")).ended(0);
        run.join().unwrap().ended(1)
    });
    assert_eq!(waited.error()["code"], "InvalidAMIID.NotFound");
    let message = format!("image {id} does not exist in us-east-1");
    assert!(waited.error()["message"].as_str().unwrap().contains(&message), "{}", waited.stderr);
}

#[test]
fn hundreds_of_instances_are_looked_at_in_parts_that_ec2_takes() {
    let setup = Setup::new();
    let ids: Vec<String> = (0..201).map(|_| setup.world().instance(PROD, EAST).put()).collect();
    setup.run(&format!("wait {}", ids.join(" "))).ended(0);
    let calls = setup.calls("DescribeInstances");
    let named = |call: &crate::fake::Call| call.params.keys().filter(|name| name.starts_with("InstanceId.")).count();
    let sizes: Vec<usize> = calls.iter().map(named).collect();
    assert!(sizes.iter().sum::<usize>().is_multiple_of(201) && sizes.iter().all(|size| *size <= 200), "{sizes:?}");
}
