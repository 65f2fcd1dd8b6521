//! Figures, the table, the JSON beside it, and what was committed before.

use crate::{Result, machine::Machine, stats::Series};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

/// From which spread of the floor on a ratio says nothing.
const NOISE: f64 = 0.25;

/// Which side of the goal is good.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Goal {
    AtLeast,
    AtMost,
}

/// What was measured for one goal.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    pub name: String,
    pub title: String,
    /// Of `floor` and `product`.
    pub unit: String,
    pub floor: Series,
    pub product: Series,
    /// What is judged, round by round.
    pub judged: Series,
    pub goal: Goal,
    pub bound: f64,
    /// What else was seen.
    pub also: BTreeMap<String, f64>,
}

/// What a figure comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    Met,
    Missed,
    TooNoisy,
}

impl Figure {
    pub fn verdict(&self) -> Verdict {
        if self.floor.spread > NOISE {
            return Verdict::TooNoisy;
        }
        let met = match self.goal {
            Goal::AtLeast => self.judged.median >= self.bound,
            Goal::AtMost => self.judged.median <= self.bound,
        };
        if met { Verdict::Met } else { Verdict::Missed }
    }
}

/// One run.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    pub machine: Machine,
    pub commit: String,
    pub engine: String,
    pub users: u64,
    pub full: bool,
    pub pinned: bool,
    pub figures: Vec<Figure>,
}

impl Run {
    fn file(&self) -> String {
        format!("bench/results/{}-{}.json", self.engine, self.users)
    }

    /// What was committed last for the same engine and size.
    fn before(&self, root: &Path) -> Option<Self> {
        let show = ["show".to_owned(), format!("HEAD:{}", self.file())];
        let output = Command::new("git").args(show).current_dir(root).output().ok()?;
        serde_json::from_slice(&output.stdout).ok()
    }

    /// Prints the table and writes the JSON. Figures of an earlier run in the same file that were not taken again are kept.
    pub fn publish(mut self, root: &Path) -> Result<()> {
        let before = self.before(root);
        println!("{}", self.table(before.as_ref()));
        let file = root.join(self.file());
        fs::create_dir_all(file.parent().unwrap_or(root))?;
        let last = fs::read(&file).ok().and_then(|text| serde_json::from_slice::<Self>(&text).ok());
        for old in last.into_iter().flat_map(|run| run.figures) {
            if !self.figures.iter().any(|figure| figure.name == old.name) {
                self.figures.push(old);
            }
        }
        let key = |figure: &Figure| {
            let digits: String = figure.name.chars().filter(char::is_ascii_digit).collect();
            (digits.parse::<u32>().unwrap_or(0), figure.name.clone())
        };
        self.figures.sort_by_key(key);
        fs::write(&file, serde_json::to_string_pretty(&self)? + "\n")?;
        println!("Written to {}.", self.file());
        Ok(())
    }

    fn table(&self, before: Option<&Self>) -> String {
        let mut text = format!(
            "\n{} users, {}, commit {}{}\n\n{:<6} {:>11} {:>11} {:>9} {:>7} {:>9} {:>9}  {:<9} what\n",
            self.users,
            self.engine,
            self.commit,
            if self.pinned { "" } else { ", cores not divided" },
            "goal",
            "floor",
            "product",
            "judged",
            "spread",
            "bound",
            "before",
            "verdict",
        );
        for figure in &self.figures {
            let earlier = before.and_then(|run| run.figures.iter().find(|old| old.name == figure.name));
            let sign = if figure.goal == Goal::AtLeast { "≥" } else { "≤" };
            let verdict = match figure.verdict() {
                Verdict::Met => "met",
                Verdict::Missed => "MISSED",
                Verdict::TooNoisy => "too noisy",
            };
            let judged = match figure.verdict() {
                Verdict::TooNoisy => "–".to_owned(),
                _ => short(figure.judged.median),
            };
            text += &format!(
                "{:<6} {:>11} {:>11} {judged:>9} {:>6.0}% {:>9} {:>9}  {verdict:<9} {} ({})\n",
                figure.name,
                short(figure.floor.median),
                short(figure.product.median),
                figure.judged.spread * 100.0,
                format!("{sign} {}", short(figure.bound)),
                earlier.map_or_else(|| "–".to_owned(), |old| short(old.judged.median)),
                figure.title,
                figure.unit,
            );
            let also: Vec<String> =
                figure.also.iter().map(|(name, value)| format!("{name} {}", short(*value))).collect();
            if !also.is_empty() {
                text += &format!("       {}\n", also.join(" · "));
            }
        }
        text
    }
}

/// Three significant digits.
fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 1000.0 => format!("{value:.0}"),
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(floor: &[f64], judged: f64, goal: Goal) -> Figure {
        Figure {
            name: "P1".into(),
            title: String::new(),
            unit: String::new(),
            floor: Series::of(floor.to_vec()),
            product: Series::default(),
            judged: Series::of(vec![judged]),
            goal,
            bound: 0.75,
            also: BTreeMap::new(),
        }
    }

    #[test]
    fn a_figure_is_judged_by_the_side_of_its_goal_and_not_at_all_on_a_floor_that_moves() {
        let calm = [10.0, 10.1, 9.9, 10.0, 10.0];
        assert_eq!(figure(&calm, 0.8, Goal::AtLeast).verdict(), Verdict::Met);
        assert_eq!(figure(&calm, 0.8, Goal::AtMost).verdict(), Verdict::Missed);
        assert_eq!(figure(&[5.0, 10.0, 20.0, 8.0, 15.0], 0.8, Goal::AtLeast).verdict(), Verdict::TooNoisy);
    }
}
