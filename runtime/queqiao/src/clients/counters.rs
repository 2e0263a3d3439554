//! Counts in memory, between two writes to the store.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

use jiff::Timestamp;
use queqiao_storage::{CallCount, ClientFigures, ClientId, ContractId, KEPT_PACKAGES, PackageSeen};

use super::Policy;
use crate::serve::Rule;

/// One call, or what a write that failed gives back.
#[derive(Clone, Copy)]
struct Add {
    calls: u64,
    refused: u64,
    /// Milliseconds since 1970.
    seen: i64,
}

/// One operation of one client.
#[derive(Default)]
struct Slot {
    calls: AtomicU64,
    refused: AtomicU64,
    seen: AtomicI64,
}

/// One client.
pub(super) struct Row {
    /// Whether its calls are refused.
    refuse: bool,
    slots: Box<[Slot]>,
    /// Referers that name a package, with the time, in milliseconds, at which each was seen last.
    referers: Mutex<Vec<(Box<[u8]>, i64)>>,
}

impl Row {
    fn new(places: usize, refuse: bool) -> Self {
        Self { refuse, slots: (0..places).map(|_| Slot::default()).collect(), referers: Mutex::default() }
    }

    /// Counts a call, and says whether it may go on.
    pub(super) fn call(&self, place: usize, seen: i64) -> bool {
        self.count(place, Add { calls: 1, refused: u64::from(self.refuse), seen });
        !self.refuse
    }

    fn count(&self, place: usize, add: Add) {
        let Some(slot) = self.slots.get(place) else { return };
        slot.calls.fetch_add(add.calls, Ordering::Relaxed);
        if add.refused > 0 {
            slot.refused.fetch_add(add.refused, Ordering::Relaxed);
        }
        if slot.seen.load(Ordering::Relaxed) < add.seen {
            slot.seen.fetch_max(add.seen, Ordering::Relaxed);
        }
    }

    /// Notes a Referer. Only a hint: nobody waits for another who notes one, and what is too much is left out.
    pub(super) fn note(&self, referer: &[u8], seen: i64) {
        let Ok(mut referers) = self.referers.try_lock() else { return };
        // A known one is not read again.
        if let Some((_, last)) = referers.iter_mut().find(|(known, _)| **known == *referer) {
            *last = seen.max(*last);
        } else if referers.len() < KEPT_PACKAGES && package(referer).is_some() {
            referers.push((referer.into(), seen));
        }
    }

    /// Moves what was counted into `figures`; whether there was anything.
    fn take(&self, client: ClientId, operations: &[String], figures: &mut ClientFigures) -> bool {
        let before = figures.calls.len();
        for (slot, operation) in self.slots.iter().zip(operations) {
            let calls = slot.calls.swap(0, Ordering::Relaxed);
            let refused = slot.refused.swap(0, Ordering::Relaxed);
            if calls > 0 || refused > 0 {
                let last_seen = time(slot.seen.load(Ordering::Relaxed));
                let operation = operation.clone();
                figures.calls.push(CallCount { client, operation, calls, refused, last_seen });
            }
        }
        let referers = std::mem::take(&mut *self.referers.lock().unwrap_or_else(PoisonError::into_inner));
        figures.packages.extend(referers.iter().filter_map(|(referer, seen)| {
            let (appid, package) = package(referer)?;
            let (appid, package) = (appid.to_owned(), package.to_owned());
            Some(PackageSeen { client, appid, package, last_seen: time(*seen) })
        }));
        figures.calls.len() > before
    }
}

/// Where WeChat's Referer begins: `https://servicewechat.com/{appid}/{version}/page-frame.html`
/// (<https://developers.weixin.qq.com/miniprogram/dev/framework/ability/network.html>).
const WECHAT: &str = "https://servicewechat.com/";
/// A longer one is not WeChat's.
const LONGEST_REFERER: usize = 128;

