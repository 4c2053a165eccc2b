use super::*;
use crate::domain::image::{BlankVolume, ImageSnapshot, testing};

fn patience(until: Instant) -> (Patience, tokio::sync::watch::Sender<bool>) {
    let (ask, receiver) = tokio::sync::watch::channel(false);
    (Patience { until, stop: Stop::new(receiver) }, ask)
}

#[test]
fn pauses_grow_from_two_to_fifteen_seconds_and_differ() {
    let (patience, _ask) = patience(Instant::now());
    let mut pauses = Pauses::new(&patience);
    for usual in [2.0, 3.0, 4.5, 6.75, 10.125, 15.0, 15.0] {
        let length = pauses.length().as_secs_f64();
        assert!((0.8 * usual..=1.2 * usual).contains(&length), "{usual}: {length}");
    }
    let many: Vec<_> = (0..10).map(|_| Pauses::new(&patience).length()).collect();
    assert!(many.iter().any(|length| *length != many[0]), "{many:?}");
}

#[tokio::test]
async fn a_look_ends_with_the_time_and_with_the_wish_to_stop() {
    let (over, _ask) = patience(Instant::now());
    assert_eq!(over.unless_over(std::future::pending::<()>()).await, Err(Over::TimedOut));
    assert_eq!(over.unless_over(async { 1 }).await, Ok(1), "what is there already counts");
    let (patient, ask) = patience(Instant::now() + Duration::from_secs(3600));
    ask.send(true).unwrap();
    assert_eq!(patient.unless_over(std::future::pending::<()>()).await, Err(Over::Interrupted));
}

#[test]
fn volumes_are_told_as_far_as_they_are_known() {
    let mut image = Image { snapshots: Vec::new(), blank_volumes: Vec::new(), size_gib: 0, ..testing::image(1, "web") };
    assert_eq!(sizes(&image), "");
    let snapshot = |size_gib| ImageSnapshot {
        id: "snap-01234567".parse().unwrap(),
        device: "/dev/xvda".to_owned(),
        size_gib,
        encrypted: false,
    };
    image.snapshots = vec![snapshot(8), snapshot(100)];
    image.blank_volumes = vec![BlankVolume { device: "/dev/sdb".to_owned(), size_gib: 20, encrypted: false }];
    assert_eq!(sizes(&image), ", 8 + 100 + 20 GiB");
    (image.snapshots, image.size_gib) = (vec![snapshot(8); 5], 60);
    assert_eq!(sizes(&image), ", 60 GiB in 6 volumes");
}
