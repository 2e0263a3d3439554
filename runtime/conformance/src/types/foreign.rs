//! Types of other crates.

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Arbitrary, Unstructured};
use queqiao::chrono;
use queqiao::jiff::Timestamp;
use queqiao::jiff::civil::{Date, Time};
use queqiao::model;
use queqiao::types::{Base64, Decimal, I64, U64};
use queqiao::uuid::Uuid;

use crate::cases::cases;
use crate::values::{
    base64, chrono_day, chrono_hour, chrono_instant, chrono_offset, date, decimal, many, maybe, signed, time,
    timestamp, unsigned, uuid,
};

#[model]
#[derive(Arbitrary)]
struct Ids {
    #[arbitrary(with = uuid)]
    id: Uuid,
    #[arbitrary(with = |u: &mut Unstructured<'_>| maybe(u, uuid))]
    parent: Option<Uuid>,
    #[arbitrary(with = |u: &mut Unstructured<'_>| many(u, uuid))]
    all: Vec<Uuid>,
    #[arbitrary(with = |u: &mut Unstructured<'_>| many(u, uuid))]
    set: BTreeSet<Uuid>,
}

#[model]
#[derive(Arbitrary)]
struct Id(#[arbitrary(with = uuid)] Uuid);

#[model]
#[derive(Arbitrary)]
struct Times {
    #[arbitrary(with = timestamp)]
    at: Timestamp,
    #[arbitrary(with = |u: &mut Unstructured<'_>| maybe(u, timestamp))]
    until: Option<Timestamp>,
    #[arbitrary(with = date)]
    day: Date,
    #[arbitrary(with = time)]
    opens: Time,
}

#[model]
#[derive(Arbitrary)]
struct Instant(#[arbitrary(with = timestamp)] Timestamp);

#[model]
#[derive(Arbitrary)]
struct Day(#[arbitrary(with = date)] Date);

#[model]
#[derive(Arbitrary)]
struct Hour(#[arbitrary(with = time)] Time);

#[model]
#[derive(Arbitrary)]
struct WideNumbers {
    #[arbitrary(with = unsigned)]
    a: U64,
    #[arbitrary(with = signed)]
    b: I64,
    #[arbitrary(with = |u: &mut Unstructured<'_>| many(u, signed))]
    c: Vec<I64>,
    #[arbitrary(with = |u: &mut Unstructured<'_>| maybe(u, unsigned))]
    d: Option<U64>,
}

#[model]
#[derive(Arbitrary)]
struct Signed(#[arbitrary(with = signed)] I64);

#[model]
#[derive(Arbitrary)]
struct Unsigned(#[arbitrary(with = unsigned)] U64);

#[model]
#[derive(Arbitrary)]
struct ById {
    #[arbitrary(with = |u: &mut Unstructured<'_>| crate::values::keyed(u, date))]
    days: BTreeMap<Date, u8>,
}

#[model]
#[derive(Arbitrary)]
struct ForeignPrice(#[arbitrary(with = decimal::<10, 2>)] Decimal<10, 2>);

#[model]
#[derive(Arbitrary)]
struct Amounts {
    #[arbitrary(with = decimal::<28, 0>)]
    whole: Decimal<28, 0>,
    #[arbitrary(with = decimal::<6, 6>)]
    part: Decimal<6, 6>,
    #[arbitrary(with = |u: &mut Unstructured<'_>| maybe(u, decimal::<5, 4>))]
    rate: Option<Decimal<5, 4>>,
    #[arbitrary(with = |u: &mut Unstructured<'_>| many(u, decimal::<18, 2>))]
    all: Vec<Decimal<18, 2>>,
}

#[model]
#[derive(Arbitrary)]
struct Bytes(#[arbitrary(with = base64)] Base64);

#[model]
#[derive(Arbitrary)]
struct Attachments {
    #[arbitrary(with = |u: &mut Unstructured<'_>| maybe(u, base64))]
    one: Option<Base64>,
    #[arbitrary(with = |u: &mut Unstructured<'_>| many(u, base64))]
    all: Vec<Base64>,
}

#[model]
#[derive(Arbitrary)]
struct ChronoTimes {
    #[arbitrary(with = chrono_instant)]
    at: chrono::DateTime<chrono::Utc>,
    #[arbitrary(with = chrono_offset)]
    here: chrono::DateTime<chrono::FixedOffset>,
    #[arbitrary(with = |u: &mut Unstructured<'_>| maybe(u, chrono_day))]
    day: Option<chrono::NaiveDate>,
    #[arbitrary(with = chrono_hour)]
    opens: chrono::NaiveTime,
}

cases! {
    foreign_price: ForeignPrice,
    foreign_amounts: Amounts,
    foreign_bytes: Bytes,
    foreign_attachments: Attachments,
    foreign_chrono: ChronoTimes,
    foreign_ids: Ids,
    foreign_id: Id,
    foreign_times: Times,
    foreign_instant: Instant,
    foreign_day: Day,
    foreign_hour: Hour,
    foreign_wide: WideNumbers,
    foreign_signed: Signed,
    foreign_unsigned: Unsigned,
    foreign_by_day: ById,
}
