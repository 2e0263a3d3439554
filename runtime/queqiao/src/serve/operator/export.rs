//! `users export`.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use queqiao_operator::Export;
use queqiao_storage::{Accounts, OwnTable, SqlStore, UserId, UserRecord};
use serde_json::json;

use super::{Operated, Report, counted, progress};
use crate::serve::error::{Error, Result};

/// Users of one query.
const PAGE: u32 = 1000;

pub(super) async fn run(operated: &Operated, task: &Export) -> Result<Report> {
    let store = operated.store().await?;
    let own = match &task.table {
        Some((table, column)) => Some(OwnTable::find(&operated.database, table, column).await?),
        None => None,
    };
    let Some(out) = &task.out else {
        write(&store, own.as_ref(), None, &mut BufWriter::new(std::io::stdout())).await?;
        return Ok(Report { code: 0, text: String::new(), json: json!(null) });
    };
    let part = Part::open(out, task)?;
    let resumed = part.after;
    let mut file = BufWriter::new(part.file);
    let written = write(&store, own.as_ref(), resumed, &mut file).await?;
    let told =
        |what: &str, error: std::io::Error| Error::told(format!("{} {what}: {error}", part.path.display()));
    let file = file.into_inner().map_err(|error| told("cannot be written", error.into_error()))?;
    file.sync_all().map_err(|error| told("cannot be written", error))?;
    std::fs::rename(&part.path, out).map_err(|error| told("cannot get its name", error))?;
    let text = format!(
        "{} written to {}{}",
        counted(written, "user"),
        out.display(),
        if resumed.is_some() { ", behind those of the interrupted export" } else { "" }
    );
    let json = json!({ "file": out, "written": written, "resumed": resumed.is_some() });
    Ok(Report { code: 0, text, json })
}

/// Writes the users behind `after`, and returns how many.
async fn write(
    store: &SqlStore,
    own: Option<&OwnTable>,
    mut after: Option<UserId>,
    out: &mut impl Write,
) -> Result<u64> {
    let bar = progress(store.count().await?, "{bar:40} {pos} of {len} users ({eta})");
    let mut written = 0;
    loop {
        let users = store.export_users(after, PAGE, own, Timestamp::now()).await?;
        let Some(last) = users.last() else { break };
        after = last.id;
        for user in &users {
            writeln!(out, "{}", user.to_line()?)
                .map_err(|error| Error::told(format!("the users cannot be written: {error}")))?;
        }
        written += users.len() as u64;
        bar.inc(users.len() as u64);
    }
    out.flush().map_err(|error| Error::told(format!("the users cannot be written: {error}")))?;
    bar.finish_and_clear();
    Ok(written)
}

/// The file until it is whole.
struct Part {
    path: PathBuf,
    file: File,
    /// The last user that an interrupted export has written.
    after: Option<UserId>,
}

impl Part {
    fn open(out: &Path, task: &Export) -> Result<Self> {
        let mut path = out.as_os_str().to_owned();
        path.push(".part");
        let path = PathBuf::from(path);
        let refused = |text: &str| Err(Error::told(format!("{} {text}", path.display())));
        if out.exists() && !task.restart {
            return Err(Error::told(format!(
                "{} is there already; give another name, or --restart to write it anew",
                out.display()
            )));
        }
        if path.exists() && !task.restart && !task.resume {
            return refused(
                "is of an export that was interrupted; --resume goes on with it, --restart begins anew",
            );
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(!task.resume);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(&path).and_then(|mut file| {
            let last = last_line(&mut file)?;
            Ok((file, last))
        });
        let (file, last) = match opened {
            Ok(opened) => opened,
            Err(error) => return refused(&format!("cannot be written: {error}")),
        };
        let after = match last {
            Some(line) => match UserRecord::parse(&line, None).ok().and_then(|user| user.id) {
                Some(id) => Some(id),
                None => return refused("does not end with a user; --restart begins anew"),
            },
            None => None,
        };
        Ok(Self { path, file, after })
    }
}

/// The last whole line of a file, which is cut off behind it.
fn last_line(file: &mut File) -> std::io::Result<Option<String>> {
    /// Far more than a user has.
    const STEP: u64 = 64 * 1024;
    let length = file.metadata()?.len();
    let (mut start, mut tail) = (length, Vec::new());
    loop {
        let ends: Vec<usize> = tail
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, byte)| **byte == b'\n')
            .map(|(at, _)| at)
            .take(2)
            .collect();
        let (begin, end) = match (ends.as_slice(), start) {
            ([end, before], _) => (before + 1, *end),
            ([end], 0) => (0, *end),
            ([], 0) => {
                file.set_len(0)?;
                file.rewind()?;
                return Ok(None);
            }
            _ => {
                let from = start.saturating_sub(STEP);
                let mut chunk = vec![0; usize::try_from(start - from).unwrap_or_default()];
                file.seek(SeekFrom::Start(from))?;
                file.read_exact(&mut chunk)?;
                chunk.extend(tail);
                (start, tail) = (from, chunk);
                continue;
            }
        };
        let whole = start + end as u64 + 1;
        file.set_len(whole)?;
        file.seek(SeekFrom::Start(whole))?;
        let line = tail.get(begin..end).unwrap_or_default();
        return Ok(Some(String::from_utf8_lossy(line).into_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_torn_line_is_cut_off() {
        let long = "x".repeat(200_000);
        for (text, line, left) in [
            ("", None, 0),
            ("{\"to", None, 0),
            ("one\n", Some("one"), 4),
            ("one\ntwo\nthr", Some("two"), 8),
            (&format!("one\n{long}\n{long}"), Some(long.as_str()), 4 + 200_001),
        ] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(text.as_bytes()).unwrap();
            assert_eq!(last_line(&mut file).unwrap().as_deref(), line);
            assert_eq!(file.metadata().unwrap().len(), left);
            file.write_all(b"next\n").unwrap();
            assert_eq!(file.metadata().unwrap().len(), left + 5);
        }
    }
}
