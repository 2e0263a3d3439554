//! Texts in as few calls as their length permits, and which of them a verdict is about.

use std::collections::BTreeSet;

use futures_util::{StreamExt, TryStreamExt, stream};
use queqiao_wechat::{self as wechat, Class, ErrCode, Scene, Suggest, TextCheck};

use crate::WeChatUser;
use crate::model::UserText;

/// Calls of one request that are under way at a time.
const AT_ONCE: usize = 4;
/// The characters that two parts of one long text share, so that no word is cut in two in both.
const OVERLAP: usize = 20;

/// What was found, as pointers to the texts; nothing where all passed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Findings {
    pub(super) risky: Vec<String>,
    pub(super) review: Vec<String>,
}

/// Why texts were not judged.
#[derive(Debug)]
pub(super) enum Unjudged {
    /// 61010: WeChat has not seen the writer for two hours.
    UserInactive,
    /// WeChat may judge them later.
    Unavailable(wechat::Error),
    /// It will not, unless somebody acts.
    Failed(wechat::Error),
}

const USER_INACTIVE: ErrCode = ErrCode(61010);

impl From<wechat::Error> for Unjudged {
    fn from(error: wechat::Error) -> Self {
        match error.refusal().map(|refusal| refusal.code) {
            Some(USER_INACTIVE) => Self::UserInactive,
            _ if error.is_transient() || error.class() == Some(Class::QuotaUsedUp) => {
                Self::Unavailable(error)
            }
            _ => Self::Failed(error),
        }
    }
}

/// A text, or a part of one, by its place in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Part {
    text: usize,
    content: String,
    characters: usize,
}

/// What goes into one call.
type Batch = Vec<Part>;

/// First the longest, each where it still has room. A text that is longer than a call takes is cut.
fn plan<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Batch> {
    let mut parts: Vec<Part> = texts.enumerate().flat_map(|(text, content)| cut(text, content)).collect();
    parts.sort_by_key(|part| std::cmp::Reverse(part.characters));
    let mut batches: Vec<(usize, Batch)> = Vec::new();
    for part in parts {
        // A line break stands between two.
        let place = batches.iter_mut().find(|(taken, _)| taken + 1 + part.characters <= TextCheck::LONGEST);
        match place {
            Some((taken, batch)) => {
                *taken += 1 + part.characters;
                batch.push(part);
            }
            None => batches.push((part.characters, vec![part])),
        }
    }
    batches.into_iter().map(|(_, batch)| batch).collect()
}

fn cut(text: usize, content: &str) -> Vec<Part> {
    // WeChat takes no text of nothing.
    if content.trim().is_empty() {
        return Vec::new();
    }
    let characters: Vec<char> = content.chars().collect();
    let mut parts = Vec::new();
    let mut from = 0;
    loop {
        let to = characters.len().min(from + TextCheck::LONGEST);
        let piece = characters.get(from..to).unwrap_or_default();
        parts.push(Part { text, content: piece.iter().collect(), characters: piece.len() });
        if to == characters.len() {
            return parts;
        }
        from = to - OVERLAP;
    }
}

/// Texts of one call that are judged one by one; more would use up the quota that all users share.
const MOST_ALONE: usize = 16;

/// Has the texts judged. Those that are in one call with a few others are judged one by one where that call says more
/// than "pass", to know which is meant; if each alone passes, all of them together are.
pub(super) async fn findings(
    user: &WeChatUser,
    scene: Scene,
    texts: &[UserText],
) -> Result<Findings, Unjudged> {
    let batches = plan(texts.iter().map(|text| text.text.as_str()));
    let batches: Vec<Vec<(usize, Suggest)>> = stream::iter(batches)
        .map(|batch| judge_batch(user, scene, batch))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut found = Findings::default();
    let of = |wanted: Suggest| -> BTreeSet<usize> {
        batches.iter().flatten().filter(|(_, suggest)| *suggest == wanted).map(|(text, _)| *text).collect()
    };
    let pointer = |text: usize| texts.get(text).map(|text| text.pointer.clone());
    found.risky.extend(of(Suggest::Risky).into_iter().filter_map(pointer));
    found.review.extend(of(Suggest::Review).into_iter().filter_map(pointer));
    Ok(found)
}

