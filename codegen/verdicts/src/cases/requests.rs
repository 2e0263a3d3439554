//! Bodies that the client sends: what narrows breaks.

use super::cases;

cases! {
    request field_new_and_required [(Breaking, Request, "$.due")]
    old { #[model] struct Ask { title: String } }
    new { #[model] struct Ask { title: String, due: String } }

    request field_new_and_optional [(Compatible, Request, "$.due")]
    old { #[model] struct Ask { title: String } }
    new { #[model] struct Ask { title: String, due: Option<String> } }

    request field_new_with_a_default [(Compatible, Request, "$.count")]
    old { #[model] struct Ask { title: String } }
    new { #[model] struct Ask { title: String, #[serde(default)] count: u32 } }

    request field_required_now [(Breaking, Request, "$.note")]
    old { #[model] struct Ask { title: String, #[serde(default)] note: String } }
    new { #[model] struct Ask { title: String, note: String } }

    request field_optional_now [(Compatible, Request, "$.note")]
    old { #[model] struct Ask { title: String, note: String } }
    new { #[model] struct Ask { title: String, #[serde(default)] note: String } }

    request field_no_longer_null [(Breaking, Request, "$.note")]
    old { #[model] struct Ask { title: String, note: Option<String> } }
    new { #[model] struct Ask { title: String, #[serde(default)] note: String } }

    request field_may_be_null [(Compatible, Request, "$.note")]
    old { #[model] struct Ask { title: String, #[serde(default)] note: String } }
    new { #[model] struct Ask { title: String, note: Option<String> } }

    request field_gone_and_ignored [(Warning, Request, "$.note")]
    old { #[model] struct Ask { title: String, note: Option<String> } }
    new { #[model] struct Ask { title: String } }

    request field_gone_and_refused [(Breaking, Request, "$.note")]
    old { #[model] #[serde(deny_unknown_fields)] struct Ask { title: String, note: Option<String> } }
    new { #[model] #[serde(deny_unknown_fields)] struct Ask { title: String } }

    request field_new_where_others_are_refused [(Compatible, Request, "$.note")]
    old { #[model] #[serde(deny_unknown_fields)] struct Ask { title: String } }
    new { #[model] #[serde(deny_unknown_fields)] struct Ask { title: String, note: Option<String> } }

    request unknown_fields_refused [(Breaking, Request, "$")]
    old { #[model] struct Ask { title: String } }
    new { #[model] #[serde(deny_unknown_fields)] struct Ask { title: String } }

    request unknown_fields_taken [(Compatible, Request, "$")]
    old { #[model] #[serde(deny_unknown_fields)] struct Ask { title: String } }
    new { #[model] struct Ask { title: String } }

    request field_renamed [(Breaking, Request, "$.subject"), (Warning, Request, "$.title")]
    old { #[model] struct Ask { title: String } }
    new { #[model] struct Ask { subject: String } }

    request text_to_number [(Breaking, Request, "$.count")]
    old { #[model] struct Ask { count: String } }
    new { #[model] struct Ask { count: u32 } }

    request one_to_list [(Breaking, Request, "$.tags")]
    old { #[model] struct Ask { tags: String } }
    new { #[model] struct Ask { tags: Vec<String> } }

    request integer_to_fraction [(Compatible, Request, "$.weight")]
    old { #[model] struct Ask { weight: u32 } }
    new { #[model] struct Ask { weight: f64 } }

    request fraction_to_integer [(Breaking, Request, "$.weight")]
    old { #[model] struct Ask { #[check(range = 0..=1000)] weight: f64 } }
    new { #[model] struct Ask { #[check(range = 0..=1000)] weight: i32 } }

    request wider_integer [(Compatible, Request, "$.count")]
    old { #[model] struct Ask { count: u8 } }
    new { #[model] struct Ask { count: u32 } }

    request narrower_integer [(Breaking, Request, "$.count")]
    old { #[model] struct Ask { count: u32 } }
    new { #[model] struct Ask { count: u8 } }

    request signed_to_unsigned [(Breaking, Request, "$.count")]
    old { #[model] struct Ask { count: i32 } }
    new { #[model] struct Ask { count: u32 } }

    request enum_value_gone [(Breaking, Request, "$.state")]
    old { #[model] struct Ask { state: State } #[model] enum State { Open, Done, Late } }
    new { #[model] struct Ask { state: State } #[model] enum State { Open, Done } }

    request enum_value_new [(Compatible, Request, "$.state")]
    old { #[model] struct Ask { state: State } #[model] enum State { Open, Done } }
    new { #[model] struct Ask { state: State } #[model] enum State { Open, Done, Late } }

    request enum_to_text [(Compatible, Request, "$.state")]
    old { #[model] struct Ask { state: State } #[model] enum State { Open, Done } }
    new { #[model] struct Ask { state: String } }

    request text_to_enum [(Breaking, Request, "$.state")]
    old { #[model] struct Ask { state: String } }
    new { #[model] struct Ask { state: State } #[model] enum State { Open, Done } }

    request length_tighter [(Breaking, Request, "$.title")]
    old { #[model] struct Ask { #[check(length = ..=100)] title: String } }
    new { #[model] struct Ask { #[check(length = ..=50)] title: String } }

    request length_looser [(Compatible, Request, "$.title")]
    old { #[model] struct Ask { #[check(length = ..=50)] title: String } }
    new { #[model] struct Ask { #[check(length = ..=100)] title: String } }

    request no_longer_empty [(Breaking, Request, "$.title")]
    old { #[model] struct Ask { title: String } }
    new { #[model] struct Ask { #[check(length = 1..)] title: String } }

    request range_tighter [(Breaking, Request, "$.count")]
    old { #[model] struct Ask { #[check(range = 1..=50)] count: u32 } }
    new { #[model] struct Ask { #[check(range = 1..=20)] count: u32 } }

    request range_looser [(Compatible, Request, "$.count")]
    old { #[model] struct Ask { #[check(range = 1..=20)] count: u32 } }
    new { #[model] struct Ask { #[check(range = 0..=50)] count: u32 } }

    request pattern_new [(Breaking, Request, "$.phone")]
    old { #[model] struct Ask { phone: String } }
    new { #[model] struct Ask { #[check(pattern = "^1[0-9]{10}$")] phone: String } }

    request pattern_gone [(Compatible, Request, "$.phone")]
    old { #[model] struct Ask { #[check(pattern = "^1[0-9]{10}$")] phone: String } }
    new { #[model] struct Ask { phone: String } }

    request text_to_id [(Breaking, Request, "$.shop")]
    old { #[model] struct Ask { shop: String } }
    new { #[model] struct Ask { shop: Uuid } }

    request id_to_text [(Compatible, Request, "$.shop")]
    old { #[model] struct Ask { shop: Uuid } }
    new { #[model] struct Ask { shop: String } }

    request items_fewer [(Breaking, Request, "$.tags")]
    old { #[model] struct Ask { #[check(length = ..=5)] tags: Vec<String> } }
    new { #[model] struct Ask { #[check(length = ..=2)] tags: Vec<String> } }

    request items_retyped [(Breaking, Request, "$.tags[*]")]
    old { #[model] struct Ask { tags: Vec<String> } }
    new { #[model] struct Ask { tags: Vec<u32> } }

    request map_values_retyped [(Breaking, Request, "$.prices.*")]
    old {
        #[model] struct Ask { prices: std::collections::BTreeMap<String, f64> }
    }
    new {
        #[model] struct Ask { prices: std::collections::BTreeMap<String, bool> }
    }

    request nested_field_required [(Breaking, Request, "$.place.street")]
    old { #[model] struct Ask { place: Place } #[model] struct Place { city: String } }
    new { #[model] struct Ask { place: Place } #[model] struct Place { city: String, street: String } }

    request field_of_a_tree_required [(Breaking, Request, "$.weight")]
    old { #[model] struct Ask { name: String, children: Vec<Ask> } }
    new { #[model] struct Ask { name: String, weight: u32, children: Vec<Ask> } }

    request variant_gone [(Breaking, Request, "$.shape")]
    old {
        #[model] struct Ask { shape: Shape }
        #[model] #[serde(tag = "kind")] enum Shape { Circle { radius: u32 }, Square { side: u32 }, Point }
    }
    new {
        #[model] struct Ask { shape: Shape }
        #[model] #[serde(tag = "kind")] enum Shape { Circle { radius: u32 }, Square { side: u32 } }
    }

    request variant_new [(Compatible, Request, "$.shape")]
    old {
        #[model] struct Ask { shape: Shape }
        #[model] #[serde(tag = "kind")] enum Shape { Circle { radius: u32 }, Square { side: u32 } }
    }
    new {
        #[model] struct Ask { shape: Shape }
        #[model] #[serde(tag = "kind")] enum Shape { Circle { radius: u32 }, Square { side: u32 }, Point }
    }

    request field_of_a_variant_required [(Breaking, Request, "$.shape.angle")]
    old {
        #[model] struct Ask { shape: Shape }
        #[model] #[serde(tag = "kind")] enum Shape { Circle { radius: u32 }, Square { side: u32 } }
    }
    new {
        #[model] struct Ask { shape: Shape }
        #[model] #[serde(tag = "kind")] enum Shape { Circle { radius: u32 }, Square { side: u32, angle: u32 } }
    }

    request one_type_of_two [(Compatible, Request, "$.count")]
    old { #[model] struct Ask { count: u32 } }
    new { #[model] struct Ask { count: Count } #[model] #[serde(untagged)] enum Count { Number(u32), Text(String) } }

    request body_retyped [(Breaking, Request, "$")]
    old { type Ask = Vec<String>; }
    new { #[model] struct Ask { titles: Vec<String> } }

    // What means the same is no change.
    request model_renamed []
    old { #[model] struct Ask { place: Place } #[model] struct Place { city: String } }
    new { #[model] struct Ask { place: Address } #[model] struct Address { city: String } }

    request tree_renamed []
    old { #[model] struct Ask { top: Tree } #[model] struct Tree { name: String, children: Vec<Tree> } }
    new { #[model] struct Ask { top: Node } #[model] struct Node { name: String, children: Vec<Node> } }

    request fields_in_another_order []
    old { #[model] struct Ask { title: String, state: State } #[model] enum State { Open, Done } }
    new { #[model] struct Ask { state: State, title: String } #[model] enum State { Done, Open } }

    request fields_flattened []
    old { #[model] struct Ask { title: String, city: String } }
    new {
        #[model] struct Ask { title: String, #[serde(flatten)] place: Place }
        #[model] struct Place { city: String }
    }

    // One model, sent and answered: each side has its own verdict.
    both enum_value_new_on_both_sides [(Breaking, Response, "$.state"), (Compatible, Request, "$.state")]
    old { #[model] struct Thing { state: Stage } #[model] enum Stage { Open, Done } }
    new { #[model] struct Thing { state: Stage } #[model] enum Stage { Open, Done, Late } }

    both enum_value_gone_on_both_sides [(Compatible, Response, "$.state"), (Breaking, Request, "$.state")]
    old { #[model] struct Thing { state: Stage } #[model] enum Stage { Open, Done, Late } }
    new { #[model] struct Thing { state: Stage } #[model] enum Stage { Open, Done } }

    both field_new_on_both_sides [(Compatible, Response, "$.due"), (Breaking, Request, "$.due")]
    old { #[model] struct Thing { title: String } }
    new { #[model] struct Thing { title: String, due: String } }

    both field_gone_on_both_sides [(Breaking, Response, "$.note"), (Warning, Request, "$.note")]
    old { #[model] struct Thing { title: String, note: String } }
    new { #[model] struct Thing { title: String } }
}
