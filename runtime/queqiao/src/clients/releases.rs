//! The stored releases: which contract went out with which version of the mini-program.

use jiff::civil::Date;
use queqiao_storage::ContractId;
use serde::Deserialize;

/// Where they are stored, from `Cargo.toml` on.
pub(crate) const FILE: &str = "contracts/releases.json";

/// One version of the mini-program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    pub(crate) label: String,
    pub(crate) contract: ContractId,
    pub(crate) retired: bool,
}

/// All of them, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Releases(Vec<Release>);

#[derive(Deserialize)]
struct File {
    releases: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    label: String,
    contract: String,
    released: String,
    #[serde(default)]
    retired: bool,
}

impl Releases {
    /// Reads the file's text; an empty one has no releases.
    pub(crate) fn read(text: &str) -> Result<Self, Vec<String>> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let remedy =
            "restore the file from version control, or write it anew with `cargo queqiao release <label>`";
        let file: File =
            serde_json::from_str(text).map_err(|error| vec![format!("{FILE}: {error}; {remedy}")])?;
        let mut mistakes = Vec::new();
        let mut releases: Vec<(Date, Release)> = Vec::with_capacity(file.releases.len());
        for (index, entry) in file.releases.into_iter().enumerate() {
            let place = format!("{FILE}: release {} (`{}`)", index + 1, entry.label);
            if entry.label.trim().is_empty() {
                mistakes.push(format!("{place} has an empty label; give it the version, as in `1.0.0`"));
            }
            if releases.iter().any(|(_, known)| known.label == entry.label) {
                mistakes.push(format!("{place}: another release has this label; a label names one release"));
            }
            let contract = entry.contract.parse::<ContractId>();
            let released = entry.released.parse::<Date>();
            if let Err(error) = &contract {
                mistakes.push(format!("{place}: the contract is `{}`, and {error}", entry.contract));
            }
            if released.is_err() {
                mistakes.push(format!(
                    "{place}: it was released on `{}`, which is no day; write it as `2026-11-01`",
                    entry.released
                ));
            }
            if let (Ok(contract), Ok(released)) = (contract, released) {
                releases.push((released, Release { label: entry.label, contract, retired: entry.retired }));
            }
        }
        // Stable: of several on one day the file's order counts.
        releases.sort_by_key(|(released, _)| *released);
        match mistakes.is_empty() {
            true => Ok(Self(releases.into_iter().map(|(_, release)| release).collect())),
            false => Err(mistakes),
        }
    }

    /// The oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.0.iter()
    }

    /// The place of a label in the order of release.
    pub(super) fn position(&self, label: &str) -> Option<usize> {
        self.0.iter().position(|release| release.label == label)
    }

    /// The releases of one contract, with their places.
    pub(super) fn of(&self, contract: ContractId) -> impl Iterator<Item = (usize, &Release)> {
        self.0.iter().enumerate().filter(move |(_, release)| release.contract == contract)
    }

    /// The labels for a message.
    pub(super) fn listed(&self) -> String {
        match self.0.is_empty() {
            true => {
                "there are no stored releases, see `cargo queqiao release` and `Api::releases`".to_owned()
            }
            false => {
                let labels = self.iter().map(|release| format!("`{}`", release.label)).collect::<Vec<_>>();
                format!("the stored releases are {}", labels.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_stand_in_the_order_of_their_days() {
        let releases = Releases::read(
            r#"{"releases":[
                {"label":"2.0.0","contract":"00000000000000bb","released":"2026-12-01"},
                {"label":"1.0.0","contract":"00000000000000aa","released":"2026-11-01","retired":true},
                {"label":"2.0.1","contract":"00000000000000bb","released":"2026-12-01","retired":false}]}"#,
        )
        .unwrap();
        let labels: Vec<&str> = releases.iter().map(|release| release.label.as_str()).collect();
        assert_eq!(labels, ["1.0.0", "2.0.0", "2.0.1"]);
        assert_eq!(releases.position("2.0.1"), Some(2));
        assert!(releases.iter().next().unwrap().retired);
        assert_eq!(Releases::read(" \n"), Ok(Releases::default()));
    }

    #[test]
    fn every_mistake_is_told_with_its_place() {
        let told = Releases::read(
            r#"{"releases":[
                {"label":"1.0.0","contract":"AA","released":"2026-11-01"},
                {"label":"1.0.1","contract":"00000000000000aa","released":"November"},
                {"label":"1.0.2","contract":"00000000000000aa","released":"2026-11-01"},
                {"label":"1.0.2","contract":"00000000000000ab","released":"2026-11-01"},
                {"label":" ","contract":"00000000000000ac","released":"2026-11-01"}]}"#,
        )
        .unwrap_err();
        let parts = [
            "release 1 (`1.0.0`): the contract is `AA`",
            "no day",
            "release 4 (`1.0.2`): another",
            "empty label",
        ];
        assert_eq!(told.len(), parts.len(), "{told:#?}");
        for (told, part) in told.iter().zip(parts) {
            assert!(told.contains(part), "{told}");
        }
        let told = Releases::read("{").unwrap_err();
        assert!(told[0].contains("line 1") && told[0].contains("cargo queqiao release"), "{told:?}");
    }
}
