//! Links that open the mini-program: URL Scheme, URL Link and short links.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

use crate::{App, EnvVersion, Error, Invalid, Operation, WeChat, limit};

/// The longest life of a link.
const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// When a link ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkEnd {
    /// At a time, from one minute to 30 days from now.
    At(Timestamp),
    /// After so many days, from 1 to 30.
    Days(u32),
}

/// As the four fields of the body.
impl Serialize for LinkEnd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Fields {
            is_expire: bool,
            expire_type: u8,
            #[serde(skip_serializing_if = "Option::is_none")]
            expire_time: Option<i64>,
            #[serde(skip_serializing_if = "Option::is_none")]
            expire_interval: Option<u32>,
        }
        let fields = |expire_type, expire_time, expire_interval| Fields {
            is_expire: true,
            expire_type,
            expire_time,
            expire_interval,
        };
        match self {
            Self::At(time) => fields(0, Some(time.as_second()), None),
            Self::Days(days) => fields(1, None, Some(*days)),
        }
        .serialize(serializer)
    }
}

impl LinkEnd {
    fn check(self, now: Timestamp) -> Result<(), Invalid> {
        match self {
            Self::At(time) => {
                let life = time.duration_since(now);
                match (SignedDuration::from_mins(1)..=LONGEST_LIFE).contains(&life) {
                    true => Ok(()),
                    false => Err(Invalid::new(
                        "expire_time",
                        "is out of range: give one minute to 30 days from now",
                    )),
                }
            }
            Self::Days(days) => limit::number("expire_interval", days, 1..=30),
        }
    }
}

/// What a link opens.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct LinkTarget {
    /// A page of the published version, without a query; the home page if empty.
    pub path: String,
    /// The page's query, of at most 1024 characters, without `?`.
    pub query: String,
    /// Which version it opens.
    pub env_version: EnvVersion,
}

impl LinkTarget {
    /// A page of the published version.
    pub fn page(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    fn check(&self) -> Result<(), Invalid> {
        if !self.path.is_empty() {
            // Unlike elsewhere, WeChat's examples begin with a slash here: both are taken.
            limit::page("path", self.path.trim_start_matches('/'), 1024, false)?;
        }
        limit::characters("query", &self.query, 0..=1024)?;
        match self.query.starts_with('?') {
            true => Err(Invalid::new("query", "begins with a question mark: leave it out")),
            false => Ok(()),
        }
    }
}

/// A web page in cloud hosting (云开发静态网站) that a URL Link opens on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CloudBase {
    /// The environment.
    pub env: String,
    /// The page's domain, if it is not the environment's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The page's path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The page's query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The app whose environment it is, if it is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_appid: Option<String>,
}

/// What is known of a link.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct LinkInfo {
    /// The app.
    pub appid: String,
    /// The page.
    #[serde(default)]
    pub path: String,
    /// Its query.
    #[serde(default)]
    pub query: String,
    /// When it was made, in Unix seconds.
    #[serde(default)]
    pub create_time: i64,
    /// When it ends, in Unix seconds.
    #[serde(default)]
    pub expire_time: i64,
    /// Which version it opens.
    #[serde(default)]
    pub env_version: String,
}

/// How a link does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkState {
    /// What is known of it; nothing if WeChat does not say.
    pub info: Option<LinkInfo>,
    /// How many more times links of this kind may be opened today.
    pub remaining_visits: Option<u64>,
}

#[derive(Serialize)]
struct SchemeBody<'a> {
    jump_wxa: &'a LinkTarget,
    #[serde(flatten)]
    end: LinkEnd,
}

#[derive(Serialize)]
struct UrlLinkBody<'a> {
    #[serde(flatten)]
    target: &'a LinkTarget,
    #[serde(flatten)]
    end: LinkEnd,
    #[serde(skip_serializing_if = "Option::is_none")]
    cloud_base: Option<&'a CloudBase>,
}

#[derive(Serialize)]
struct ShortLinkBody<'a> {
    page_url: &'a str,
    page_title: &'a str,
    is_permanent: bool,
}

#[derive(Serialize)]
struct Query<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    scheme: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_link: Option<&'a str>,
    query_type: u8,
}

#[derive(Deserialize)]
struct Scheme {
    openlink: String,
}

#[derive(Deserialize)]
struct UrlLink {
    url_link: String,
}

#[derive(Deserialize)]
struct ShortLink {
    link: String,
}

#[derive(Deserialize)]
struct Queried {
    #[serde(alias = "scheme_info", alias = "url_link_info")]
    info: Option<LinkInfo>,
    quota_info: Option<QuotaInfo>,
}

#[derive(Deserialize)]
struct QuotaInfo {
    remain_visit_quota: Option<u64>,
}

