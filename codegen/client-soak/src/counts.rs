//! What happened, counted.

use std::collections::BTreeMap;

use serde::Serialize;

/// Counts of one run, or of many.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Steps carried out, by kind.
    pub steps: BTreeMap<String, u64>,
    /// Kinds of hosts, phones and servers.
    pub hosts: BTreeMap<String, u64>,
    /// Calls made.
    pub calls: u64,
    /// How they ended: `ok`, or the kind of the error.
    pub ended: BTreeMap<String, u64>,
    /// Calls of `wx.request`, `uploadFile` and `downloadFile`.
    pub requests: u64,
    /// Calls of `wx.login`.
    pub logins: u64,
    /// Requests that the server carried out.
    pub executions: u64,
    /// Failures that have no `errno`, by kind.
    pub injected: BTreeMap<String, u64>,
    /// Failures told by `fail`, by kind and by how they were told.
    pub told: BTreeMap<String, BTreeMap<String, u64>>,
    /// Simulated seconds.
    pub simulated_seconds: u64,
}

impl Counts {
    pub(crate) fn failure(&mut self, name: &str) {
        add(&mut self.injected, name, 1);
    }

    pub(crate) fn told(&mut self, name: &str, manner: &str) {
        add(self.told.entry(name.to_owned()).or_default(), manner, 1);
    }

    pub(crate) fn step(&mut self, name: &str) {
        add(&mut self.steps, name, 1);
    }

    pub(crate) fn end(&mut self, name: &str) {
        add(&mut self.ended, name, 1);
    }

    /// Adds those of another run.
    pub fn merge(&mut self, other: &Self) {
        let maps = [
            (&mut self.steps, &other.steps),
            (&mut self.hosts, &other.hosts),
            (&mut self.ended, &other.ended),
            (&mut self.injected, &other.injected),
        ];
        for (mine, theirs) in maps {
            merge(mine, theirs);
        }
        for (name, theirs) in &other.told {
            merge(self.told.entry(name.clone()).or_default(), theirs);
        }
        self.calls += other.calls;
        self.requests += other.requests;
        self.logins += other.logins;
        self.executions += other.executions;
        self.simulated_seconds += other.simulated_seconds;
    }
}

pub(crate) fn add(map: &mut BTreeMap<String, u64>, name: &str, count: u64) {
    if let Some(present) = map.get_mut(name) {
        *present += count;
    } else {
        map.insert(name.to_owned(), count);
    }
}

fn merge(mine: &mut BTreeMap<String, u64>, theirs: &BTreeMap<String, u64>) {
    for (name, count) in theirs {
        add(mine, name, *count);
    }
}
