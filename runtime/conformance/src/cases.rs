//! One type, one operation: what is posted comes back.

use arbitrary::{Arbitrary, Unstructured};
use queqiao::{Context, Extract, Incoming, Json, Model, Operation, Problem, Routes};

use crate::random::Random;

/// The header that asks for an arbitrary value in place of the body's.
pub const SEED: &str = "x-seed";

/// A type under its name, and the operation that takes and gives it.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its operation is `POST /{name}`.
    pub name: &'static str,
    /// Adds its operation.
    pub route: fn(Routes<()>) -> Routes<()>,
}

/// The body, or an arbitrary value that keeps its own constraints where the request has a seed.
pub(crate) struct Input<T>(pub(crate) T);

impl<T> Extract<()> for Input<T>
where
    T: Model + for<'a> Arbitrary<'a> + Send,
{
    fn describe(operation: &mut Operation<'_>) {
        <Json<T> as Extract<()>>::describe(operation);
    }

    async fn extract(request: &mut Incoming, context: &Context<()>) -> Result<Self, Problem> {
        let seed = request.parts.headers.get(SEED).and_then(|seed| seed.to_str().ok());
        match seed.and_then(|seed| seed.parse().ok()) {
            Some(seed) => arbitrary_value(seed).map(Self),
            None => Json::extract(request, context).await.map(|Json(value)| Self(value)),
        }
    }
}

/// Values tried before a type's own constraints are held to be out of reach of chance.
const TRIES: usize = 24;

fn arbitrary_value<T: Model + for<'a> Arbitrary<'a>>(seed: u64) -> Result<T, Problem> {
    let mut random = Random::of(seed, std::any::type_name::<T>());
    for _ in 0..TRIES {
        let length = 64 << random.below(6);
        let bytes = random.bytes(length);
        let Ok(value) = T::arbitrary(&mut Unstructured::new(&bytes)) else { continue };
        let mut broken = Vec::new();
        value.check(&mut queqiao::Checker::root(&mut broken));
        if broken.is_empty() {
            return Ok(value);
        }
    }
    Err(Problem::validation(Vec::new()))
}

/// Lists the types of a file: each gets an operation under its name.
macro_rules! cases {
    ($($name:ident: $type:ty),* $(,)?) => {
        /// The types of this file.
        pub(crate) fn cases() -> Vec<$crate::cases::Case> {
            vec![$({
                struct Echo;
                impl ::queqiao::Endpoint<()> for Echo {
                    type A0 = $crate::cases::Input<$type>;
                    type A1 = ();
                    type A2 = ();
                    type A3 = ();
                    type A4 = ();
                    type A5 = ();
                    type A6 = ();
                    type A7 = ();
                    type Reply = $type;

                    const META: ::queqiao::Meta = ::queqiao::Meta {
                        method: ::queqiao::Method::Post,
                        path: concat!("/", stringify!($name)),
                        operation_id: stringify!($name),
                        tag: None,
                        module: module_path!(),
                        name: stringify!($name),
                        summary: "",
                        description: "",
                        idempotent: false,
                        deprecated: None,
                        file: file!(),
                        line: line!(),
                    };

                    async fn call(value: Self::A0, _: (), _: (), _: (), _: (), _: (), _: (), _: ()) -> $type {
                        value.0
                    }
                }
                $crate::cases::Case { name: stringify!($name), route: |routes| routes.with(Echo) }
            }),*]
        }
    };
}
pub(crate) use cases;