impl WeChat {
    /// A URL Scheme, `weixin://dl/business/?t=…` (generateScheme). Links of both kinds together: 500,000 a day.
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/url-scheme/generateScheme.html>
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for what is not asked for; the others of [`Error`].
    pub async fn url_scheme(&self, app: &App, target: &LinkTarget, end: LinkEnd) -> Result<String, Error> {
        self.check_link(target, end)?;
        let body = SchemeBody { jump_wxa: target, end };
        let answer = self.post_json(app, Operation::GenerateScheme, false, &body).await?;
        Ok(answer.into::<Scheme>("openlink")?.openlink)
    }

    /// A URL Link, `https://wxaurl.cn/…` (generateUrlLink).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/url-link/generateUrlLink.html>
    ///
    /// # Errors
    ///
    /// As [`url_scheme`](Self::url_scheme).
    pub async fn url_link(
        &self,
        app: &App,
        target: &LinkTarget,
        end: LinkEnd,
        cloud_base: Option<&CloudBase>,
    ) -> Result<String, Error> {
        self.check_link(target, end)?;
        let body = UrlLinkBody { target, end, cloud_base };
        let answer = self.post_json(app, Operation::GenerateUrlLink, false, &body).await?;
        Ok(answer.into::<UrlLink>("url_link")?.url_link)
    }

    /// A short link, `#小程序://…` (generateShortLink): of 30 days, or one of the app's 100,000 without end.
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/short-link/generateShortLink.html>
    ///
    /// # Errors
    ///
    /// As [`url_scheme`](Self::url_scheme).
    pub async fn short_link(
        &self,
        app: &App,
        page_url: &str,
        page_title: &str,
        permanent: bool,
    ) -> Result<String, Error> {
        limit::page("page_url", page_url.trim_start_matches('/'), 1024, true)?;
        limit::characters("page_title", page_title, 0..=20)?;
        let body = ShortLinkBody { page_url, page_title, is_permanent: permanent };
        let answer = self.post_json(app, Operation::GenerateShortLink, false, &body).await?;
        Ok(answer.into::<ShortLink>("link")?.link)
    }

    /// What is known of a URL Scheme (queryScheme).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/url-scheme/queryScheme.html>
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn query_url_scheme(&self, app: &App, scheme: &str) -> Result<LinkState, Error> {
        limit::characters("scheme", scheme, 1..=1024)?;
        let query = Query { scheme: Some(scheme), url_link: None, query_type: 0 };
        self.query_link(app, Operation::QueryScheme, &query).await
    }

    /// What is known of a URL Link (queryUrlLink).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/qrcode-link/url-link/queryUrlLink.html>
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn query_url_link(&self, app: &App, url_link: &str) -> Result<LinkState, Error> {
        limit::characters("url_link", url_link, 1..=1024)?;
        let query = Query { scheme: None, url_link: Some(url_link), query_type: 0 };
        self.query_link(app, Operation::QueryUrlLink, &query).await
    }

    async fn query_link(
        &self,
        app: &App,
        operation: Operation,
        query: &Query<'_>,
    ) -> Result<LinkState, Error> {
        let answer = self.post_json(app, operation, true, query).await?;
        let Queried { info, quota_info } = answer.into("scheme_info or url_link_info, and quota_info")?;
        Ok(LinkState { info, remaining_visits: quota_info.and_then(|quota| quota.remain_visit_quota) })
    }

    fn check_link(&self, target: &LinkTarget, end: LinkEnd) -> Result<(), Error> {
        target.check()?;
        end.check(self.shared.settings.clock.now())?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ends() {
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let at = |seconds| LinkEnd::At(now + SignedDuration::from_secs(seconds)).check(now).is_ok();
        assert!(at(60) && at(30 * 86_400));
        assert!(!at(59) && !at(-1) && !at(30 * 86_400 + 1));
        let days = |days| LinkEnd::Days(days).check(now).is_ok();
        assert!(days(1) && days(30) && !days(0) && !days(31));
    }

    #[test]
    fn bodies_are_the_documented_ones() {
        let target = LinkTarget { query: "a=1".into(), ..LinkTarget::page("pages/index") };
        let end = LinkEnd::At(Timestamp::from_second(7).unwrap());
        assert_eq!(
            serde_json::to_value(SchemeBody { jump_wxa: &target, end }).unwrap(),
            json!({
                "jump_wxa": {"path": "pages/index", "query": "a=1", "env_version": "release"},
                "is_expire": true, "expire_type": 0, "expire_time": 7
            })
        );
        assert_eq!(
            serde_json::to_value(UrlLinkBody { target: &target, end: LinkEnd::Days(3), cloud_base: None })
                .unwrap(),
            json!({
                "path": "pages/index", "query": "a=1", "env_version": "release",
                "is_expire": true, "expire_type": 1, "expire_interval": 3
            })
        );
        assert!(LinkTarget { query: "?a".into(), ..LinkTarget::default() }.check().is_err());
        assert!(LinkTarget::page("pages/a?b=1").check().is_err());
    }
}