/// AppID and package counter of WeChat's Referer.
fn package(referer: &[u8]) -> Option<(&str, &str)> {
    let referer = std::str::from_utf8(referer).ok().filter(|text| text.len() <= LONGEST_REFERER)?;
    let mut parts = referer.strip_prefix(WECHAT)?.split('/');
    let (appid, package) = (parts.next()?, parts.next()?);
    let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (word(appid) && word(package)).then_some((appid, package))
}

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default()
}

/// All clients by all operations.
pub(super) struct Counters {
    /// The operations' ids by place.
    operations: Vec<String>,
    /// Sorted by contract.
    known: Vec<(ContractId, Row)>,
    /// Read for every call of a contract in it, written for its first call after a write to the store.
    unknown: RwLock<HashMap<ContractId, Row>>,
    refuse_unknown: bool,
    /// How many may be in `unknown`.
    most: usize,
    other: Row,
    absent: Row,
}

impl Counters {
    /// Counters of `operations`, with at most `most` unknown contracts at once.
    pub(super) fn new(operations: Vec<String>, policy: &Policy, most: usize) -> Self {
        let places = operations.len();
        let refuse_unknown = policy.unknown == Rule::Refuse;
        let known = policy.known.iter();
        Self {
            known: known.map(|(contract, why)| (*contract, Row::new(places, why.is_some()))).collect(),
            unknown: RwLock::default(),
            refuse_unknown,
            most,
            other: Row::new(places, refuse_unknown),
            absent: Row::new(places, policy.missing == Rule::Refuse),
            operations,
        }
    }

    /// Does something with the row of a client.
    pub(super) fn with<T>(&self, client: ClientId, work: impl FnOnce(&Row) -> T) -> T {
        let contract = match client {
            ClientId::Absent => return work(&self.absent),
            ClientId::Other => return work(&self.other),
            ClientId::Contract(contract) => contract,
        };
        let place = self.known.binary_search_by_key(&contract, |(known, _)| *known);
        if let Some((_, row)) = place.ok().and_then(|place| self.known.get(place)) {
            return work(row);
        }
        let unknown = self.unknown.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(row) = unknown.get(&contract) {
            return work(row);
        }
        if unknown.len() >= self.most {
            return work(&self.other);
        }
        drop(unknown);
        let mut unknown = self.unknown.write().unwrap_or_else(PoisonError::into_inner);
        if unknown.len() < self.most || unknown.contains_key(&contract) {
            let new = || Row::new(self.operations.len(), self.refuse_unknown);
            work(unknown.entry(contract).or_insert_with(new))
        } else {
            drop(unknown);
            work(&self.other)
        }
    }

