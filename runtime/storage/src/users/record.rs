//! The form of a line.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::{Identity, UserId};

/// How long an appid, openid, unionid or role may be, in bytes.
const LONGEST: usize = 255;

/// One user, as one line of NDJSON.
///
/// Only `openid` must be there. What a line does not say is the default of a new user, and stays as it is for one who is
/// there. A name that is not among these is an error.
///
/// ```
/// use queqiao_storage::UserRecord;
///
/// let record = UserRecord::parse(r#"{"openid":"oGZUI0egBJY1zhBYw2KhdUfwVJJE"}"#, Some("wx0000000000000000"))?;
/// assert_eq!(record.identities[0].openid, "oGZUI0egBJY1zhBYw2KhdUfwVJJE");
/// assert!(UserRecord::parse(r#"{"openid":"o1","nickname":"Mo"}"#, Some("wx1")).is_err());
/// # Ok::<(), queqiao_storage::RecordError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UserRecord {
    /// The id, which the application's tables refer to; a new one if there is none.
    pub id: Option<UserId>,
    /// The first login, to the millisecond.
    pub created_at: Option<Timestamp>,
    /// Tokens of an older epoch are void.
    pub epoch: Option<i64>,
    /// The roles.
    pub roles: Option<BTreeSet<String>>,
    /// Sessions that were logged out one by one, and until when their tokens would be good.
    pub revoked_sessions: BTreeMap<Uuid, Timestamp>,
    /// How WeChat names the user, in each app; sorted by appid and openid when it is written.
    pub identities: Vec<Identity>,
    /// The columns of the application's own table, if it has a row for the user.
    pub own: Option<BTreeMap<String, Value>>,
}

/// Why a line is no user: a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RecordError(String);

/// As it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    appid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    openid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
    /// Instead of the three, for a user with several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identities: Option<Vec<LineIdentity>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    roles: Option<BTreeSet<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    epoch: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    revoked_sessions: BTreeMap<Uuid, Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own: Option<BTreeMap<String, Value>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineIdentity {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    appid: Option<String>,
    openid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
}

impl UserRecord {
    /// Reads a line; `appid` is that of identities that name none.
    ///
    /// # Errors
    ///
    /// [`RecordError`]: no JSON object, a name that is not known, a value of another type, no openid, no appid, or a
    /// text that is empty, longer than 255 bytes, or holds a NUL character.
    pub fn parse(line: &str, appid: Option<&str>) -> Result<Self, RecordError> {
        let told = |text: String| Err(RecordError(text));
        // Serde would take a list for an object without names.
        if !line.trim_start().starts_with('{') {
            return told("it is no JSON object, such as {\"openid\":\"…\"}".into());
        }
        let line: Line = match serde_json::from_str(line) {
            Ok(line) => line,
            Err(error) => {
                // The line is counted by the file, not by the parser.
                let text = error.to_string();
                let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
                return told(format!("{text} (character {})", error.column()));
            }
        };
        let given = match (line.identities, line.openid) {
            (Some(_), Some(_)) => {
                return told("it has both `openid` and `identities`: put all into `identities`".into());
            }
            (Some(_), None) if line.appid.is_some() || line.unionid.is_some() => {
                return told("`appid` and `unionid` belong into each of its `identities`".into());
            }
            (Some(identities), None) if !identities.is_empty() || line.id.is_some() => identities,
            (None, Some(openid)) => vec![LineIdentity { appid: line.appid, openid, unionid: line.unionid }],
            _ => return told("it has no `openid`, by which WeChat names the user".into()),
        };
        let mut identities = Vec::with_capacity(given.len());
        for one in given {
            let Some(appid) = one.appid.or_else(|| appid.map(str::to_owned)) else {
                let openid = one.openid;
                return told(format!(
                    "the identity with openid {openid} names no `appid`, and there is no default: put it into the line, or give --appid"
                ));
            };
            check("appid", &appid)?;
            check("openid", &one.openid)?;
            let unionid = one.unionid.filter(|unionid| !unionid.is_empty());
            unionid.iter().try_for_each(|unionid| check("unionid", unionid))?;
            let identity = Identity { appid, openid: one.openid, unionid };
            if identities.iter().any(|known: &Identity| same(known, &identity)) {
                let Identity { appid, openid, .. } = identity;
                return told(format!("it names the openid {openid} of {appid} twice"));
            }
            identities.push(identity);
        }
        line.roles.iter().flatten().try_for_each(|role| check("role", role))?;
        if line.epoch.is_some_and(|epoch| epoch < 0) {
            return told("`epoch` is less than 0".into());
        }
        Ok(Self {
            id: line.id,
            created_at: line.created_at,
            epoch: line.epoch,
            roles: line.roles,
            revoked_sessions: line.revoked_sessions,
            identities,
            own: line.own,
        })
    }

