//! The changes.

mod failures;
mod operations;
mod parameters;
mod requests;
mod responses;

use crate::Case;

/// All of them.
pub fn all() -> Vec<Case> {
    [requests::all(), responses::all(), parameters::all(), operations::all(), failures::all()].concat()
}

/// Lists changes: how each is proved, its name, what is to be said of it, and both versions.
macro_rules! cases {
    ($($kind:ident $(($($argument:tt)*))? $name:ident [$($expected:tt)*]
        old { $($old:tt)* } new { $($new:tt)* })*) => {
        $(
            mod $name {
                mod old { crate::cases::version! { $kind $($old)* } }
                mod new { crate::cases::version! { $kind $($new)* } }

                pub(super) const CASE: crate::Case = {
                    #[allow(unused_imports, reason = "not every change has all of them")]
                    use crate::{Side::*, Verdict::*};
                    crate::Case {
                        name: stringify!($name),
                        expected: &[$($expected)*],
                        old: old::api,
                        new: new::api,
                        proof: crate::cases::proof!($kind $(($($argument)*))?),
                    }
                };
            }
        )*

        pub(super) fn all() -> Vec<crate::Case> {
            vec![$($name::CASE),*]
        }
    };
}
pub(crate) use cases;

/// One version of a server: its types, and the handlers that a kind of proof calls.
macro_rules! version {
    (request $($items:tt)*) => {
        crate::cases::version! { script
            $($items)*

            /// Take a thing.
            #[post("/things")]
            async fn send(Json(_ask): Json<Ask>) -> NoContent {
                NoContent
            }

            fn routes() -> queqiao::Routes<Next> {
                routes![send]
            }
        }
    };
    (query $($items:tt)*) => {
        crate::cases::version! { script
            $($items)*

            /// Look for things.
            #[get("/things")]
            async fn search(Query(_ask): Query<Ask>) -> NoContent {
                NoContent
            }

            fn routes() -> queqiao::Routes<Next> {
                routes![search]
            }
        }
    };
    (response $($items:tt)*) => {
        crate::cases::version! { script
            $($items)*

            /// Give a thing.
            #[get("/things")]
            async fn fetch(State(next): State<Next>) -> Result<Answer, Internal> {
                next.answer()
            }

            fn routes() -> queqiao::Routes<Next> {
                routes![fetch]
            }
        }
    };
    (both $($items:tt)*) => {
        crate::cases::version! { script
            $($items)*

            /// Take a thing, and give one.
            #[post("/things")]
            async fn save(State(next): State<Next>, Json(_thing): Json<Thing>) -> Result<Thing, Internal> {
                next.answer()
            }

            fn routes() -> queqiao::Routes<Next> {
                routes![save]
            }
        }
    };
    (script $($items:tt)*) => {
        #[allow(unused_imports, reason = "not every version has all of them")]
        use {crate::Next, queqiao::prelude::*};

        $($items)*

        pub(super) fn api() -> Api<Next> {
            Api::new("shop", "1.0.0").routes(routes())
        }
    };
}
pub(crate) use version;

macro_rules! proof {
    (request) => {
        crate::Proof::Request
    };
    (query) => {
        crate::Proof::Query
    };
    (response) => {
        crate::Proof::Response(None)
    };
    (response ($page:literal)) => {
        crate::Proof::Response(Some($page))
    };
    (both) => {
        crate::Proof::Both
    };
    (script ($script:literal)) => {
        crate::Proof::Script { script: $script, login: false }
    };
    (script (login $script:literal)) => {
        crate::Proof::Script { script: $script, login: true }
    };
}
pub(crate) use proof;