    /// Takes everything, for the store.
    pub(super) fn take(&self) -> ClientFigures {
        let mut figures = ClientFigures::default();
        for (contract, row) in &self.known {
            row.take(ClientId::Contract(*contract), &self.operations, &mut figures);
        }
        // Calls are counted under the read lock, so a row that goes here has lost none.
        self.unknown
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|contract, row| row.take(ClientId::Contract(*contract), &self.operations, &mut figures));
        self.other.take(ClientId::Other, &self.operations, &mut figures);
        self.absent.take(ClientId::Absent, &self.operations, &mut figures);
        figures
    }

    /// Takes back what the store did not take.
    pub(super) fn put_back(&self, figures: &ClientFigures) {
        for count in &figures.calls {
            let Some(place) = self.operations.iter().position(|own| *own == count.operation) else {
                continue;
            };
            let seen = count.last_seen.as_millisecond();
            let add = Add { calls: count.calls, refused: count.refused, seen };
            self.with(count.client, |row| row.count(place, add));
        }
        for seen in &figures.packages {
            let last = seen.last_seen.as_millisecond();
            let referer = format!("{WECHAT}{}/{}/", seen.appid, seen.package);
            self.with(seen.client, |row| row.note(referer.as_bytes(), last));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contract(number: u64) -> ContractId {
        format!("{number:016x}").parse().unwrap()
    }

    fn counters() -> Counters {
        let policy = Policy {
            known: [(contract(1), None), (contract(2), Some("old".to_owned()))].into(),
            unknown: Rule::Allow,
            missing: Rule::Allow,
        };
        Counters::new(vec!["a".to_owned(), "b".to_owned()], &policy, 2)
    }

    fn call(counters: &Counters, client: ClientId, place: usize) {
        counters.with(client, |row| row.call(place, 1000));
    }

    fn counted(figures: &ClientFigures) -> Vec<(String, &str, u64)> {
        let mut counted: Vec<_> = figures
            .calls
            .iter()
            .map(|count| (count.client.to_string(), count.operation.as_str(), count.calls))
            .collect();
        counted.sort();
        counted
    }

    #[test]
    fn concurrent_calls_are_counted_to_the_last_one_while_others_are_taken() {
        let counters = counters();
        let total = std::sync::Mutex::new(0);
        std::thread::scope(|scope| {
            for thread in 0..4_u64 {
                let (counters, total) = (&counters, &total);
                scope.spawn(move || {
                    for n in 0..5000 {
                        call(counters, ClientId::Contract(contract(n % 5)), usize::from(n % 2 == 0));
                        if n % 500 == thread {
                            let taken = counters.take();
                            *total.lock().unwrap() +=
                                taken.calls.iter().map(|count| count.calls).sum::<u64>();
                        }
                    }
                });
            }
        });
        let rest: u64 = counters.take().calls.iter().map(|count| count.calls).sum();
        assert_eq!(total.into_inner().unwrap() + rest, 20_000);
        assert_eq!(counters.take(), ClientFigures::default());
    }

    #[test]
    fn ever_new_ids_fill_no_memory_and_their_places_come_back() {
        let counters = counters();
        for n in 10..1000 {
            call(&counters, ClientId::Contract(contract(n)), 0);
        }
        let id = |n: u64| contract(n).to_string();
        let expected = vec![(id(10), "a", 1), (id(11), "a", 1), ("other".to_owned(), "a", 988)];
        assert_eq!(counted(&counters.take()), expected);
        counters.take();
        call(&counters, ClientId::Contract(contract(99)), 0);
        assert_eq!(counted(&counters.take()), [(id(99), "a", 1)]);
    }

    #[test]
    fn what_the_store_did_not_take_is_counted_again() {
        let counters = counters();
        for client in [ClientId::Contract(contract(2)), ClientId::Contract(contract(7)), ClientId::Absent] {
            call(&counters, client, 1);
            counters.with(client, |row| row.note(b"https://servicewechat.com/wx1/3/", 5));
        }
        let taken = counters.take();
        let refused: u64 = taken.calls.iter().map(|count| count.refused).sum();
        assert_eq!((taken.calls.len(), taken.packages.len(), refused), (3, 3, 1));
        counters.put_back(&taken);
        assert_eq!(counters.take(), taken);
    }

    #[test]
    fn packages_are_read_from_wechats_referer_alone() {
        let read = |text: &str| package(text.as_bytes()).map(|(appid, package)| format!("{appid} {package}"));
        let page = |middle: &str| format!("https://servicewechat.com/{middle}/page-frame.html");
        assert_eq!(read(&page("wx12ab/34")), Some("wx12ab 34".to_owned()));
        assert_eq!(read(&page("wx12ab/devtools")), Some("wx12ab devtools".to_owned()));
        let (long, odd) = (page(&format!("{}/1", "x".repeat(100))), page("<b>/1"));
        for other in [
            "",
            "https://example.com/wx1/1/",
            "https://servicewechat.com/wx1",
            "https://servicewechat.com//1/",
            &odd,
            &long,
        ] {
            assert_eq!(read(other), None, "{other}");
        }
        assert_eq!(package(b"https://servicewechat.com/\xff/1/"), None);
    }
}
