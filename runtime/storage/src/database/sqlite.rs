//! SQLite: opening a file, with settings that lose nothing.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use sqlx::error::DatabaseError;
use sqlx::sqlite::{
    Sqlite, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use super::open::{PoolOptions, shown};
use crate::StoreError;

/// How often opening is tried while another process switches the same new file to WAL: SQLite does
/// not wait for that lock by itself.
const ATTEMPTS: u32 = 40;
const PAUSE: Duration = Duration::from_millis(50);

/// Opens `sqlite:data/app.db` (relative to the working folder), `sqlite:///var/lib/app.db`, or
/// `sqlite::memory:`; `?mode=ro` opens for reading only.
///
/// Creates the file (readable by its owner only) and the folders above it. Writes are durable when
/// they are acknowledged: WAL with `synchronous=FULL`. Foreign keys are enforced.
///
/// # Errors
///
/// [`StoreError::BadUrl`] for another scheme, no file name, or unknown parameters;
/// [`StoreError::Permission`], [`StoreError::ReadOnly`], [`StoreError::Full`] and
/// [`StoreError::Corrupt`] as the file system and the file turn out; each names the path.
pub(super) async fn open(url: &str, options: &PoolOptions) -> Result<SqlitePool, StoreError> {
    let bad = |reason: String| StoreError::BadUrl { url: shown(url), reason };
    let rest = url.strip_prefix("sqlite:").unwrap_or_default();
    let (file, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    if file.trim_start_matches('/').is_empty() {
        return Err(bad("it names no file".into()));
    }
    let connect: SqliteConnectOptions = url.parse().map_err(|error| match error {
        sqlx::Error::Configuration(reason) => bad(reason.to_string()),
        _ => bad("it is malformed".into()),
    })?;

    let has_mode = |mode: &str| parameters.split('&').any(|p| p.strip_prefix("mode=") == Some(mode));
    let in_memory = file == ":memory:" || has_mode("memory");
    let read_only = has_mode("ro");
    let path = connect.get_filename().to_owned();
    let mut connect = connect.foreign_keys(true).busy_timeout(options.busy_timeout);
    if !in_memory {
        prepare(&path, read_only).await?;
        if !read_only {
            connect = connect.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
        }
    }
    let mut pool = SqlitePoolOptions::new()
        .max_connections(if in_memory { 1 } else { options.max_connections.max(1) })
        .acquire_timeout(options.acquire_timeout);
    if in_memory {
        pool = pool.min_connections(1).idle_timeout(None).max_lifetime(None);
    }
    let mut attempt = 1;
    loop {
        match pool.clone().connect_with(connect.clone()).await.map_err(StoreError::from) {
            Ok(pool) => return Ok(pool),
            Err(StoreError::Unavailable { .. }) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error.at(&path.display().to_string())),
        }
    }
}

/// Creates what is missing and finds out, before SQLite does, what is wrong: its own messages do
/// not tell a missing folder from a missing right.
async fn prepare(path: &Path, read_only: bool) -> Result<(), StoreError> {
    let failed = |what: &str, error: std::io::Error| {
        let detail = format!("{}: {what}: {error}", path.display());
        match error.kind() {
            ErrorKind::PermissionDenied => StoreError::Permission { detail },
            ErrorKind::ReadOnlyFilesystem => StoreError::ReadOnly { detail },
            ErrorKind::StorageFull => StoreError::Full { detail },
            _ => StoreError::Unavailable { detail },
        }
    };
    if path.is_dir() {
        let detail = format!("{} is a folder, not a file", path.display());
        return Err(StoreError::Corrupt { detail });
    }
    if read_only {
        return match tokio::fs::File::open(path).await {
            Ok(_) => Ok(()),
            Err(error) => Err(failed("the file cannot be read", error)),
        };
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        tokio::fs::create_dir_all(folder)
            .await
            .map_err(|error| failed("its folder cannot be created", error))?;
    }
    let mut create = tokio::fs::OpenOptions::new();
    create.write(true).create_new(true);
    // It holds people's identities. SQLite gives its side files the same mode.
    #[cfg(unix)]
    create.mode(0o600);
    match create.open(path).await {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let writable = tokio::fs::OpenOptions::new().write(true).open(path).await;
            writable.map(|_| ()).map_err(|error| failed("the file cannot be written", error))
        }
        Err(error) => Err(failed("the file cannot be created", error)),
    }
}

