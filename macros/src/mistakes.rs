//! The mistakes found in one piece of input.
//!
//! A developer who mends one mistake should not learn of the next only then: independent parts of a macro report
//! into one list, and the expansion carries all of it, each mistake on its own token.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Mistakes, to be told side by side.
#[derive(Default)]
pub(crate) struct Mistakes(Option<syn::Error>);

impl Mistakes {
    pub(crate) fn add(&mut self, mistake: syn::Error) {
        match &mut self.0 {
            Some(mistakes) => mistakes.combine(mistake),
            None => self.0 = Some(mistake),
        }
    }

    /// A mistake on these tokens.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.add(syn::Error::new_spanned(tokens, message));
    }

    /// A mistake at this place.
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.add(syn::Error::new(span, message));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The result, where it is one.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|mistake| self.add(mistake)).ok()
    }

    /// `compile_error!`s; nothing if there are no mistakes.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

/// `; did you mean …?` if a known word is near.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    let nearest = known.iter().map(|candidate| (distance(word, candidate), candidate)).min();
    match nearest {
        Some((distance, candidate)) if distance <= 1 + word.len() / 4 => {
            format!("; did you mean `{candidate}`?")
        }
        _ => format!("; known are {}", list(known)),
    }
}

fn list(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// Levenshtein's.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(&b) {
            let substitution = diagonal + usize::from(x != *y);
            diagonal = *cell;
            left = substitution.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_proposed_and_far_ones_listed() {
        assert_eq!(did_you_mean("lenght", &["length", "range"]), "; did you mean `length`?");
        assert_eq!(did_you_mean("operationId", &["operation_id", "tag"]), "; did you mean `operation_id`?");
        assert_eq!(did_you_mean("colour", &["length", "range"]), "; known are `length`, `range`");
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn all_mistakes_are_told() {
        let mut mistakes = Mistakes::default();
        assert!(mistakes.is_empty());
        mistakes.at(Span::call_site(), "one");
        mistakes.at(Span::call_site(), "two");
        let told = mistakes.into_tokens().to_string();
        assert!(told.contains("one") && told.contains("two"), "{told}");
    }
}
