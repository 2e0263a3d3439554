//! `impl Model`: the walk over all fields, with the places that serde gives them on the wire.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Attribute, Data, DataEnum, DeriveInput, Field, Fields, Ident, Member, Path, Variant};

use super::check::{Checks, custom_statements, local, on_type as checks_on_type};
use super::deprecation;
use super::serde_attributes::{OnField, OnType, OnVariant};
use crate::mistakes::Mistakes;
use crate::names::{Rule, unraw};

/// Where a field's value stands, seen from its container.
enum Step {
    /// At the container's own place.
    Here,
    Member(String),
    Index(usize),
}

pub(super) fn model(
    input: &DeriveInput,
    on_type: &OnType,
    root: &Path,
    mistakes: &mut Mistakes,
) -> TokenStream {
    let at = local("at");
    let custom = checks_on_type(&input.attrs, mistakes);
    let body = match (&on_type.from, &on_type.into) {
        (Some((_, from)), Some(into)) if from == into => {
            refuse_checks_of_converted(input, mistakes);
            // The wire speaks of the other type, and so do its constraints and pointers.
            let value = local("value");
            quote! {
                let #value: #from = ::core::convert::Into::into(::core::clone::Clone::clone(self));
                #root::Model::check(&#value, #at);
            }
        }
        (Some((span, _)), _) => {
            mistakes.at(
                *span,
                format!(
                    "a model that is converted from another type must also be converted back, by `into = \"…\"` of the same \
                     type (and `Clone`): constraints and pointers speak of what is on the wire, not of `{}`",
                    input.ident
                ),
            );
            TokenStream::new()
        }
        (None, _) => match &input.data {
            Data::Struct(data) => {
                let rule = on_type.rename_all.rule().or((!on_type.rename_all.given).then_some(Rule::Camel));
                let fields = fields(&data.fields, rule, on_type.transparent, root, mistakes);
                let value = local("value");
                let walks = fields.iter().map(|walked| {
                    let Walked { conditions, member, body, .. } = walked;
                    quote!(#(#conditions)* { let #value = &self.#member; #body })
                });
                quote!(#(#walks)*)
            }
            Data::Enum(data) => variants(data, on_type, root, mistakes),
            Data::Union(_) => TokenStream::new(),
        },
    };
    let custom = custom_statements(&custom, &quote!(self), &at, root);
    let ident = &input.ident;
    let mut generics = input.generics.clone();
    let parameters: Vec<Ident> = generics.type_params().map(|parameter| parameter.ident.clone()).collect();
    let bounds = generics.make_where_clause();
    for parameter in parameters {
        bounds.predicates.push(syn::parse_quote!(#parameter: #root::Model));
    }
    let (impl_generics, ty_generics, where_clause) = generics.split_for_impl();
    let conditions = input.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    // What is deprecated is walked all the same.
    let quiet = deprecation::is_in(input).then(|| quote!(#[allow(deprecated)]));
    quote! {
        #(#conditions)*
        #[automatically_derived]
        #quiet
        // `custom` is called in a closure, so that a `fn(&str)` fits a `String`.
        #[allow(clippy::redundant_closure)]
        impl #impl_generics #root::Model for #ident #ty_generics #where_clause {
            fn check(&self, #at: &mut #root::Checker<'_>) {
                let _ = &#at;
                #body
                #custom
            }
        }
    }
}

/// A field whose value is walked.
struct Walked {
    conditions: Vec<Attribute>,
    member: Member,
    /// The name to which the value is bound in the body, where it is one of a variant.
    binding: Ident,
    /// Checks `value: &T`.
    body: TokenStream,
}

fn fields(
    fields: &Fields,
    rule: Option<Rule>,
    transparent: bool,
    root: &Path,
    mistakes: &mut Mistakes,
) -> Vec<Walked> {
    let newtype = matches!(fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1);
    let mut index_on_wire = 0;
    let mut walked = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let on_field = OnField::read(&field.attrs);
        let checks = Checks::read(&field.attrs, &field.ty, mistakes);
        if on_field.skipped {
            if let Some(attribute) = checks_attribute(field)
                && checks.constrains()
            {
                mistakes.on(attribute, "the field does not come from the wire (`skip`), so nothing of it is checked; leave `#[check]` out");
            }
            continue;
        }
        if on_field.flatten.is_some() && checks.constrains() {
            mistakes.on(
                checks_attribute(field),
                "a flattened field has no place of its own on the wire; put the constraints on the fields of its type",
            );
        }
        let constrained = on_field.flatten.is_none();
        let step = match &field.ident {
            _ if transparent || newtype || on_field.flatten.is_some() => Step::Here,
            Some(ident) => Step::Member(on_field.rename.deserialize.unwrap_or_else(|| {
                let name = unraw(ident);
                rule.map_or_else(|| name.clone(), |rule| rule.field(&name))
            })),
            None => Step::Index(index_on_wire),
        };
        index_on_wire += 1;
        let binding = local(&format!("field_{index}"));
        let member = match &field.ident {
            Some(ident) => Member::Named(ident.clone()),
            None => Member::Unnamed(syn::Index {
                index: u32::try_from(index).unwrap_or(u32::MAX),
                span: field.ty.span(),
            }),
        };
        if let Some(body) = walk(field, &checks, constrained, &step, root) {
            let conditions =
                field.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).cloned().collect();
            walked.push(Walked { conditions, member, binding, body });
        }
    }
    walked
}

/// Statements for `value`, at the place of `at`; nothing where there is nothing to check.
fn walk(field: &Field, checks: &Checks, constrained: bool, step: &Step, root: &Path) -> Option<TokenStream> {
    if checks.skip && !checks.constrains() {
        return None;
    }
    let (value, at) = (local("value"), local("at"));
    let ty = &field.ty;
    let place = match step {
        Step::Here => quote!(let #at = &mut *#at;),
        Step::Member(name) => quote!(let #at = &mut #root::Checker::field(#at, #name);),
        Step::Index(index) => quote!(let #at = &mut #root::Checker::index(#at, #index);),
    };
    let constraints = constrained.then(|| checks.statements(ty, &value, &at, root));
    let nested =
        (!checks.skip).then(|| quote_spanned!(ty.span()=> <#ty as #root::Model>::check(#value, #at);));
    Some(quote!(#place #constraints #nested))
}

fn checks_attribute(field: &Field) -> Option<&Attribute> {
    field.attrs.iter().find(|attribute| attribute.path().is_ident("check"))
}

fn variants(data: &DataEnum, on_type: &OnType, root: &Path, mistakes: &mut Mistakes) -> TokenStream {
    if data.variants.is_empty() {
        return quote!(match *self {});
    }
    let arms: Vec<TokenStream> =
        data.variants.iter().map(|variant| arm(variant, on_type, root, mistakes)).collect();
    quote!(match self { #(#arms)* })
}

fn arm(variant: &Variant, on_type: &OnType, root: &Path, mistakes: &mut Mistakes) -> TokenStream {
    let on_variant = OnVariant::read(&variant.attrs);
    let ident = &variant.ident;
    let conditions: Vec<&Attribute> =
        variant.attrs.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
    if let Some(attribute) = variant.attrs.iter().find(|attribute| attribute.path().is_ident("check")) {
        mistakes.on(attribute, "constraints stand on fields: `Variant(#[check(…)] T)`");
    }
    let rule = [&on_variant.rename_all, &on_type.rename_all_fields].into_iter().find(|renamed| renamed.given);
    let rule = rule.map_or(Some(Rule::Camel), |renamed| renamed.rule());
    let fields = fields(&variant.fields, rule, false, root, mistakes);
    if fields.is_empty() || on_variant.skipped || on_variant.foreign {
        return quote!(#(#conditions)* Self::#ident { .. } => {});
    }
    let at = local("at");
    let step = if on_variant.untagged || on_type.untagged {
        None
    } else if let Some(content) = &on_type.content {
        Some(content.clone())
    } else if on_type.tag.is_some() {
        None
    } else {
        let name = unraw(ident);
        let rule = on_type.rename_all.rule().or((!on_type.rename_all.given).then_some(Rule::Camel));
        Some(
            on_variant
                .rename
                .deserialize
                .unwrap_or_else(|| rule.map_or_else(|| name.clone(), |rule| rule.variant(&name))),
        )
    };
    let place = step.map(|name| quote!(let #at = &mut #root::Checker::field(#at, #name);));
    let value = local("value");
    let bindings = fields
        .iter()
        .map(|Walked { conditions, member, binding, .. }| quote!(#(#conditions)* #member: #binding));
    let walks = fields.iter().map(
        |Walked { conditions, binding, body, .. }| quote!(#(#conditions)* { let #value = #binding; #body }),
    );
    quote! {
        #(#conditions)*
        Self::#ident { #(#bindings,)* .. } => {
            #place
            #(#walks)*
        }
    }
}

fn refuse_checks_of_converted(input: &DeriveInput, mistakes: &mut Mistakes) {
    for field in super::fields(input).flat_map(Fields::iter) {
        if let Some(attribute) = checks_attribute(field) {
            mistakes.on(
                attribute,
                "the wire speaks of the type that this one is converted from; put the constraint on its field",
            );
        }
    }
}