/// Names a database's refusal by its result code (<https://www.sqlite.org/rescode.html>).
pub(super) fn classify(error: &dyn DatabaseError) -> StoreError {
    let detail = error.message().to_owned();
    let extended: i64 = error.code().and_then(|code| code.parse().ok()).unwrap_or(1);
    match extended & 0xff {
        3 | 14 | 23 => StoreError::Permission { detail }, // PERM, CANTOPEN, AUTH
        5 | 6 | 10 => StoreError::Unavailable { detail }, // BUSY, LOCKED, IOERR
        8 => StoreError::ReadOnly { detail },
        11 | 26 => StoreError::Corrupt { detail }, // CORRUPT, NOTADB
        13 => StoreError::Full { detail },
        19 => StoreError::Conflict { detail }, // CONSTRAINT
        _ => StoreError::Database { detail },
    }
}

super::value::user_id_as_text!(
    Sqlite,
    sqlx::sqlite::SqliteTypeInfo,
    sqlx::sqlite::SqliteArgumentsBuffer,
    sqlx::sqlite::SqliteValueRef<'r>
);

#[cfg(test)]
mod tests {
    use super::*;

    use crate::Database;

    async fn open(url: &str, options: &PoolOptions) -> Result<SqlitePool, StoreError> {
        Ok(Database::open(url, options).await?.sqlite().unwrap().clone())
    }

    async fn refused(url: &str) -> StoreError {
        open(url, &PoolOptions { busy_timeout: Duration::from_millis(50), ..PoolOptions::default() })
            .await
            .expect_err("it should not open")
    }

    #[tokio::test]
    async fn creates_file_and_folders_and_writes_durably() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b c/app.db");
        let pool = open(&format!("sqlite:{}", path.display()), &PoolOptions::default()).await.unwrap();
        let (journal,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&pool).await.unwrap();
        let (synchronous,): (i64,) = sqlx::query_as("PRAGMA synchronous").fetch_one(&pool).await.unwrap();
        let (keys,): (i64,) = sqlx::query_as("PRAGMA foreign_keys").fetch_one(&pool).await.unwrap();
        assert_eq!((journal.as_str(), synchronous, keys), ("wal", 2, 1));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn urls_of_others_are_refused_without_their_password() {
        for (url, says) in [
            ("oracle://me:hunter2@db/app?sslkey=hunter2", "there is no such engine"),
            ("app.db", "it names no engine"),
            ("", "it names no engine"),
            ("sqlite:", "names no file"),
            ("sqlite://", "names no file"),
            ("sqlite:app.db?speed=hunter2", "unknown query parameter"),
        ] {
            let error = refused(url).await;
            assert!(matches!(error, StoreError::BadUrl { .. }), "{url}: {error:?}");
            assert!(error.to_string().contains(says), "{url}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[tokio::test]
    async fn what_is_no_database_is_told_by_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.txt");
        std::fs::write(
            &path,
            "milk, eggs, and a text long enough to be no database header at all ".repeat(20),
        )
        .unwrap();
        for path in [path.as_path(), folder.path()] {
            let error = refused(&format!("sqlite:{}", path.display())).await;
            assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
            assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        }
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let error = refused(&format!("sqlite:{}/app.db", file.display())).await;
        assert!(error.to_string().contains("its folder cannot be created"), "{error}");
    }

    #[tokio::test]
    async fn read_only_is_read_only() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}/app.db", folder.path().display());
        let missing = refused(&format!("{url}?mode=ro")).await;
        assert!(missing.to_string().contains("cannot be read"), "{missing}");

        open(&url, &PoolOptions::default()).await.unwrap().close().await;
        let pool = open(&format!("{url}?mode=ro"), &PoolOptions::default()).await.unwrap();
        let error = sqlx::query("CREATE TABLE t (x)").execute(&pool).await.unwrap_err();
        let error = StoreError::from(error);
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn memory_is_one_database_for_all_of_the_pool() {
        let pool = open("sqlite::memory:", &PoolOptions::default()).await.unwrap();
        sqlx::query("CREATE TABLE t (x)").execute(&pool).await.unwrap();
        sqlx::query("INSERT INTO t VALUES (1)").execute(&pool).await.unwrap();
        let (n,): (i64,) = sqlx::query_as("SELECT count(*) FROM t").fetch_one(&pool).await.unwrap();
        assert_eq!(n, 1);
    }
}
