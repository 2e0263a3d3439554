//! The promises of [`ClientCalls`].

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::{CROWD, crowd, ok, time};
use crate::{
    CallCount, ClientBounds, ClientCalls, ClientFigures, ClientId, ContractId, FORGOTTEN, KEPT_PACKAGES,
    PackageSeen,
};

const ROOMY: ClientBounds<'_> = ClientBounds { known: &[], unknown: 100 };

fn contract(number: usize) -> ContractId {
    format!("{number:016x}").parse().expect("16 digits")
}

fn count(client: ClientId, operation: &str, calls: u64, refused: u64, last_seen: Timestamp) -> CallCount {
    CallCount { client, operation: operation.into(), calls, refused, last_seen }
}

async fn add<S: ClientCalls>(store: &S, bounds: ClientBounds<'_>, now: Timestamp, calls: &[CallCount]) {
    let counted = ClientFigures { calls: calls.to_vec(), packages: Vec::new() };
    ok(store.add_calls(&counted, bounds, now).await);
}

async fn calls<S: ClientCalls>(store: &S) -> Vec<(String, String, u64, u64)> {
    let calls = ok(store.client_figures().await).calls;
    calls.into_iter().map(|c| (c.client.to_string(), c.operation, c.calls, c.refused)).collect()
}

fn row(client: impl ToString, operation: &str, calls: u64, refused: u64) -> (String, String, u64, u64) {
    (client.to_string(), operation.to_owned(), calls, refused)
}

/// Counts add up, the latest time stays, and clients and operations are kept apart.
pub async fn calls_add_up_by_client_and_operation<S: ClientCalls>(store: S) {
    assert_eq!(ok(store.client_figures().await), ClientFigures::default());
    let (one, two) = (ClientId::Contract(contract(1)), ClientId::Contract(contract(2)));
    let first = [
        count(one, "addTodo", 3, 0, time(5)),
        count(one, "listTodos", 1, 0, time(1)),
        count(two, "addTodo", 4, 4, time(2)),
        count(ClientId::Absent, "addTodo", 1, 0, time(2)),
        count(ClientId::Other, "获取'\"", 1, 1, time(2)),
    ];
    add(&store, ROOMY, time(5), &first).await;
    add(&store, ROOMY, time(6), &[]).await;
    // A count that comes late makes nothing older.
    add(&store, ROOMY, time(6), &[count(one, "addTodo", 2, 1, time(3))]).await;
    let expected = [
        row(contract(1), "addTodo", 5, 1),
        row(contract(1), "listTodos", 1, 0),
        row(contract(2), "addTodo", 4, 4),
        row("absent", "addTodo", 1, 0),
        row("other", "获取'\"", 1, 1),
    ];
    assert_eq!(calls(&store).await, expected);
    let figures = ok(store.client_figures().await);
    assert_eq!(figures.calls.first().map(|c| c.last_seen), Some(time(5)));
}

/// Instances add at the same time.
pub async fn concurrent_counts_are_not_lost<S: ClientCalls + 'static>(store: S) {
    let store = Arc::new(store);
    crowd(&store, |store, n| async move {
        for _ in 0..5 {
            let own = ClientId::Contract(contract(n % 3));
            add(&*store, ROOMY, time(0), &[count(own, "addTodo", 1, 0, time(0))]).await;
        }
    })
    .await;
    let all: u64 = calls(&*store).await.iter().map(|(_, _, calls, _)| calls).sum();
    assert_eq!(all, CROWD as u64 * 5);
}

/// What is added together is seen together.
pub async fn a_reader_never_sees_half_of_an_addition<S: ClientCalls + 'static>(store: S) {
    /// So many that writing them takes a while.
    const OPERATIONS: usize = 200;
    let store = Arc::new(store);
    let own = ClientId::Contract(contract(1));
    crowd(&store, |store, n| async move {
        for _ in 0..5 {
            if n % 2 == 0 {
                let all: Vec<CallCount> =
                    (0..OPERATIONS).map(|n| count(own, &format!("operation{n}"), 1, 0, time(0))).collect();
                let packages = vec![PackageSeen {
                    client: own,
                    appid: "wx1".into(),
                    package: "1".into(),
                    last_seen: time(0),
                }];
                let counted = ClientFigures { calls: all, packages };
                ok(store.add_calls(&counted, ROOMY, time(0)).await);
            } else {
                let figures = ok(store.client_figures().await);
                let calls: Vec<u64> = figures.calls.iter().map(|count| count.calls).collect();
                let whole = matches!(calls.len(), 0 | OPERATIONS);
                let alike = calls.iter().all(|count| Some(count) == calls.first());
                assert!(whole && alike, "half of an addition is seen: {calls:?}");
                assert_eq!(figures.packages.is_empty(), calls.is_empty(), "half of an addition is seen");
            }
        }
    })
    .await;
}

