//! The document leaves the program before configuration is read or anything is connected.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::path::PathBuf;
use std::process::Command;

fn example(name: &str) -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    folder.pop();
    folder.join("examples").join(name)
}

#[test]
fn a_program_that_cannot_start_exports_its_document() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("openapi.json");
    std::fs::write(folder.path().join("queqiao.toml"), "this is no TOML").unwrap();
    let status = Command::new(example("unreachable_database"))
        .current_dir(folder.path())
        .env("QUEQIAO_EXPORT", &file)
        .status()
        .unwrap();
    assert!(status.success());
    let document: queqiao::serde_json::Value =
        queqiao::serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["paths"]["/answer"]["get"]["operationId"], "answer");
}

#[test]
fn the_same_source_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let mut texts = (0..3).map(|number| {
        let file = folder.path().join(number.to_string());
        Command::new(example("unreachable_database")).env("QUEQIAO_EXPORT", &file).status().unwrap();
        std::fs::read(&file).unwrap()
    });
    let first = texts.next().unwrap();
    assert!(texts.all(|text| text == first));
}
