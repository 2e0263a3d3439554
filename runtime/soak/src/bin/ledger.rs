//! The backend that is killed: transfers between accounts, each of five rows that belong together.

use queqiao::prelude::*;
use queqiao::{Boot, Database, Migration, values};

/// How many accounts there are.
const ACCOUNTS: u32 = 16;

/// Money that goes from one account to another.
#[model]
struct Transfer {
    id: Uuid,
    /// The round of the soak run in which it was made.
    round: u32,
    from: u32,
    to: u32,
    #[check(range = 1..=1000)]
    amount: i32,
}

/// Make a transfer.
///
/// A row for the transfer, one for each side of it, and two balances: all of them, or none.
#[post("/transfers")]
async fn transfer(State(sql): State<Database>, Json(new): Json<Transfer>) -> Result<NoContent, Internal> {
    let (from, to) = (new.from % ACCOUNTS, new.to % ACCOUNTS);
    let mut transaction = sql.begin().await?;
    transaction.lock(&[b"balances"]).await?;
    let insert = "INSERT INTO transfers (id, round, amount) VALUES ($1, $2, $3)";
    transaction.execute(insert, &values![new.id, new.round, new.amount]).await?;
    for (side, account, amount) in [(0, from, -new.amount), (1, to, new.amount)] {
        let insert = "INSERT INTO entries (transfer, side, account, amount) VALUES ($1, $2, $3, $4)";
        transaction.execute(insert, &values![new.id, side, account, amount]).await?;
        let update = "UPDATE accounts SET balance = balance + $2 WHERE id = $1";
        transaction.execute(update, &values![account, amount]).await?;
    }
    transaction.commit().await?;
    Ok(NoContent)
}

const LEDGER: Migration = Migration {
    version: 1,
    name: "ledger",
    sql: "
        CREATE TABLE accounts (id BIGINT PRIMARY KEY, balance BIGINT NOT NULL);
        INSERT INTO accounts (id, balance) VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0),
            (8, 0), (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0);
        CREATE TABLE transfers (id VARCHAR(36) PRIMARY KEY, round BIGINT NOT NULL, amount BIGINT NOT NULL);
        CREATE INDEX transfers_round ON transfers (round);
        CREATE TABLE entries (
            transfer VARCHAR(36) NOT NULL, side BIGINT NOT NULL, account BIGINT NOT NULL, amount BIGINT NOT NULL,
            PRIMARY KEY (transfer, side)
        );
        CREATE TABLE members (
            user_id VARCHAR(36) PRIMARY KEY, name VARCHAR(100), active BOOLEAN, visits BIGINT, score DOUBLE PRECISION
        );",
};

/// Steps of the schema that come one after the other, as a program grows: a table, its rows, an index, a note.
fn generation(number: u32) -> Migration {
    let sql = format!(
        "CREATE TABLE generation_{number} (id BIGINT PRIMARY KEY, note VARCHAR(20));
         INSERT INTO generation_{number} (id, note)
             WITH RECURSIVE digits (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM digits WHERE n < 9)
             SELECT a.n + 10 * b.n + 100 * c.n, 'row' FROM digits a, digits b, digits c;
         CREATE INDEX generation_{number}_note ON generation_{number} (note);
         INSERT INTO generation_{number} (id, note) VALUES (1000, 'last')"
    );
    // As long as the program runs, as texts of the program are.
    Migration { version: i64::from(number) + 1, name: "generation", sql: sql.leak() }
}

#[tokio::main]
async fn main() -> queqiao::Result {
    let generations: u32 = match std::env::var("LEDGER_GENERATIONS") {
        Ok(text) => text.parse()?,
        Err(_) => 0,
    };
    let migrations: Vec<Migration> =
        std::iter::once(LEDGER).chain((1..=generations).map(generation)).collect();
    let api = Api::new("ledger", "1.0.0").routes(routes![transfer]).migrations(&migrations);
    queqiao::serve(api, async |boot: &Boot| Ok(boot.sql().clone())).await
}