/// The texts of a call that did not pass.
async fn judge_batch(
    user: &WeChatUser,
    scene: Scene,
    batch: Batch,
) -> Result<Vec<(usize, Suggest)>, Unjudged> {
    let whole: Vec<&str> = batch.iter().map(|part| part.content.as_str()).collect();
    let suggest = judge(user, scene, whole.join("\n")).await?;
    let all = || batch.iter().map(|part| (part.text, suggest)).collect::<Vec<_>>();
    if suggest == Suggest::Pass {
        return Ok(Vec::new());
    }
    let one_text = batch.iter().all(|part| Some(part.text) == batch.first().map(|first| first.text));
    if one_text || batch.len() > MOST_ALONE {
        return Ok(all());
    }
    let alone: Vec<(usize, Suggest)> = stream::iter(batch.clone())
        .map(|part| async move {
            let own = judge(user, scene, part.content).await?;
            Ok::<_, Unjudged>((part.text, own))
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    // No milder than what was said of all.
    let meant: Vec<_> = alone.into_iter().filter(|(_, own)| *own != Suggest::Pass).collect();
    let known = suggest == Suggest::Review || meant.iter().any(|(_, own)| *own == Suggest::Risky);
    Ok(match (meant.is_empty(), known) {
        (true, _) => all(),
        (false, true) => meant,
        (false, false) => meant.into_iter().map(|(text, _)| (text, suggest)).collect(),
    })
}

async fn judge(user: &WeChatUser, scene: Scene, content: String) -> Result<Suggest, Unjudged> {
    let program = user.program();
    let check = TextCheck::new(scene, user.openid(), content);
    let verdict = program.wechat().check_text(program.credentials(), &check).await?;
    if verdict.result.suggest != Suggest::Pass {
        let (trace_id, suggest, label) = (&verdict.trace_id, verdict.result.suggest, verdict.result.label);
        tracing::info!(appid = program.appid(), trace_id, ?suggest, %label, "a text did not pass content security");
    }
    Ok(verdict.result.suggest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lengths(texts: &[usize]) -> Vec<Vec<(usize, usize)>> {
        let texts: Vec<String> = texts.iter().map(|length| "字".repeat(*length)).collect();
        let batches = plan(texts.iter().map(String::as_str));
        for batch in &batches {
            let whole: Vec<&str> = batch.iter().map(|part| part.content.as_str()).collect();
            assert!(whole.join("\n").chars().count() <= TextCheck::LONGEST);
        }
        let told = |batch: Batch| batch.into_iter().map(|part| (part.text, part.characters)).collect();
        batches.into_iter().map(told).collect()
    }

    #[test]
    fn texts_share_calls_as_far_as_they_fit() {
        assert_eq!(lengths(&[]), [[]; 0]);
        assert_eq!(lengths(&[0, 10, 20]), [[(2, 20), (1, 10)]]);
        assert_eq!(lengths(&[1249, 1250]), [[(1, 1250), (0, 1249)]]);
        assert_eq!(lengths(&[1250, 1250]), [[(0, 1250)], [(1, 1250)]]);
        assert_eq!(lengths(&[100, 2399, 2399, 100]), [[(1, 2399), (0, 100)], [(2, 2399), (3, 100)]]);
        assert_eq!(plan([" \n　", "a"].into_iter()).len(), 1);
    }

    #[test]
    fn a_long_text_is_cut_where_no_word_is_lost() {
        assert_eq!(lengths(&[2500]), [[(0, 2500)]]);
        assert_eq!(lengths(&[2501]), [vec![(0, 2500)], vec![(0, 21)]]);
        let text: String = (0..6000_u32).map(|i| char::from_u32(0x4e00 + i).unwrap()).collect();
        let batches = plan(std::iter::once(text.as_str()));
        let at = text.char_indices().nth(2495).unwrap().0;
        let end = text.char_indices().nth(2505).unwrap().0;
        let word = &text[at..end];
        assert!(batches.iter().flatten().any(|part| part.content.contains(word)));
        let all: usize = batches.iter().flatten().map(|part| part.characters).sum();
        assert_eq!(all, 6000 + 2 * OVERLAP);
    }
}
