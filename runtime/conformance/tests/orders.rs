//! The same source gives the same bytes: document, client and exports, whatever the order of handlers, routes and parts,
//! and in every process. That features of other crates do not matter either is a step of `cargo xtask test`.

use std::collections::BTreeMap;
use std::process::Command;

use queqiao_conformance::contract;

/// Set for a process that only makes the files, to the order it shall make them in.
const ORDER: &str = "QUEQIAO_TEST_ORDER";
/// Maps of the standard library have another order in each process.
const PROCESSES: u64 = 3;

#[test]
fn orders_do_not_matter() {
    let expected = contract::files(contract::api(0));
    for (name, part) in
        [("openapi.json", "take_good"), ("index.js", "offerGood"), ("openapi.yaml", "sale.sold_out")]
    {
        let text = expected.get(name).map(String::as_str).unwrap_or_default();
        assert!(text.contains(part) || text.contains(&camel(part)), "{name} has no {part}");
    }
    for order in 1..contract::ORDERS {
        same(&expected, &contract::files(contract::api(order)), &format!("order {order}"));
    }
}

#[test]
fn processes_do_not_matter() {
    if let Ok(order) = std::env::var(ORDER) {
        let files = contract::files(contract::api(order.parse().expect("a number")));
        println!("{ORDER}{}", serde_json::to_string(&files).expect("JSON"));
        return;
    }
    let expected = contract::files(contract::api(0));
    let own = std::env::current_exe().expect("this program");
    for order in 0..PROCESSES {
        let output = Command::new(&own)
            .args(["--exact", "processes_do_not_matter", "--nocapture"])
            .env(ORDER, order.to_string())
            .output()
            .expect("started");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        let json = text.lines().find_map(|line| line.split_once(ORDER)).map(|(_, json)| json);
        let files: BTreeMap<String, String> =
            serde_json::from_str(json.unwrap_or_else(|| panic!("no files: {text}"))).expect("JSON");
        same(&expected, &files, &format!("process {order}"));
    }
}

#[track_caller]
fn same(expected: &BTreeMap<String, String>, found: &BTreeMap<String, String>, what: &str) {
    assert!(expected.keys().eq(found.keys()), "{what}: {:?}", found.keys());
    for (name, text) in expected {
        let other = found.get(name).map(String::as_str).unwrap_or_default();
        let first = text.lines().zip(other.lines()).find(|(a, b)| a != b);
        assert!(text == other, "{what}: {name} differs, first here: {first:#?}");
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + &word[..1].to_uppercase() + &word[1..])
}
