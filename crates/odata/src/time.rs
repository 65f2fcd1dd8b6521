//! Date literals of a filter. Strict, because a lenient reading of a date selects the wrong guests.

const MICROS: i64 = 1_000_000;

/// Microseconds since 1970-01-01T00:00:00Z of `YYYY-MM-DD` (midnight UTC) or
/// `YYYY-MM-DDThh:mm[:ss[.fraction]]` with `Z` or `±hh:mm`. Digits beyond the microsecond are cut off. The
/// message of the error completes "… is not a date: ".
pub(crate) fn parse(text: &str) -> Result<i64, &'static str> {
    let (date, time) = match text.split_once(['T', 't']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let &[a, b, c, d, b'-', m, n, b'-', x, y] = date.as_bytes() else {
        return Err("write it as YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ");
    };
    let year = two(a, b)? * 100 + two(c, d)?;
    let (month, day) = (two(m, n)?, two(x, y)?);
    if year == 0 || !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return Err("there is no such day");
    }
    let midnight = days_from_epoch(year, month, day) * 86_400 * MICROS;
    Ok(midnight + time.map_or(Ok(0), time_of_day)?)
}

/// Microseconds since midnight UTC; may be negative or beyond a day because of the offset.
fn time_of_day(text: &str) -> Result<i64, &'static str> {
    // An unencoded `+` reaches us as a space, so that the offset is missing.
    let zone = text
        .find(['Z', 'z', '+', '-'])
        .ok_or("a time needs 'Z' or an offset such as -05:00 or +02:00 (write + as %2B in a URL)")?;
    let (clock, zone) = text.split_at(zone);
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        &[sign, a, b, b':', c, d] => {
            let (hours, minutes) = (two(a, b)?, two(c, d)?);
            if hours > 14 || minutes > 59 {
                return Err("the offset is too large");
            }
            (if sign == b'-' { -1 } else { 1 }) * (hours * 60 + minutes)
        }
        _ => return Err("an offset is written as Z, +hh:mm or -hh:mm"),
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, digits)) if clock.len() == 8 => (clock, micros(digits)?),
        Some(_) => return Err("a fraction follows the seconds"),
        None => (clock, 0),
    };
    let (hours, minutes, seconds) = match *clock.as_bytes() {
        [a, b, b':', c, d] => (two(a, b)?, two(c, d)?, 0),
        [a, b, b':', c, d, b':', e, f] => (two(a, b)?, two(c, d)?, two(e, f)?),
        _ => return Err("a time is written as hh:mm:ss"),
    };
    if hours > 23 || minutes > 59 || seconds > 59 {
        return Err("there is no such time of day");
    }
    Ok((hours * 3_600 + (minutes - offset) * 60 + seconds) * MICROS + fraction)
}

fn micros(digits: &str) -> Result<i64, &'static str> {
    if !(1..=12).contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err("a fraction has 1 to 12 digits");
    }
    Ok(digits.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |sum, b| sum * 10 + i64::from(b - b'0')))
}

fn two(tens: u8, ones: u8) -> Result<i64, &'static str> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() {
        Ok(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    } else {
        Err("write it as YYYY-MM-DD or YYYY-MM-DDThh:mm:ssZ")
    }
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days between 1970-01-01 and a valid day of the proleptic Gregorian calendar, year 1 to 9999.
fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let before = year - 1;
    let whole_years = before * 365 + before / 4 - before / 100 + before / 400;
    let whole_months: i64 = (1..month).map(|month| days_in(year, month)).sum();
    whole_years + whole_months + day - 1 - 719_162
}

#[cfg(test)]
mod tests {
    use super::parse;
    use proptest::prelude::*;

    #[test]
    fn reads_every_documented_form() {
        assert_eq!(parse("1970-01-01"), Ok(0));
        assert_eq!(parse("2024-01-01T00:00:00Z"), Ok(1_704_067_200_000_000));
        assert_eq!(parse("2024-01-01T00:00Z"), Ok(1_704_067_200_000_000));
        assert_eq!(parse("2024-01-01t02:00:00+02:00"), Ok(1_704_067_200_000_000));
        assert_eq!(parse("2023-12-31T19:00:00.5-05:00"), Ok(1_704_067_200_500_000));
        assert_eq!(parse("2024-01-01T00:00:00.1234567Z"), Ok(1_704_067_200_123_456));
        assert_eq!(parse("1969-12-31T23:59:59.9999999Z"), Ok(-1));
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "2024",
            "2024-1-1",
            "2024-02-30",
            "2023-02-29",
            "2024-13-01",
            "0000-01-01",
            "2024-01-00",
            "2024-01-01T",
            "2024-01-01T00:00:00",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00.5Z",
            "2024-01-01T00:00:00+0200",
            "2024-01-01T00:00:00+15:00",
            "2024-01-01T00:00:00ZZ",
            "2024-01-01T0:00:00Z",
            "+024-01-01",
            "2024-0a-01",
        ] {
            assert!(parse(text).is_err(), "{text} was accepted");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_an_independent_calendar(micros in -62_135_596_800_000_000_i64..253_402_300_800_000_000) {
            let text = jiff::Timestamp::from_microsecond(micros).unwrap().to_string();
            prop_assert_eq!(parse(&text), Ok(micros));
        }

        #[test]
        fn never_panics(text in "[0-9TtZz:.+\\-]{0,40}|\\PC{0,20}") {
            let _ = parse(&text);
        }
    }
}
