//! Models that are, unfolded, nothing but themselves: TypeScript refuses them.
//!
//! They are common in documents for class hierarchies: `Pet` is one of `Cat` and `Dog`, and `Cat` is all of `Pet` and
//! more.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::{Model, Type};

/// Opens every circle, and gives the names of the models that could only be opened by leaving something out.
///
/// Where a circle leads through an `allOf`, nothing is lost: a cat is what every pet has, and what cats have.
pub(super) fn open(models: &mut [Model]) -> Vec<String> {
    let may_lead =
        |model: &&Model| matches!(model.shape, Type::Named(_) | Type::Union(_) | Type::Intersection(_));
    let mut shapes: BTreeMap<String, Type> =
        models.iter().filter(may_lead).map(|model| (model.name.clone(), model.shape.clone())).collect();
    let circular = |(name, shape): &(&String, &Type)| leads(shape, name, &shapes);
    let names: Vec<String> = shapes.iter().filter(circular).map(|(name, _)| name.clone()).collect();
    let mut cut = Vec::new();
    for name in &names {
        if let Some(shape) = shapes.get(name)
            && leads(shape, name, &shapes)
            && !parts(shape).iter().any(|part| matches!(part, Type::Union(_)) && leads(part, name, &shapes))
        {
            let rest = beside(shape, name, &shapes, &mut BTreeSet::new());
            if rest.is_empty() {
                cut.push(name.clone());
            }
            shapes.insert(name.clone(), Type::intersection(rest));
        }
    }
    for name in names {
        if let Some(shape) = shapes.get(&name)
            && leads(shape, &name, &shapes)
        {
            let kept: Vec<Type> =
                parts(shape).iter().flat_map(|part| without(part, &name, &shapes)).collect();
            shapes.insert(name.clone(), Type::intersection(kept));
            cut.push(name);
        }
    }
    for model in models {
        if let Some(shape) = shapes.remove(&model.name) {
            model.shape = shape;
        }
    }
    cut
}

/// What a shape is all of.
fn parts(shape: &Type) -> &[Type] {
    match shape {
        Type::Intersection(parts) => parts,
        shape => std::slice::from_ref(shape),
    }
}

/// A part without what leads to `name`; nothing if nothing is left.
fn without(part: &Type, name: &str, shapes: &BTreeMap<String, Type>) -> Option<Type> {
    match part {
        part if !leads(part, name, shapes) => Some(part.clone()),
        Type::Union(parts) => {
            let kept: Vec<Type> = parts.iter().filter(|part| !leads(part, name, shapes)).cloned().collect();
            (!kept.is_empty()).then(|| Type::union(kept))
        }
        _ => None,
    }
}

/// The parts of an intersection that do not lead to `name`; a model that does is replaced by its own such parts.
fn beside<'s>(
    shape: &'s Type,
    name: &str,
    shapes: &'s BTreeMap<String, Type>,
    seen: &mut BTreeSet<&'s str>,
) -> Vec<Type> {
    if !leads(shape, name, shapes) {
        return vec![shape.clone()];
    }
    match shape {
        Type::Intersection(parts) => parts.iter().flat_map(|part| beside(part, name, shapes, seen)).collect(),
        Type::Named(other) if other != name && seen.insert(other) => {
            shapes.get(other).map(|shape| beside(shape, name, shapes, seen)).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// Whether a shape leads to the model `name` without an object or a list between.
fn leads(shape: &Type, name: &str, shapes: &BTreeMap<String, Type>) -> bool {
    let (mut open, mut seen) = (vec![shape], BTreeSet::new());
    while let Some(shape) = open.pop() {
        match shape {
            Type::Named(next) if next == name => return true,
            Type::Named(next) if seen.insert(next) => open.extend(shapes.get(next)),
            Type::Union(parts) | Type::Intersection(parts) => open.extend(parts),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Documentation, Member};

    fn named(name: &str) -> Type {
        Type::Named(name.into())
    }

    fn object(member: &str) -> Type {
        let documentation = Documentation::default();
        let member = Member { name: member.into(), required: true, documentation, shape: Type::String };
        Type::Object { members: vec![member], open: false }
    }

    fn opened(shapes: Vec<(&str, Type)>) -> (Vec<Type>, Vec<String>) {
        let documentation = Documentation::default;
        let model =
            |(name, shape): (&str, Type)| Model { name: name.into(), documentation: documentation(), shape };
        let mut models: Vec<Model> = shapes.into_iter().map(model).collect();
        let cut = open(&mut models);
        (models.into_iter().map(|model| model.shape).collect(), cut)
    }

    #[test]
    fn a_class_hierarchy_loses_nothing() {
        let pet = Type::Intersection(vec![Type::Union(vec![named("Cat"), named("Dog")]), object("kind")]);
        let cat = Type::Intersection(vec![named("Pet"), object("meow")]);
        let dog = Type::Intersection(vec![named("Pet"), object("bark")]);
        let (shapes, cut) = opened(vec![("Cat", cat.clone()), ("Dog", dog), ("Pet", pet.clone())]);
        let kind_of = |own| Type::Intersection(vec![object("kind"), object(own)]);
        assert_eq!(shapes, [kind_of("meow"), kind_of("bark"), pet]);
        assert_eq!(cut, Vec::<String>::new());

        // Whichever name comes first, and for cats that have nothing of their own.
        let zebra = named("Pet");
        let pet = Type::Intersection(vec![Type::Union(vec![named("Zebra"), named("Cat")]), object("kind")]);
        let (shapes, cut) = opened(vec![("Cat", cat), ("Pet", pet.clone()), ("Zebra", zebra)]);
        assert_eq!(shapes, [kind_of("meow"), pet, object("kind")]);
        assert_eq!(cut, Vec::<String>::new());
    }

    #[test]
    fn what_only_leads_to_itself_is_cut() {
        let (shapes, cut) = opened(vec![
            ("A", Type::Union(vec![named("A"), Type::Null])),
            ("B", named("C")),
            ("C", named("B")),
            ("D", Type::Array(Box::new(named("D")))),
        ]);
        assert_eq!(shapes, [Type::Null, Type::Unknown, named("B"), Type::Array(Box::new(named("D")))]);
        assert_eq!(cut, ["B", "A"]);
    }
}
