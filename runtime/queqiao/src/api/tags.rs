//! What is said of tags.

use std::collections::{BTreeMap, BTreeSet};

/// The tag of the framework's own operations.
const AUTH: (&str, &str) = ("auth", "Log in and out. The generated client does it by itself.");

/// Of each tag in use, what was said of it, if anything was. What is said of no tag, or said differently twice, is a
/// mistake.
pub(super) fn described(
    said: Vec<(String, String)>,
    used: BTreeSet<&str>,
    has_login: bool,
    mistakes: &mut Vec<String>,
) -> BTreeMap<String, Option<String>> {
    let mut tags: BTreeMap<String, Option<String>> =
        used.iter().map(|tag| ((*tag).to_owned(), None)).collect();
    for (name, text) in said {
        match tags.get_mut(&name) {
            None => {
                let known: Vec<&str> = used.iter().copied().collect();
                mistakes.push(format!(
                    "no operation has the tag `{name}`, which `Api::tag` describes; the tags are: {}; correct the name, or \
                     leave the description out",
                    known.join(", ")
                ));
            }
            Some(Some(before)) if *before != text => mistakes.push(format!(
                "`Api::tag` describes the tag `{name}` twice and differently: \"{before}\" and \"{text}\"; leave one out"
            )),
            Some(place) => *place = Some(text),
        }
    }
    if has_login && let Some(own @ None) = tags.get_mut(AUTH.0) {
        *own = Some(AUTH.1.to_owned());
    }
    tags
}
