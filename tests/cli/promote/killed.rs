//! `kill -9`: each place has the old or the new value, and a rerun finishes.

use std::time::Duration;

use super::{PARAMETER, V2, V3, now_in, rows};
use crate::fake::{Fault, FaultKind, PROD};
use crate::setup::Setup;

const SIX: [&str; 6] = ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "eu-west-1", "eu-central-1"];

#[test]
fn a_killed_run_leaves_the_old_or_the_new_and_a_rerun_finishes() {
    let setup = Setup::new();
    let mut images: Vec<[String; 2]> = Vec::new();
    for region in SIX {
        let mut world = setup.world();
        let made = [V2, V3].map(|name| {
            let image = world.image(PROD, region, name);
            match images.first() {
                None => image.put(),
                Some([old, new]) => image.copied_from(if name == V2 { old } else { new }, SIX[0]).put(),
            }
        });
        world.parameter(PROD, region, PARAMETER, &made[0]);
        images.push(made);
    }
    setup.fake.fault(Fault::on("*", FaultKind::Latency(Duration::from_millis(20))));
    setup.fake.fault(Fault::on("PutParameter", FaultKind::Latency(Duration::from_millis(80))));
    let line = |reference: &str| format!("promote {reference} --to prod --region {} -o json", SIX.join(","));
    let (mut old_left, mut new_there) = (0, 0);
    // Killed when none of the values was sent, one, two and so on up to all, at once and a little later.
    for (sent, later) in (0..=SIX.len()).flat_map(|sent| [(sent, 0), (sent, 40)]) {
        setup.run(&line("web:v2")).ended(0);
        let before = setup.fake.count("PutParameter");
        let mut process = setup.process(&line("web:v3")).spawn().unwrap();
        setup.until("PutParameter", before + sent);
        std::thread::sleep(Duration::from_millis(later));
        process.kill().unwrap();
        process.wait().unwrap();
        for (region, [old, new]) in SIX.iter().zip(&images) {
            let value = now_in(&setup, PROD, region).unwrap().1;
            assert!([old, new].contains(&&value), "{region}: {value}");
            if value == *old { old_left += 1 } else { new_there += 1 }
        }
        let report = setup.run(&line("web:v3")).ended(0).json();
        assert_eq!(rows(&report, "status"), ["done"; 6]);
        for (region, [_, new]) in SIX.iter().zip(&images) {
            assert_eq!(now_in(&setup, PROD, region).unwrap().1, *new);
        }
    }
    assert!(old_left >= SIX.len() && new_there >= SIX.len(), "{old_left} old, {new_there} new");
}
