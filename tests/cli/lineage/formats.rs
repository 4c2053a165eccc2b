//! `lineage`: the tree for people, and what programs get.

use super::{TWO, family};
use crate::fake::PROD;
use crate::setup::{EAST, Setup, each};
use crate::shared::terminal;

#[test]
fn people_get_a_tree() {
    let setup = Setup::new();
    let [base, copy, child, of_copy] = family(&setup);
    setup.world().image_mut(&copy).tags.insert("amictl:revoked".to_owned(), "2026-01-05 bad".to_owned());
    let ran = setup.run(&format!("lineage {base} {TWO}")).ended(0);
    let lines = ran.lines();
    assert_eq!(lines.len(), 5, "{}", ran.stdout);
    assert!(lines[0].starts_with("IMAGE") && lines[0].contains("REVOKED"), "{}", ran.stdout);
    for (line, begins, id) in [
        (1, "base-v1-2026-01-01 ←", &base),
        (2, "├─ base-v1-2026-01-01 ", &copy),
        (3, "│  └─ web-v1-2026-01-02 ", &of_copy),
        (4, "└─ web-v1-2026-01-02 ", &child),
    ] {
        assert!(lines[line].starts_with(begins) && lines[line].contains(id.as_str()), "{}", ran.stdout);
    }
    let cells: Vec<_> = lines[2].split_whitespace().skip(2).collect();
    assert_eq!(cells, [copy.as_str(), "us-west-2", "copy", "available", "no", "yes"]);
    let markdown = setup.run(&format!("lineage {base} {TWO} -o markdown")).ended(0).stdout;
    assert!(markdown.contains(&format!("4 images in the lineage of {base}")), "{markdown}");
    assert!(markdown.contains("| ├─\u{a0}base-v1-2026-01-01 |"), "{markdown}");
    assert!(markdown.contains("| │\u{a0}\u{a0}└─\u{a0}web-v1-2026-01-02 |"), "{markdown}");
}

#[test]
fn programs_get_rows() {
    let setup = Setup::new();
    let [base, copy, ..] = family(&setup);
    let line = format!("lineage {base} {TWO}");
    let csv = setup.run(&format!("{line} -o csv")).ended(0);
    assert_eq!(csv.lines()[0], "id,name,account,region,parent_id,parent_region,relation,state,in_use,revoked");
    let row = format!("{copy},base-v1-2026-01-01,{PROD},us-west-2,{base},us-east-1,copy,available,false,false");
    assert_eq!(csv.lines()[2], row);
    let jsonl = setup.run(&format!("{line} -o jsonl")).ended(0);
    assert_eq!(jsonl.lines().len(), 4);
    let ids = setup.run(&format!("{line} -o ids")).ended(0);
    assert_eq!(ids.lines()[..2], [base.as_str(), copy.as_str()]);
    let query = "images[?relation=='copy'].id";
    let line = ["lineage", &base, "--region", "us-east-1,us-west-2", "--query", query];
    assert_eq!(setup.amictl().args(&line).ended(0).lines(), [copy.as_str()]);
    setup.run(&format!("deregister {base} --yes")).ended(0);
    let ids = setup.run(&format!("lineage {base} {TWO} -o ids")).ended(0);
    assert_eq!(ids.lines().len(), 3, "what is gone is no image to work on");
}

#[test]
fn graphviz_gets_a_graph() {
    let setup = Setup::new();
    let [base, copy, child, _] = family(&setup);
    setup.world().image_mut(&copy).tags.insert("amictl:revoked".to_owned(), "bad".to_owned());
    let ran = setup.run(&format!("lineage {base} {TWO} -o dot")).ended(0);
    let dot = &ran.stdout;
    assert!(dot.starts_with("digraph lineage {\n") && dot.ends_with("}\n"), "{dot}");
    assert!(dot.contains(&format!("  \"{base}\" -> \"{copy}\" [label=\"copy\", style=dashed];\n")), "{dot}");
    assert!(dot.contains(&format!("  \"{base}\" -> \"{child}\" [label=\"child\"];\n")), "{dot}");
    assert!(dot.contains(&format!("\"{base}\" [label=\"base-v1-2026-01-01\\n{base}\\n{PROD} us-east-1\\navailable\"")));
    assert!(dot.contains("revoked\", color=red"), "{dot}");
    // Names of others cannot leave their quotes.
    let odd = setup.world().image(PROD, EAST, "a\"]; evil -> b [label=\"\\").put();
    let dot = setup.run(&format!("lineage {odd} -o dot")).ended(0).stdout;
    assert!(dot.contains("[label=\"a\\\"]; evil -> b [label=\\\"\\\\\\n"), "{dot}");
}

#[test]
fn a_graph_is_for_this_command_and_line_alone() {
    let setup = Setup::new();
    let [base, ..] = family(&setup);
    setup.run("list -o dot").ended(2).says(&["'list' does not write dot", "amictl lineage -o dot"]);
    let ran = setup.amictl().env("AMICTL_OUTPUT", "dot").run(&format!("lineage {base}")).ended(2);
    ran.says(&["AMICTL_OUTPUT=dot would hold for every command"]);
    let config = setup.home.write("config.toml", "output = 'dot'\n");
    setup
        .run(&format!("lineage {base} --config {config}"))
        .ended(2)
        .says(&["output = 'dot' would hold for every command"]);
    setup.run(&format!("lineage {base} -o dot --query images")).ended(2).says(&["--query works on the JSON document"]);
}

#[cfg(unix)]
#[test]
fn on_a_narrow_terminal_names_and_ids_stay() {
    let setup = Setup::new();
    let ids = family(&setup);
    for columns in [40, 60] {
        let line = format!("lineage {} {TWO} --no-progress", ids[0]);
        let (code, written) = terminal::run(&setup, columns, "", &line, &[]);
        let shown = terminal::seen(&written);
        assert_eq!(code, Some(0), "{shown}");
        let table: Vec<_> = shown.lines().take(5).collect();
        assert!(
            table.iter().all(|line| line.chars().count() <= columns && !line.trim().is_empty()),
            "{columns}:\n{shown}"
        );
        assert!(ids.iter().all(|id| table.iter().any(|line| line.contains(id.as_str()))), "{columns}:\n{shown}");
        assert!(table[1].starts_with("base") && table[3].contains("└─ we"), "{columns}:\n{shown}");
    }
}

#[test]
fn versions_stand_in_their_order() {
    let setup = Setup::new();
    let base = {
        let mut world = setup.world();
        let base = world.image(PROD, EAST, "base-v1-2026-01-01").put();
        for (n, day) in [(10, "2026-01-03"), (2, "2026-01-04"), (9, "2026-01-02")] {
            let instance = world.instance(PROD, EAST).image(&base).put();
            let seed = world.image(PROD, EAST, &format!("web-v{n}-2026-01-02")).created(day);
            seed.copied_from(&base, EAST).of_instance(&instance).put();
        }
        base
    };
    let found = setup.json(&format!("lineage {base}"));
    let names = each(&found["images"], "name");
    assert_eq!(names[1..], ["web-v2-2026-01-02", "web-v9-2026-01-02", "web-v10-2026-01-02"]);
}
