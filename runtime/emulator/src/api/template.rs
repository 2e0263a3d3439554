//! The templates of subscribe messages: those of an app, and the public library.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::template_value;
use super::{Answer, Call};
use crate::errcode::{self, Refusal};
use crate::identity;

/// A template of an app (订阅消息模板).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its id, as `wx.requestSubscribeMessage` and subscribe/send name it.
    pub id: String,
    /// What it is called.
    #[serde(default)]
    pub title: String,
    /// The keys of its values, such as `thing1` and `date2`; none: any keys, each by the rule of its type.
    #[serde(default)]
    pub keys: Vec<Key>,
    /// A long-term subscription (长期订阅) instead of a one-time one (一次性订阅).
    #[serde(default)]
    pub long_term: bool,
    /// Whether WeChat has banned it (43107).
    #[serde(default)]
    pub banned: bool,
    /// The title of the public library that it was made of.
    #[serde(skip)]
    tid: Option<u64>,
}

/// A value of a template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The type and a number: `thing1`.
    pub key: String,
    /// What it is called.
    #[serde(default)]
    pub name: String,
    /// The values that an `enum` may have; none: any.
    #[serde(default)]
    pub choices: Vec<String>,
}

impl Template {
    /// A one-time template with these keys.
    pub fn new<'a>(id: impl Into<String>, keys: impl IntoIterator<Item = &'a str>) -> Self {
        let keys = keys.into_iter().map(|key| Key { key: key.into(), name: key.into(), choices: Vec::new() });
        Self {
            id: id.into(),
            title: String::new(),
            keys: keys.collect(),
            long_term: false,
            banned: false,
            tid: None,
        }
    }

    /// Says what cannot be, if something cannot.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        if self.id.is_empty() || self.id.len() > 128 || self.id.chars().any(char::is_control) {
            return Err("the id of a template is 1 to 128 characters");
        }
        match self.keys.iter().all(|key| template_value::is_key(&key.key)) && self.keys.len() <= 20 {
            true => Ok(()),
            false => Err("the key of a template is a type and a number, such as thing1 or date2"),
        }
    }

    /// The first value of `data` that breaks its rule or is missing.
    pub(crate) fn wrong<'a>(&'a self, data: &'a Map<String, Value>) -> Option<&'a str> {
        let value = |key: &str| data.get(key)?.get("value")?.as_str();
        if self.keys.is_empty() {
            let judged = |key: &str| value(key).is_some_and(|value| template_value::fits(key, value, &[]));
            return data.keys().map(String::as_str).find(|key| !judged(key));
        }
        let judged = |key: &Key| {
            value(&key.key).is_some_and(|value| template_value::fits(&key.key, value, &key.choices))
        };
        self.keys.iter().find(|key| !judged(key)).map(|key| key.key.as_str())
    }
}

/// A title of the public library (公共模板库), of which every app picks its keywords. The true one has some
/// hundred thousand.
struct Title {
    tid: u64,
    title: &'static str,
    category: i64,
    /// Each with its type; the number of a keyword (kid) is its place, from 1.
    keywords: &'static [(&'static str, &'static str, &'static str)],
}

const CATEGORIES: [(i64, &str); 2] = [(616, "图书"), (307, "工具")];

const LIBRARY: [Title; 3] = [
    Title {
        tid: 1001,
        title: "归还提醒",
        category: 616,
        keywords: &[
            ("书名", "围城", "thing"),
            ("归还日期", "2026年12月1日", "date"),
            ("备注", "请按时归还", "thing"),
            ("借阅人", "张三", "name"),
        ],
    },
    Title {
        tid: 1002,
        title: "审核结果通知",
        category: 307,
        keywords: &[
            ("审核结果", "审核通过", "phrase"),
            ("审核时间", "2026年12月1日 15:01", "time"),
            ("审核内容", "评论", "thing"),
        ],
    },
    Title {
        tid: 1003,
        title: "订单支付成功通知",
        category: 307,
        keywords: &[
            ("订单编号", "20261201", "character_string"),
            ("支付金额", "¥100.00", "amount"),
            ("联系电话", "13800000000", "phone_number"),
            ("商品数量", "3", "number"),
        ],
    },
];

fn title(tid: &str) -> Result<&'static Title, Refusal> {
    let tid = tid.parse::<u64>().ok();
    Ok(LIBRARY.iter().find(|title| Some(title.tid) == tid).ok_or(errcode::TID_INVALID)?)
}

#[derive(Deserialize)]
struct Addition {
    #[serde(default)]
    tid: Value,
    #[serde(default, rename = "kidList")]
    kid_list: Vec<usize>,
    #[serde(default, rename = "sceneDesc")]
    scene_desc: String,
}

