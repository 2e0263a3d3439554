//! From when on a handler is deprecated, and when it ends: `#[deprecated(since = "2026-11-01", note = "…")]` and
//! `sunset = "2027-06-30"`.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, ExprLit, Lit, LitStr, Meta, Path, Token};

use crate::mistakes::Mistakes;

/// What `#[deprecated]` and `sunset` say.
pub(super) struct Deprecation {
    note: Option<String>,
    since: Option<Day>,
    sunset: Option<Day>,
}

impl Deprecation {
    /// `None` for a handler that stays.
    pub(super) fn read(
        attributes: &[Attribute],
        sunset: Option<&LitStr>,
        mistakes: &mut Mistakes,
    ) -> Option<Self> {
        let attribute = attributes.iter().find(|attribute| attribute.path().is_ident("deprecated"));
        let Some(attribute) = attribute else {
            if let Some(sunset) = sunset {
                mistakes.on(
                    sunset,
                    "what ends is deprecated first: add `#[deprecated(since = \"…\", note = \"…\")]` to the handler, with the \
                     day and with what to use instead",
                );
            }
            return None;
        };
        let mut told = Self { note: None, since: None, sunset: None };
        let mut since = None;
        // rustc tells what is wrong with the attribute itself.
        match &attribute.meta {
            Meta::NameValue(pair) => told.note = text(&pair.value).map(LitStr::value),
            Meta::List(list) => {
                let pairs = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                for pair in pairs.iter().flatten() {
                    let Meta::NameValue(pair) = pair else { continue };
                    match text(&pair.value) {
                        Some(value) if pair.path.is_ident("note") => told.note = Some(value.value()),
                        Some(value) if pair.path.is_ident("since") => since = Some(value.clone()),
                        _ => {}
                    }
                }
            }
            Meta::Path(_) => {}
        }
        told.since = since.as_ref().and_then(|since| {
            Day::read(
                since,
                "`since` of a handler is the day from which it is deprecated; answers say it in the header `Deprecation`",
                mistakes,
            )
        });
        told.sunset = sunset.and_then(|sunset| {
            Day::read(
                sunset,
                "`sunset` is the day on which the operation ends; answers say it in the header `Sunset`",
                mistakes,
            )
        });
        if let (Some(from), Some(to), Some(sunset)) = (&told.since, &told.sunset, sunset)
            && to.number < from.number
        {
            mistakes.on(
                sunset,
                format!(
                    "it ends on {}, before it is deprecated, on {}; make `sunset` a later day",
                    to.text, from.text
                ),
            );
        }
        Some(told)
    }

    /// The words for people.
    pub(super) fn sentence(&self) -> String {
        let mut sentence = String::from("Deprecated");
        if let Some(since) = &self.since {
            sentence.push_str(&format!(" since {}", since.text));
        }
        if let Some(sunset) = &self.sunset {
            sentence.push_str(&format!(", ends on {}", sunset.text));
        }
        match &self.note {
            Some(note) => sentence.push_str(&format!(": {note}")),
            None => sentence.push('.'),
        }
        sentence
    }