/// A stranger with ever new ids fills the places and no more; known contracts need none.
pub async fn contracts_beyond_the_limit_are_counted_together<S: ClientCalls>(store: S) {
    let known = [contract(1000), contract(1001)];
    let bounds = ClientBounds { known: &known, unknown: 3 };
    for round in 0..2 {
        let crowd: Vec<CallCount> =
            (0..20).map(|n| count(ClientId::Contract(contract(n)), "addTodo", 1, 0, time(round))).collect();
        add(&store, bounds, time(round), &crowd).await;
    }
    let own = known.map(|id| count(ClientId::Contract(id), "addTodo", 1, 0, time(2)));
    add(&store, bounds, time(2), &own).await;
    let expected = [
        row(contract(0), "addTodo", 2, 0),
        row(contract(1), "addTodo", 2, 0),
        row(contract(2), "addTodo", 2, 0),
        row(contract(1000), "addTodo", 1, 0),
        row(contract(1001), "addTodo", 1, 0),
        row("other", "addTodo", 34, 0),
    ];
    assert_eq!(calls(&store).await, expected);
    let stranger = PackageSeen {
        client: ClientId::Contract(contract(77)),
        appid: "wx1".into(),
        package: "7".into(),
        last_seen: time(3),
    };
    let counted = ClientFigures { calls: Vec::new(), packages: vec![stranger.clone()] };
    ok(store.add_calls(&counted, bounds, time(3)).await);
    let packages = ok(store.client_figures().await).packages;
    assert_eq!(packages, [PackageSeen { client: ClientId::Other, ..stranger }]);
}

/// Its calls stay in the sum; a known contract keeps its row, however long it is silent.
pub async fn an_unknown_contract_that_is_silent_for_long_gives_its_place<S: ClientCalls>(store: S) {
    let known = [contract(9)];
    let bounds = ClientBounds { known: &known, unknown: 1 };
    let calls_of = |n| count(ClientId::Contract(contract(n)), "addTodo", 2, 1, time(0));
    add(&store, bounds, time(0), &[calls_of(1), calls_of(9)]).await;
    let just_before = time(0) + FORGOTTEN - SignedDuration::from_secs(1);
    add(&store, bounds, just_before, &[count(ClientId::Contract(contract(2)), "addTodo", 1, 0, just_before)])
        .await;
    let later = time(0) + FORGOTTEN;
    add(&store, bounds, later, &[count(ClientId::Contract(contract(3)), "addTodo", 5, 0, later)]).await;
    let expected =
        [row(contract(3), "addTodo", 5, 0), row(contract(9), "addTodo", 2, 1), row("other", "addTodo", 3, 1)];
    assert_eq!(calls(&store).await, expected);
}

/// Of many packages of one client the newest few stay, the newest first.
pub async fn the_packages_seen_last_are_kept<S: ClientCalls>(store: S) {
    let client = ClientId::Contract(contract(1));
    let seen = |n: usize, at: i64| PackageSeen {
        client,
        appid: "wx1".into(),
        package: n.to_string(),
        last_seen: time(at),
    };
    let mut packages: Vec<PackageSeen> = (0..KEPT_PACKAGES + 4).map(|n| seen(n, n as i64)).collect();
    packages.push(PackageSeen { client: ClientId::Absent, ..seen(0, 0) });
    // Said again, the oldest becomes the newest.
    for packages in [packages, vec![seen(0, 100)]] {
        let counted = ClientFigures { calls: Vec::new(), packages };
        ok(store.add_calls(&counted, ROOMY, time(100)).await);
    }
    let kept = ok(store.client_figures().await).packages;
    let own: Vec<&PackageSeen> = kept.iter().filter(|seen| seen.client == client).collect();
    assert_eq!((own.len(), kept.len()), (KEPT_PACKAGES, KEPT_PACKAGES + 1));
    assert_eq!(own.first(), Some(&&seen(0, 100)));
    assert_eq!(own.get(1), Some(&&seen(KEPT_PACKAGES + 3, KEPT_PACKAGES as i64 + 3)));
}
