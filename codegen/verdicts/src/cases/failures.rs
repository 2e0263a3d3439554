//! How operations fail. A page that meets a code that it does not know goes its way for unknown ones.

use super::cases;

cases! {
    script ("try { await api.act({ title: 'a' }); return false; } catch (e) { return e.name === 'ApiError' && e.status === 409 && !!e.title; }")
        code_added [(Warning, Error, "code")]
    old {
        #[model] struct Ask { title: String }
        #[derive(ApiError)] enum ActError {
            /// There are too many.
            #[error(status = 409, zh = "太多了。")]
            TooMany,
        }
        /// Act.
        #[post("/things")] async fn act(Json(_ask): Json<Ask>) -> Result<NoContent, ActError> { Err(ActError::TooMany) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        #[model] struct Ask { title: String }
        #[derive(ApiError)] #[allow(dead_code, reason = "a failure that the example does not make")] enum ActError {
            /// There are too many.
            #[error(status = 409, zh = "太多了。")]
            TooMany,
            /// It is there already.
            #[error(status = 409, zh = "已经有了。")]
            Twice,
        }
        /// Act.
        #[post("/things")] async fn act(Json(_ask): Json<Ask>) -> Result<NoContent, ActError> { Err(ActError::Twice) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }

    script ("try { await api.act(); return false; } catch (e) { return api.act.failed(e) && e.code === 'act.too_many'; }")
        code_gone [(Compatible, Error, "code")]
    old {
        #[derive(ApiError)] #[allow(dead_code, reason = "a failure that the example does not make")] enum ActError {
            /// There are too many.
            #[error(status = 409, zh = "太多了。")]
            TooMany,
            /// It is there already.
            #[error(status = 409, zh = "已经有了。")]
            Twice,
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        #[derive(ApiError)] enum ActError {
            /// There are too many.
            #[error(status = 409, zh = "太多了。")]
            TooMany,
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }

    script ("try { await api.act(); return false; } catch (e) { return api.act.failed(e) && e.code === 'act.too_many'; }")
        status_of_a_code_changed [(Warning, Error, "code")]
    old {
        #[derive(ApiError)] enum ActError {
            /// There are too many.
            #[error(status = 409, zh = "太多了。")]
            TooMany,
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        #[derive(ApiError)] enum ActError {
            /// There are too many.
            #[error(status = 400, zh = "太多了。")]
            TooMany,
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }

    script ("try { await api.act(); return false; } catch (e) { return api.act.failed(e) && e.details.most.toFixed() === '7'; }")
        details_field_gone [(Breaking, Error, "$.details.most"), (Compatible, Error, "$.details.limit")]
    old {
        #[derive(ApiError)] enum ActError {
            /// There may be {most}.
            #[error(status = 409, zh = "最多 {most} 个。")]
            TooMany { #[doc = "How many."] most: u32 },
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany { most: 7 }) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        #[derive(ApiError)] enum ActError {
            /// There may be {limit}.
            #[error(status = 409, zh = "最多 {limit} 个。")]
            TooMany { #[doc = "How many."] limit: u32 },
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany { limit: 7 }) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }

    script ("try { await api.act(); return false; } catch (e) { return api.act.failed(e) && e.details.most.toFixed() === '7'; }")
        details_field_retyped [(Breaking, Error, "$.details.most")]
    old {
        #[derive(ApiError)] enum ActError {
            /// There may be {most}.
            #[error(status = 409, zh = "最多 {most} 个。")]
            TooMany { #[doc = "How many."] most: u32 },
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany { most: 7 }) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        #[derive(ApiError)] enum ActError {
            /// There may be {most}.
            #[error(status = 409, zh = "最多 {most} 个。")]
            TooMany { #[doc = "How many."] most: String },
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany { most: "7".into() }) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }

    script ("try { await api.act(); return false; } catch (e) { return api.act.failed(e) && e.details.most === 7; }")
        details_field_added [(Compatible, Error, "$.details.now")]
    old {
        #[derive(ApiError)] enum ActError {
            /// There may be {most}.
            #[error(status = 409, zh = "最多 {most} 个。")]
            TooMany { #[doc = "How many."] most: u32 },
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany { most: 7 }) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        #[derive(ApiError)] enum ActError {
            /// There may be {most}, and there are {now}.
            #[error(status = 409, zh = "最多 {most} 个，已有 {now} 个。")]
            TooMany { #[doc = "How many."] most: u32, #[doc = "How many there are."] now: u32 },
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany { most: 7, now: 7 }) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }

    script ("try { await api.act(); return false; } catch (e) { return api.act.failed(e) && e.details.most === 7; }")
        details_gone [(Breaking, Error, "$.details")]
    old {
        #[derive(ApiError)] enum ActError {
            /// There may be {most}.
            #[error(status = 409, zh = "最多 {most} 个。")]
            TooMany { #[doc = "How many."] most: u32 },
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany { most: 7 }) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        #[derive(ApiError)] enum ActError {
            /// There are too many.
            #[error(status = 409, zh = "太多了。")]
            TooMany,
        }
        /// Act.
        #[post("/things")] async fn act() -> Result<NoContent, ActError> { Err(ActError::TooMany) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
}
