//! Worlds to measure on: lines for `innkeeper import`, the same for the same seed but for the dates.
//!
//! Half of the accounts are in one large organisation, the rest in many small ones. Two thirds are guests, each person in
//! about three organisations, most of them homed in another organisation here. A fifth is soft-deleted.

use crate::Result;
use serde_json::{Value, json};
use std::{collections::HashSet, io::Write};

/// The domain of the large organisation.
pub const LARGE: &str = "large.example";
/// How many small organisations every world has at least: one for each client that writes.
pub const SMALL: u64 = 64;

const FIRST: &[&str] = &[
    "Ada",
    "Jo",
    "Maximiliane",
    "Chukwuemeka",
    "Li",
    "Søren",
    "Anne-Sophie",
    "Guadalupe",
    "Wei",
    "Oluwaseun",
    "Zoë",
    "Bartholomew",
    "Ngozi",
    "Émilie",
    "Kai",
    "Aleksandra",
    "Giovanni",
    "Ines",
    "Priyanka",
    "Tomasz",
    "Yuki",
    "Fatima",
    "Hans-Jürgen",
    "Siobhán",
    "Mohammed",
    "Aino",
    "Thandiwe",
    "Xóchitl",
    "Bo",
    "Wilhelmina",
    "Dmitri",
    "Ruth",
];
const LAST: &[&str] = &[
    "Lovelace",
    "O'Brien",
    "Müller-Lüdenscheidt",
    "Nguyen",
    "García Márquez",
    "Ó Súilleabháin",
    "van der Berg",
    "Kim",
    "Featherstonehaugh",
    "Adeyemi",
    "Papadopoulos",
    "Li",
    "Sørensen",
    "Vishwanathan",
    "Brown",
    "Wójcik",
    "Yamamoto",
    "Ax",
    "Featherington-Smythe",
    "Haddad",
    "Okonkwo",
    "Silva dos Santos",
    "Žižek",
    "Jones",
    "Rasmussen",
    "Popescu",
    "Montgomery",
    "Ito",
    "Castellanos",
    "Dvořák",
    "Mbeki",
    "Lindqvist",
];

/// SplitMix64.
pub struct Seeded(u64);

impl Seeded {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, which is not zero.
    pub const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// An id like those that are minted at random.
    pub fn uuid(&mut self) -> String {
        let (a, b) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | (b >> 48) & 0x3fff,
            b & 0xffff_ffff_ffff
        )
    }
}

fn pick<'a>(random: &mut Seeded, from: &[&'a str]) -> &'a str {
    let count = u64::try_from(from.len()).unwrap_or(1);
    from[usize::try_from(random.below(count)).unwrap_or(0)]
}

/// What a name becomes in an address.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase()
}

/// How a world is to be.
#[derive(Clone, Copy)]
pub struct Plan {
    /// User objects in all organisations together.
    pub users: u64,
    /// What the choices follow from.
    pub seed: u64,
    /// Now, in seconds since 1970: deletions lie behind it by less than the time that they are kept.
    pub now: i64,
    /// The deleted ones are due for purging at once.
    pub due: bool,
}

impl Plan {
    /// How many small organisations there are.
    pub const fn small(&self) -> u64 {
        SMALL + self.users / 2000
    }

    fn domain(&self, random: &mut Seeded) -> String {
        if random.below(2) == 0 { LARGE.to_owned() } else { small(random.below(self.small())) }
    }

    /// Writes the lines.
    pub fn write(&self, out: &mut impl Write) -> Result<()> {
        let mut random = Seeded::new(self.seed);
        line(out, "organization", &json!({"domain": LARGE, "displayName": "Large Holdings International"}))?;
        for number in 0..self.small() {
            let name = format!("{} & {}", pick(&mut random, LAST), pick(&mut random, LAST));
            line(out, "organization", &json!({"domain": small(number), "displayName": name}))?;
        }
        let members = self.users / 3;
        let (mut homes, mut administered) = (Vec::new(), HashSet::new());
        for number in 0..members {
            let domain = self.domain(&mut random);
            let (names, upn) = person(&mut random, number, &domain);
            let mut account = self.account(&mut random, &domain, &names);
            account["userPrincipalName"] = json!(upn);
            // Guests are homed with those who are sure to be live.
            let live = number % 5 != 4;
            if live && administered.insert(domain.clone()) {
                account["roles"] = json!(["Global Administrator"]);
            }
            if live && domain != LARGE {
                homes.push((upn, names));
            } else if !live {
                self.delete(&mut random, &mut account, "removed");
            }
            line(out, "member", &account)?;
        }
        self.guests(&mut random, out, self.users - members, &homes)
    }

