//! Counts of clients in SQL.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::AssertSqlSafe;

use super::{SqlStore, places};
use crate::database::Merge::{Greatest, Sum};
use crate::database::{Transaction, Value, retried};
use crate::{
    CallCount, ClientBounds, ClientCalls, ClientFigures, ClientId, ContractId, FORGOTTEN, KEPT_PACKAGES,
    PackageSeen, StoreError, values,
};

/// Rows of one statement, far below the engines' limits of bound values.
const ROWS: usize = 500;

/// What one transaction at a time works on.
const KEY: &[u8] = b"client calls";

impl SqlStore {
    async fn add_calls_once(
        &self,
        counted: &ClientFigures,
        bounds: ClientBounds<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.database.begin().await?;
        transaction.lock(&[KEY]).await?;
        let unknown = unknown_contracts(&mut transaction, bounds.known, now).await?;
        let mut places = Places { known: bounds.known, unknown, most: bounds.unknown };
        // Those that lost their place are one client from here on.
        let mut calls: BTreeMap<(ClientId, &str), CallCount> = BTreeMap::new();
        for count in &counted.calls {
            let client = places.place(count.client);
            calls
                .entry((client, &count.operation))
                .and_modify(|same| {
                    same.calls = same.calls.saturating_add(count.calls);
                    same.refused = same.refused.saturating_add(count.refused);
                    same.last_seen = same.last_seen.max(count.last_seen);
                })
                .or_insert_with(|| CallCount { client, ..count.clone() });
        }
        let calls: Vec<CallCount> = calls.into_values().collect();
        add_calls(&mut transaction, &calls).await?;
        add_packages(&mut transaction, &counted.packages, &mut places).await?;
        transaction.commit().await
    }
}

#[async_trait::async_trait]
impl ClientCalls for SqlStore {
    async fn add_calls(
        &self,
        counted: &ClientFigures,
        bounds: ClientBounds<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        retried(|| self.add_calls_once(counted, bounds, now)).await
    }

    async fn client_figures(&self) -> Result<ClientFigures, StoreError> {
        // One statement, so that calls and packages are of one moment.
        let rows = self.database.rows(
            "SELECT 0 AS kind, client, operation, '' AS package, calls, refused, last_seen
             FROM queqiao_client_calls
             UNION ALL SELECT 1, client, appid, package, 0, 0, last_seen FROM queqiao_client_packages",
            &[],
        );
        let mut figures = ClientFigures::default();
        for row in rows.await? {
            let client = stored_client(&row.get::<String>("client")?)?;
            let last_seen = row.get("last_seen")?;
            if row.get::<i64>("kind")? == 0 {
                let (calls, refused) = (row.get("calls")?, row.get("refused")?);
                figures.calls.push(CallCount { client, operation: row.get(2)?, calls, refused, last_seen });
            } else {
                let (appid, package) = (row.get(2)?, row.get("package")?);
                figures.packages.push(PackageSeen { client, appid, package, last_seen });
            }
        }
        let calls = |a: &CallCount, b: &CallCount| {
            (a.client.to_string(), &a.operation).cmp(&(b.client.to_string(), &b.operation))
        };
        figures.calls.sort_by(calls);
        figures.packages.sort_by(|a, b| {
            let newest_first = b.last_seen.cmp(&a.last_seen);
            let names = || (&a.appid, &a.package).cmp(&(&b.appid, &b.package));
            a.client.to_string().cmp(&b.client.to_string()).then(newest_first).then_with(names)
        });
        Ok(figures)
    }
}

fn stored_client(text: &str) -> Result<ClientId, StoreError> {
    text.parse().map_err(|_| StoreError::Corrupt { detail: format!("`{text}` is no client") })
}

/// Which contracts have a place of their own.
struct Places<'a> {
    known: &'a [ContractId],
    unknown: BTreeSet<ContractId>,
    most: usize,
}

impl Places<'_> {
    /// Where calls of a client are counted.
    fn place(&mut self, client: ClientId) -> ClientId {
        let ClientId::Contract(id) = client else { return client };
        if self.known.contains(&id) || self.unknown.contains(&id) {
            return client;
        }
        if self.unknown.len() >= self.most {
            return ClientId::Other;
        }
        self.unknown.insert(id);
        client
    }
}

