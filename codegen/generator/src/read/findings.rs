//! What reading finds beside the contract: remarks, and what the client does without.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::LeftOut;
use crate::error::GenerateError;

/// How many places one note names.
const PLACES: usize = 3;

/// Collects them. A team can correct its own document, so a queqiao document must be expressed in full; of any other
/// document the client takes what it can.
pub(crate) struct Findings {
    /// Whether nothing may be left out.
    pub(crate) own: bool,
    notes: BTreeSet<String>,
    places: BTreeMap<String, Vec<String>>,
    left_out: Vec<LeftOut>,
}

impl Findings {
    pub(crate) fn new(own: bool) -> Self {
        Self { own, notes: BTreeSet::new(), places: BTreeMap::new(), left_out: Vec::new() }
    }

    pub(crate) fn note(&mut self, text: String) {
        self.notes.insert(text);
    }

    /// One remark for all places that it is true of.
    pub(crate) fn note_at(&mut self, place: String, remark: String) {
        self.places.entry(remark).or_default().push(place);
    }

    /// Goes on without `what`, because of `error`.
    ///
    /// # Errors
    /// Gives `error` back if the document is the team's own, or broken.
    pub(crate) fn leave_out(
        &mut self,
        what: impl Into<String>,
        error: GenerateError,
    ) -> Result<(), GenerateError> {
        if self.own || !error.spares_the_rest() {
            return Err(error);
        }
        self.left_out.push(LeftOut {
            what: what.into(),
            pointer: error.pointer().to_owned(),
            reason: error.reason(),
            remedy: error.remedy().to_owned(),
        });
        Ok(())
    }

    /// What stands before the parts of a thing that may itself be left out.
    pub(crate) fn mark(&self) -> usize {
        self.left_out.len()
    }

    /// Forgets the parts of a thing that is left out as a whole.
    pub(crate) fn back_to(&mut self, mark: usize) {
        self.left_out.truncate(mark);
    }

    pub(crate) fn into_parts(self) -> (Vec<String>, Vec<LeftOut>) {
        let gathered = self.places.into_iter().map(|(remark, places)| {
            let named = places.iter().take(PLACES).cloned().collect::<Vec<_>>().join(", ");
            match places.len().saturating_sub(PLACES) {
                0 => format!("{named}: {remark}"),
                more => format!("{named} and {more} more: {remark}"),
            }
        });
        (self.notes.into_iter().chain(gathered).collect(), self.left_out)
    }
}
