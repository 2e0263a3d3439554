//! `db rotate-keys`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use queqiao_operator::RotateKeys;
use queqiao_storage::ResealedTo;
use serde_json::json;

use super::{Operated, Report, counted, progress};
use crate::serve::error::Result;

/// A key's name, from its content: no one has to number keys.
fn name(version: u32) -> String {
    format!("{version:08x}")
}

pub(super) async fn rotate(operated: &Operated, task: &RotateKeys) -> Result<Report> {
    let store = operated.store().await?;
    let known = store.key_versions();
    let newest = known.first().copied().unwrap_or_default();
    let others = |stored: BTreeMap<u32, u64>| -> BTreeMap<u32, u64> {
        stored.into_iter().filter(|(version, _)| *version != newest).collect()
    };
    let to_do: u64 = others(store.sealed_by().await?).values().sum();
    let bar = progress(to_do, "{bar:40} {pos} of {len} secrets ({eta})");
    let (mut resealed, mut next) = (0, Some(ResealedTo::default()));
    while let Some(after) = next {
        let step = store.reseal(&after, task.batch).await?;
        resealed += step.resealed;
        bar.inc(step.resealed + step.unreadable);
        next = step.next;
        if next.is_some() && task.pause > 0 {
            tokio::time::sleep(Duration::from_millis(task.pause)).await;
        }
    }
    bar.finish_and_clear();
    let left = others(store.sealed_by().await?);
    let mut text = String::new();
    for (version, count) in &left {
        let _ = match known.contains(version) {
            true => writeln!(
                text,
                "{} under the older key {}: a server still writes with it. Make the newest key its \
                 auth.encryption_key, restart it, and run this again",
                counted(*count, "secret"),
                name(*version)
            ),
            false => writeln!(
                text,
                "{} under the key {}, which is not configured. Add it to auth.previous_encryption_keys and run this \
                 again; if it is lost, the next logins bring new session keys, and messages under it cannot be read any more",
                counted(*count, "secret"),
                name(*version)
            ),
        };
    }
    let _ = write!(text, "{} encrypted anew under the key {}", counted(resealed, "secret"), name(newest));
    let _ = match left.is_empty() {
        true => write!(
            text,
            "; nothing is left under another: the older keys can be removed from the configuration."
        ),
        false => write!(text, "; keep the older keys until nothing is left."),
    };
    let left: BTreeMap<String, u64> =
        left.into_iter().map(|(version, count)| (name(version), count)).collect();
    let code = u8::from(!left.is_empty());
    let json = json!({ "newest": name(newest), "resealed": resealed, "left": left });
    Ok(Report { code, text, json })
}
