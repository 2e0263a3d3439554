//! Users from each engine to the next, and what becomes of those who are there.

use jiff::{SignedDuration, Timestamp};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::*;
use crate::test_servers::Place;
use crate::{
    Accounts, Cipher, Database, Identity, KeyValues, PoolOptions, SqlStore, StoreError, UserId, values,
};

struct Side {
    store: SqlStore,
    own: OwnTable,
    _place: Place,
}

/// The own table, in the engine's types.
async fn side(place: Place, bytes: &str, day: &str) -> Side {
    let database = Database::open(&place.url, &PoolOptions::default()).await.unwrap();
    let store = SqlStore::new(database.clone(), Cipher::new([(1, [7; 32])]).unwrap()).await.unwrap();
    let table = format!(
        "CREATE TABLE members (user_id VARCHAR(36) PRIMARY KEY, name VARCHAR(100), active BOOLEAN, visits BIGINT,
         score DOUBLE PRECISION, picture {bytes}, born {day})"
    );
    database.execute(AssertSqlSafe(table), &[]).await.unwrap();
    let own = OwnTable::find(&database, "members", "user_id").await.unwrap();
    Side { store, own, _place: place }
}

async fn sqlite() -> Side {
    side(crate::test_servers::sqlite().await, "BLOB", "DATE").await
}

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

impl Side {
    async fn export(&self, page: u32) -> Vec<String> {
        let (mut after, mut lines) = (None, Vec::new());
        loop {
            let users = self.store.export_users(after, page, Some(&self.own), time(0)).await.unwrap();
            let Some(last) = users.last() else { return lines };
            after = last.id;
            lines.extend(users.iter().map(|user| user.to_line().unwrap()));
        }
    }

    async fn import(&self, lines: &[String], on_existing: OnExisting) -> Result<Imported, ImportError> {
        let batch: Vec<(u64, UserRecord)> = (1..)
            .zip(lines)
            .map(|(line, text)| (line, UserRecord::parse(text, Some("wx0")).unwrap()))
            .collect();
        let options = ImportOptions { on_existing, own: Some(&self.own), now: time(0) };
        let mark = ImportMark { key: "import", value: Some(b"mark"), expires_at: time(1_000_000_000) };
        self.store.import_users(&batch, options, mark).await
    }
}

/// Users of every kind.
async fn fill(side: &Side) {
    for n in 0..50_i64 {
        let mut identity = Identity::new("wx1", format!("o{n}'\"🦄"));
        if n % 3 == 0 {
            identity = identity.with_unionid(format!("u{n}"));
        }
        let user = side.store.sign_in(&identity, time(n)).await.unwrap().id;
        if n % 6 == 0 {
            let second = Identity::new("wx2", format!("p{n}")).with_unionid(format!("u{n}"));
            assert_eq!(side.store.sign_in(&second, time(n)).await.unwrap().id, user);
        }
        for role in ["editor", "管理员"].into_iter().take(usize::try_from(n % 3).unwrap()) {
            side.store.grant_role(user, role).await.unwrap();
        }
        if n % 4 == 0 {
            side.store.raise_epoch(user).await.unwrap();
            side.store
                .revoke_session(Uuid::from_u128(n.unsigned_abs().into()), user, time(10))
                .await
                .unwrap();
            side.store.revoke_session(Uuid::from_u128(9), user, time(-10)).await.unwrap();
        }
        if n % 2 == 0 {
            let insert = "INSERT INTO members (user_id, name, active, visits, score, picture, born)
                          VALUES ($1, $2, $3, $4, $5, $6, '2001-02-03')";
            let name = (n % 8 != 0).then(|| format!("Mo {n}\n"));
            let picture: Vec<u8> = if n % 10 == 0 { vec![0, 255, 7] } else { b"text".to_vec() };
            let values = values![user, name, n % 4 == 0, i64::MAX - n, 0.1 * n as f64, picture];
            // PostgreSQL's date is no text.
            side.store.database().execute(insert, &values).await.unwrap();
        }
    }
}

async fn moves_to_and_back(there: Side) {
    let here = sqlite().await;
    fill(&here).await;
    let lines = here.export(7).await;
    assert_eq!(lines.len(), 50);
    assert!(lines.concat().contains("2001-02-03") && lines.concat().contains("base64"), "{lines:?}");
    let created = Imported { created: 50, ..Imported::default() };
    assert_eq!(there.import(&lines, OnExisting::Refuse).await, Ok(created));
    assert_eq!(there.export(50).await, lines);
    let back = sqlite().await;
    assert_eq!(back.import(&there.export(1000).await, OnExisting::Refuse).await, Ok(created));
    assert_eq!(back.export(3).await, lines);
    // What was moved is what logins find.
    let known = Identity::new("wx1", "o0'\"🦄");
    let user = there.store.sign_in(&known, time(99)).await.unwrap();
    assert_eq!(user, here.store.sign_in(&known, time(99)).await.unwrap());
    for side in [here, there, back] {
        side.store.database().close().await;
    }
}

