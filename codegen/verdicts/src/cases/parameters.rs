//! What stands in the path, the query and headers.

use super::cases;

cases! {
    query parameter_new_and_required [(Breaking, Parameter, "query.kind")]
    old { #[model] struct Ask { word: String } }
    new { #[model] struct Ask { word: String, kind: String } }

    query parameter_new_and_optional [(Compatible, Parameter, "query.kind")]
    old { #[model] struct Ask { word: String } }
    new { #[model] struct Ask { word: String, kind: Option<String> } }

    query parameter_gone [(Warning, Parameter, "query.kind")]
    old { #[model] struct Ask { word: String, kind: Option<String> } }
    new { #[model] struct Ask { word: String } }

    query parameter_required_now [(Breaking, Parameter, "query.kind")]
    old { #[model] struct Ask { word: String, kind: Option<String> } }
    new { #[model] struct Ask { word: String, kind: String } }

    query parameter_optional_now [(Compatible, Parameter, "query.kind")]
    old { #[model] struct Ask { word: String, kind: String } }
    new { #[model] struct Ask { word: String, kind: Option<String> } }

    // In a URL, a number is a text.
    query parameter_from_number_to_text [(Compatible, Parameter, "query.page")]
    old { #[model] struct Ask { page: u32 } }
    new { #[model] struct Ask { page: String } }

    query parameter_from_text_to_number [(Breaking, Parameter, "query.page")]
    old { #[model] struct Ask { page: String } }
    new { #[model] struct Ask { page: u32 } }

    query range_of_a_parameter_tighter [(Breaking, Parameter, "query.limit")]
    old { #[model] struct Ask { #[check(range = 1..=50)] limit: u32 } }
    new { #[model] struct Ask { #[check(range = 1..=20)] limit: u32 } }

    query range_of_a_parameter_looser [(Compatible, Parameter, "query.limit")]
    old { #[model] struct Ask { #[check(range = 1..=20)] limit: u32 } }
    new { #[model] struct Ask { #[check(range = 1..=50)] limit: u32 } }

    query value_of_a_parameter_gone [(Breaking, Parameter, "query.sort")]
    old { #[model] struct Ask { sort: Sort } #[model] enum Sort { New, Old, Near } }
    new { #[model] struct Ask { sort: Sort } #[model] enum Sort { New, Old } }

    query value_of_a_parameter_new [(Compatible, Parameter, "query.sort")]
    old { #[model] struct Ask { sort: Sort } #[model] enum Sort { New, Old } }
    new { #[model] struct Ask { sort: Sort } #[model] enum Sort { New, Old, Near } }

    query one_parameter_becomes_a_list [(Compatible, Parameter, "query.tag")]
    old { #[model] struct Ask { tag: u32 } }
    new { #[model] struct Ask { tag: Vec<u32> } }

    query list_becomes_one_parameter [(Breaking, Parameter, "query.tag")]
    old { #[model] struct Ask { tag: Vec<u32> } }
    new { #[model] struct Ask { tag: u32 } }

    script ("await api.fetch({ id: '018f2d3e-7c1a-7b2c-9d3e-4f5a6b7c8d9e' }); await api.fetch({ id: '汉字' }); return true")
        path_from_text_to_id [(Breaking, Parameter, "path.id")]
    old {
        /// Give.
        #[get("/things/{id}")] async fn fetch(Path(id): Path<String>) -> String { id }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }
    new {
        /// Give.
        #[get("/things/{id}")] async fn fetch(Path(id): Path<Uuid>) -> String { id.to_string() }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }

    script ("await api.fetch({ id: '018f2d3e-7c1a-7b2c-9d3e-4f5a6b7c8d9e' }); return true")
        path_from_id_to_text [(Compatible, Parameter, "path.id")]
    old {
        /// Give.
        #[get("/things/{id}")] async fn fetch(Path(id): Path<Uuid>) -> String { id.to_string() }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }
    new {
        /// Give.
        #[get("/things/{id}")] async fn fetch(Path(id): Path<String>) -> String { id }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }

    script ("return (await api.fetch({ id: 'a' })) === 'a'")
        path_parameter_renamed []
    old {
        /// Give.
        #[get("/things/{id}")] async fn fetch(Path(id): Path<String>) -> String { id }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }
    new {
        /// Give.
        #[get("/things/{thing}")] async fn fetch(Path(id): Path<String>) -> String { id }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }

    script ("return (await api.fetch()) === 'a'")
        header_new_and_required [(Breaking, Parameter, "header.x-tenant"), (Warning, Error, "code")]
    old {
        /// Give.
        #[get("/things")] async fn fetch() -> String { "a".into() }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }
    new {
        struct Tenant;
        impl HeaderField for Tenant { const NAME: &'static str = "x-tenant"; type Value = u32; }
        /// Give.
        #[get("/things")] async fn fetch(Header(_tenant): Header<Tenant>) -> String { "a".into() }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }

    script ("return (await api.fetch()) === 'a'")
        header_new_and_optional [(Compatible, Parameter, "header.x-tenant"), (Warning, Error, "code")]
    old {
        /// Give.
        #[get("/things")] async fn fetch() -> String { "a".into() }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }
    new {
        struct Tenant;
        impl HeaderField for Tenant { const NAME: &'static str = "x-tenant"; type Value = Option<u32>; }
        /// Give.
        #[get("/things")] async fn fetch(Header(_tenant): Header<Tenant>) -> String { "a".into() }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }

    script ("return (await api.fetch(undefined, { header: { 'X-Tenant': 7 } })) === 'a'")
        header_gone [(Warning, Parameter, "header.X-Tenant")]
    old {
        struct Tenant;
        impl HeaderField for Tenant { const NAME: &'static str = "X-Tenant"; type Value = u32; }
        /// Give.
        #[get("/things")] async fn fetch(Header(_tenant): Header<Tenant>) -> String { "a".into() }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }
    new {
        /// Give.
        #[get("/things")] async fn fetch() -> String { "a".into() }
        fn routes() -> queqiao::Routes<Next> { routes![fetch] }
    }
}