/// The unknown contracts that have a place; those without a call for long lose theirs.
async fn unknown_contracts(
    transaction: &mut Transaction,
    known: &[ContractId],
    now: Timestamp,
) -> Result<BTreeSet<ContractId>, StoreError> {
    let select = "SELECT client, max(last_seen) FROM queqiao_client_calls GROUP BY client";
    let mut unknown = BTreeSet::new();
    for row in transaction.rows(select, &[]).await? {
        let client: String = row.get(0)?;
        let ClientId::Contract(id) = stored_client(&client)? else { continue };
        if known.contains(&id) {
            continue;
        }
        if now.duration_since(row.get(1)?) < FORGOTTEN {
            unknown.insert(id);
            continue;
        }
        let select =
            "SELECT operation, calls, refused, last_seen FROM queqiao_client_calls WHERE client = $1";
        let calls: Vec<CallCount> = transaction
            .rows(select, &values![&client])
            .await?
            .iter()
            .map(|row| {
                let (operation, calls, refused) = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok(CallCount { client: ClientId::Other, operation, calls, refused, last_seen: row.get(3)? })
            })
            .collect::<Result<_, StoreError>>()?;
        add_calls(transaction, &calls).await?;
        for delete in [
            "DELETE FROM queqiao_client_calls WHERE client = $1",
            "DELETE FROM queqiao_client_packages WHERE client = $1",
        ] {
            transaction.execute(delete, &values![&client]).await?;
        }
    }
    Ok(unknown)
}

async fn add_calls(transaction: &mut Transaction, calls: &[CallCount]) -> Result<(), StoreError> {
    let stored = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let end = transaction.engine().on_conflict(
        "queqiao_client_calls",
        "client, operation",
        &[("calls", Sum), ("refused", Sum), ("last_seen", Greatest)],
    );
    for counts in calls.chunks(ROWS) {
        let rows: Vec<String> =
            (0..counts.len()).map(|row| format!("({})", places(row * 5 + 1, 5))).collect();
        let insert = format!(
            "INSERT INTO queqiao_client_calls (client, operation, calls, refused, last_seen) VALUES {}{end}",
            rows.join(", ")
        );
        let values: Vec<Value<'_>> = counts
            .iter()
            .flat_map(|count| {
                values![
                    count.client.to_string(),
                    &count.operation,
                    stored(count.calls),
                    stored(count.refused),
                    count.last_seen
                ]
            })
            .collect();
        transaction.execute(AssertSqlSafe(insert), &values).await?;
    }
    Ok(())
}

async fn add_packages(
    transaction: &mut Transaction,
    packages: &[PackageSeen],
    places: &mut Places<'_>,
) -> Result<(), StoreError> {
    let end = transaction.engine().on_conflict(
        "queqiao_client_packages",
        "client, appid, package",
        &[("last_seen", Greatest)],
    );
    let insert = format!(
        "INSERT INTO queqiao_client_packages (client, appid, package, last_seen) VALUES ($1, $2, $3, $4){end}"
    );
    let mut clients = BTreeSet::new();
    for seen in packages {
        let client = places.place(seen.client).to_string();
        let values = values![&client, &seen.appid, &seen.package, seen.last_seen];
        transaction.execute(AssertSqlSafe(insert.clone()), &values).await?;
        clients.insert(client);
    }
    for client in clients {
        let select = "SELECT appid, package FROM queqiao_client_packages WHERE client = $1
                      ORDER BY last_seen DESC, appid, package";
        let kept = transaction.rows(select, &values![&client]).await?;
        for row in kept.iter().skip(KEPT_PACKAGES) {
            let delete =
                "DELETE FROM queqiao_client_packages WHERE client = $1 AND appid = $2 AND package = $3";
            let (appid, package): (String, String) = (row.get(0)?, row.get(1)?);
            transaction.execute(delete, &values![&client, &appid, &package]).await?;
        }
    }
    Ok(())
}
