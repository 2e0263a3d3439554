//! The framework's own ways to fail.

use super::ErrorCase;
use super::text::both;

macro_rules! cases {
    ($($(#[$doc:meta])* $name:ident = $status:literal $code:literal
        $en:literal $zh:literal $({ $detail_en:literal $detail_zh:literal })?;)*) => {
        $($(#[$doc])* pub(crate) const $name: ErrorCase = ErrorCase {
            status: $status,
            code: $code,
            title: both($zh, $en),
            detail: cases!(@detail $($detail_en $detail_zh)?),
            details: &[],
            origin: "the framework",
        };)*
    };
    (@detail) => { None };
    (@detail $en:literal $zh:literal) => {
        Some(both($zh, $en))
    };
}

/// What any operation may answer, whatever its arguments: these stand in the document of each.
pub(crate) const ANYWHERE: [ErrorCase; 4] = [CLIENT_TOO_OLD, INTERNAL, STORE_UNAVAILABLE, TIMED_OUT];

cases! {
    /// The server failed; the cause is in its log.
    INTERNAL = 500 "internal" "The server failed." "服务器出错了。"
        { "The cause stands in the server's log under the request id." "原因记在服务器日志中，可按请求编号查找。" };
    /// The server gave up on a request.
    TIMED_OUT = 503 "timed_out" "The request took too long." "请求处理超时。";
    /// The database, or another store, does not answer.
    STORE_UNAVAILABLE = 503 "store.unavailable" "The database does not answer." "数据库暂时不可用。"
        { "Try again in a moment." "请稍后再试。" };
    /// The request was understood and breaks constraints.
    VALIDATION = 422 "validation" "The request breaks constraints." "请求的内容不符合要求。"
        { "See `errors` for each place." "每一处见 `errors`。" };
    /// The body is no JSON.
    BODY_MALFORMED = 400 "body.malformed" "The body is not valid JSON." "请求体不是有效的 JSON。";
    /// The body is no UTF-8.
    BODY_ENCODING = 400 "body.encoding" "The body is not valid UTF-8." "请求体不是有效的 UTF-8。";
    /// The JSON is nested beyond the parser's limit.
    BODY_TOO_DEEP = 400 "body.too_deep" "The JSON body is nested too deeply." "请求体的 JSON 嵌套过深。"
        { "At most 128 levels are read." "最多读取 128 层。" };
    /// The body broke off.
    BODY_INCOMPLETE = 400 "body.incomplete" "The body ended before it was complete." "请求体没有传完。";
    /// The body is larger than the limit.
    BODY_TOO_LARGE = 413 "body.too_large" "The body is too large." "请求体过大。";
    /// The body is not of the media type that the operation reads.
    BODY_MEDIA_TYPE = 415 "body.media_type" "The body has the wrong media type." "请求体的媒体类型不对。"
        { "Send `Content-Type: application/json`." "请使用 `Content-Type: application/json`。" };
    /// The query string cannot be decoded.
    QUERY_MALFORMED = 400 "query.malformed" "The query string cannot be decoded." "查询字符串无法解码。";
    /// The path cannot be decoded.
    PATH_MALFORMED = 400 "path.malformed" "The path cannot be decoded." "路径无法解码。";
    /// An axum extractor refused; the status is its own, 400 to 499.
    RAW_REFUSED = 400 "raw.refused" "The request was refused." "请求被拒绝。";
    /// The thing is no longer what the caller has seen.
    PRECONDITION_FAILED = 412 "precondition.failed" "It has changed meanwhile." "内容已被更改。"
        { "Get it again, and repeat the change if it still fits." "请重新获取，若仍需要再修改。" };
    /// A change without the version that it is for.
    PRECONDITION_REQUIRED = 428 "precondition.required" "The change must name the version it is for." "修改须指明所针对的版本。"
        { "Send `If-Match` with the `ETag` that came with the thing." "请在 `If-Match` 中携带获取时的 `ETag`。" };
    /// An idempotent operation without its key.
    IDEMPOTENCY_KEY_REQUIRED = 400 "idempotency.key_required" "The request needs an idempotency key." "请求须带幂等键。"
        { "Send `Idempotency-Key`: a new one for each thing to do, and the same one with each repeat."
          "请携带 `Idempotency-Key`：每件事用一个新的，重复发送时用同一个。" };
    /// A key that is none, or two of them.
    IDEMPOTENCY_KEY_INVALID = 400 "idempotency.key_invalid" "The idempotency key is not valid." "幂等键无效。"
        { "Send one `Idempotency-Key` of 16 to 255 visible ASCII characters, for example a UUID."
          "请携带一个 `Idempotency-Key`，由 16 至 255 个可见 ASCII 字符组成，例如 UUID。" };
    /// A key that came with another request before.
    IDEMPOTENCY_KEY_REUSED = 422 "idempotency.key_reused" "The idempotency key was used for another request." "该幂等键已用于另一个请求。"
        { "Make a new key for each thing to do." "每件事请使用新的键。" };
    /// The first of several equal requests has not ended.
    IDEMPOTENCY_RUNNING = 409 "idempotency.running" "The same request is being carried out right now." "同一请求正在处理中。"
        { "Send it again in a moment, under the same key, for its answer." "请稍后用同一个键再次发送，以取得结果。" };
    /// The server ended, or failed, in the midst of it.
    IDEMPOTENCY_UNKNOWN = 409 "idempotency.unknown" "It is not known whether the same request was carried out." "无法确定同一请求是否已执行。"
        { "The server failed in the midst of it. See whether it had its effect; if it had none, send it under a new key."
          "服务器在处理中途出错。请先确认是否已生效；若未生效，请用新的键重新发送。" };
    /// Carried out, and the answer is not there any more.
    IDEMPOTENCY_ANSWER_NOT_KEPT = 409 "idempotency.answer_not_kept" "The same request was carried out, and its answer was not kept."
        "同一请求已执行，但其结果未被保存。"
        { "The answer was too long to be kept. Get what has changed." "结果过大，未能保存。请重新获取更改后的内容。" };
    /// The form of an upload is none, or holds something else than one file and its texts.
    #[cfg(feature = "server")]
    UPLOAD_FORM = 400 "upload.form" "The body is not a form with one file." "请求体不是带有一个文件的表单。";
    /// The upload broke off, or its length is not the one that was announced.
    #[cfg(feature = "server")]
    UPLOAD_INCOMPLETE = 400 "upload.incomplete" "The upload ended before it was complete." "文件没有传完。";
    /// The file is larger than the operation takes.
    #[cfg(feature = "server")]
    UPLOAD_TOO_LARGE = 413 "upload.too_large" "The file is too large." "文件过大。";
    /// The file is of another kind, or its name or declared type says something else than its bytes.
    #[cfg(feature = "server")]
    UPLOAD_KIND = 415 "upload.kind" "The file is not of a kind that is taken here." "文件类型不符。";
    /// The picture has more pixels than the operation takes.
    #[cfg(feature = "server")]
    UPLOAD_DIMENSIONS = 422 "upload.dimensions" "The picture has too many pixels, or none." "图片尺寸不符合要求。";
    /// The picture is not whole, or cannot be decoded.
    #[cfg(feature = "server")]
    UPLOAD_DAMAGED = 422 "upload.damaged" "The file is damaged." "文件已损坏。";
    /// As many uploads as may be are under way.
    #[cfg(feature = "server")]
    UPLOAD_BUSY = 503 "upload.busy" "Too many uploads are under way." "正在上传的文件过多。"
        { "Try again in a moment." "请稍后再试。" };
    /// The store of the files does not answer.
    #[cfg(feature = "server")]
    UPLOAD_UNAVAILABLE = 503 "upload.unavailable" "Files cannot be stored at the moment." "暂时无法保存文件。"
        { "Try again in a moment." "请稍后再试。" };
    /// An upload past the server that was not begun, not by this user, not for this operation, or too long ago.
    #[cfg(feature = "server")]
    UPLOAD_UNKNOWN = 404 "upload.unknown" "There is no such upload." "没有这次上传。"
        { "Upload the file again." "请重新上传文件。" };
    /// The operation is told of an upload of which nothing has arrived.
    #[cfg(feature = "server")]
    UPLOAD_MISSING = 409 "upload.missing" "The file has not arrived." "文件尚未上传。"
        { "Send the form to its bucket first." "请先将表单发送到存储桶。" };
    /// An upload is begun for an operation that takes none past the server.
    #[cfg(feature = "server")]
    UPLOAD_OPERATION = 404 "upload.operation" "No such operation takes a file past the server." "该操作不支持直传。";
    /// The link to a file was never given out, or was changed; no operation answers it.
    #[cfg(feature = "server")]
    UPLOAD_LINK = 403 "upload.link" "The link to the file is not valid." "文件链接无效。";
    /// The link to a file has ended; no operation answers it.
    #[cfg(feature = "server")]
    UPLOAD_EXPIRED = 403 "upload.link_expired" "The link to the file has expired." "文件链接已过期。"
        { "Ask for a new one." "请重新获取。" };
    /// No such file; no operation answers it.
    #[cfg(feature = "server")]
    UPLOAD_NOT_FOUND = 404 "upload.not_found" "There is no such file." "没有这个文件。";
    /// No such route.
    ROUTE_NOT_FOUND = 404 "route.not_found" "There is no such path." "没有这个路径。";
    /// The path exists with other methods.
    METHOD_NOT_ALLOWED = 405 "route.method_not_allowed" "The path does not take this method." "这个路径不支持该方法。";
    /// The contract of the client is refused.
    CLIENT_TOO_OLD = 410 "client.too_old" "This version of the mini-program is too old." "小程序版本过旧。"
        { "Close the mini-program and open it again. If that does not help, delete it from the list and search for it."
          "请关闭小程序后重新打开；若仍无法使用，请从列表中删除，再搜索进入。" };
    /// No token where one is needed.
    AUTH_REQUIRED = 401 "auth.required" "This operation needs a login." "需要登录。"
        { "Send `Authorization: Bearer <token>` from `POST /auth/login`." "请携带 `POST /auth/login` 给出的 `Authorization: Bearer <token>`。" };
    /// A token that this server did not sign for this API.
    AUTH_INVALID = 401 "auth.invalid" "The token is not valid." "令牌无效。" { "Log in again." "请重新登录。" };
    /// A token past its end.
    AUTH_EXPIRED = 401 "auth.expired" "The token has expired." "令牌已过期。" { "Log in again." "请重新登录。" };
    /// A token of a session that was logged out.
    AUTH_REVOKED = 401 "auth.revoked" "The session was logged out." "会话已退出登录。" { "Log in again." "请重新登录。" };
    /// No kept session_key of WeChat decrypts what came.
    #[cfg(feature = "server")]
    AUTH_SESSION_STALE = 401 "auth.session_stale" "The data does not decrypt: the WeChat session is stale." "数据无法解密：微信会话已失效。"
        { "Log in again, and if that alone does not help, take the data again after the login." "请重新登录；若仍无法解密，请在登录后重新获取数据。" };
    /// Decrypted data of another kind.
    #[cfg(feature = "server")]
    ENCRYPTED_SHAPE = 422 "encrypted.shape" "The decrypted data is not what this operation takes." "解密后的数据不是此操作所需的内容。"
        { "Send `encryptedData` and `iv` of the API of the mini-program that the operation is for." "请发送此操作对应的小程序接口给出的 `encryptedData` 与 `iv`。" };
    /// Encrypted data that was made too long ago.
    #[cfg(feature = "server")]
    ENCRYPTED_TOO_OLD = 422 "encrypted.too_old" "The data was encrypted too long ago." "数据加密的时间过早。"
        { "Take the data again, and send it at once." "请重新获取数据并立即发送。" };
    /// Content security refuses a text.
    #[cfg(feature = "server")]
    CONTENT_RISKY = 422 "content.risky" "The text did not pass content security." "内容未通过安全检查。"
        { "Change what `errors` points at." "请修改 `errors` 指出的内容。" };
    /// Content security wants a person to look at a text, and the operation keeps nothing for that.
    #[cfg(feature = "server")]
    CONTENT_REVIEW = 422 "content.review" "The text may not pass content security." "内容可能不合规。"
        { "Change what `errors` points at." "请修改 `errors` 指出的内容。" };
    /// WeChat judges nothing of a user whom it has not seen for two hours.
    #[cfg(feature = "server")]
    CONTENT_USER_INACTIVE = 409 "content.user_inactive" "WeChat has not seen the user for two hours, and judges nothing of theirs." "用户超过两小时未访问小程序，微信暂不检查其内容。"
        { "Close the mini-program, open it again, and send the text again." "请关闭小程序后重新进入，再次提交。" };
    /// WeChat does not judge now.
    #[cfg(feature = "server")]
    CONTENT_UNAVAILABLE = 503 "content.unavailable" "Content cannot be checked at the moment." "暂时无法检查内容。"
        { "Nothing was stored. Try again in a moment." "内容未保存，请稍后再试。" };
    /// `/readyz` says that the server takes no work; no operation answers it.
    #[cfg(feature = "server")]
    NOT_READY = 503 "not_ready" "The server is not ready." "服务器未就绪。";
    /// The request names no mini-program that the server serves.
    #[cfg(feature = "server")]
    APP_UNKNOWN = 400 "app.unknown" "This server does not serve the mini-program." "此服务器不服务该小程序。"
        { "Configure its AppID on the server, under `[wechat.apps]`." "请在服务器的 `[wechat.apps]` 中配置它的 AppID。" };
    /// A message that WeChat did not send, or not as configured; no operation answers it.
    #[cfg(feature = "server")]
    MESSAGE_REFUSED = 403 "message.refused" "The message is refused." "消息被拒绝。"
        { "The reason stands in the server's log." "原因记在服务器日志中。" };
    /// A message that could not be kept; no operation answers it.
    #[cfg(feature = "server")]
    MESSAGE_NOT_KEPT = 503 "message.not_kept" "The message could not be kept." "消息未能保存。"
        { "Deliver it again." "请重新投递。" };
    /// The user lacks the role.
    AUTH_FORBIDDEN = 403 "auth.forbidden" "The user lacks the role for this operation." "用户没有此操作所需的角色。";
}
