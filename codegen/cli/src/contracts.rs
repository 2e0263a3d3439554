//! The stored contracts: `contracts/releases.json`, and one document for each contract beside it.
//!
//! The server reads `releases.json` as well (`queqiao::releases!()`): the form is the same there.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::civil::Date;
use miette::{IntoDiagnostic as _, WrapErr as _};
use queqiao_codegen::{contract_id, pretty};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::files::Wanted;
use crate::plan::shown;

/// The list of the releases.
const LIST: &str = "releases.json";
/// Characters of a label.
const LABEL: usize = 64;

/// One version of the mini-program that went out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Release {
    pub(crate) label: String,
    pub(crate) contract: String,
    pub(crate) released: String,
    #[serde(default)]
    pub(crate) retired: bool,
    /// What somebody has written beside it is kept.
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct List {
    releases: Vec<Release>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

/// A folder with stored contracts.
#[derive(Debug)]
pub(crate) struct Contracts {
    folder: PathBuf,
    list: List,
}

/// What a release did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stored {
    /// It is new.
    New,
    /// It was there, with the same contract.
    Already,
}

impl Contracts {
    /// Reads the list; there may be none yet.
    pub(crate) fn read(folder: PathBuf) -> miette::Result<Self> {
        let path = folder.join(LIST);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => {
                let context = || format!("cannot read {}", shown(&path));
                return Err(error).into_diagnostic().wrap_err_with(context);
            }
        };
        let list = match text.trim().is_empty() {
            true => List::default(),
            false => serde_json::from_str(&text).map_err(|error| broken(&path, error.to_string()))?,
        };
        let contracts = Self { folder, list };
        contracts.check(&path)?;
        Ok(contracts)
    }

    fn check(&self, path: &Path) -> miette::Result<()> {
        let releases = &self.list.releases;
        for (index, release) in releases.iter().enumerate() {
            let place = format!("release {} (`{}`)", index + 1, release.label);
            if release.label.trim().is_empty() {
                return Err(broken(path, format!("{place} has an empty label")));
            }
            if releases.iter().take(index).any(|other| other.label == release.label) {
                return Err(broken(path, format!("{place}: another release has this label")));
            }
            if !is_id(&release.contract) {
                let what = format!("{place}: the contract is `{}`, and no contract id", release.contract);
                return Err(broken(path, what));
            }
            date(&release.released).map_err(|error| broken(path, format!("{place}: {error}")))?;
        }
        Ok(())
    }

    pub(crate) fn releases(&self) -> &[Release] {
        &self.list.releases
    }

    /// The labels that are not retired, by their contracts.
    pub(crate) fn living(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut living: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for release in self.list.releases.iter().filter(|release| !release.retired) {
            living.entry(&release.contract).or_default().push(&release.label);
        }
        living
    }

    fn file(&self, contract: &str) -> PathBuf {
        self.folder.join(format!("{contract}.json"))
    }

    /// The document of a stored contract.
    pub(crate) fn document(&self, contract: &str) -> miette::Result<Value> {
        let path = self.file(contract);
        let labels: Vec<&str> = self
            .list
            .releases
            .iter()
            .filter(|release| release.contract == contract)
            .map(|release| release.label.as_str())
            .collect();
        let labels = labels.join(", ");
        let remedy = format!(
            "Restore it from version control, or retire its releases: cargo queqiao release --retire {}",
            labels.split(", ").next().unwrap_or_default()
        );
        let wrong = |what: String| miette::miette!(help = remedy.clone(), "{} {what}", shown(&path));
        let text = std::fs::read_to_string(&path)
            .map_err(|error| wrong(format!("cannot be read: {error}; it is the contract of {labels}")))?;
        let document: Value =
            serde_json::from_str(&text).map_err(|error| wrong(format!("is no JSON any more: {error}")))?;
        let found = contract_id(&document);
        match found == contract {
            true => Ok(document),
            false => Err(wrong(format!("has been changed: it is the contract {found} now"))),
        }
    }

    /// Stores the contract that goes out under a label.
    pub(crate) fn add(
        &mut self,
        label: &str,
        document: &Value,
        day: Date,
        given: bool,
    ) -> miette::Result<Stored> {
        if label.trim() != label
            || label.is_empty()
            || label.chars().count() > LABEL
            || label.contains(char::is_control)
        {
            return Err(miette::miette!(
                help = "Give the version of the mini-program, as in: cargo queqiao release 1.0.0",
                "\"{label}\" is no label: it has from 1 to {LABEL} visible characters"
            ));
        }
        let contract = contract_id(document);
        if let Some(known) = self.list.releases.iter().find(|release| release.label == label) {
            if known.contract != contract {
                return Err(miette::miette!(
                    help = "A label names what is on users' phones and never changes: give the new version a label of its own",
                    "{label} went out on {} with the contract {}; today's is {contract}",
                    known.released,
                    known.contract
                ));
            }
            if given && known.released != day.to_string() {
                return Err(miette::miette!(
                    help = "Leave --date out; if the day was wrong, correct it in releases.json",
                    "{label} is stored already, with the day {}",
                    known.released
                ));
            }
            // A file that was lost comes back.
            Wanted::new(self.file(&contract), pretty(document)).write()?;
            return Ok(Stored::Already);
        }
        // Another document may have the same id: they differ in texts only, and the first one stays.
        if !self.file(&contract).exists() {
            Wanted::new(self.file(&contract), pretty(document)).write()?;
        }
        self.list.releases.push(Release {
            label: label.to_owned(),
            contract,
            released: day.to_string(),
            retired: false,
            more: Map::new(),
        });
        self.write()?;
        Ok(Stored::New)
    }

    /// Marks a release as no longer in use; tells whether that is new.
    pub(crate) fn retire(&mut self, label: &str) -> miette::Result<bool> {
        let labels: Vec<String> = self.list.releases.iter().map(|release| release.label.clone()).collect();
        let Some(release) = self.list.releases.iter_mut().find(|release| release.label == label) else {
            let known = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
            return Err(miette::miette!(
                help = format!("Give one of the stored labels: {known}"),
                "no release is called {label}"
            ));
        };
        if release.retired {
            return Ok(false);
        }
        release.retired = true;
        self.write()?;
        Ok(true)
    }

    fn write(&self) -> miette::Result<()> {
        let list = serde_json::to_value(&self.list).into_diagnostic()?;
        Wanted::new(self.folder.join(LIST), pretty(&list)).write().map(drop)
    }

    /// The file of the list.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(LIST)
    }
}

