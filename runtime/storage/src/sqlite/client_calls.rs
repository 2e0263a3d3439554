//! Counts of clients in SQLite.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sqlx::sqlite::Sqlite;
use sqlx::{QueryBuilder, Transaction};

use super::{SqliteStore, stored_time};
use crate::{
    CallCount, ClientBounds, ClientCalls, ClientFigures, ClientId, ContractId, FORGOTTEN, KEPT_PACKAGES,
    PackageSeen, StoreError,
};

/// Rows of one statement, far below SQLite's limit of bound values.
const ROWS: usize = 500;

#[async_trait::async_trait]
impl ClientCalls for SqliteStore {
    async fn add_calls(
        &self,
        counted: &ClientFigures,
        bounds: ClientBounds<'_>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut transaction = self.write().await?;
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
        transaction.commit().await?;
        Ok(())
    }

    async fn client_figures(&self) -> Result<ClientFigures, StoreError> {
        // One transaction, so that calls and packages are of one moment.
        let mut transaction = self.pool.begin().await?;
        let calls: Vec<(String, String, i64, i64, i64)> = sqlx::query_as(
            "SELECT client, operation, calls, refused, last_seen FROM queqiao_client_calls
             ORDER BY client, operation",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let packages: Vec<(String, String, String, i64)> = sqlx::query_as(
            "SELECT client, appid, package, last_seen FROM queqiao_client_packages
             ORDER BY client, last_seen DESC, appid, package",
        )
        .fetch_all(&mut *transaction)
        .await?;
        let calls = calls.into_iter().map(|(client, operation, calls, refused, last_seen)| {
            Ok(CallCount {
                client: stored_client(&client)?,
                operation,
                calls: u64::try_from(calls).unwrap_or(0),
                refused: u64::try_from(refused).unwrap_or(0),
                last_seen: stored_time(last_seen)?,
            })
        });
        let packages = packages.into_iter().map(|(client, appid, package, last_seen)| {
            let (client, last_seen) = (stored_client(&client)?, stored_time(last_seen)?);
            Ok(PackageSeen { client, appid, package, last_seen })
        });
        Ok(ClientFigures {
            calls: calls.collect::<Result<_, StoreError>>()?,
            packages: packages.collect::<Result<_, StoreError>>()?,
        })
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
    transaction: &mut Transaction<'_, Sqlite>,
    known: &[ContractId],
    now: Timestamp,
) -> Result<BTreeSet<ContractId>, StoreError> {
    let stored: Vec<(String, i64)> =
        sqlx::query_as("SELECT client, max(last_seen) FROM queqiao_client_calls GROUP BY client")
            .fetch_all(&mut **transaction)
            .await?;
    let mut unknown = BTreeSet::new();
    for (client, last_seen) in stored {
        let ClientId::Contract(id) = stored_client(&client)? else { continue };
        if known.contains(&id) {
            continue;
        }
        if now.duration_since(stored_time(last_seen)?) < FORGOTTEN {
            unknown.insert(id);
            continue;
        }
        sqlx::query(
            "INSERT INTO queqiao_client_calls (client, operation, calls, refused, last_seen)
             SELECT 'other', operation, calls, refused, last_seen FROM queqiao_client_calls WHERE client = ?1
             ON CONFLICT (client, operation) DO UPDATE
             SET calls = calls + excluded.calls, refused = refused + excluded.refused,
                 last_seen = max(last_seen, excluded.last_seen)",
        )
        .bind(&client)
        .execute(&mut **transaction)
        .await?;
        for table in ["queqiao_client_calls", "queqiao_client_packages"] {
            QueryBuilder::new(format!("DELETE FROM {table} WHERE client = "))
                .push_bind(&client)
                .build()
                .execute(&mut **transaction)
                .await?;
        }
    }
    Ok(unknown)
}

async fn add_calls(transaction: &mut Transaction<'_, Sqlite>, calls: &[CallCount]) -> Result<(), StoreError> {
    let stored = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    for rows in calls.chunks(ROWS) {
        let mut query = QueryBuilder::new(
            "INSERT INTO queqiao_client_calls (client, operation, calls, refused, last_seen) ",
        );
        query.push_values(rows, |mut row, count| {
            row.push_bind(count.client.to_string())
                .push_bind(count.operation.as_str())
                .push_bind(stored(count.calls))
                .push_bind(stored(count.refused))
                .push_bind(count.last_seen.as_millisecond());
        });
        query.push(
            " ON CONFLICT (client, operation) DO UPDATE
              SET calls = calls + excluded.calls, refused = refused + excluded.refused,
                  last_seen = max(last_seen, excluded.last_seen)",
        );
        query.build().execute(&mut **transaction).await?;
    }
    Ok(())
}

async fn add_packages(
    transaction: &mut Transaction<'_, Sqlite>,
    packages: &[PackageSeen],
    places: &mut Places<'_>,
) -> Result<(), StoreError> {
    let mut clients = BTreeSet::new();
    for seen in packages {
        let client = places.place(seen.client).to_string();
        sqlx::query(
            "INSERT INTO queqiao_client_packages (client, appid, package, last_seen) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (client, appid, package) DO UPDATE SET last_seen = max(last_seen, excluded.last_seen)",
        )
        .bind(&client)
        .bind(&seen.appid)
        .bind(&seen.package)
        .bind(seen.last_seen.as_millisecond())
        .execute(&mut **transaction)
        .await?;
        clients.insert(client);
    }
    for client in clients {
        sqlx::query(
            "DELETE FROM queqiao_client_packages WHERE client = ?1 AND (appid, package) IN
             (SELECT appid, package FROM queqiao_client_packages WHERE client = ?1
              ORDER BY last_seen DESC, appid, package LIMIT -1 OFFSET ?2)",
        )
        .bind(client)
        .bind(KEPT_PACKAGES as i64)
        .execute(&mut **transaction)
        .await?;
    }
    Ok(())
}
