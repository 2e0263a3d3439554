//! How much of WeChat's server API is used up, and what WeChat knows of a call.

use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};

use crate::client::{Call, Wanted};
use crate::{App, Error, Invalid, Operation, WeChat, limit};

/// The use of one API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ApiQuota {
    /// Of the day.
    pub quota: DailyQuota,
    /// Of a shorter time, if there is such a limit.
    #[serde(default)]
    pub rate_limit: Option<RateLimit>,
}

/// The quota of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct DailyQuota {
    /// Calls allowed a day.
    pub daily_limit: u64,
    /// Made today.
    pub used: u64,
    /// Left today.
    pub remain: u64,
}

/// A limit of calls in so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct RateLimit {
    /// Calls allowed.
    pub call_count: u64,
    /// In so many seconds.
    pub refresh_second: u64,
}

/// What WeChat recorded of a call.
#[derive(Debug, Clone, Deserialize)]
#[non_exhaustive]
pub struct RidInfo {
    /// When it came, in Unix seconds.
    pub invoke_time: i64,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub cost_in_ms: i64,
    /// The parameters in the URL, the access token among them.
    #[serde(default)]
    pub request_url: secrecy::SecretString,
    /// The body of the request.
    #[serde(default)]
    pub request_body: secrecy::SecretString,
    /// The body of the answer.
    #[serde(default)]
    pub response_body: secrecy::SecretString,
    /// Where the call came from.
    #[serde(default)]
    pub client_ip: String,
}

#[derive(Serialize)]
struct Appid<'a> {
    appid: &'a str,
}

#[derive(Serialize)]
struct AppidAndSecret<'a> {
    appid: &'a str,
    appsecret: &'a str,
}

#[derive(Serialize)]
struct CgiPath<'a> {
    cgi_path: &'a str,
}

#[derive(Serialize)]
struct Rid<'a> {
    rid: &'a str,
}

#[derive(Deserialize)]
struct RidAnswer {
    request: RidInfo,
}

#[derive(Deserialize)]
struct IpList {
    ip_list: Vec<String>,
}

impl WeChat {
    /// Resets all daily quotas of the app (clearQuota): ten times a month, together with
    /// [`clear_quota_by_secret`](Self::clear_quota_by_secret).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/openApi-mgnt/clearQuota.html>
    ///
    /// # Errors
    ///
    /// [`Class::QuotaUsedUp`](crate::Class::QuotaUsedUp) after the tenth; the others of [`Error`].
    pub async fn clear_quota(&self, app: &App) -> Result<(), Error> {
        self.post_json(app, Operation::ClearQuota, false, &Appid { appid: &app.appid }).await?;
        Ok(())
    }

    /// Resets all daily quotas of the app without an access token, for when that of the tokens is used up.
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/openApi-mgnt/clearQuotaByAppSecret.html>
    ///
    /// # Errors
    ///
    /// As [`clear_quota`](Self::clear_quota).
    pub async fn clear_quota_by_secret(&self, app: &App) -> Result<(), Error> {
        let secret = app.secret.expose_secret();
        let operation = Operation::ClearQuotaByAppSecret;
        let body = AppidAndSecret { appid: &app.appid, appsecret: secret };
        self.send_for_answer(Call {
            operation,
            idempotent: false,
            secrets: &[secret],
            wanted: Wanted::Answer,
            request: |http, server| http.post(format!("{server}{}", operation.path())).json(&body),
        })
        .await?;
        Ok(())
    }

    /// The quota of an API by its path, such as `/wxa/msg_sec_check` (getApiQuota).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/openApi-mgnt/getApiQuota.html>
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for a path that has no quota here; the others of [`Error`].
    pub async fn api_quota(&self, app: &App, cgi_path: &str) -> Result<ApiQuota, Error> {
        limit::characters("cgi_path", cgi_path, 1..=256)?;
        if !cgi_path.starts_with('/') || cgi_path.contains('?') {
            return Err(Invalid::new("cgi_path", "is no path: write it as /wxa/msg_sec_check").into());
        }
        if cgi_path.starts_with("/sns/") {
            return Err(Invalid::new(
                "cgi_path",
                "begins with /sns, which has no quota here: ask for another",
            )
            .into());
        }
        let answer = self.post_json(app, Operation::GetApiQuota, true, &CgiPath { cgi_path }).await?;
        answer.into("quota and rate_limit")
    }

    /// What WeChat recorded of a call within the last seven days, by its [`rid`](crate::Refusal::rid)
    /// (getRidInfo).
    ///
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/openApi-mgnt/getRidInfo.html>
    ///
    /// # Errors
    ///
    /// [`Class::Request`](crate::Class::Request) for a rid that WeChat does not know; the others of [`Error`].
    pub async fn rid_info(&self, app: &App, rid: &str) -> Result<RidInfo, Error> {
        limit::characters("rid", rid, 1..=128)?;
        let answer = self.post_json(app, Operation::GetRidInfo, true, &Rid { rid }).await?;
        Ok(answer.into::<RidAnswer>("request")?.request)
    }

    /// The addresses from which message pushes come (getCallbackIP), some of them as ranges.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn callback_ips(&self, app: &App) -> Result<Vec<String>, Error> {
        let answer = self.get_query(app, Operation::GetCallbackIp, &(), &[]).await?;
        Ok(answer.into::<IpList>("ip_list")?.ip_list)
    }

    /// The addresses of WeChat's server API (getApiDomainIp), some of them as ranges.
    ///
    /// # Errors
    ///
    /// [`Error`].
    pub async fn api_domain_ips(&self, app: &App) -> Result<Vec<String>, Error> {
        let answer = self.get_query(app, Operation::GetApiDomainIp, &(), &[]).await?;
        Ok(answer.into::<IpList>("ip_list")?.ip_list)
    }
}
