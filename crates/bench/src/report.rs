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
        if self.engine == "sqlite" { write_tables(root) } else { Ok(()) }
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

/// A row of a table in the docs: what it is called, and where in a figure it is found; `per` turns rates into costs.
struct Line {
    title: &'static str,
    name: &'static str,
    also: Option<&'static str>,
    per: Option<f64>,
}

const fn line(title: &'static str, name: &'static str) -> Line {
    Line { title, name, also: None, per: None }
}

const fn also(title: &'static str, name: &'static str, also: &'static str) -> Line {
    Line { also: Some(also), ..line(title, name) }
}

const fn cost(title: &'static str, name: &'static str) -> Line {
    Line { per: Some(1e6), ..line(title, name) }
}

/// The tables, by the names of their places.
const TABLES: [(&str, &[Line]); 2] = [
    (
        "carries",
        &[
            also("policies read, a second", "P1", "rate"),
            also("pages of 100 guests with count, a second", "P5", "rate"),
            also("tokens by client credentials, a second", "P10", "rate"),
            line("policies changed by 64 clients, a second", "P2"),
            line("guests who leave, of 64 at once, a second", "P3"),
            also("memory after the start, MiB", "P8", "at rest MiB"),
            also("memory under load, MiB", "P8", "loaded MiB"),
        ],
    ),
    (
        "growth",
        &[
            line("read a policy, µs of processor time", "P1"),
            line("page of 100 guests with count, µs of processor time", "P5"),
            also("page of 100 guests without, µs of processor time", "P5", "µs CPU without count"),
            also("its last page over its first", "P5", "last page over the first"),
            line("start to first answer, ms", "P8"),
            cost("purge of one account, µs", "P6"),
            cost("import of one line, µs", "P9"),
        ],
    ),
];
const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];

/// Fills the tables in the page on capacity from the results of all sizes.
fn write_tables(root: &Path) -> Result<()> {
    let runs = SIZES.map(|users| {
        let text = fs::read(root.join(format!("bench/results/sqlite-{users}.json"))).ok()?;
        serde_json::from_slice::<Run>(&text).ok()
    });
    let page = root.join("docs/capacity.md");
    let mut text = fs::read_to_string(&page)?;
    for (name, lines) in TABLES {
        let place = format!("<!-- generated: {name} -->\n");
        let gap = || format!("docs/capacity.md has no place for the table {name}");
        let (before, rest) = text.split_once(&place).ok_or_else(gap)?;
        let (_, after) = rest.split_once("<!-- end -->").ok_or_else(gap)?;
        text = format!("{before}{place}{}<!-- end -->{after}", table(lines, &runs));
    }
    Ok(fs::write(page, text)?)
}

fn table(lines: &[Line], runs: &[Option<Run>]) -> String {
    let mut text = "| | 10,000 users | 100,000 | 1,000,000 |\n|---|---|---|---|\n".to_owned();
    for Line { title, name, also, per } in lines {
        text += &format!("| {title} |");
        for run in runs {
            let figure = run.as_ref().and_then(|run| run.figures.iter().find(|figure| figure.name == *name));
            let value = figure.and_then(|figure| match also {
                None => Some(figure.product.median),
                Some(also) => figure.also.get(*also).copied(),
            });
            let value = value.map(|value| per.map_or(value, |per| per / value.max(1e-9)));
            text += &format!(" {} |", value.map_or_else(|| "–".to_owned(), short));
        }
        text.push('\n');
    }
    text
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
    fn a_table_turns_rates_into_costs_and_leaves_a_dash_where_nothing_was_measured() {
        let mut import = figure(&[1.0], 0.0, Goal::AtLeast);
        (import.name, import.product) = ("P9".into(), Series::of(vec![20_000.0]));
        let run = Run {
            machine: Machine::look(),
            commit: String::new(),
            engine: "sqlite".into(),
            users: 10_000,
            full: false,
            pinned: true,
            figures: vec![import],
        };
        let table = table(TABLES[1].1, &[Some(run), None, None]);
        assert!(table.contains("| import of one line, µs | 50.0 | – | – |\n"), "{table}");
    }

    #[test]
    fn a_figure_is_judged_by_the_side_of_its_goal_and_not_at_all_on_a_floor_that_moves() {
        let calm = [10.0, 10.1, 9.9, 10.0, 10.0];
        assert_eq!(figure(&calm, 0.8, Goal::AtLeast).verdict(), Verdict::Met);
        assert_eq!(figure(&calm, 0.8, Goal::AtMost).verdict(), Verdict::Missed);
        assert_eq!(figure(&[5.0, 10.0, 20.0, 8.0, 15.0], 0.8, Goal::AtLeast).verdict(), Verdict::TooNoisy);
    }
}