async fn those_who_are_there(side: Side) {
    let line = |text: &str| vec![text.to_owned()];
    let mo = side.store.sign_in(&Identity::new("wx0", "mo"), time(5)).await.unwrap().id;
    side.store.raise_epoch(mo).await.unwrap();
    side.store.grant_role(mo, "editor").await.unwrap();
    let again = line(r#"{"openid":"mo","unionid":"u","epoch":0,"roles":["admin"],"own":{"name":"Mo"}}"#);

    let error = side.import(&again, OnExisting::Refuse).await.unwrap_err().to_string();
    assert!(error.starts_with("line 1:") && error.contains("--existing skip"), "{error}");
    assert_eq!(
        side.import(&again, OnExisting::Skip).await,
        Ok(Imported { skipped: 1, ..Imported::default() })
    );
    assert!(side.store.account(mo).await.unwrap().unwrap().roles.contains("editor"));

    let updated = Imported { updated: 1, ..Imported::default() };
    for _ in 0..2 {
        assert_eq!(side.import(&again, OnExisting::Update).await, Ok(updated));
        let account = side.store.account(mo).await.unwrap().unwrap();
        assert_eq!((account.epoch, account.created_at), (1, time(5)), "no void token is good again");
        assert_eq!(account.roles, ["admin".to_owned()].into());
        let identities = side.store.identities(mo).await.unwrap();
        assert_eq!(identities, [Identity::new("wx0", "mo").with_unionid("u")]);
        assert!(side.export(9).await[0].contains(r#""name":"Mo""#));
    }
    // Through another app, as at a login; without an id of our own only.
    let elsewhere = line(r#"{"appid":"wx9","openid":"mo9","unionid":"u"}"#);
    assert!(side.import(&elsewhere, OnExisting::Refuse).await.is_err());
    assert_eq!(side.import(&elsewhere, OnExisting::Update).await, Ok(updated));
    assert_eq!(side.store.identities(mo).await.unwrap().len(), 2);
    // The older the first login, the better it is known; an epoch rises.
    let older = line(&format!(r#"{{"openid":"mo","epoch":7,"created_at":"{}"}}"#, time(1)));
    assert_eq!(side.import(&older, OnExisting::Update).await, Ok(updated));
    let account = side.store.account(mo).await.unwrap().unwrap();
    assert_eq!((account.epoch, account.created_at, account.roles.len()), (7, time(1), 1));

    // Twice in one file, and two users in one line.
    let twice =
        [r#"{"openid":"a"}"#.to_owned(), r#"{"openid":"b"}"#.to_owned(), r#"{"openid":"a"}"#.to_owned()];
    let error = side.import(&twice, OnExisting::Refuse).await.unwrap_err().to_string();
    assert!(error.starts_with("line 3:"), "{error}");
    assert_eq!(side.store.count().await.unwrap(), 1, "nothing of the batch is there");
    let imported = Imported { created: 2, updated: 1, skipped: 0 };
    assert_eq!(side.import(&twice, OnExisting::Update).await, Ok(imported));
    let both = line(r#"{"identities":[{"openid":"a"},{"openid":"mo"}]}"#);
    let error = side.import(&both, OnExisting::Update).await.unwrap_err().to_string();
    assert!(error.contains("several users"), "{error}");

    // What the own table does not take.
    for (own, says) in [
        (r#"{"nick":"x"}"#, "table members has no column nick; it has active, born, name"),
        (r#"{"visits":"many"}"#, "its visits is \"many\", and the column takes a whole number"),
    ] {
        let wrong = line(&format!(r#"{{"openid":"new","own":{own}}}"#));
        let error = side.import(&wrong, OnExisting::Refuse).await.unwrap_err().to_string();
        assert!(error.starts_with("line 1:") && error.contains(says), "{error}");
    }
    side.store.database().close().await;
}

/// What only the database can refuse is told with its line, and the mark is of one piece with its batch.
async fn a_refused_line_is_named_and_the_mark_stays(side: Side) {
    let mark = async || side.store.get("import", time(0)).await.unwrap().map(|entry| entry.value);
    let check = "ALTER TABLE queqiao_roles ADD CONSTRAINT no_root CHECK (role <> 'root')";
    side.store.database().execute(check, &[]).await.unwrap();
    let lines = ["a", "b", "c"].map(|openid| {
        let role = if openid == "b" { "root" } else { "editor" };
        format!(r#"{{"openid":"{openid}","roles":["{role}"]}}"#)
    });
    let error = side.import(&lines, OnExisting::Refuse).await.unwrap_err();
    assert!(matches!(error, ImportError::Line { line: 2, .. }), "{error:?}");
    assert_eq!((side.store.count().await, mark().await), (Ok(0), None));
    assert!(side.import(&lines[..1], OnExisting::Refuse).await.is_ok());
    assert_eq!((side.store.count().await, mark().await), (Ok(1), Some(b"mark".to_vec())));
    let last = ImportMark { key: "import", value: None, expires_at: time(0) };
    let options = ImportOptions { on_existing: OnExisting::Refuse, own: None, now: time(0) };
    side.store.import_users(&[], options, last).await.unwrap();
    assert_eq!(mark().await, None);
    side.store.database().close().await;
}

/// Logins of the very users that are being imported: by the same openid, or through another app by the unionid.
async fn logins_meanwhile_make_no_second_user(side: Side) {
    const USERS: usize = 150;
    let lines = |round: &str| -> Vec<String> {
        (0..USERS).map(|n| format!(r#"{{"openid":"{round}o{n}","unionid":"{round}u{n}"}}"#)).collect()
    };
    // So many that locks are taken one by one, and all at once.
    for (round, batch) in [("a", 10), ("b", 50)] {
        let logins: Vec<_> = ["wx0", "wx1", "wx2"]
            .map(|app| {
                let store = side.store.clone();
                tokio::spawn(async move {
                    for n in 0..USERS {
                        let openid =
                            if app == "wx0" { format!("{round}o{n}") } else { format!("{app}{round}o{n}") };
                        let identity = Identity::new(app, openid).with_unionid(format!("{round}u{n}"));
                        store.sign_in(&identity, time(0)).await.unwrap();
                    }
                })
            })
            .into();
        for lines in lines(round).chunks(batch) {
            side.import(lines, OnExisting::Update).await.unwrap();
        }
        for logins in logins {
            logins.await.unwrap();
        }
    }
    assert_eq!(side.store.count().await, Ok(2 * USERS as u64));
    let several =
        "SELECT unionid FROM queqiao_identities GROUP BY unionid HAVING count(DISTINCT user_id) > 1";
    assert_eq!(side.store.database().rows(several, &[]).await.unwrap().len(), 0);
    side.store.database().close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn logins_meanwhile_make_no_second_user_on_sqlite() {
    logins_meanwhile_make_no_second_user(sqlite().await).await;
}

#[tokio::test]
async fn those_who_are_there_on_sqlite() {
    those_who_are_there(sqlite().await).await;
}

#[tokio::test]
async fn moves_within_sqlite() {
    moves_to_and_back(sqlite().await).await;
}

macro_rules! on {
    ($engine:ident, $bytes:literal) => {
        mod $engine {
            use super::*;

            async fn there() -> Side {
                side(crate::test_servers::$engine().await, $bytes, "DATE").await
            }

            #[tokio::test]
            async fn moves_to_and_back() {
                super::moves_to_and_back(there().await).await;
            }

            #[tokio::test]
            async fn those_who_are_there() {
                super::those_who_are_there(there().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn logins_meanwhile_make_no_second_user() {
                super::logins_meanwhile_make_no_second_user(there().await).await;
            }

            #[tokio::test]
            async fn a_refused_line_is_named_and_the_mark_stays() {
                super::a_refused_line_is_named_and_the_mark_stays(there().await).await;
            }
        }
    };
}

#[cfg(feature = "postgres")]
on!(postgres, "BYTEA");
#[cfg(feature = "mysql")]
on!(mysql, "BLOB");

/// A page takes as long in a million users as in a thousand.
#[tokio::test]
async fn a_page_is_read_by_indexes() {
    let side = sqlite().await;
    for (select, values) in
        [(super::export::PAGE, &values!["a", "b", time(0)][..]), (super::export::LAST, &values!["a", 9][..])]
    {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {select}"));
        for row in side.store.database().rows(explain, values).await.unwrap() {
            let step: String = row.get("detail").unwrap();
            assert!(!step.contains("SCAN queqiao"), "{step}");
        }
    }
}

#[tokio::test]
async fn an_unknown_table_or_key_is_told() {
    let side = sqlite().await;
    for (table, key, says) in [
        ("member", "user_id", "there is no table member"),
        ("members", "id", "has no column id; it has active"),
        ("members; DROP TABLE members", "id", "is no name for a table"),
    ] {
        let error = OwnTable::find(side.store.database(), table, key).await.unwrap_err();
        assert!(matches!(error, StoreError::Database { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
    }
}

#[tokio::test]
async fn a_user_without_an_id_gets_one_of_its_first_login() {
    let side = sqlite().await;
    let early = time(0) - SignedDuration::from_hours(24);
    let lines = [format!(r#"{{"openid":"a","created_at":"{early}"}}"#), r#"{"openid":"b"}"#.to_owned()];
    side.import(&lines, OnExisting::Refuse).await.unwrap();
    let exported = side.export(9).await;
    assert!(exported[0].contains(r#""openid":"a""#), "ids sort by the first login: {exported:?}");
    let id: UserId = UserRecord::parse(&exported[0], None).unwrap().id.unwrap();
    assert_eq!(side.store.account(id).await.unwrap().unwrap().created_at, early);
}