    /// The line, without the line break. Two equal records are the same bytes.
    ///
    /// # Errors
    ///
    /// [`RecordError`] for a value that JSON does not have.
    pub fn to_line(&self) -> Result<String, RecordError> {
        let mut identities: Vec<&Identity> = self.identities.iter().collect();
        identities.sort_by_key(|one| (&one.appid, &one.openid));
        let mut line = Line {
            id: self.id,
            appid: None,
            openid: None,
            unionid: None,
            identities: None,
            roles: self.roles.clone(),
            epoch: self.epoch,
            created_at: self.created_at,
            revoked_sessions: self.revoked_sessions.clone(),
            own: self.own.clone(),
        };
        if let [one] = identities.as_slice() {
            line.appid = Some(one.appid.clone());
            line.openid = Some(one.openid.clone());
            line.unionid = one.unionid.clone();
        } else {
            let each = |one: &&Identity| LineIdentity {
                appid: Some(one.appid.clone()),
                openid: one.openid.clone(),
                unionid: one.unionid.clone(),
            };
            line.identities = Some(identities.iter().map(each).collect());
        }
        serde_json::to_string(&line).map_err(|error| RecordError(error.to_string()))
    }
}

fn same(a: &Identity, b: &Identity) -> bool {
    (&a.appid, &a.openid) == (&b.appid, &b.openid)
}

fn check(name: &str, text: &str) -> Result<(), RecordError> {
    let problem = match text.len() {
        0 => "is empty".to_owned(),
        length if length > LONGEST => format!("has {length} bytes, and {LONGEST} at most are stored"),
        _ if text.contains('\0') => "holds a NUL character".to_owned(),
        _ => return Ok(()),
    };
    Err(RecordError(format!("its {name} {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: &str) -> String {
        UserRecord::parse(line, None).expect_err(line).to_string()
    }

    #[test]
    fn the_least_is_an_openid() {
        let record = UserRecord::parse(r#"{"openid":"o1"}"#, Some("wx1")).unwrap();
        assert_eq!(
            record,
            UserRecord { identities: vec![Identity::new("wx1", "o1")], ..UserRecord::default() }
        );
        assert_eq!(record.to_line().unwrap(), r#"{"appid":"wx1","openid":"o1"}"#);
    }

    #[test]
    fn all_of_it_comes_back() {
        let line = concat!(
            r#"{"id":"0196a3c2-7b1e-7d52-9c7e-3f6f0d0b6a11","identities":[{"appid":"wx1","openid":"o1"},"#,
            r#"{"appid":"wx2","openid":"o2","unionid":"u"}],"roles":["admin","编辑"],"epoch":3,"#,
            r#""created_at":"2026-11-27T00:00:00.123Z","#,
            r#""revoked_sessions":{"0196a3c2-7b1e-7d52-9c7e-3f6f0d0b6a12":"2026-12-01T00:00:00Z"},"#,
            r#""own":{"name":"Mo","price":0.1,"raw":{"base64":"AA=="}}}"#
        );
        assert_eq!(UserRecord::parse(line, None).unwrap().to_line().unwrap(), line);
    }

    #[test]
    fn what_is_no_user_is_told() {
        for (line, says) in [
            ("", "no JSON object"),
            (r#"["o1"]"#, "no JSON object"),
            (r#"{"openid":"o1""#, "EOF"),
            (r#"{"openid":"o1","appid":"a","nickname":"Mo"}"#, "unknown field `nickname`"),
            (r#"{"openid":"o1","appid":"a","epoch":"3"}"#, "expected i64"),
            (r#"{"appid":"a"}"#, "no `openid`"),
            (r#"{"openid":"o1"}"#, "names no `appid`"),
            (r#"{"openid":"","appid":"a"}"#, "its openid is empty"),
            (r#"{"openid":"o\u0000","appid":"a"}"#, "NUL"),
            (r#"{"openid":"o1","appid":"a","epoch":-1}"#, "less than 0"),
            (r#"{"openid":"o1","appid":"a","roles":[""]}"#, "its role is empty"),
            (r#"{"openid":"o1","appid":"a","identities":[]}"#, "both"),
            (r#"{"identities":[]}"#, "no `openid`"),
            (r#"{"identities":[{"appid":"a","openid":"o"},{"appid":"a","openid":"o"}]}"#, "twice"),
            (r#"{"openid":"o1","openid":"o2","appid":"a"}"#, "duplicate field"),
        ] {
            assert!(refused(line).contains(says), "{line}: {}", refused(line));
        }
        assert!(refused(&format!(r#"{{"openid":"{}","appid":"a"}}"#, "x".repeat(256))).contains("256 bytes"));
    }

    #[test]
    fn an_empty_unionid_says_nothing() {
        let record = UserRecord::parse(r#"{"openid":"o1","unionid":""}"#, Some("a")).unwrap();
        assert_eq!(record.identities[0].unionid, None);
    }
}
