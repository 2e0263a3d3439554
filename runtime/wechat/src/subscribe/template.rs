//! The templates of subscribe messages: the app's own, and the public ones they are made of.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{SubscribeMessage, ValueKey, ValueKind};
use crate::{App, Error, Invalid, Operation, WeChat, limit};

/// How often one subscription may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TemplateKind {
    /// Once (一次性订阅).
    OneTime,
    /// Always (长期订阅).
    LongTerm,
    /// Another kind, by WeChat's number.
    Other(i64),
}

impl<'de> Deserialize<'de> for TemplateKind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match i64::deserialize(deserializer)? {
            2 => Self::OneTime,
            3 => Self::LongTerm,
            other => Self::Other(other),
        })
    }
}

/// A template of the app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Template {
    /// Its id, for [`SubscribeMessage::template_id`].
    pub pri_tmpl_id: String,
    /// Its title.
    pub title: String,
    /// Its text, with `{{thing1.DATA}}` where values go.
    pub content: String,
    /// The text with examples in it.
    #[serde(default)]
    pub example: String,
    /// How often one subscription may be used.
    #[serde(rename = "type")]
    pub kind: TemplateKind,
    /// What values of the kind `enum` may be.
    #[serde(default)]
    pub keyword_enum_value_list: Vec<EnumValues>,
}

/// What a value of the kind `enum` may be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct EnumValues {
    /// The key, `enum1.DATA` or `enum1`.
    pub keyword_code: String,
    /// The values.
    #[serde(default)]
    pub enum_value_list: Vec<String>,
}

impl Template {
    /// The keys of its values, in the order of the text.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for a key of a kind that this crate does not know.
    pub fn keys(&self) -> Result<Vec<ValueKey>, Invalid> {
        let names = self.content.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
        names.map(|name| name.trim().trim_end_matches(".DATA").parse()).collect()
    }

    /// Whether a message fits: its parameters, exactly the keys of the template, and values out of the list for
    /// the kind `enum`.
    ///
    /// # Errors
    ///
    /// [`Invalid`] for the first that does not.
    pub fn check(&self, message: &SubscribeMessage) -> Result<(), Invalid> {
        message.check()?;
        if message.template_id != self.pri_tmpl_id {
            return Err(Invalid::new(
                "template_id",
                "is that of another template: take the one it was written for",
            ));
        }
        let keys = self.keys()?;
        let wanted: BTreeSet<&str> = keys.iter().map(ValueKey::as_str).collect();
        if let Some(missing) = wanted.iter().find(|key| !message.data.contains_key(**key)) {
            return Err(Invalid::new(format!("data.{missing}"), "is missing: the template has this key"));
        }
        if let Some(unknown) = message.data.keys().find(|key| !wanted.contains(key.as_str())) {
            return Err(Invalid::new(format!("data.{unknown}"), "is no key of the template: leave it out"));
        }
        for key in keys.iter().filter(|key| key.kind() == ValueKind::Enum) {
            let of_key = |values: &&EnumValues| values.keyword_code.trim_end_matches(".DATA") == key.as_str();
            let Some(values) = self.keyword_enum_value_list.iter().find(of_key) else { continue };
            if !message.data.get(key.as_str()).is_some_and(|value| values.enum_value_list.contains(value)) {
                let problem = format!("takes one of: {}", values.enum_value_list.join(", "));
                return Err(Invalid::new(format!("data.{key}"), problem));
            }
        }
        Ok(())
    }
}

/// A template to be added to the app's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTemplate {
    /// The public template.
    pub tid: String,
    /// Two to five of its keywords, by number, in order.
    pub kid_list: Vec<u32>,
    /// What it is for, in at most 15 characters.
    pub scene_desc: String,
}

impl NewTemplate {
    /// Whether WeChat would take it.
    ///
    /// # Errors
    ///
    /// [`Invalid`], which names the parameter.
    pub fn check(&self) -> Result<(), Invalid> {
        limit::characters("tid", &self.tid, 1..=128)?;
        limit::characters("sceneDesc", &self.scene_desc, 0..=15)?;
        match self.kid_list.len() {
            2..=5 => Ok(()),
            length => Err(Invalid::new("kidList", format!("has {length} keywords: give 2 to 5"))),
        }
    }
}

/// A category of the app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Category {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
}

/// A public template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PublicTemplate {
    /// Its number, for [`NewTemplate::tid`].
    pub tid: i64,
    /// Its title.
    pub title: String,
    /// How often one subscription may be used.
    #[serde(rename = "type")]
    pub kind: TemplateKind,
    /// Its category.
    #[serde(default)]
    pub category_id: serde_json::Value,
}

/// A page of public templates.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PublicTemplates {
    /// How many there are in all.
    pub count: u64,
    /// Those of this page.
    pub data: Vec<PublicTemplate>,
}