    /// Each person is a guest three times: in the large organisation and in two small ones, or in three small ones.
    fn guests(
        &self,
        random: &mut Seeded,
        out: &mut impl Write,
        count: u64,
        homes: &[(String, [&'static str; 2])],
    ) -> Result<()> {
        let mut number = 0;
        while number < count {
            let known = homes.get(usize::try_from(number / 3).unwrap_or(usize::MAX));
            let (names, upn) = match known {
                Some((upn, names)) => (*names, upn.clone()),
                None => person(random, number / 3, "mail.example"),
            };
            let first = random.below(self.small());
            for turn in 0..3.min(count - number) {
                let large = turn == 0 && random.below(4) != 0;
                let place = small((first + 1 + turn * 7) % self.small());
                let domain = if large { LARGE.to_owned() } else { place };
                number += 1;
                if known.is_some() && upn.ends_with(&format!("@{domain}")) {
                    continue;
                }
                let mut account = self.account(random, &domain, &names);
                account[if known.is_some() { "home" } else { "mail" }] = json!(upn);
                if number % 5 == 4 {
                    self.delete(random, &mut account, "left");
                }
                line(out, "guest", &account)?;
            }
        }
        Ok(())
    }

    fn account(&self, random: &mut Seeded, domain: &str, names: &[&'static str; 2]) -> Value {
        let age = i64::try_from(random.below(900)).unwrap_or(0) + 60;
        json!({
            "organization": domain,
            "id": random.uuid(),
            "displayName": format!("{} {}", names[0], names[1]),
            "givenName": names[0],
            "surname": names[1],
            "createdDateTime": date(self.now - age * 86_400),
        })
    }

    fn delete(&self, random: &mut Seeded, account: &mut Value, cause: &str) {
        let seconds = i64::try_from(random.below(8 * 86_400)).unwrap_or(0) + 86_400;
        let days = if self.due { 31 * 86_400 } else { 0 };
        account["deletedDateTime"] = json!(date(self.now - days - seconds));
        account["deletionCause"] = json!(cause);
    }
}

/// The domain of a small organisation.
pub fn small(number: u64) -> String {
    format!("organisation-{number}.example")
}

fn person(random: &mut Seeded, number: u64, domain: &str) -> ([&'static str; 2], String) {
    let names = [pick(random, FIRST), pick(random, LAST)];
    let upn = format!("{}.{}{number}@{domain}", plain(names[0]), plain(names[1]));
    (names, upn)
}

fn date(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

fn line(out: &mut impl Write, kind: &str, value: &Value) -> Result<()> {
    serde_json::to_writer(&mut *out, &json!({ kind: value }))?;
    out.write_all(b"\n")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(plan: Plan) -> Vec<Value> {
        let mut text = Vec::new();
        plan.write(&mut text).unwrap();
        String::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn a_world_follows_from_its_seed_and_a_fifth_of_it_is_deleted() {
        let plan = Plan { users: 3000, seed: 1, now: 1_790_000_000, due: false };
        let world = lines(plan);
        assert!(world == lines(plan) && world != lines(Plan { seed: 2, ..plan }));
        let accounts: Vec<&Value> =
            world.iter().filter_map(|line| line.get("member").or(line.get("guest"))).collect();
        let deleted = accounts.iter().filter(|account| account.get("deletedDateTime").is_some()).count();
        assert!((2900..=3000).contains(&accounts.len()), "{}", accounts.len());
        assert!((18..=22).contains(&(deleted * 100 / accounts.len())), "{deleted}");
    }
}
