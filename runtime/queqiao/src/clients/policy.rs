//! Which clients are refused.

use std::collections::{BTreeMap, BTreeSet};

use queqiao_storage::ContractId;

use super::Releases;
use crate::serve::{ClientSettings, Rule};

/// The decision for each contract, made once at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Policy {
    /// Why a known contract is refused, as an operator reads it; `None` if it is not.
    pub(super) known: BTreeMap<ContractId, Option<String>>,
    pub(super) unknown: Rule,
    pub(super) missing: Rule,
}

impl Policy {
    /// Joins settings and releases; `own` is the contract of this server.
    pub(crate) fn new(
        releases: &Releases,
        settings: &ClientSettings,
        own: ContractId,
    ) -> Result<Self, Vec<String>> {
        let mut mistakes = Vec::new();
        let floor = settings.floor.as_deref().and_then(|label| {
            let place = releases.position(label);
            if place.is_none() {
                mistakes.push(format!(
                    "clients.floor is `{label}`, which no stored release has; {}",
                    releases.listed()
                ));
            }
            Some((label, place?))
        });
        let mut refused = BTreeSet::new();
        for name in &settings.refused {
            match releases.position(name).and_then(|place| releases.iter().nth(place)) {
                Some(release) => {
                    refused.insert(release.contract);
                }
                None => match name.parse::<ContractId>() {
                    Ok(contract) => {
                        refused.insert(contract);
                    }
                    Err(what) => mistakes.push(format!(
                        "clients.refused names `{name}`, which no stored release has; {}; {what}",
                        releases.listed()
                    )),
                },
            }
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let contracts = releases.iter().map(|release| release.contract).chain(refused.iter().copied());
        let decide = |contract: ContractId| {
            let mut own_releases = releases.of(contract).peekable();
            let released = own_releases.peek().is_some();
            let (newest, all_retired) = own_releases.fold((None, true), |(_, retired), (place, release)| {
                (Some(place), retired && release.retired)
            });
            if refused.contains(&contract) {
                return Some("clients.refused".to_owned());
            }
            // A contract that went out several times is as new as its newest release.
            if let (Some((label, floor)), Some(newest)) = (floor, newest)
                && newest < floor
            {
                return Some(format!("clients.floor = \"{label}\""));
            }
            (released && all_retired && settings.retired == Rule::Refuse)
                .then(|| "clients.retired = \"refuse\"".to_owned())
        };
        Ok(Self {
            known: contracts.chain([own]).map(|contract| (contract, decide(contract))).collect(),
            unknown: settings.unknown,
            missing: settings.missing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RELEASES: &str = r#"{"releases":[
        {"label":"1.0.0","contract":"00000000000000aa","released":"2026-11-01","retired":true},
        {"label":"1.1.0","contract":"00000000000000bb","released":"2026-11-02"},
        {"label":"1.1.1","contract":"00000000000000aa","released":"2026-11-03","retired":true},
        {"label":"1.2.0","contract":"00000000000000cc","released":"2026-11-04"}]}"#;

    fn settings(change: impl FnOnce(&mut ClientSettings)) -> ClientSettings {
        let mut settings = ClientSettings::default();
        change(&mut settings);
        settings
    }

    fn refused(change: impl FnOnce(&mut ClientSettings)) -> Vec<String> {
        let own = "00000000000000dd".parse().unwrap();
        let policy = Policy::new(&Releases::read(RELEASES).unwrap(), &settings(change), own).unwrap();
        assert_eq!(policy.known.get(&own), Some(&None), "the server's own contract");
        let refused = policy.known.into_iter().filter_map(|(id, why)| Some(format!("{id}: {}", why?)));
        refused.map(|told| told.trim_start_matches('0').to_owned()).collect()
    }

    #[test]
    fn nothing_is_refused_unless_asked() {
        assert!(refused(|_| {}).is_empty());
    }

    #[test]
    fn the_floor_refuses_what_was_released_before() {
        let floor = |label: &str| refused(|settings| settings.floor = Some(label.to_owned()));
        assert!(floor("1.0.0").is_empty());
        // The first contract went out again with 1.1.1.
        assert_eq!(floor("1.1.1"), ["bb: clients.floor = \"1.1.1\""]);
        assert_eq!(floor("1.2.0"), ["aa: clients.floor = \"1.2.0\"", "bb: clients.floor = \"1.2.0\""]);
    }

    #[test]
    fn labels_ids_and_retired_ones_are_refused() {
        let named = ["1.1.0", "00000000000000ee"].map(str::to_owned).to_vec();
        assert_eq!(
            refused(|settings| settings.refused = named),
            ["bb: clients.refused", "ee: clients.refused"]
        );
        assert_eq!(refused(|settings| settings.retired = Rule::Refuse), ["aa: clients.retired = \"refuse\""]);
    }

    #[test]
    fn unknown_labels_are_told_with_the_known_ones() {
        let wrong = settings(|settings| {
            settings.floor = Some("1.3.0".to_owned());
            settings.refused = vec!["1.0".to_owned()];
        });
        let own = "00000000000000dd".parse().unwrap();
        let told = Policy::new(&Releases::read(RELEASES).unwrap(), &wrong, own).unwrap_err();
        assert_eq!(told.len(), 2, "{told:#?}");
        assert!(
            told[0].contains("clients.floor is `1.3.0`") && told[0].contains("`1.0.0`, `1.1.0`"),
            "{told:?}"
        );
        assert!(told[1].contains("clients.refused names `1.0`") && told[1].contains("16 digits"), "{told:?}");
        let told = Policy::new(&Releases::default(), &wrong, own).unwrap_err();
        assert!(told[0].contains("cargo queqiao release"), "{told:?}");
    }
}