/// A keyword of a public template.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Keyword {
    /// Its number, for [`NewTemplate::kid_list`].
    pub kid: i64,
    /// Its name.
    pub name: String,
    /// An example of its value.
    #[serde(default)]
    pub example: String,
    /// The kind of its value.
    #[serde(default)]
    pub rule: String,
}

#[derive(Deserialize)]
struct Data<T> {
    data: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Added {
    pri_tmpl_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Deleted<'a> {
    pri_tmpl_id: &'a str,
}

impl WeChat {
    /// The app's own templates (getMessageTemplateList).
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn templates(&self, app: &App) -> Result<Vec<Template>, Error> {
        let answer = self.get_query(app, Operation::GetMessageTemplateList, &(), &[]).await?;
        Ok(answer.into::<Data<_>>("data with templates")?.data)
    }

    /// Adds a template to the app's own, and returns its id (addMessageTemplate).
    ///
    /// # Errors
    ///
    /// [`Class::QuotaUsedUp`](crate::Class::QuotaUsedUp) (200012) when the app has as many as it may;
    /// [`Error::Invalid`] for one that is not sent; the others of [`Error`].
    pub async fn add_template(&self, app: &App, template: &NewTemplate) -> Result<String, Error> {
        template.check()?;
        let answer = self.post_json(app, Operation::AddMessageTemplate, false, template).await?;
        Ok(answer.into::<Added>("priTmplId")?.pri_tmpl_id)
    }

    /// Deletes one of the app's own templates (deleteMessageTemplate).
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn delete_template(&self, app: &App, template_id: &str) -> Result<(), Error> {
        limit::characters("priTmplId", template_id, 1..=128)?;
        let body = Deleted { pri_tmpl_id: template_id };
        self.post_json(app, Operation::DeleteMessageTemplate, false, &body).await?;
        Ok(())
    }

    /// The app's categories (getCategory).
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn template_categories(&self, app: &App) -> Result<Vec<Category>, Error> {
        let answer = self.get_query(app, Operation::GetCategory, &(), &[]).await?;
        Ok(answer.into::<Data<_>>("data with categories")?.data)
    }

    /// A page of the public templates of some categories (getPubTemplateTitleList), of at most 30.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for more than 30; the others of [`Error`].
    pub async fn public_templates(
        &self,
        app: &App,
        categories: &[i64],
        start: u32,
        limit: u32,
    ) -> Result<PublicTemplates, Error> {
        limit::number("limit", limit, 1..=30)?;
        let ids: Vec<String> = categories.iter().map(i64::to_string).collect();
        let query = [("ids", ids.join(",")), ("start", start.to_string()), ("limit", limit.to_string())];
        let answer = self.get_query(app, Operation::GetPubTemplateTitleList, &query, &[]).await?;
        answer.into("count and data with templates")
    }

    /// The keywords of a public template (getPubTemplateKeyWordsById).
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn template_keywords(&self, app: &App, tid: &str) -> Result<Vec<Keyword>, Error> {
        limit::characters("tid", tid, 1..=128)?;
        let answer = self.get_query(app, Operation::GetPubTemplateKeyWordsById, &[("tid", tid)], &[]).await?;
        Ok(answer.into::<Data<_>>("data with keywords")?.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn template() -> Template {
        serde_json::from_value(json!({
            "priTmplId": "t1", "title": "订单", "type": 2, "example": "",
            "content": "名称:{{thing1.DATA}}\n状态:{{enum2.DATA}}\n",
            "keywordEnumValueList": [{"keywordCode": "enum2.DATA", "enumValueList": ["在线", "离线"]}]
        }))
        .unwrap()
    }

    #[test]
    fn a_message_has_exactly_the_keys_of_its_template() {
        let template = template();
        let message = SubscribeMessage::new("o1", "t1").value("thing1", "拿铁").value("enum2", "在线");
        assert_eq!(template.check(&message), Ok(()));
        let told = |message: SubscribeMessage| template.check(&message).unwrap_err().to_string();
        assert!(told(message.clone().value("enum2", "忙")).contains("one of: 在线, 离线"));
        assert!(told(message.clone().value("date3", "2026年5月1日")).contains("no key of the template"));
        assert!(
            told(SubscribeMessage::new("o1", "t1").value("thing1", "x")).contains("data.enum2 is missing")
        );
        assert!(told(SubscribeMessage { template_id: "t2".into(), ..message }).contains("another template"));
    }

    #[test]
    fn new_templates_have_two_to_five_keywords() {
        let new = |kids: &[u32], scene: &str| NewTemplate {
            tid: "1".into(),
            kid_list: kids.into(),
            scene_desc: scene.into(),
        };
        assert!(new(&[1, 2], "订单").check().is_ok());
        assert!(new(&[1], "订单").check().is_err() && new(&[1; 6], "订单").check().is_err());
        assert!(new(&[1, 2], &"字".repeat(16)).check().is_err());
    }
}
