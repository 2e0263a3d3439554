//! What an API refuses when it is built: one mistake, one sentence, with both places and the remedy.

use queqiao::prelude::*;
use queqiao::{Routes, extract};

/// The one mistake of an API with these routes.
#[track_caller]
fn mistake(routes: Routes<()>) -> String {
    mistake_of(Api::new("wrong", "1.0.0").routes(routes))
}

#[track_caller]
fn mistake_of(api: Api) -> String {
    let error = api.build().expect_err("this API must not build");
    match error.mistakes() {
        [one] => one.clone(),
        many => panic!("one mistake, {} sentences: {many:#?}", many.len()),
    }
}

#[track_caller]
fn names_all(mistake: &str, parts: &[&str]) {
    for part in parts {
        assert!(mistake.contains(part), "`{part}` is not in: {mistake}");
    }
}

mod one {
    use queqiao::prelude::*;

    /// Lists.
    #[get("/things")]
    pub(super) async fn list() -> u32 {
        1
    }

    /// Shows.
    #[get("/things/{id}")]
    pub(super) async fn show(Path(id): Path<u32>) -> u32 {
        id
    }
}

mod two {
    use queqiao::prelude::*;

    /// Lists too.
    #[get("/things", operation_id = "listAgain")]
    pub(super) async fn list_again() -> u32 {
        2
    }

    /// Lists others.
    #[get("/others")]
    pub(super) async fn list() -> u32 {
        2
    }

    /// Removes.
    #[delete("/things/{name}")]
    pub(super) async fn remove(Path(name): Path<u32>) -> u32 {
        name
    }
}

/// Takes nothing from its path.
#[get("/shelves/{shelf}")]
async fn forgetful() -> u32 {
    1
}

type Hidden<T> = extract::Json<T>;

/// Reads a body.
#[get("/hidden")]
async fn hidden(body: Hidden<u32>) -> u32 {
    body.0
}

#[test]
fn two_handlers_on_one_path() {
    names_all(
        &mistake(routes![one::list, two::list_again]),
        &[
            "GET /things",
            "one::list",
            "two::list_again",
            "build_mistakes.rs:",
            "change the method or the path",
        ],
    );
}

#[test]
fn one_operation_id_twice() {
    names_all(
        &mistake(routes![one::list, two::list]),
        &["`list`", "one::list", "two::list", "operation_id = "],
    );
}

#[test]
fn parameters_of_one_path_with_two_names() {
    names_all(
        &mistake(routes![one::show, two::remove]),
        &["/things/{id}", "/things/{name}", "use the same names"],
    );
}

#[test]
fn a_path_parameter_that_no_argument_takes() {
    names_all(&mistake(routes![forgetful]), &["forgetful", "`{shelf}`", "Path<..>"]);
}

#[test]
fn a_parameter_of_a_prefix_that_the_handler_does_not_take() {
    let api =
        Api::new("wrong", "1.0.0").nest("/shops/{shop}", Api::new("inner", "1").routes(routes![one::list]));
    names_all(&mistake_of(api), &["`{shop}`"]);
}

#[test]
fn a_body_on_get_behind_an_alias() {
    names_all(&mistake(routes![hidden]), &["hidden", "GET has no body", "Query<_>"]);
}