pub(super) fn add(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let addition: Addition = call.body()?;
    let settings = call.app_settings();
    if settings.subscriptions_banned {
        return Err(errcode::TEMPLATES_BANNED.into());
    }
    let tid = addition.tid.as_str().map(str::to_owned).unwrap_or_else(|| addition.tid.to_string());
    let title = title(&tid)?;
    if settings.banned_titles.contains(&title.tid) {
        return Err(errcode::TEMPLATE_BANNED.into());
    }
    let distinct: BTreeSet<usize> = addition.kid_list.iter().copied().collect();
    let known = distinct.iter().all(|kid| (1..=title.keywords.len()).contains(kid));
    if !known || distinct.len() != addition.kid_list.len() || !(2..=5).contains(&distinct.len()) {
        return Err(errcode::KEYWORDS_INVALID.into());
    }
    if !(1..=15).contains(&addition.scene_desc.chars().count()) {
        return Err(errcode::SCENE_DESCRIPTION_INVALID.into());
    }
    let keys: Vec<Key> = addition
        .kid_list
        .iter()
        .filter_map(|kid| title.keywords.get(kid - 1).map(|keyword| (kid, keyword)))
        .map(|(kid, (name, _, kind))| Key {
            key: format!("{kind}{kid}"),
            name: (*name).into(),
            choices: Vec::new(),
        })
        .collect();
    let (id, most) = (identity::name(call.rng(), 43), call.settings().caps.templates);
    let templates = &mut call.of_app().templates;
    if templates.iter().any(|known| known.tid == Some(title.tid) && known.keys == keys) {
        return Err(errcode::TEMPLATE_EXISTS.into());
    }
    if templates.len() >= most as usize {
        return Err(errcode::TOO_MANY_TEMPLATES.into());
    }
    let template =
        Template { title: title.title.into(), keys, tid: Some(title.tid), ..Template::new(id.clone(), []) };
    templates.push(template);
    Ok(Answer::ok(json!({ "priTmplId": id })))
}

#[derive(Deserialize)]
struct Deletion {
    #[serde(default, rename = "priTmplId")]
    id: String,
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let Deletion { id } = call.body()?;
    let templates = &mut call.of_app().templates;
    let before = templates.len();
    templates.retain(|template| template.id != id);
    match templates.len() < before {
        true => Ok(Answer::ok(Value::Null)),
        false => Err(errcode::TEMPLATE_INVALID.into()),
    }
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let shown = |template: &Template| {
        let content: String =
            template.keys.iter().map(|key| format!("{}:{{{{{}.DATA}}}}\n", key.name, key.key)).collect();
        let example: String = template.keys.iter().map(|key| format!("{}:…\n", key.name)).collect();
        let choices: Vec<Value> = template
            .keys
            .iter()
            .filter(|key| !key.choices.is_empty())
            .map(|key| json!({ "keywordCode": format!("{}.DATA", key.key), "enumValueList": key.choices }))
            .collect();
        json!({
            "priTmplId": template.id, "title": template.title, "content": content, "example": example,
            "type": if template.long_term { 3 } else { 2 }, "keywordEnumValueList": choices
        })
    };
    let templates: Vec<Value> = call.of_app().templates.iter().map(shown).collect();
    Ok(Answer::ok(json!({ "data": templates })))
}

pub(super) fn categories(_: &mut Call<'_>) -> Result<Answer, Refusal> {
    let categories: Vec<Value> =
        CATEGORIES.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect();
    Ok(Answer::ok(json!({ "data": categories })))
}

pub(super) fn public_titles(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let number = |name: &str| call.parameter(name).and_then(|text| text.parse::<usize>().ok());
    let limit = number("limit").filter(|limit| (1..=30).contains(limit)).ok_or(errcode::LIMIT_INVALID)?;
    let start = number("start").unwrap_or(0);
    let ids: Vec<i64> = call
        .parameter("ids")
        .unwrap_or_default()
        .split(',')
        .filter_map(|id| id.trim().parse().ok())
        .collect();
    let found: Vec<Value> = LIBRARY
        .iter()
        .filter(|title| ids.contains(&title.category))
        .map(|title| json!({ "tid": title.tid, "title": title.title, "type": 2, "categoryId": title.category }))
        .collect();
    let page: Vec<&Value> = found.iter().skip(start).take(limit).collect();
    Ok(Answer::ok(json!({ "count": found.len(), "data": page })))
}

pub(super) fn public_keywords(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let title = title(call.parameter("tid").unwrap_or_default())?;
    let keywords: Vec<Value> = title
        .keywords
        .iter()
        .enumerate()
        .map(|(at, (name, example, kind))| json!({ "kid": at + 1, "name": name, "example": example, "rule": kind }))
        .collect();
    Ok(Answer::ok(json!({ "count": keywords.len(), "data": keywords })))
}
