//! One request header.

use serde::de::DeserializeOwned;

use super::{Extract, Incoming, parameters};
use crate::context::Context;
use crate::document::schemas::Side;
use crate::document::{Kind, Operation};
use crate::model::Model;
use crate::problem::{self, FieldError, Location, Problem, Text};

/// Names a header and the type of its value.
///
/// ```
/// use queqiao::prelude::*;
///
/// /// The tenant that a call is for.
/// struct Tenant;
///
/// impl HeaderField for Tenant {
///     const NAME: &'static str = "x-tenant";
///     type Value = u32;
/// }
///
/// /// Tells the tenant.
/// #[get("/tenant")]
/// async fn tenant(Header(number): Header<Tenant>) -> u32 {
///     number
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not name a header",
    label = "not a header",
    note = "write `impl HeaderField for {Self} {{ const NAME: &'static str = \"x-tenant\"; type Value = u32; }}`"
)]
pub trait HeaderField: Send + 'static {
    /// The header's name.
    const NAME: &'static str;
    /// The type of its value; an `Option` where the header may be absent.
    type Value: Model + DeserializeOwned + Send + 'static;
}

/// The value of one request header; the items of a list stand between commas.
///
/// # Errors
/// 422 `validation` with `"in": "header"`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Header<F: HeaderField>(pub F::Value);

/// Why a mini-program cannot send a header of this name as one of the contract, and what to use.
///
/// WeChat fixes the Referer and keeps no cookies
/// ([wx.request](https://developers.weixin.qq.com/miniprogram/dev/api/network/request/wx.request.html)); the connection's
/// headers belong to the host, and to the browser where a mini-program is built for one
/// ([forbidden request-header](https://fetch.spec.whatwg.org/#forbidden-request-header)).
fn forbidden(name: &str) -> Option<&'static str> {
    const ANOTHER: &str = "use a name of your own, such as `x-…`";
    Some(match name {
        "authorization" => "use `User`, `Option<User>` or `Role<_>`, which read the token",
        "cookie" | "cookie2" | "set-cookie" => {
            "it keeps no cookies; use `User` for the session, or a header of your own"
        }
        "content-type" | "content-length" | "content-encoding" => "use `Json<_>`, which reads the body",
        "referer" => "WeChat sets it; `/clientz` shows what it says, as a hint",
        "accept-language" => "texts of errors follow it by themselves",
        "x-queqiao-client" | "x-queqiao-token" | "x-request-id" => ANOTHER,
        "accept" | "accept-charset" | "accept-encoding" | "connection" | "date" | "dnt" | "expect"
        | "host" | "keep-alive" | "origin" | "te" | "trailer" | "transfer-encoding" | "upgrade"
        | "user-agent" | "via" => ANOTHER,
        _ if ["proxy-", "sec-", "access-control-request-"].iter().any(|start| name.starts_with(start)) => {
            ANOTHER
        }
        _ => return None,
    })
}

impl<S: Send + Sync, F: HeaderField> Extract<S> for Header<F> {
    fn describe(operation: &mut Operation<'_>) {
        let name = F::NAME.to_ascii_lowercase();
        if http::HeaderName::try_from(name.as_str()).is_err() {
            operation.mistake(format_args!("`{}` is no header name", F::NAME));
        } else if let Some(remedy) = forbidden(&name) {
            operation.mistake(format_args!(
                "a mini-program cannot set the header `{}` for itself; {remedy}",
                F::NAME
            ));
        }
        let schema = operation.schemas.schema::<F::Value>(Side::Request);
        let schemas = &mut *operation.schemas;
        let kind =
            Kind::of(&schema, &mut |schema| schemas.resolve(Side::Request, schema)).unwrap_or(Kind::Text);
        let required = !matches!(kind, Kind::Optional(_));
        operation.parameter::<F::Value>(Location::Header, F::NAME, required);
        operation.plan::<Self, Kind>(kind);
        operation.error(problem::VALIDATION);
    }

    async fn extract(request: &mut Incoming, _: &Context<S>) -> Result<Self, Problem> {
        let pointer = || format!("/{}", F::NAME);
        let kind = request.plan::<Self, Kind>()?;
        let value = match request.parts.headers.get(F::NAME) {
            Some(value) => match value.to_str() {
                // Items stand between commas: the `simple` style of OpenAPI.
                Ok(text) if kind.items().is_some() => kind.list(text.split(',').map(str::trim)),
                // Only in a query may a document say that nothing stands for no value.
                Ok("") => serde_json::Value::from(""),
                Ok(text) => kind.value(text),
                Err(_) => {
                    return Err(refuse(
                        pointer(),
                        "type",
                        Text::both("不是可见的 ASCII 文本", "is not visible ASCII text"),
                    ));
                }
            },
            None if matches!(kind, Kind::Optional(_)) => serde_json::Value::Null,
            None => return Err(refuse(pointer(), "required", Text::both("缺少", "is missing"))),
        };
        parameters::read(Location::Header, Some(F::NAME), value).map(Self)
    }
}

fn refuse(pointer: String, code: &'static str, message: Text) -> Problem {
    Problem::validation(vec![FieldError { location: Location::Header, pointer, code: code.into(), message }])
}