    /// What answers say.
    pub(super) fn tokens(&self, root: &Path) -> TokenStream {
        let header = |text: Option<String>| match text {
            Some(text) => quote!(::core::option::Option::Some(#text)),
            None => quote!(::core::option::Option::None),
        };
        let since = header(self.since.as_ref().map(Day::structured));
        let sunset = header(self.sunset.as_ref().map(Day::http));
        quote!(#root::Deprecated { since: #since, sunset: #sunset })
    }
}

/// The item whose `#[deprecated]` has no `since`: Clippy takes that for the version of a crate.
pub(super) fn without_since(item: TokenStream) -> TokenStream {
    let mut after_hash = false;
    let mut signature = false;
    item.into_iter()
        .map(|token| {
            let attribute = std::mem::replace(
                &mut after_hash,
                matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#'),
            );
            signature |= matches!(&token, TokenTree::Ident(ident) if *ident == "fn");
            match token {
                TokenTree::Group(group) if attribute && !signature => TokenTree::Group(only_note(group)),
                token => token,
            }
        })
        .collect()
}

fn only_note(group: Group) -> Group {
    let Ok(Meta::List(list)) = syn::parse2::<Meta>(group.stream()) else { return group };
    if group.delimiter() != Delimiter::Bracket || !list.path.is_ident("deprecated") {
        return group;
    }
    let Ok(pairs) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
        return group;
    };
    let kept: Punctuated<Meta, Token![,]> =
        pairs.into_iter().filter(|pair| !pair.path().is_ident("since")).collect();
    let path = &list.path;
    let content = if kept.is_empty() { path.to_token_stream() } else { quote!(#path(#kept)) };
    let mut only = Group::new(Delimiter::Bracket, content);
    only.set_span(group.span());
    only
}

fn text(value: &Expr) -> Option<&LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        _ => None,
    }
}

/// A day of the Gregorian calendar, at midnight in UTC.
struct Day {
    /// `2026-11-01`
    text: String,
    /// Days since 1970-01-01.
    number: i64,
    year: i64,
    month: i64,
    day: i64,
}

impl Day {
    fn read(literal: &LitStr, what: &str, mistakes: &mut Mistakes) -> Option<Self> {
        let day = Self::of(&literal.value());
        if day.is_none() {
            mistakes.on(literal, format!("{what}: write it as year, month and day, as in `2026-11-01`"));
        }
        day
    }

    fn of(text: &str) -> Option<Self> {
        let shape = |place: usize, byte: u8| {
            if matches!(place, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() }
        };
        if text.len() != 10 || !text.bytes().enumerate().all(|(place, byte)| shape(place, byte)) {
            return None;
        }
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let longest = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=longest).contains(&day) || year < 1970 {
            return None;
        }
        // Years that begin in March, so that the leap day is their last.
        let (shifted, months) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let days =
            365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + (153 * months + 2) / 5 + day - 1;
        Some(Self { text: text.to_owned(), number: days - 719_468, year, month, day })
    }

    /// As `Deprecation` has it: a date of [RFC 9651](https://www.rfc-editor.org/rfc/rfc9651#section-3.3.7).
    fn structured(&self) -> String {
        format!("@{}", self.number * 24 * 60 * 60)
    }

    /// As `Sunset` has it: an HTTP-date.
    fn http(&self) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let weekday = DAYS[self.number.rem_euclid(7) as usize];
        let month = MONTHS[(self.month - 1).clamp(0, 11) as usize];
        format!("{weekday}, {:02} {month} {:04} 00:00:00 GMT", self.day, self.year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let of = |text: &str| Day::of(text).map(|day| (day.structured(), day.http()));
        for (text, structured, http) in [
            ("1970-01-01", "@0", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("2000-02-29", "@951782400", "Tue, 29 Feb 2000 00:00:00 GMT"),
            ("2018-12-31", "@1546214400", "Mon, 31 Dec 2018 00:00:00 GMT"),
            ("2023-06-30", "@1688083200", "Fri, 30 Jun 2023 00:00:00 GMT"),
            ("2026-11-26", "@1795651200", "Thu, 26 Nov 2026 00:00:00 GMT"),
            ("2100-03-01", "@4107542400", "Mon, 01 Mar 2100 00:00:00 GMT"),
        ] {
            assert_eq!(of(text), Some((structured.to_owned(), http.to_owned())), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-2-1",
            "2026-13-01",
            "2026-00-01",
            "2026-01-00",
            "2026-04-31",
            "2026-02-29",
            "2100-02-29",
            "26-01-01",
            "2026/01/01",
            "2026-01-01T00:00:00Z",
            "1.2.0",
            "1969-12-31",
            "２０２６-01-01",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn only_since_is_left_out_for_clippy() {
        let of = |item: TokenStream| without_since(item).to_string();
        assert_eq!(
            of(quote!(
                #[doc = "x"]
                #[deprecated(since = "2026-11-01", note = "y")]
                async fn f(#[deprecated(since = "z")] a: A) {}
            )),
            quote!(
                #[doc = "x"]
                #[deprecated(note = "y")]
                async fn f(#[deprecated(since = "z")] a: A) {}
            )
            .to_string()
        );
        assert_eq!(
            of(quote!(
                #[deprecated(since = "2026-11-01")]
                fn f() {}
            )),
            quote!(
                #[deprecated]
                fn f() {}
            )
            .to_string()
        );
        for same in [
            quote!(
                #[deprecated]
                fn f() {}
            ),
            quote!(
                #[deprecated = "y"]
                fn f() {}
            ),
            quote!(
                #[other(since = "y")]
                fn f() {}
            ),
        ] {
            assert_eq!(of(same.clone()), same.to_string());
        }
    }
}
