//! The phone number (手机号), by a code from the button.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::api::Api;
use crate::client::Wanted;
use crate::code::{PhoneCode, checked};
use crate::{App, Error, Operation, Watermark, WeChat, limit};

/// A user's phone number. Personal data: `Debug` shows its last two digits only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneNumber {
    /// With the country's prefix, if it is a foreign one.
    pub phone_number: String,
    /// Without the prefix. Store it together with the country code.
    pub pure_phone_number: String,
    /// The country's prefix, such as `86`.
    #[serde(deserialize_with = "text_or_number")]
    pub country_code: String,
    /// For which app, and when.
    pub watermark: Watermark,
}

/// Documented as a text, and seen as a number.
fn text_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u64),
    }
    Ok(match Either::deserialize(deserializer)? {
        Either::Text(text) => text,
        Either::Number(number) => number.to_string(),
    })
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail: Vec<char> = self.pure_phone_number.chars().rev().take(2).collect();
        let tail: String = tail.into_iter().rev().collect();
        f.debug_struct("PhoneNumber")
            .field("pure_phone_number", &format_args!("…{tail}"))
            .field("country_code", &self.country_code)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct Question<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    openid: Option<&'a str>,
}

#[derive(Deserialize)]
struct Body {
    phone_info: PhoneNumber,
}

impl WeChat {
    /// The phone number behind a code (getPhoneNumber). With an openid, WeChat also checks that the code is
    /// that user's.
    ///
    /// A code works once, and each call costs money: after a time-out it is not repeated.
    /// <https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-info/phone-number/getPhoneNumber.html>
    ///
    /// # Errors
    ///
    /// [`Class::NewCode`](crate::Class::NewCode) for a code that WeChat does not accept, a login code among
    /// them, and for one that cannot be a code, which is not sent; the others of [`Error`].
    pub async fn phone_number(
        &self,
        app: &App,
        code: &PhoneCode,
        openid: Option<&str>,
    ) -> Result<PhoneNumber, Error> {
        let operation = Operation::GetPhoneNumber;
        let code = checked(operation, code.expose())?;
        openid.map_or(Ok(()), |openid| limit::openid("openid", openid))?;
        let body = Question { code, openid };
        let request = |http: &reqwest::Client, url: String| http.post(url).json(&body);
        let api = Api { operation, idempotent: false, secrets: &[code], wanted: Wanted::Answer, request };
        let Body { phone_info } = self.answer(app, api).await?.into("phone_info")?;
        Ok(phone_info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_country_code_may_be_a_number_and_numbers_are_not_shown() {
        for code in [json!("86"), json!(86)] {
            let number: PhoneNumber = serde_json::from_value(json!({
                "phoneNumber": "13800138042", "purePhoneNumber": "13800138042", "countryCode": code,
                "watermark": {"timestamp": 1637744274, "appid": "wx1"}
            }))
            .unwrap();
            assert_eq!(number.country_code, "86");
            let shown = format!("{number:?}");
            assert!(shown.contains("…42") && !shown.contains("138"), "{shown}");
        }
    }
}
