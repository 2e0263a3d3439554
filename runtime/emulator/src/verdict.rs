//! What content checks find: the first rule that matches decides.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// WeChat's advice on content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Suggest {
    /// Publish it.
    Pass,
    /// A person should look at it.
    Review,
    /// Refuse it.
    Risky,
}

/// A rule of the content checks, for texts and for the URLs of media.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The part of the text or URL that is looked for; empty: any content.
    #[serde(default)]
    pub contains: String,
    /// What is found.
    pub suggest: Suggest,
    /// Of which kind: 10001 ads, 20001 politics, 20002 porn, 20003 abuse, 20006 crime, 20008 fraud,
    /// 20012 vulgar, 20013 copyright, 21000 other; 100 is normal.
    #[serde(default = "other")]
    pub label: u32,
    /// The scenes it is for: 1 profile, 2 comment, 3 forum, 4 social log; empty: all.
    #[serde(default)]
    pub scenes: Vec<i64>,
    /// The user whose content it is for, by name.
    #[serde(default)]
    pub user: Option<String>,
    /// How often it still matches; then it goes.
    #[serde(default)]
    pub times: Option<u32>,
}

fn other() -> u32 {
    21000
}

/// The label of content in which nothing was found.
const NORMAL: u32 = 100;

impl Rule {
    /// A rule for all content with this part.
    pub fn new(contains: impl Into<String>, suggest: Suggest) -> Self {
        let label = if suggest == Suggest::Pass { NORMAL } else { other() };
        Self { contains: contains.into(), suggest, label, scenes: Vec::new(), user: None, times: None }
    }

    /// The rules of an emulator to which none were given: words that nobody writes by accident.
    pub(crate) fn defaults() -> Vec<Self> {
        [
            ("【违规】", Suggest::Risky),
            ("【疑似】", Suggest::Review),
            ("emulator-risky", Suggest::Risky),
            ("emulator-review", Suggest::Review),
        ]
        .map(|(contains, suggest)| Self::new(contains, suggest))
        .into()
    }

    fn matches(&self, content: &[&str], scene: Option<i64>, user: &str) -> bool {
        let found = self.contains.is_empty() || content.iter().any(|text| text.contains(&self.contains));
        let here = self.scenes.is_empty() || scene.is_none_or(|scene| self.scenes.contains(&scene));
        found && here && self.user.as_deref().is_none_or(|name| name == user) && self.times != Some(0)
    }
}

/// What was found in one content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) suggest: Suggest,
    label: u32,
    keyword: Option<String>,
}

impl Verdict {
    /// Judges content by the rules, and counts the rule that matched.
    pub(crate) fn of(rules: &mut Vec<Rule>, content: &[&str], scene: Option<i64>, user: &str) -> Self {
        let Some(at) = rules.iter().position(|rule| rule.matches(content, scene, user)) else {
            return Self { suggest: Suggest::Pass, label: NORMAL, keyword: None };
        };
        let rule = &mut rules[at];
        let keyword = (!rule.contains.is_empty()).then(|| rule.contains.clone());
        let verdict = Self { suggest: rule.suggest, label: rule.label, keyword };
        if let Some(times) = &mut rule.times {
            *times -= 1;
            if *times == 0 {
                rules.remove(at);
            }
        }
        verdict
    }

    /// The `result` of an answer.
    pub(crate) fn result(&self) -> Value {
        json!({ "suggest": self.suggest, "label": self.label })
    }

    /// The `detail` of an answer: the model's item, and that of the keyword if one was found.
    pub(crate) fn detail(&self) -> Value {
        let item = |strategy: &str| json!({"strategy": strategy, "errcode": 0, "suggest": self.suggest, "label": self.label});
        let mut model = item("content_model");
        model["prob"] = if self.suggest == Suggest::Pass { 90.into() } else { 95.into() };
        let mut items = vec![model];
        if let Some(keyword) = &self.keyword {
            let mut found = item("keyword");
            found["keyword"] = keyword.as_str().into();
            items.push(found);
        }
        items.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggest(rules: &mut Vec<Rule>, text: &str, scene: i64, user: &str) -> Suggest {
        Verdict::of(rules, &[text], Some(scene), user).suggest
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let comments = Rule { scenes: vec![2], ..Rule::new("卖", Suggest::Review) };
        let mut rules = vec![comments, Rule::new("卖", Suggest::Risky)];
        assert_eq!(suggest(&mut rules, "卖书", 2, "a"), Suggest::Review);
        assert_eq!(suggest(&mut rules, "卖书", 3, "a"), Suggest::Risky);
        assert_eq!(suggest(&mut rules, "书", 2, "a"), Suggest::Pass);
        let risky = Verdict::of(&mut rules, &["", "卖"], Some(1), "a");
        assert_eq!(risky.result(), json!({"suggest": "risky", "label": 21000}));
        assert_eq!(risky.detail()[1]["keyword"], "卖");
        assert_eq!(risky.detail()[0]["errcode"], 0);
    }

    #[test]
    fn a_rule_for_the_next_check_of_one_user_goes_with_it() {
        let once = Rule { user: Some("bob".into()), times: Some(1), ..Rule::new("", Suggest::Risky) };
        let mut rules = vec![once];
        assert_eq!(suggest(&mut rules, "hello", 2, "alice"), Suggest::Pass);
        assert_eq!(suggest(&mut rules, "hello", 2, "bob"), Suggest::Risky);
        assert_eq!(suggest(&mut rules, "hello", 2, "bob"), Suggest::Pass);
        assert!(rules.is_empty());
    }
}
