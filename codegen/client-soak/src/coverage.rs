//! Whether all that can go wrong did.

use crate::counts::Counts;
use crate::failure::{self, Manner};
use crate::plan::Action;
use crate::profile;
use crate::world::INJECTED;

/// Names what never occurred: a step, a kind of host, a failure, or a failure told in one of the ways.
pub fn missing(counts: &Counts) -> Vec<String> {
    let mut missing = Vec::new();
    let plain = [
        (&counts.steps, &Action::NAMES[..]),
        (&counts.hosts, &profile::WORDS[..]),
        (&counts.injected, &INJECTED[..]),
    ];
    for (counted, names) in plain {
        missing.extend(names.iter().filter(|name| !counted.contains_key(**name)).map(ToString::to_string));
    }
    for failure in failure::ALL.iter().filter(|failure| **failure != failure::ELEVENTH) {
        for manner in Manner::ALL {
            let told = counts.told.get(failure.name).and_then(|manners| manners.get(manner.word()));
            if told.is_none() {
                missing.push(format!("{} ({})", failure.name, manner.word()));
            }
        }
    }
    missing
}
