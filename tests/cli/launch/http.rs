//! `launch --allow-http`: the group that admits web traffic.

use std::thread;

use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::{EAST, Setup, seconds};

const LAUNCH: &str = "launch web --type t3.micro --allow-http -o ids";

fn ready() -> Setup {
    let setup = Setup::new();
    setup.world().image(PROD, EAST, "web-v1-2026-01-02").put();
    setup
}

/// The groups of an instance: ids and names.
fn groups(setup: &Setup, id: &str) -> Vec<(String, String)> {
    setup.world().find_instance(id.trim()).unwrap().groups.clone()
}

/// The ports that calls have opened, and to whom.
fn opened(setup: &Setup) -> Vec<String> {
    let calls = setup.calls("AuthorizeSecurityGroupIngress").into_iter();
    calls
        .map(|call| {
            let at = |name: &str| call.params[&format!("IpPermissions.1.{name}")].clone();
            let ranges = (at("IpRanges.1.CidrIp"), at("Ipv6Ranges.1.CidrIpv6"));
            format!("{} {}-{} {} {}", at("IpProtocol"), at("FromPort"), at("ToPort"), ranges.0, ranges.1)
        })
        .collect()
}

#[test]
fn the_group_is_made_once_and_used_again() {
    let setup = ready();
    let first = setup.run(LAUNCH).ended(0).says(&["admits ports 80 and 443"]).stdout;
    let group = groups(&setup, &first);
    assert_eq!(group.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>(), ["amictl-allow-http"]);
    assert_eq!(opened(&setup), ["tcp 80-80 0.0.0.0/0 ::/0", "tcp 443-443 0.0.0.0/0 ::/0"]);
    let made = setup.calls("CreateSecurityGroup").remove(0).params;
    assert_eq!(made["TagSpecification.1.Tag.1.Key"], "amictl:created-by");
    setup.fake.forget_calls();
    let second = setup.run(LAUNCH).ended(0).stdout;
    assert_eq!(groups(&setup, &second), group);
    assert_eq!(setup.changes(), ["RunInstances"]);
}

#[test]
fn it_comes_beside_the_groups_that_are_given() {
    let setup = ready();
    let plain = setup.run("launch web --type t3.micro -o ids").ended(0).stdout;
    let default = groups(&setup, &plain)[0].0.clone();
    let web = setup.run(&format!("{LAUNCH} --security-group {default}")).ended(0).stdout;
    let names: Vec<_> = groups(&setup, &web).into_iter().map(|(_, name)| name).collect();
    assert_eq!(names, ["default", "amictl-allow-http"]);
}

#[test]
fn it_is_made_in_the_network_of_the_subnet() {
    let setup = ready();
    let subnet = setup.world().subnets(PROD, EAST)[0].clone();
    let launched = setup.run(&format!("{LAUNCH} --subnet {subnet}")).ended(0).stdout;
    let instance = setup.world().find_instance(launched.trim()).unwrap().clone();
    assert_eq!((instance.subnet, setup.calls("DescribeSubnets").len()), (subnet, 1));
    assert_eq!(setup.calls("CreateSecurityGroup")[0].params["VpcId"], instance.vpc);
}

#[test]
fn a_group_that_was_left_half_open_is_opened() {
    let setup = ready();
    let refusal = Fault::error("AuthorizeSecurityGroupIngress", "UnauthorizedOperation", "You are not authorized.");
    setup.fake.fault(refusal.skip(1).times(1));
    setup.run(LAUNCH).ended(1).says(&["UnauthorizedOperation"]);
    assert_eq!(setup.world().instances(PROD, EAST).count(), 0);
    setup.fake.forget_calls();
    setup.run(LAUNCH).ended(0);
    assert_eq!(opened(&setup), ["tcp 443-443 0.0.0.0/0 ::/0"]);
    assert_eq!(setup.changes(), ["AuthorizeSecurityGroupIngress", "RunInstances"]);
}

#[test]
fn two_runs_at_once_share_the_group() {
    let setup = ready();
    // Each looks twice; both see no group before either makes one.
    setup.fake.fault(Fault::on("DescribeSecurityGroups", FaultKind::Latency(seconds(1))).times(4));
    let ids = thread::scope(|scope| {
        let runs = [(); 2].map(|()| scope.spawn(|| setup.run(LAUNCH).ended(0).stdout));
        runs.map(|run| run.join().unwrap())
    });
    assert_eq!(groups(&setup, &ids[0]), groups(&setup, &ids[1]));
    assert_eq!(setup.calls("CreateSecurityGroup").len(), 2);
}

#[test]
fn a_group_whose_making_was_not_answered_is_found() {
    let setup = ready();
    setup.fake.fault(Fault::on("CreateSecurityGroup", FaultKind::ResetAfter).times(1));
    let launched = setup.run(LAUNCH).ended(0).stdout;
    assert_eq!(groups(&setup, &launched)[0].1, "amictl-allow-http");
    assert_eq!(opened(&setup).len(), 2);
}

#[test]
fn a_dry_run_makes_no_group() {
    let setup = ready();
    let line = format!("{LAUNCH} --dry-run");
    setup.run(&line).ended(0).says(&["group amictl-allow-http would be made in vpc-"]);
    setup.unchanged();
    setup.run(LAUNCH).ended(0);
    setup.fake.forget_calls();
    setup.run(&line).ended(0);
    setup.unchanged();
    let group = &setup.calls("RunInstances")[0].params["SecurityGroupId.1"];
    assert!(group.starts_with("sg-"), "{group}");
}

#[test]
fn without_a_default_network_a_subnet_is_asked_for() {
    let setup = ready();
    setup.world().remove_default_vpc(PROD, EAST);
    setup.run(LAUNCH).ended(2).says(&["has no default VPC for --allow-http", "give --subnet"]);
    setup.unchanged();
}
