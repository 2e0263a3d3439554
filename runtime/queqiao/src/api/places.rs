//! Where handlers stand: each place and each operation id belongs to one.

use std::collections::BTreeMap;

use super::Route;
use crate::endpoint::{Meta, Method};

/// What is wrong with a prefix; a router would panic over it.
pub(super) fn wrong_prefix(prefix: &str) -> Option<&'static str> {
    if !prefix.starts_with('/') || prefix.ends_with('/') {
        return Some("must start with `/` and not end with it");
    }
    prefix.split('/').skip(1).find_map(|segment| {
        if segment.is_empty() {
            return Some("must not have an empty segment");
        }
        if segment.starts_with([':', '*']) || segment.starts_with("{*") {
            return Some("must write a parameter, one segment, as `{name}`");
        }
        if segment.contains(['?', '#']) || segment.contains(char::is_whitespace) {
            return Some("must be a plain path");
        }
        let name = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let plain = |name: &str| {
            !name.is_empty() && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        };
        match name {
            Some(name) if plain(name) => None,
            None if !segment.contains(['{', '}']) => None,
            _ => Some("must write a parameter, one segment, as `{name}`"),
        }
    })
}

/// Two handlers in one place, two operations with one id, one path with parameters of two names.
pub(super) fn unique<S>(routes: &[Route<S>], mistakes: &mut Vec<String>) {
    let mut places: BTreeMap<(Method, String), &Meta> = BTreeMap::new();
    let mut ids: BTreeMap<&str, &Meta> = BTreeMap::new();
    let mut shapes: BTreeMap<String, (&String, &Meta)> = BTreeMap::new();
    for route in routes {
        // `/a/{x}` and `/a/{y}` are one place to a router.
        let place = (route.meta.method, nameless(&route.path));
        if let Some(other) = places.insert(place, &route.meta) {
            mistakes.push(format!(
                "two handlers answer {} {}: {} and {}; change the method or the path of one",
                route.meta.method.as_str(),
                route.path,
                other.handler(),
                route.meta.handler()
            ));
            continue;
        }
        if let Some(other) = ids.insert(route.meta.operation_id, &route.meta) {
            mistakes.push(format!(
                "two handlers have the operation id `{}`: {} and {}; rename one, or give it another with \
                 `operation_id = \"…\"` in its attribute",
                route.meta.operation_id,
                other.handler(),
                route.meta.handler()
            ));
        }
        let first = shapes.entry(nameless(&route.path)).or_insert((&route.path, &route.meta));
        if first.0 != &route.path {
            mistakes.push(format!(
                "{} and {} name the parameters of one path differently: {} and {}; use the same names",
                first.1.handler(),
                route.meta.handler(),
                first.0,
                route.path
            ));
        }
        let names = names(&route.path);
        for (index, name) in names.iter().enumerate() {
            if names.iter().skip(index + 1).any(|other| other == name) {
                mistakes.push(format!(
                    "the path {} of {} has the parameter `{{{name}}}` twice; rename one, in the prefix or in the handler",
                    route.path,
                    route.meta.handler()
                ));
            }
        }
    }
}

fn nameless(path: &str) -> String {
    path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/")
}

/// The names of a path's parameters, in its order.
pub(super) fn names(path: &str) -> Vec<String> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| name.trim_start_matches('*').to_owned())
        .collect()
}
