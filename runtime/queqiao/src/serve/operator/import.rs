//! `users import`.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use queqiao_operator::{Existing, Import};
use queqiao_storage::{
    ImportError, ImportMark, ImportOptions, Imported, KeyValues, OnExisting, OwnTable, SqlStore, UserRecord,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::{Operated, Report, counted, progress};
use crate::serve::error::{Error, Result};

/// A longer line is no user.
const LONGEST_LINE: u64 = 1024 * 1024;
/// How long an interrupted import can be continued.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// How far an import is, as the database has it.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Mark {
    lines: u64,
    bytes: u64,
    /// Of these bytes: a file that was changed meanwhile is another.
    sha256: String,
}

pub(super) async fn run(operated: &Operated, task: &Import) -> Result<Report> {
    let store = operated.stores().await?;
    let own = match &task.table {
        Some((table, column)) => Some(OwnTable::find(&operated.database, table, column).await?),
        None => None,
    };
    // Of several none is meant more than another.
    let configured = match operated.settings.wechat.apps.as_slice() {
        [one] => Some(one.appid.as_str()),
        _ => None,
    };
    let appid = task.appid.as_deref().or(configured);
    let mut lines = Lines::open(&task.file)?;
    let key = lines.key()?;
    let resumed = if task.restart { None } else { lines.resume(&store, &key).await? };

    let on_existing = match task.existing {
        Existing::Refuse => OnExisting::Refuse,
        Existing::Skip => OnExisting::Skip,
        Existing::Update => OnExisting::Update,
    };
    let bar = progress(lines.length, "{bar:40} {bytes} of {total_bytes} ({eta})");
    let mut imported = Imported::default();
    let from = resumed.unwrap_or(0);
    loop {
        bar.set_position(lines.bytes);
        let mut batch: Vec<(u64, UserRecord)> = Vec::with_capacity(task.batch as usize);
        let mut ended = false;
        while !ended && batch.len() < task.batch as usize {
            match lines.next()? {
                None => ended = true,
                Some(line) if line.trim().is_empty() => {}
                Some(line) => {
                    let record = UserRecord::parse(&line, appid).map_err(|error| {
                        stopped(
                            &format!("line {}: {error}", lines.lines),
                            batch_start(&batch, from, &lines),
                            task,
                        )
                    })?;
                    batch.push((lines.lines, record));
                }
            }
        }
        ended |= lines.at_end()?;
        let now = Timestamp::now();
        let mark = serde_json::to_vec(&lines.mark())?;
        let mark = ImportMark {
            key: &key,
            value: (!ended).then_some(&mark),
            expires_at: now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX),
        };
        let options = ImportOptions { on_existing, own: own.as_ref(), now };
        let start = batch_start(&batch, from, &lines);
        imported += store.import_users(&batch, options, mark).await.map_err(|error| match error {
            ImportError::Line { .. } => stopped(&error.to_string(), start, task),
            error => error.into(),
        })?;
        if ended {
            break;
        }
    }
    bar.finish_and_clear();
    let Imported { created, updated, skipped } = imported;
    let mut text = format!("{} new, {updated} updated, {skipped} left as they are", counted(created, "user"));
    if let Some(line) = resumed {
        text.push_str(&format!("; the interrupted import went on behind line {line}"));
    }
    let json = json!({ "created": created, "updated": updated, "skipped": skipped, "lines": lines.lines,
        "resumed_after_line": resumed });
    Ok(Report { code: 0, text, json })
}

/// How many lines are in the database when this batch is not.
fn batch_start(batch: &[(u64, UserRecord)], from: u64, lines: &Lines) -> u64 {
    batch.first().map_or_else(|| lines.lines.saturating_sub(1).max(from), |(line, _)| line - 1)
}

fn stopped(what: &str, before: u64, task: &Import) -> Error {
    Error::told(match before {
        0 => format!("{}: {what}\nNothing was imported.", task.file.display()),
        before => format!(
            "{}: {what}\nThe lines up to {before} are imported. Correct the rest of the file, not these, and say the same \
             again: it goes on there.",
            task.file.display()
        ),
    })
}

/// The lines of a file, one at a time.
struct Lines<'a> {
    path: &'a Path,
    file: BufReader<File>,
    length: u64,
    lines: u64,
    bytes: u64,
    hash: Sha256,
}

impl<'a> Lines<'a> {
    fn open(path: &'a Path) -> Result<Self> {
        let cannot = |error| Error::told(format!("{} cannot be read: {error}", path.display()));
        let file = File::open(path).map_err(cannot)?;
        let length = file.metadata().map_err(cannot)?.len();
        Ok(Self { path, file: BufReader::new(file), length, lines: 0, bytes: 0, hash: Sha256::new() })
    }

    fn cannot(&self, error: impl std::fmt::Display) -> Error {
        Error::told(format!("{} cannot be read: {error}", self.path.display()))
    }

    /// The next line, without its end.
    fn next(&mut self) -> Result<Option<String>> {
        let mut line = Vec::new();
        let read = self.file.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut line);
        let read = read.map_err(|error| self.cannot(error))? as u64;
        if read == 0 {
            return Ok(None);
        }
        self.lines += 1;
        if read > LONGEST_LINE {
            let text = format!("line {} is longer than {LONGEST_LINE} bytes: it is no user", self.lines);
            return Err(Error::told(format!("{}: {text}", self.path.display())));
        }
        self.bytes += read;
        self.hash.update(&line);
        let text = String::from_utf8(line)
            .map_err(|_| Error::told(format!("{}: line {} is not UTF-8", self.path.display(), self.lines)))?;
        // The mark that some programs put before the first line.
        Ok(Some(text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']).to_owned()))
    }

    fn at_end(&mut self) -> Result<bool> {
        match self.file.fill_buf() {
            Ok(rest) => Ok(rest.is_empty()),
            Err(error) => Err(self.cannot(error)),
        }
    }

    fn mark(&self) -> Mark {
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        Mark { lines: self.lines, bytes: self.bytes, sha256: hex(&hash) }
    }

    /// Names the import by the first line of the file, wherever the file lies.
    fn key(&self) -> Result<String> {
        let mut first = Lines::open(self.path)?;
        let line = first.next()?.unwrap_or_default();
        let hash: [u8; 32] = Sha256::digest(line.as_bytes()).into();
        Ok(format!("queqiao/users import/{}", hex(&hash)))
    }

    /// Goes to where an interrupted import of this file was, and returns behind which line that is.
    async fn resume(&mut self, store: &SqlStore, key: &str) -> Result<Option<u64>> {
        let Some(entry) = store.get(key, Timestamp::now()).await? else { return Ok(None) };
        let mark: Mark = serde_json::from_slice(&entry.value)?;
        while self.lines < mark.lines && self.next()?.is_some() {}
        if self.mark() != mark {
            return Err(Error::told(format!(
                "an import of a file with the same first line was interrupted behind line {}, and {} is another file up to \
                 there; continue with the file that it was, or say --restart to import this one from its first line",
                mark.lines,
                self.path.display()
            )));
        }
        Ok(Some(mark.lines))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
