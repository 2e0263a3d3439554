//! Made-up values for the arguments of operations, as JavaScript.

use queqiao_codegen::contract::{Model, Operation, Parameter, Place, Type};

/// How deep models are filled.
const DEPTH: usize = 5;

/// One call after the other, each with what became of it.
pub(crate) const PROLOGUE: &str = "
var calls = [], problems = [], refused = 0;
function all() {
  var whole = {};
  for (var i = 0; i < arguments.length; i++) for (var name in arguments[i]) whole[name] = arguments[i][name];
  return whole;
}
function add(name, values) { calls.push([name, values]); }
async function settle() {
  api.configure({ retries: 0 });
  wx.getFileSystemManager().writeFileSync('wxfile://tmp/a.png', 'pixels');
  for (var i = 0; i < calls.length; i++) {
    var name = calls[i][0];
    try {
      var call = api[name].apply(null, calls[i][1]());
      try {
        await call;
        problems.push(name + ' gave a value without an answer');
      } catch (error) {
        if (error && error.name === 'ApiError' && error.kind === 'validation' && error.errors) refused++;
        else if (!api[name].failed(error)) problems.push(name + ' fails with ' + error);
      }
    } catch (error) {
      problems.push(name + ' throws ' + error);
    }
  }
  return { refused: refused, problems: problems };
}
";

/// A statement that calls the operation with everything that it takes.
pub(crate) fn call(operation: &Operation, models: &[Model]) -> String {
    let at = |places: &[Place]| {
        let chosen = operation.parameters.iter().filter(|parameter| places.contains(&parameter.place));
        members(chosen, models)
    };
    let header = at(&[Place::Header]);
    let arguments = if operation.method.sends_body() {
        let body =
            operation.body.as_ref().map_or("undefined".to_owned(), |body| value(&body.shape, models, 0));
        let options = format!("{{ query: {}, header: {header} }}", at(&[Place::Query]));
        match operation.path.contains('{') {
            true => format!("{}, {body}, {options}", at(&[Place::Path])),
            false => format!("{body}, {options}"),
        }
    } else {
        format!("{}, {{ header: {header} }}", at(&[Place::Path, Place::Query]))
    };
    format!("add({}, function () {{ return [{arguments}]; }});\n", quote(&operation.name))
}

fn members<'p>(parameters: impl Iterator<Item = &'p Parameter>, models: &[Model]) -> String {
    let members: Vec<String> = parameters
        .map(|parameter| format!("{}: {}", quote(&parameter.name), value(&parameter.shape, models, 0)))
        .collect();
    format!("{{ {} }}", members.join(", "))
}

fn value(shape: &Type, models: &[Model], depth: usize) -> String {
    match shape {
        Type::Never | Type::Nothing => "undefined".to_owned(),
        Type::Null => "null".to_owned(),
        Type::Boolean => "true".to_owned(),
        Type::Number => "7".to_owned(),
        Type::Unknown | Type::String => "'a/汉 \u{1f600}?'".to_owned(),
        Type::File => "'wxfile://tmp/a.png'".to_owned(),
        Type::Binary => "new ArrayBuffer(2)".to_owned(),
        Type::Literal(value) => value.to_string(),
        Type::Array(items) => format!("[{}]", value(items, models, depth)),
        Type::Tuple(places, _) => {
            let places: Vec<_> = places.iter().map(|place| value(place, models, depth)).collect();
            format!("[{}]", places.join(", "))
        }
        Type::Map(values) => format!("{{ key: {} }}", value(values, models, depth)),
        Type::Object { members, .. } => {
            let members: Vec<_> = members
                .iter()
                .map(|member| format!("{}: {}", quote(&member.name), value(&member.shape, models, depth)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        Type::Union(parts) => {
            let plain = |part: &&Type| !matches!(part, Type::Null | Type::Binary | Type::Never);
            parts.iter().find(plain).map_or("null".to_owned(), |part| value(part, models, depth))
        }
        Type::Intersection(parts) => {
            let parts: Vec<_> = parts.iter().map(|part| value(part, models, depth)).collect();
            format!("all({})", parts.join(", "))
        }
        Type::Named(_) if depth >= DEPTH => "null".to_owned(),
        Type::Named(name) => {
            let model = models.iter().find(|model| model.name == *name);
            model.map_or("null".to_owned(), |model| value(&model.shape, models, depth + 1))
        }
    }
}

fn quote(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
