//! The README and the guide say what is so: their quotations stand in the files that they name, their links lead
//! somewhere, and the table of settings is whole. Their Rust blocks are compiled by `src/book.rs`.

#![allow(clippy::unwrap_used)] // a test fails by panicking

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn pages() -> Vec<PathBuf> {
    let chapters = std::fs::read_dir(root().join("book/src")).unwrap().map(|entry| entry.unwrap().path());
    let mut pages: Vec<_> = chapters.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    assert!(pages.len() > 10, "{pages:?}");
    pages.extend(["README.md", "README.zh-CN.md"].map(|name| root().join(name)));
    pages
}

/// `(file, text)` of each block that follows a `<!-- from file -->`.
fn quotations(page: &str) -> Vec<(&str, &str)> {
    page.split("<!-- from ")
        .skip(1)
        .map(|rest| {
            let (file, rest) = rest.split_once(" -->\n```").expect("a block follows at once");
            let text = rest.split_once('\n').and_then(|(_, rest)| rest.split_once("\n```"));
            (file, text.expect("the block ends").0)
        })
        .collect()
}

/// The first quoted line that the file does not have after those before it. Lines may be left out.
fn invented<'a>(quotation: &'a str, file: &str) -> Option<&'a str> {
    let mut lines = file.lines().map(str::trim);
    quotation.lines().find(|quoted| {
        let quoted = quoted.trim();
        !quoted.is_empty() && !["// …", "# …"].contains(&quoted) && !lines.any(|line| line == quoted)
    })
}

#[test]
fn quotations_are_true() {
    let mut count = 0;
    for page in pages() {
        for (file, quotation) in quotations(&read(&page)) {
            count += 1;
            if let Some(line) = invented(quotation, &read(&root().join(file))) {
                panic!("{} quotes {file}, which does not have (in this order): {line}", page.display());
            }
        }
    }
    assert!(count >= 6, "only {count} quotations");
    assert_eq!(invented("a\n// …\nc", " a\nb\n c"), None);
    assert_eq!(invented("c\na", "a\nb\nc"), Some("a"));
}

#[test]
fn links_lead_somewhere() {
    for page in pages() {
        let text = read(&page);
        for (_, rest) in text.match_indices("](").map(|(at, found)| text.split_at(at + found.len())) {
            let target = rest.split([')', '#']).next().unwrap_or_default();
            if target.is_empty() || target.contains("://") {
                continue;
            }
            let file = page.parent().unwrap().join(target);
            assert!(file.exists(), "{} links to {target}", page.display());
        }
    }
}

#[test]
fn every_chapter_is_in_the_summary() {
    let summary = read(&root().join("book/src/SUMMARY.md"));
    for entry in std::fs::read_dir(root().join("book/src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "SUMMARY.md" || summary.contains(&format!("({name})")), "{name} is in no summary");
    }
}

#[test]
fn the_table_of_settings_is_whole() {
    let of = |name: &str| {
        let text = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/serve").join(name));
        text.split("#[cfg(test)]").next().unwrap().to_owned()
    };
    let wechat = of("wechat_settings.rs");
    let source = [
        of("settings.rs"),
        of("client_settings.rs"),
        of("message_settings.rs"),
        of("object_settings.rs"),
        of("store_settings.rs").replace("place(", "reader("),
        wechat.clone(),
    ]
    .concat();
    let mut read_settings: BTreeSet<String> = source
        .split("reader")
        .filter_map(|call| call.split_once("(\"")?.1.split_once('"'))
        .map(|(name, _)| name)
        .filter(|name| {
            !name.contains([' ', '{']) && name.split_once('.').is_some_and(|(section, _)| !section.is_empty())
        })
        .map(str::to_owned)
        .collect();
    // Those that each mini-program has.
    let (_, app) = wechat.split_once("fn app(").unwrap();
    let (app, push) = app.split_once("fn push(").unwrap();
    for (section, source) in [("wechat", app), ("wechat.push", push)] {
        let names = source.split("&key(\"").skip(1).map(|rest| rest.split_once('"').unwrap().0);
        read_settings.extend(names.filter(|name| *name != "push").map(|name| format!("{section}.{name}")));
    }
    let page = read(&root().join("book/src/configuration.md"));
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let mut listed = BTreeSet::new();
    for (name, rest) in rows {
        listed.insert(name.to_owned());
        let variable = format!("`QUEQIAO__{}`", name.to_uppercase().replace('.', "__"));
        assert!(rest.starts_with(&variable) || rest.starts_with("file only"), "{name}: {variable}");
    }
    assert_eq!(listed, read_settings);
    assert!(listed.len() > 25, "{listed:?}");
}
