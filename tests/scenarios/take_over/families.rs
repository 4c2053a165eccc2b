//! `list --families` over the whole organization: every figure, by every way in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::reckoning::{Family, Place, Reckoned, key, sizes};
use super::{REGIONS, Setup, Way, by_organization, by_roles, line, patterns, ready, reckoned};

/// What the row of a family must say.
fn figures(setup: &Setup, (family, place): &(Family, Place), members: &[&Reckoned]) -> Value {
    let now = setup.world().now();
    let available = |one: &&&Reckoned| one.image.phase.at(now) == "available";
    let revoked = |one: &&&Reckoned| one.image.tags.contains_key("amictl:revoked");
    let newest = members.iter().filter(available).filter(|one| !revoked(one)).max_by_key(|one| key(one));
    let sizes: BTreeMap<_, _> = members.iter().flat_map(|one| sizes(one)).collect();
    let gib: i64 = sizes.values().sum();
    let used = |one: &&&Reckoned| one.used || one.alias;
    let unknown = members.iter().any(|one| one.doubtful && !used(&one));
    let aliases: Vec<&str> = match (family.0.as_str(), place.1, family.1) {
        ("golden-base", "us-east-1", Some(_)) => vec!["prod"],
        ("web", "us-west-2", None) => vec!["stable"],
        _ => Vec::new(),
    };
    json!({
        "family": family.0,
        "pattern": family.1,
        "managed": family.1.is_none(),
        "owner_id": place.0,
        "region": place.1,
        "versions": members.len(),
        "available": members.iter().filter(available).count(),
        "newest": newest.map(|one| json!([one.image.id, one.image.name])),
        "aliases": aliases,
        "in_use": if unknown { Value::Null } else { json!(members.iter().filter(used).count()) },
        "revoked": members.iter().filter(revoked).count(),
        "oldest_at": members.iter().map(|one| one.image.created.timestamp()).min(),
        "size_gib": gib,
        "cents": gib * 5,
    })
}

/// The row with times and money in whole numbers.
fn plain(row: &Value) -> Value {
    let mut plain = row.clone();
    let fields = plain.as_object_mut().unwrap();
    let cost = fields.remove("monthly_cost_usd_at_most").unwrap().as_f64().unwrap();
    fields.insert("cents".to_owned(), json!(format!("{:.0}", cost * 100.0).parse::<i64>().unwrap()));
    if !row["newest"].is_null() {
        fields.insert("newest".to_owned(), json!([row["newest"]["id"], row["newest"]["name"]]));
    }
    let oldest = chrono::DateTime::parse_from_rfc3339(row["oldest_at"].as_str().unwrap()).unwrap();
    fields.insert("oldest_at".to_owned(), json!(oldest.timestamp()));
    plain
}

fn checked(setup: &Setup, way: &Way) -> usize {
    let regions = REGIONS.join(",");
    let mut words = vec!["list", "--families"];
    words.extend(patterns().iter().flat_map(|pattern| ["--family-pattern", pattern]));
    let ran = setup.amictl().args(&line(&words, way, &regions)).ended(3);
    let (found, reckoning) = (ran.json(), reckoned(setup, way));
    let families = reckoning.families();
    let rows = found["families"].as_array().unwrap();
    for ((family, place), members) in &families {
        let same = |row: &&Value| {
            json!([family.0, family.1, place.0, place.1])
                == json!([row["family"], row["pattern"], row["owner_id"], row["region"]])
        };
        let [row] = rows.iter().filter(same).collect::<Vec<_>>()[..] else { panic!("{family:?} {place:?} has no row") };
        assert_eq!(plain(row), figures(setup, &(family.clone(), *place), members));
    }
    assert_eq!(rows.len(), families.len());
    let ungrouped = reckoning.images.iter().filter(|one| one.family.is_none()).count();
    ran.says(&[&format!("{ungrouped} images are in no family")]);
    rows.iter().filter(|row| row["in_use"].is_null()).count()
}

#[test]
fn every_figure_of_every_family_is_right() {
    let setup = ready();
    // The closed account may use what is shared with the organization, wherever it is.
    assert_eq!(checked(&setup, &by_organization()), 4);
    assert_eq!(checked(&setup, &by_roles()), 1);
    setup.unchanged();
}
