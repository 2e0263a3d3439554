use queqiao::prelude::*;

#[model]
#[serde(from = "Wire")]
struct Todo {
    title: String,
}

#[model]
struct Wire {
    title: String,
}

impl From<Wire> for Todo {
    fn from(wire: Wire) -> Self {
        Self { title: wire.title }
    }
}

fn main() {}