fn broken(path: &Path, what: String) -> miette::Report {
    miette::miette!(
        help = "Correct it, or restore it from version control; `cargo queqiao release <label>` writes it",
        "{} is not right: {what}",
        shown(path)
    )
}

fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A day as it stands in the list.
pub(crate) fn date(text: &str) -> Result<Date, String> {
    let wrong = || format!("`{text}` is no day; write it as 2026-11-01");
    let day: Date = text.parse().map_err(|_| wrong())?;
    if day.to_string() == text { Ok(day) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(path: &str) -> Value {
        json!({ "openapi": "3.1.0", "info": { "title": "t", "version": "1" }, "paths": { path: {} } })
    }

    fn day(text: &str) -> Date {
        date(text).expect("a day")
    }

    #[test]
    fn one_contract_is_one_file_however_many_labels_it_has() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = || Contracts::read(folder.path().join("contracts")).expect("readable");
        let mut contracts = read();
        assert_eq!(
            contracts.add("1.0.0", &document("/a"), day("2026-11-01"), true).expect("stored"),
            Stored::New
        );
        assert_eq!(
            contracts.add("1.0.1", &document("/a"), day("2026-11-02"), true).expect("stored"),
            Stored::New
        );
        assert_eq!(
            contracts.add("1.1.0", &document("/b"), day("2026-11-03"), true).expect("stored"),
            Stored::New
        );
        let names = || {
            let entries = std::fs::read_dir(folder.path().join("contracts")).expect("a folder");
            let mut names: Vec<_> = entries
                .map(|entry| entry.expect("a file").file_name().into_string().expect("a name"))
                .collect();
            names.sort();
            names
        };
        assert_eq!(names().len(), 3, "{:?}", names());
        let contracts = read();
        let living: Vec<_> = contracts.living().into_values().collect();
        assert!(living.contains(&vec!["1.0.0", "1.0.1"]) && living.contains(&vec!["1.1.0"]), "{living:?}");
        for contract in contracts.living().keys() {
            contracts.document(contract).expect("it is there");
        }
        // Written again, nothing changes, and nothing is left over.
        let before = std::fs::read_to_string(contracts.path()).expect("readable");
        let mut contracts = read();
        let again = contracts.add("1.0.0", &document("/a"), day("2026-12-24"), false).expect("the same");
        assert_eq!(again, Stored::Already);
        assert_eq!(std::fs::read_to_string(contracts.path()).expect("readable"), before);
        assert_eq!(names().len(), 3);
    }

    #[test]
    fn a_label_never_changes_its_contract() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut contracts = Contracts::read(folder.path().to_owned()).expect("none yet");
        contracts.add("1.0.0", &document("/a"), day("2026-11-01"), true).expect("stored");
        let error = contracts.add("1.0.0", &document("/b"), day("2026-11-02"), true).expect_err("taken");
        assert!(error.help().is_some_and(|help| help.to_string().contains("label of its own")), "{error}");
        assert!(contracts.add("1.0.0", &document("/a"), day("2026-11-02"), true).is_err(), "another day");
        for wrong in ["", " 1", "a\nb", &"x".repeat(65)] {
            assert!(contracts.add(wrong, &document("/a"), day("2026-11-01"), true).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn retired_releases_are_not_compared_and_stay_in_the_list() {
        let folder = tempfile::tempdir().expect("a folder");
        let read = || Contracts::read(folder.path().to_owned()).expect("readable");
        let mut contracts = read();
        contracts.add("1.0.0", &document("/a"), day("2026-11-01"), true).expect("stored");
        assert!(contracts.retire("1.0.0").expect("known"));
        assert!(!contracts.retire("1.0.0").expect("known"));
        assert!(read().living().is_empty() && read().releases()[0].retired);
        let error = contracts.retire("9").expect_err("unknown");
        assert!(error.help().is_some_and(|help| help.to_string().contains("1.0.0")));
    }

    #[test]
    fn broken_files_are_told_with_the_remedy() {
        let folder = tempfile::tempdir().expect("a folder");
        let list = folder.path().join(LIST);
        let entry = |more: &str| {
            format!(
                "{{\"releases\":[{{\"label\":\"1\",\"contract\":\"0123456789abcdef\",\"released\":\"2026-11-01\"{more}}}]}}"
            )
        };
        for wrong in [
            "{".to_owned(),
            "{}".to_owned(),
            entry("").replace("2026-11-01", "1.11.2026"),
            entry("").replace("0123456789abcdef", "0123"),
            entry("").replace("\"1\"", "\" \""),
            entry("},{\"label\":\"1\",\"contract\":\"0123456789abcdef\",\"released\":\"2026-11-01\""),
        ] {
            std::fs::write(&list, &wrong).expect("written");
            let error = Contracts::read(folder.path().to_owned()).expect_err(&wrong);
            assert!(error.help().is_some_and(|help| help.to_string().contains("version control")), "{error}");
        }
        // What somebody has added is kept.
        std::fs::write(&list, entry(",\"note\":\"审核\"")).expect("written");
        let mut contracts = Contracts::read(folder.path().to_owned()).expect("right");
        let error = contracts.document("0123456789abcdef").expect_err("missing").to_string();
        assert!(error.contains("0123456789abcdef.json cannot be read"), "{error}");
        contracts.retire("1").expect("known");
        assert!(std::fs::read_to_string(&list).expect("readable").contains("审核"));
        // A document that was changed by hand is another contract.
        contracts.add("2", &document("/a"), day("2026-11-02"), true).expect("stored");
        let contract = contracts.releases()[1].contract.clone();
        let file = folder.path().join(format!("{contract}.json"));
        let text = std::fs::read_to_string(&file).expect("readable").replace("/a", "/b");
        std::fs::write(&file, text).expect("written");
        let error = contracts.document(&contract).expect_err("changed").to_string();
        assert!(error.contains("has been changed"), "{error}");
    }
}
