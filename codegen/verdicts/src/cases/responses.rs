//! What a successful call gives: what widens breaks.

use super::cases;

cases! {
    response field_added [(Compatible, Response, "$.due")]
    old { #[model] struct Answer { title: String } }
    new { #[model] struct Answer { title: String, due: String } }

    response ("function (v) { v.title.length; }") field_gone [(Breaking, Response, "$.title")]
    old { #[model] struct Answer { id: u32, title: String } }
    new { #[model] struct Answer { id: u32 } }

    response ("function (v) { v.title.length; }") field_with_another_name
        [(Breaking, Response, "$.title"), (Compatible, Response, "$.subject")]
    old { #[model] struct Answer { title: String } }
    new { #[model] struct Answer { subject: String } }

    response ("function (v) { if (v.note !== undefined) v.note.length; }") optional_field_gone
        [(Warning, Response, "$.note")]
    old {
        #[model] struct Answer { title: String, #[serde(skip_serializing_if = "String::is_empty")] #[serde(default)] note: String }
    }
    new { #[model] struct Answer { title: String } }

    response ("function (v) { v.count.toFixed(2); }") number_to_text [(Breaking, Response, "$.count")]
    old { #[model] struct Answer { count: u32 } }
    new { #[model] struct Answer { count: String } }

    response ("function (v) { v.note.length; }") answer_may_be_null [(Breaking, Response, "$.note")]
    old { #[model] struct Answer { note: String } }
    new { #[model] struct Answer { note: Option<String> } }

    response ("function (v) { if (v.note !== null) v.note.length; }") answer_no_longer_null
        [(Compatible, Response, "$.note")]
    old { #[model] struct Answer { note: Option<String> } }
    new { #[model] struct Answer { note: String } }

    response ("function (v) { v.tags.length; }") field_may_be_absent [(Breaking, Response, "$.tags")]
    old { #[model] struct Answer { title: String, tags: Vec<String> } }
    new {
        #[model] struct Answer { title: String, #[serde(default, skip_serializing_if = "Vec::is_empty")] tags: Vec<String> }
    }

    response field_always_there [(Compatible, Response, "$.tags")]
    old {
        #[model] struct Answer { title: String, #[serde(default, skip_serializing_if = "Vec::is_empty")] tags: Vec<String> }
    }
    new { #[model] struct Answer { title: String, tags: Vec<String> } }

    response ("function (v) { switch (v.state) { case 'open': case 'done': return; default: throw new Error('fell through: ' + v.state); } }")
        enum_value_added [(Breaking, Response, "$.state")]
    old { #[model] struct Answer { state: Stage } #[model] enum Stage { Open, Done } }
    new { #[model] struct Answer { state: Stage } #[model] enum Stage { Open, Done, Late } }

    response ("function (v) { switch (v.state) { case 'open': case 'done': case 'late': return; default: throw new Error('fell through: ' + v.state); } }")
        enum_value_never_given [(Compatible, Response, "$.state")]
    old { #[model] struct Answer { state: Stage } #[model] enum Stage { Open, Done, Late } }
    new { #[model] struct Answer { state: Stage } #[model] enum Stage { Open, Done } }

    response ("function (v) { if (['open', 'done'].indexOf(v.state) < 0) throw new Error('fell through: ' + v.state); }")
        enum_opened [(Breaking, Response, "$.state")]
    old { #[model] struct Answer { state: Stage } #[model] enum Stage { Open, Done } }
    new { #[model] struct Answer { state: String } }

    response enum_from_text [(Compatible, Response, "$.state")]
    old { #[model] struct Answer { state: String } }
    new { #[model] struct Answer { state: Stage } #[model] enum Stage { Open, Done } }

    response length_of_an_answer_looser [(Warning, Response, "$.title")]
    old { #[model] struct Answer { #[check(length = ..=20)] title: String } }
    new { #[model] struct Answer { #[check(length = ..=40)] title: String } }

    response length_of_an_answer_tighter [(Compatible, Response, "$.title")]
    old { #[model] struct Answer { #[check(length = ..=40)] title: String } }
    new { #[model] struct Answer { #[check(length = ..=20)] title: String } }

    response range_of_an_answer_looser [(Warning, Response, "$.stars")]
    old { #[model] struct Answer { #[check(range = 1..=5)] stars: u32 } }
    new { #[model] struct Answer { #[check(range = 1..=10)] stars: u32 } }

    response range_of_an_answer_tighter [(Compatible, Response, "$.stars")]
    old { #[model] struct Answer { #[check(range = 1..=10)] stars: u32 } }
    new { #[model] struct Answer { #[check(range = 1..=5)] stars: u32 } }

    response answer_of_a_wider_integer [(Warning, Response, "$.count")]
    old { #[model] struct Answer { count: u8 } }
    new { #[model] struct Answer { count: u32 } }

    response pattern_of_an_answer_gone [(Warning, Response, "$.phone")]
    old { #[model] struct Answer { #[check(pattern = "^1[0-9]{10}$")] phone: String } }
    new { #[model] struct Answer { phone: String } }

    response answer_with_a_fraction [(Breaking, Response, "$.weight")]
    old { #[model] struct Answer { #[check(range = 0..=1000)] weight: u32 } }
    new { #[model] struct Answer { #[check(range = 0..=1000)] weight: f64 } }

    response answer_without_a_fraction [(Compatible, Response, "$.weight")]
    old { #[model] struct Answer { #[check(range = 0..=1000)] weight: f64 } }
    new { #[model] struct Answer { #[check(range = 0..=1000)] weight: u32 } }

    response id_becomes_text [(Warning, Response, "$.id")]
    old { #[model] struct Answer { id: Uuid } }
    new { #[model] struct Answer { id: String } }

    response text_becomes_id [(Compatible, Response, "$.id")]
    old { #[model] struct Answer { id: String } }
    new { #[model] struct Answer { id: Uuid } }

    response ("function (v) { v.items.forEach(function (item) { item.title.length; }); }") field_of_items_gone
        [(Breaking, Response, "$.items[*].title")]
    old { #[model] struct Answer { items: Vec<Entry> } #[model] struct Entry { id: u32, title: String } }
    new { #[model] struct Answer { items: Vec<Entry> } #[model] struct Entry { id: u32 } }

    response ("function (v) { v.items.map(String); }") list_to_map [(Breaking, Response, "$.items")]
    old { #[model] struct Answer { items: Vec<String> } }
    new { #[model] struct Answer { items: std::collections::BTreeMap<String, String> } }

    response map_values_of_an_answer_retyped [(Breaking, Response, "$.prices.*")]
    old { #[model] struct Answer { prices: std::collections::BTreeMap<String, u32> } }
    new { #[model] struct Answer { prices: std::collections::BTreeMap<String, String> } }

    response ("function (v) { if (v.kind === 'Circle') v.radius.toFixed(); else if (v.kind === 'Square') v.side.toFixed(); else throw new Error('what is ' + v.kind); }")
        variant_added [(Breaking, Response, "$")]
    old { #[model] #[serde(tag = "kind")] enum Answer { Circle { radius: u32 }, Square { side: u32 } } }
    new { #[model] #[serde(tag = "kind")] enum Answer { Circle { radius: u32 }, Square { side: u32 }, Point { x: u32 } } }

    response variant_never_given [(Compatible, Response, "$")]
    old { #[model] #[serde(tag = "kind")] enum Answer { Circle { radius: u32 }, Square { side: u32 }, Point { x: u32 } } }
    new { #[model] #[serde(tag = "kind")] enum Answer { Circle { radius: u32 }, Square { side: u32 } } }

    response field_of_a_variant_gone [(Breaking, Response, "$.side")]
    old { #[model] #[serde(tag = "kind")] enum Answer { Circle { radius: u32 }, Square { side: u32 } } }
    new { #[model] #[serde(tag = "kind")] enum Answer { Circle { radius: u32 }, Square { size: u32 } } }

    response tuple_longer [(Breaking, Response, "$.place")]
    old { #[model] struct Answer { place: (f64, f64) } }
    new { #[model] struct Answer { place: (f64, f64, f64) } }

    response tuple_retyped [(Breaking, Response, "$.place[1]")]
    old { #[model] struct Answer { place: (f64, f64) } }
    new { #[model] struct Answer { place: (f64, String) } }

    response ("function (v) { (function walk(tree) { tree.name.length; tree.children.forEach(walk); })(v); }") field_of_a_tree_gone
        [(Breaking, Response, "$.name")]
    old { #[model] struct Answer { name: String, children: Vec<Answer> } }
    new { #[model] struct Answer { children: Vec<Answer> } }

    response answer_in_an_envelope [(Breaking, Response, "$")]
    old { type Answer = Vec<String>; }
    new { #[model] struct Answer { items: Vec<String> } }

    response one_of_two_types [(Breaking, Response, "$.count")]
    old { #[model] struct Answer { count: u32 } }
    new { #[model] struct Answer { count: Count } #[model] #[serde(untagged)] enum Count { Number(u32), Text(String) } }

    response model_of_an_answer_renamed []
    old { #[model] struct Answer { place: Place } #[model] struct Place { city: String } }
    new { #[model] struct Answer { place: Address } #[model] struct Address { city: String } }

    response others_of_an_answer_refused []
    old { #[model] struct Answer { title: String } }
    new { #[model] #[serde(deny_unknown_fields)] struct Answer { title: String } }

    script ("var v = await api.act(); return typeof v === 'object' && v.title === 'a'")
        another_success []
    old {
        #[model] struct Answer { title: String }
        /// Act.
        #[post("/things")] async fn act() -> Answer { Answer { title: "a".into() } }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        #[model] struct Answer { title: String }
        /// Act.
        #[post("/things")] async fn act() -> Created<Answer> { Created(Answer { title: "a".into() }) }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }

    script ("var v = await api.act(); return v.title === 'a'")
        nothing_in_place_of_json [(Breaking, Response, "")]
    old {
        #[model] struct Answer { title: String }
        /// Act.
        #[post("/things")] async fn act() -> Answer { Answer { title: "a".into() } }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        /// Act.
        #[post("/things")] async fn act() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }

    script ("return (await api.act()) === undefined")
        json_in_place_of_nothing [(Compatible, Response, "")]
    old {
        /// Act.
        #[post("/things")] async fn act() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        #[model] struct Answer { title: String }
        /// Act.
        #[post("/things")] async fn act() -> Answer { Answer { title: "a".into() } }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }

    script ("return (await api.act()) === undefined")
        text_in_place_of_nothing [(Compatible, Response, "")]
    old {
        /// Act.
        #[post("/things")] async fn act() -> NoContent { NoContent }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
    new {
        struct Plain;
        impl MediaType for Plain { const NAME: &'static str = "text/plain"; }
        /// Act.
        #[post("/things")] async fn act() -> File<Plain> { File::new("done") }
        fn routes() -> queqiao::Routes<Next> { routes![act] }
    }
}
