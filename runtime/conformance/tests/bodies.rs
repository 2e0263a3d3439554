//! Every type, both ways: bodies that come in, and answers that go out.

use std::collections::BTreeMap;
use std::sync::Mutex;

use queqiao_conformance::instances::Instances;
use queqiao_conformance::mutations::mutate;
use queqiao_conformance::{Case, Judge, Random, Schema, allowed, types};

/// A failure prints the type; with the same seed it comes again.
const SEED: u64 = 20_261_124;
/// Values of each schema that the server must take.
const INSTANCES: usize = 60;
/// Changes of such values, on which schema and server must agree.
const MUTATIONS: usize = 420;
/// Arbitrary values of each type, whose JSON the schema of the response must take.
const ARBITRARY: u64 = 40;
/// How often a value is tried that the generator made and the schema does not take.
const TRIES: usize = 12;
const THREADS: usize = 2;

#[derive(Default)]
struct Found {
    differences: Vec<String>,
    allowed: BTreeMap<&'static str, usize>,
    requests: usize,
}

#[test]
fn document_and_server_agree_on_every_type() {
    let cases = types::all();
    assert!(cases.len() >= 150, "{} types", cases.len());
    let judge = Judge::new(&cases);
    // A panic of the server is status 0, and told with the others.
    std::panic::set_hook(Box::new(|_| {}));
    let next = Mutex::new(cases.iter());
    let found = Mutex::new(Found::default());
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                loop {
                    let Some(case) = next.lock().expect("the list").next() else { return };
                    let one = runtime.block_on(examine(&judge, case));
                    let mut all = found.lock().expect("the findings");
                    all.differences.extend(one.differences);
                    all.requests += one.requests;
                    for (name, times) in one.allowed {
                        *all.allowed.entry(name).or_default() += times;
                    }
                }
            });
        }
    });
    let _ = std::panic::take_hook();
    let mut found = found.into_inner().expect("the findings");
    found.differences.sort();
    println!("{} types, {} requests, allowed: {:#?}", cases.len(), found.requests, found.allowed);
    assert!(
        found.differences.is_empty(),
        "{} differences with the seed {SEED}:\n{}",
        found.differences.len(),
        found.differences.join("\n")
    );
    for known in allowed::ALLOWED {
        assert!(
            found.allowed.contains_key(known.name),
            "`{}` was not seen: take it off the list",
            known.name
        );
    }
}

async fn examine(judge: &Judge, case: &Case) -> Found {
    let mut found = Found::default();
    let (request, response) = (judge.request(case), judge.response(case));
    let random = Random::of(SEED, case.name);
    let mut instances = Instances::new(&request.root, random.clone());
    let mut mutations = random;
    let mut good = 0;
    for _ in 0..INSTANCES * TRIES {
        if good == INSTANCES {
            break;
        }
        let value = instances.instance();
        if !request.takes(&value) {
            continue;
        }
        good += 1;
        agree(judge, case, &request, &response, &value, &mut found).await;
        for _ in 0..MUTATIONS / INSTANCES {
            let mut changed = value.clone();
            mutate(&mut changed, &mut mutations);
            if mutations.once_in(4) {
                mutate(&mut changed, &mut mutations);
            }
            agree(judge, case, &request, &response, &changed, &mut found).await;
        }
    }
    if good < INSTANCES {
        found
            .differences
            .push(format!("{}: only {good} values of the schema could be made: {}", case.name, request.root));
    }
    let mut written = 0;
    for seed in 0..ARBITRARY {
        let answer = judge.arbitrary(case, SEED + seed).await;
        found.requests += 1;
        match answer.status {
            200 => {
                written += 1;
                if !response.takes(&answer.body) {
                    found.differences.push(format!(
                        "{}: wrote {} against its schema: {}",
                        case.name,
                        answer.body,
                        response.refusal(&answer.body)
                    ));
                }
            }
            422 => {}
            status => found
                .differences
                .push(format!("{}: an arbitrary value gives {status}: {}", case.name, answer.body)),
        }
    }
    if written == 0 && !case.name.starts_with("checked") {
        found.differences.push(format!("{}: no arbitrary value", case.name));
    }
    found.differences.truncate(6);
    found
}

async fn agree(
    judge: &Judge,
    case: &Case,
    request: &Schema,
    response: &Schema,
    value: &queqiao::serde_json::Value,
    found: &mut Found,
) {
    let answer = judge.post(case, value).await;
    found.requests += 1;
    if answer.status != 200 && !(400..500).contains(&answer.status) {
        found.differences.push(format!("{}: {value} gives {}: {}", case.name, answer.status, answer.body));
    }
    if answer.is_good() && !response.takes(&answer.body) {
        found.differences.push(format!(
            "{}: wrote {} against its schema: {}",
            case.name,
            answer.body,
            response.refusal(&answer.body)
        ));
    }
    let taken = request.takes(value);
    if taken == answer.is_good() {
        return;
    }
    let server = async |value: &_| judge.post(case, value).await.is_good();
    match allowed::find(request, response, case.name, value, &answer, server).await {
        Some(name) => *found.allowed.entry(name).or_default() += 1,
        None => found.differences.push(if taken {
            format!("{}: the schema takes {value}, the server not: {}", case.name, answer.body["errors"])
        } else {
            format!("{}: the server takes {value}, the schema not: {}", case.name, request.refusal(value))
        }),
    }
}
