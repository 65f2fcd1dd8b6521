//! Medians, spreads, percentiles.

use serde::{Deserialize, Serialize};

/// One figure, once per round.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Series {
    /// In the order of the rounds.
    pub rounds: Vec<f64>,
    pub median: f64,
    /// The distance of the outer quartiles, as a part of the median.
    pub spread: f64,
}

impl Series {
    pub fn of(rounds: Vec<f64>) -> Self {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let median = quantile(&sorted, 0.5);
        let spread =
            if median > 0.0 { (quantile(&sorted, 0.75) - quantile(&sorted, 0.25)) / median } else { 0.0 };
        Self { rounds, median, spread }
    }

    /// What counts: of each round, the product over the floor.
    pub fn ratios(products: &[f64], floors: &[f64]) -> Self {
        Self::of(products.iter().zip(floors).map(|(product, floor)| product / floor).collect())
    }
}

/// By linear interpolation; the values come sorted. Zero where there is none.
pub fn quantile(sorted: &[f64], part: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = part * f64::from(u32::try_from(last).unwrap_or(u32::MAX));
    let below = place.floor();
    let index = below as usize;
    let next = sorted.get(index + 1).copied().unwrap_or(sorted[index]);
    sorted[index] + (next - sorted[index]) * (place - below)
}

/// What clients saw, in microseconds.
#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Latency {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

impl Latency {
    pub fn of(mut micros: Vec<f64>) -> Self {
        micros.sort_by(f64::total_cmp);
        Self { p50: quantile(&micros, 0.5), p99: quantile(&micros, 0.99), max: quantile(&micros, 1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle_and_one_wild_round_does_not_move_it() {
        let series = Series::of(vec![5.0, 1.0, 3.0, 2.0, 400.0]);
        assert_eq!((series.median, series.rounds[0]), (3.0, 5.0));
        assert!((series.spread - 1.0).abs() < 1e-9, "{}", series.spread);
        assert_eq!(Series::of(vec![]).median, 0.0);
        assert_eq!(quantile(&[1.0, 2.0], 0.5), 1.5);
    }
}
