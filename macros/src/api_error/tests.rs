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
                /// {name} took {count}.
                #[error(status = 409, code = "todo.taken", zh = "{name} 拿走了 {count} 条。")]
                SomebodyElseHasIt {
                    /// Who.
                    name: String,
                    todo_count: u32,
                    count: u32,
                },
                #[error(transparent)]
                Stock(stock::StockError),
                #[error(internal, from(StoreError, io::Error))]
                Internal(Internal),
            }
        },
        &parse_quote!(::queqiao),
    );
    expect![[r#"
        const _: () = {
            const CASE_0: ::queqiao::ErrorCase = ::queqiao::ErrorCase {
                status: 404u16,
                code: "todo.not_found",
                title: ::queqiao::__private::plain("No such todo."),
                detail: ::core::option::Option::Some(
                    ::queqiao::__private::plain("It may have been deleted."),
                ),
                details: &[],
                origin: ::core::concat!(::core::module_path!(), "::TodoError::NotFound"),
            };
            const CASE_1_NAME: ::queqiao::__private::DetailOf<String> = <::queqiao::__private::DetailOf<
                String,
            >>::told("name", "Who.");
            const CASE_1_TODO_COUNT: ::queqiao::__private::DetailOf<u32> = <::queqiao::__private::DetailOf<
                u32,
            >>::new("todoCount", "");
            const CASE_1_COUNT: ::queqiao::__private::DetailOf<u32> = <::queqiao::__private::DetailOf<
                u32,
            >>::told("count", "");
            const CASE_1: ::queqiao::ErrorCase = ::queqiao::ErrorCase {
                status: 409u16,
                code: "todo.taken",
                title: ::queqiao::__private::both(
                    "{name} 拿走了 {count} 条。",
                    "{name} took {count}.",
                ),
                detail: ::core::option::Option::None,
                details: &[
                    CASE_1_NAME.detail(),
                    CASE_1_TODO_COUNT.detail(),
                    CASE_1_COUNT.detail(),
                ],
                origin: ::core::concat!(::core::module_path!(), "::TodoError::SomebodyElseHasIt"),
            };
            #[automatically_derived]
            #[allow(deprecated)]
            impl ::queqiao::ApiError for TodoError {
                fn describe(errors: &mut ::queqiao::ErrorSet) {
                    let _ = &errors;
                    ::queqiao::ErrorSet::case(errors, CASE_0);
                    ::queqiao::ErrorSet::case(errors, CASE_1);
                    <stock::StockError as ::queqiao::ApiError>::describe(errors);
                    <Internal as ::queqiao::ApiError>::describe(errors);
                }
                fn into_problem(self) -> ::queqiao::Problem {
                    match self {
                        Self::NotFound => ::queqiao::Problem::from_case(&CASE_0),
                        Self::SomebodyElseHasIt {
                            name: field_name,
                            todo_count: field_todo_count,
                            count: field_count,
                        } => {
                            ::queqiao::Problem::with_details(
                                ::queqiao::Problem::with_title(
                                    ::queqiao::Problem::from_case(&CASE_1),
                                    ::queqiao::Text::both(
                                        ::std::format!(
                                            "{} 拿走了 {} 条。", CASE_1_NAME.shown(& field_name),
                                            CASE_1_COUNT.shown(& field_count)
                                        ),
                                        ::std::format!(
                                            "{} took {}.", CASE_1_NAME.shown(& field_name), CASE_1_COUNT
                                            .shown(& field_count)
                                        ),
                                    ),
                                ),
                                ::queqiao::__private::Details::new()
                                    .with(&CASE_1_NAME, &field_name)
                                    .with(&CASE_1_TODO_COUNT, &field_todo_count)
                                    .with(&CASE_1_COUNT, &field_count),
                            )
                        }
                        Self::Stock(inner) => {
                            <stock::StockError as ::queqiao::ApiError>::into_problem(inner)
                        }
                        Self::Internal(inner) => {
                            <Internal as ::queqiao::ApiError>::into_problem(inner)
                        }
                    }
                }
            }
            #[automatically_derived]
            #[allow(deprecated)]
            impl ::core::fmt::Display for TodoError {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    match self {
                        Self::NotFound { .. } => ::core::write!(f, "No such todo."),
                        Self::SomebodyElseHasIt { name: field_name, count: field_count, .. } => {
                            ::core::write!(
                                f, "{} took {}.", CASE_1_NAME.shown(field_name), CASE_1_COUNT
                                .shown(field_count)
                            )
                        }
                        Self::Stock(inner) => ::core::fmt::Display::fmt(inner, f),
                        Self::Internal(inner) => ::core::fmt::Display::fmt(inner, f),
                    }
                }
            }
        };
        #[automatically_derived]
        impl ::core::convert::From<stock::StockError> for TodoError {
            fn from(source: stock::StockError) -> Self {
                Self::Stock(source)
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
    "#]]
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
            "A { left: u32 }",
        ),
        (
            quote!(
                enum E {
                    /** Only {lfet} left. */
                    #[error(status = 404)]
                    A { left: u32 },
                }
            ),
            "did you mean `left`",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 404)]
                    A {
                        #[error(skip)]
                        left: u32,
                    },
                }
            ),
            "reaches the client",
        ),
        (
            quote!(
                enum E {
                    /** Only {left} left. */
                    #[error(status = 404)]
                    A,
                }
            ),
            "`A { left: … }`; for braces as such write `{{left}}`",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 404, zh = "{some} 甲")]
                    A,
                }
            ),
            "`{some}`",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 404, zh = "甲", zh = "乙")]
                    A,
                }
            ),
            "`zh` is given twice",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 404, zh = "甲", en = "A")]
                    A,
                }
            ),
            "one language is the doc comment's",
        ),
        (
            quote!(
                enum E {
                    /** A. */
                    #[error(status = 404, zh = "A")]
                    A,
                }
            ),
            "no Chinese character",
        ),
        (
            quote!(
                enum E {
                    #[error(internal, zh = "甲")]
                    A(Internal),
                }
            ),
            "leave the translation out",
        ),
        (
            quote!(
                enum E {
                    #[error(transparent)]
                    A(B, C),
                }
            ),
            "A(OtherError)",
        ),
        (
            quote!(
                enum E {
                    #[error(transparent, status = 404)]
                    A(B),
                }
            ),
            "leave `status` out",
        ),
        (
            quote!(
                enum E {
                    #[error(transparent)]
                    A(Internal),
                }
            ),
            "#[error(internal)] A(Internal)",
        ),
        (
            quote!(
                enum E {
                    #[error(transparent)]
                    A(B),
                    #[error(internal, from(B))]
                    C(Internal),
                }
            ),
            "listed twice",
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
