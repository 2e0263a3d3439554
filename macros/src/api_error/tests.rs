//! What errors expand to, and what is refused.

use expect_test::expect;
use syn::parse_quote;

use super::*;
use crate::golden::{mistakes, pretty};

#[test]
fn an_error_expands_to_its_cases() {
    let expanded = expand(
        quote! {
            enum TodoError {
                /// No such todo.
                ///
                /// It may have been deleted.
                #[error(status = 404)]
                NotFound,
                /// Taken.
                #[error(status = 409, code = "todo.taken")]
                SomebodyElseHasIt,
                #[error(internal, from(StoreError, io::Error))]
                Internal(Internal),
            }
        },
        &parse_quote!(::queqiao),
    );
    expect![[r##"
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::queqiao::ApiError for TodoError {
            fn describe(errors: &mut ::queqiao::ErrorSet) {
                let _ = &errors;
                ::queqiao::ErrorSet::case(
                    errors,
                    ::queqiao::ErrorCase {
                        status: 404u16,
                        code: "todo.not_found",
                        title: "No such todo.",
                        detail: "It may have been deleted.",
                    },
                );
                ::queqiao::ErrorSet::case(
                    errors,
                    ::queqiao::ErrorCase {
                        status: 409u16,
                        code: "todo.taken",
                        title: "Taken.",
                        detail: "",
                    },
                );
                <Internal as ::queqiao::ApiError>::describe(errors);
            }
            fn into_problem(self) -> ::queqiao::Problem {
                match self {
                    Self::NotFound => {
                        ::queqiao::Problem::from_case(
                            &::queqiao::ErrorCase {
                                status: 404u16,
                                code: "todo.not_found",
                                title: "No such todo.",
                                detail: "It may have been deleted.",
                            },
                        )
                    }
                    Self::SomebodyElseHasIt => {
                        ::queqiao::Problem::from_case(
                            &::queqiao::ErrorCase {
                                status: 409u16,
                                code: "todo.taken",
                                title: "Taken.",
                                detail: "",
                            },
                        )
                    }
                    Self::Internal(source) => {
                        <Internal as ::queqiao::ApiError>::into_problem(source)
                    }
                }
            }
        }
        #[automatically_derived]
        #[allow(deprecated)]
        impl ::core::fmt::Display for TodoError {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                match self {
                    Self::NotFound => f.write_str("No such todo."),
                    Self::SomebodyElseHasIt => f.write_str("Taken."),
                    Self::Internal(source) => ::core::fmt::Display::fmt(source, f),
                }
            }
        }
        #[automatically_derived]
        impl ::core::convert::From<StoreError> for TodoError {
            fn from(source: StoreError) -> Self {
                Self::Internal(
                    <::queqiao::Internal as ::core::convert::From<StoreError>>::from(source),
                )
            }
        }
        #[automatically_derived]
        impl ::core::convert::From<io::Error> for TodoError {
            fn from(source: io::Error) -> Self {
                Self::Internal(
                    <::queqiao::Internal as ::core::convert::From<io::Error>>::from(source),
                )
            }
        }
    "##]]
    .assert_eq(&pretty(expanded));
}

#[test]
fn each_mistake_is_told_once() {
    for (item, remedy) in [
        (
            quote!(
                struct E;
            ),
            "enum E",
        ),
        (
            quote!(
                enum E {
                    #[error(status = 404)]
                    A,
                }
            ),
            "/// No such todo.",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    A,
                }
            ),
            "#[error(status = 404)]",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 200)]
                    A,
                }
            ),
            "400 to 599",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = "404")]
                    A,
                }
            ),
            "400 to 599",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(statsu = 404)]
                    A,
                }
            ),
            "did you mean `status`",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 404)]
                    A(u8),
                }
            ),
            "leave it out",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 404, from(X))]
                    A,
                }
            ),
            "#[error(internal, from(…))]",
        ),
        (
            quote!(
                enum E {
                    #[error(internal)]
                    A,
                }
            ),
            "A(Internal)",
        ),
        (
            quote!(
                enum E {
                    #[error(internal, status = 502)]
                    A(Internal),
                }
            ),
            "leave `status` out",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 404, code = "Not Found")]
                    A,
                }
            ),
            "todo.taken",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 401, code = "auth.nope")]
                    A,
                }
            ),
            "another first word",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error("not found")]
                    A,
                }
            ),
            "doc comment",
        ),
        (
            quote!(
                enum AuthError {
                    /** A. */
                    #[error(status = 401)]
                    A,
                }
            ),
            "rename the type",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 404)]
                    A,
                    /** B. */
                    #[error(status = 409, code = "e.a")]
                    B,
                }
            ),
            "same code `e.a`",
        ),
        (
            quote!(
                enum E {
                    #[error(internal, from(X, X))]
                    A(Internal),
                }
            ),
            "listed twice",
        ),
        (
            quote!(
                enum E<T> {
                    /** A. */
                    #[error(status = 404)]
                    A,
                }
            ),
            "leave the parameters out",
        ),
        (
            quote!(
                #[error(prefx = "x")]
                enum E {
                    /** A. */
                    #[error(status = 404)]
                    A,
                }
            ),
            "did you mean `prefix`",
        ),
    ] {
        let told = mistakes(&expand(item.clone(), &parse_quote!(::queqiao)));
        assert_eq!(told.len(), 1, "{item}: {told:#?}");
        assert!(told[0].contains(remedy), "{item}: {told:#?}");
    }
}
