//! Arbitrary values of types that `arbitrary` does not know, and of floats that JSON can carry.

use arbitrary::{Arbitrary, Result, Unstructured};
use queqiao::chrono;
use queqiao::jiff;
use queqiao::serde_json::{Map, Value};
use queqiao::types::{Base64, Decimal, I64, U64};
use queqiao::uuid::Uuid;

pub(crate) fn uuid(u: &mut Unstructured<'_>) -> Result<Uuid> {
    Ok(Uuid::from_bytes(u.arbitrary()?))
}

pub(crate) fn timestamp(u: &mut Unstructured<'_>) -> Result<jiff::Timestamp> {
    let second = u.int_in_range(-62_000_000_000_i64..=253_000_000_000)?;
    jiff::Timestamp::new(second, u.int_in_range(0..=999_999_999)?)
        .map_err(|_| arbitrary::Error::IncorrectFormat)
}

pub(crate) fn date(u: &mut Unstructured<'_>) -> Result<jiff::civil::Date> {
    let (year, month, day) = (u.int_in_range(0..=9999)?, u.int_in_range(1..=12)?, u.int_in_range(1..=28)?);
    jiff::civil::Date::new(year, month, day).map_err(|_| arbitrary::Error::IncorrectFormat)
}

pub(crate) fn time(u: &mut Unstructured<'_>) -> Result<jiff::civil::Time> {
    let (hour, minute, second) = (u.int_in_range(0..=23)?, u.int_in_range(0..=59)?, u.int_in_range(0..=59)?);
    let nanosecond = if u.arbitrary()? { 0 } else { u.int_in_range(0..=999_999_999)? };
    jiff::civil::Time::new(hour, minute, second, nanosecond).map_err(|_| arbitrary::Error::IncorrectFormat)
}

pub(crate) fn double(u: &mut Unstructured<'_>) -> Result<f64> {
    let number: f64 = u.arbitrary()?;
    Ok(if number.is_finite() { number } else { 0.5 })
}

pub(crate) fn single(u: &mut Unstructured<'_>) -> Result<f32> {
    let number: f32 = u.arbitrary()?;
    Ok(if number.is_finite() { number } else { f32::MAX })
}

pub(crate) fn signed(u: &mut Unstructured<'_>) -> Result<I64> {
    u.arbitrary().map(I64)
}

pub(crate) fn unsigned(u: &mut Unstructured<'_>) -> Result<U64> {
    u.arbitrary().map(U64)
}

pub(crate) fn decimal<const DIGITS: u32, const SCALE: u32>(
    u: &mut Unstructured<'_>,
) -> Result<Decimal<DIGITS, SCALE>> {
    let units: i128 = u.arbitrary()?;
    let units = units % 10_i128.pow(DIGITS);
    Decimal::from_minor_units(units).map_err(|_| arbitrary::Error::IncorrectFormat)
}

pub(crate) fn base64(u: &mut Unstructured<'_>) -> Result<Base64> {
    u.arbitrary::<Vec<u8>>().map(Base64::from)
}

pub(crate) fn chrono_instant(u: &mut Unstructured<'_>) -> Result<chrono::DateTime<chrono::Utc>> {
    let second = u.int_in_range(-62_000_000_000_i64..=253_000_000_000)?;
    chrono::DateTime::from_timestamp(second, u.int_in_range(0..=999_999_999)?)
        .ok_or(arbitrary::Error::IncorrectFormat)
}

pub(crate) fn chrono_offset(u: &mut Unstructured<'_>) -> Result<chrono::DateTime<chrono::FixedOffset>> {
    // RFC 3339 has whole minutes.
    let offset = chrono::FixedOffset::east_opt(u.int_in_range(-1439..=1439)? * 60);
    Ok(chrono_instant(u)?.with_timezone(&offset.ok_or(arbitrary::Error::IncorrectFormat)?))
}

pub(crate) fn chrono_day(u: &mut Unstructured<'_>) -> Result<chrono::NaiveDate> {
    let (year, month, day) = (u.int_in_range(0..=9999)?, u.int_in_range(1..=12)?, u.int_in_range(1..=28)?);
    chrono::NaiveDate::from_ymd_opt(year, month, day).ok_or(arbitrary::Error::IncorrectFormat)
}

pub(crate) fn chrono_hour(u: &mut Unstructured<'_>) -> Result<chrono::NaiveTime> {
    let second = u.int_in_range(0..=86_399)?;
    let nanosecond = if u.arbitrary()? { 0 } else { u.int_in_range(0..=999_999_999)? };
    chrono::NaiveTime::from_num_seconds_from_midnight_opt(second, nanosecond)
        .ok_or(arbitrary::Error::IncorrectFormat)
}

pub(crate) fn json(u: &mut Unstructured<'_>) -> Result<Value> {
    json_within(u, 3)
}

fn json_within(u: &mut Unstructured<'_>, depth: usize) -> Result<Value> {
    Ok(match u.int_in_range(0..=if depth == 0 { 3 } else { 5 })? {
        0 => Value::Null,
        1 => u.arbitrary::<bool>()?.into(),
        2 => u.arbitrary::<i32>()?.into(),
        3 => u.arbitrary::<String>()?.into(),
        4 => {
            (0..u.int_in_range(0..=3)?).map(|_| json_within(u, depth - 1)).collect::<Result<Vec<_>>>()?.into()
        }
        _ => {
            let members =
                (0..u.int_in_range(0..=3)?).map(|_| Ok((u.arbitrary()?, json_within(u, depth - 1)?)));
            members.collect::<Result<Map<_, _>>>()?.into()
        }
    })
}

/// Some of them in a collection.
pub(crate) fn many<T, C: FromIterator<T>>(
    u: &mut Unstructured<'_>,
    one: fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<C> {
    (0..u.int_in_range(0..=4)?).map(|_| one(u)).collect()
}

/// One of them or none.
pub(crate) fn maybe<T>(
    u: &mut Unstructured<'_>,
    one: fn(&mut Unstructured<'_>) -> Result<T>,
) -> Result<Option<T>> {
    if u.arbitrary()? { one(u).map(Some) } else { Ok(None) }
}

/// A map from keys of such a kind.
pub(crate) fn keyed<K, V: for<'a> Arbitrary<'a>, C: FromIterator<(K, V)>>(
    u: &mut Unstructured<'_>,
    key: fn(&mut Unstructured<'_>) -> Result<K>,
) -> Result<C> {
    (0..u.int_in_range(0..=4)?).map(|_| Ok((key(u)?, u.arbitrary()?))).collect()
}
