use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use model::{Error, Random, Result, fold};

/// The fewest characters of a password that stands alone (NIST SP 800-63B-4).
pub const MIN_PASSWORD: usize = 15;
/// The most characters of a password; longer ones are refused, never cut.
pub const MAX_PASSWORD: usize = 256;

/// Argon2id with 19 MiB, two passes, one lane: the lowest setting that OWASP's password storage guide still gives.
const COST: (u32, u32, u32) = (19_456, 2, 1);
const PREFIX: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
const SALT: usize = 16;

fn hasher() -> Result<Argon2<'static>> {
    let (memory, passes, lanes) = COST;
    Params::new(memory, passes, lanes, None)
        .map(|params| Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
        .map_err(|error| Error::internal(format!("argon2: {error}")))
}

/// Hashes a password into a PHC string that carries salt and cost. Takes tens of milliseconds and 19 MiB: run it off the
/// event loop and behind a limit.
pub fn hash_password(text: &str, random: &dyn Random) -> Result<String> {
    let mut salt = [0; SALT];
    random.fill(&mut salt);
    hasher()?
        .hash_password_with_salt(text.as_bytes(), &salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Error::internal(format!("argon2: {error}")))
}

/// Is this the password of that PHC string? The cost is the one stored. A string that does not parse matches nothing.
pub fn verify_password(text: &str, phc: &str) -> bool {
    let Ok(hasher) = hasher() else { return false };
    PasswordHash::new(phc).is_ok_and(|hash| hasher.verify_password(text.as_bytes(), &hash).is_ok())
}

/// Spends what [`verify_password`] spends and is always false: for an account that does not exist or has no password,
/// so that the time of the answer does not tell.
pub fn verify_nothing(text: &str) -> bool {
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    if let Ok(hasher) = hasher() {
        // The result is of no use; only that it was computed counts.
        std::hint::black_box(hasher.hash_password_into(text.as_bytes(), &[0; SALT], &mut out).is_ok());
    }
    std::hint::black_box(out);
    false
}

/// Was this hash made at another cost than today's? Then hash again at the next sign-in, while the password is at hand.
pub fn password_outdated(phc: &str) -> bool {
    !phc.starts_with(PREFIX)
}

/// Why a new password is refused. What to do instead is for the page to say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordProblem {
    /// Fewer than [`MIN_PASSWORD`] characters.
    TooShort,
    /// More than [`MAX_PASSWORD`] characters.
    TooLong,
    /// A few characters, or one piece, over and over.
    Repetitive,
    /// Little more than well-known words, sequences, keyboard runs or years.
    Common,
    /// Little more than the person's or the organisation's own names.
    OwnWords,
}

/// Characters that must be left once everything guessable is taken away.
const UNGUESSABLE: usize = 6;

/// Judges a new password. `words` are names to keep out: the organisation, its domain, the person, the user name.
///
/// No composition is asked for. Instead of a list of common passwords, nearly all of which are shorter than 15
/// characters, the building blocks of long guessable ones are taken away (well-known words and phrases, also in
/// "leet" spelling; keyboard runs; sequences; repetitions; years; the given words), and enough must be left.
pub fn password_problem(text: &str, words: &[&str]) -> Option<PasswordProblem> {
    match text.chars().count() {
        n if n < MIN_PASSWORD => return Some(PasswordProblem::TooShort),
        n if n > MAX_PASSWORD => return Some(PasswordProblem::TooLong),
        _ => {}
    }
    let chars: Vec<char> = fold(text).chars().collect();
    if is_repetitive(&chars) {
        return Some(PasswordProblem::Repetitive);
    }
    let common = left_over(&chars, WORDS.iter().map(|word| normal(word)));
    if common < UNGUESSABLE {
        return Some(PasswordProblem::Common);
    }
    // A name such as "Contoso Hotels" is also guessed piece by piece.
    let own = words.iter().flat_map(|word| {
        let pieces = word.split(|c: char| !c.is_alphanumeric()).map(normal);
        std::iter::once(normal(word)).chain(pieces).filter(|piece| piece.chars().count() >= 4)
    });
    let both = left_over(&chars, own.chain(WORDS.iter().map(|word| normal(word))));
    (both < UNGUESSABLE).then_some(PasswordProblem::OwnWords)
}

/// Fewer than five different characters, or some piece repeated to the end.
fn is_repetitive(chars: &[char]) -> bool {
    let mut different = chars.to_vec();
    different.sort_unstable();
    different.dedup();
    let repeats = |period: usize| chars.iter().zip(&chars[period..]).all(|(one, next)| one == next);
    different.len() < 5 || (1..=chars.len() / 2).any(repeats)
}

/// How many characters are left when runs, years and these words are taken away.
fn left_over(chars: &[char], words: impl Iterator<Item = String>) -> usize {
    // Something taken away leaves a gap, or its neighbours would grow together to new words.
    let mut text = String::new();
    let mut rest = chars;
    while let Some((first, tail)) = rest.split_first() {
        let run = [run_of_one(rest), run_of_steps(rest), run_of_keys(rest), year(rest)]
            .into_iter()
            .max()
            .unwrap_or(0);
        if run > 0 {
            text.push_str(GAP);
            rest = &rest[run..];
        } else {
            text.push(*first);
            rest = tail;
        }
    }
    let mut text = normal(&text);
    let mut words: Vec<String> = words.collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in &words {
        text = text.replace(word.as_str(), GAP);
    }
    text.chars().filter(|c| !GAP.contains(*c)).count()
}

const GAP: &str = "\0";

/// Folded, without separators, and with the usual stand-ins read as the letters they stand for.
fn normal(text: &str) -> String {
    fold(text)
        .chars()
        .filter(|c| c.is_alphanumeric() || "@$!|+".contains(*c) || GAP.contains(*c))
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' | '|' => 'i',
            '3' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' | '+' => 't',
            other => other,
        })
        .collect()
}

/// Three or more of the same character.
fn run_of_one(chars: &[char]) -> usize {
    at_least(3, chars.iter().take_while(|c| Some(*c) == chars.first()).count())
}

/// Four or more characters that follow each other up or down: `abcd`, `9876`.
fn run_of_steps(chars: &[char]) -> usize {
    let run = |step: fn(u32) -> u32| {
        1 + chars.windows(2).take_while(|pair| step(u32::from(pair[0])) == u32::from(pair[1])).count()
    };
    at_least(4, run(|c| c.wrapping_add(1)).max(run(|c| c.wrapping_sub(1))))
}

/// Four or more neighbours on a keyboard, in either direction.
fn run_of_keys(chars: &[char]) -> usize {
    const ROWS: [&str; 11] = [
        "1234567890",
        "qwertyuiop",
        "asdfghjkl",
        "zxcvbnm",
        "qwertzuiop",
        "yxcvbnm",
        "azertyuiop",
        "qsdfghjklm",
        "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
        "qazwsxedcrfvtgbyhnujmikolp",
        "!@#$%^&*()",
    ];
    let along = |row: &[char]| {
        let starts =
            (0..row.len()).map(|start| row[start..].iter().zip(chars).take_while(|(a, b)| a == b).count());
        starts.max().unwrap_or(0)
    };
    let both_ways = |row: &str| {
        let forwards: Vec<char> = row.chars().collect();
        let backwards: Vec<char> = row.chars().rev().collect();
        along(&forwards).max(along(&backwards))
    };
    at_least(4, ROWS.into_iter().map(both_ways).max().unwrap_or(0))
}

/// A year from 1900 to 2099.
fn year(chars: &[char]) -> usize {
    match chars {
        ['1', '9', a, b, ..] | ['2', '0', a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => 4,
        _ => 0,
    }
}

fn at_least(least: usize, length: usize) -> usize {
    if length >= least { length } else { 0 }
}

/// What people reach for when a password has to be long: single words first, then whole phrases.
const WORDS: &[&str] = &[
    "password",
    "passwort",
    "passwd",
    "passphrase",
    "motdepasse",
    "contrasena",
    "kennwort",
    "wachtwoord",
    "pass",
    "secret",
    "geheim",
    "private",
    "secure",
    "security",
    "login",
    "logon",
    "signin",
    "welcome",
    "willkommen",
    "bienvenue",
    "bienvenido",
    "hello",
    "hallo",
    "bonjour",
    "letmein",
    "opensesame",
    "access",
    "admin",
    "administrator",
    "administrateur",
    "root",
    "toor",
    "user",
    "username",
    "guest",
    "test",
    "testing",
    "tester",
    "temp",
    "temporary",
    "default",
    "changeme",
    "change",
    "account",
    "company",
    "office",
    "work",
    "server",
    "system",
    "computer",
    "internet",
    "network",
    "windows",
    "microsoft",
    "google",
    "apple",
    "facebook",
    "linux",
    "ubuntu",
    "oracle",
    "cisco",
    "database",
    "master",
    "manager",
    "superuser",
    "super",
    "superman",
    "batman",
    "spiderman",
    "starwars",
    "pokemon",
    "naruto",
    "minecraft",
    "dragon",
    "monkey",
    "tiger",
    "shadow",
    "sunshine",
    "princess",
    "prince",
    "angel",
    "baby",
    "lovely",
    "flower",
    "butterfly",
    "football",
    "baseball",
    "basketball",
    "soccer",
    "hockey",
    "liverpool",
    "arsenal",
    "chelsea",
    "barcelona",
    "realmadrid",
    "iloveyou",
    "iloveu",
    "loveyou",
    "tequiero",
    "teamo",
    "jetaime",
    "ichliebedich",
    "love",
    "forever",
    "jesus",
    "jesuschrist",
    "christ",
    "heaven",
    "blessed",
    "freedom",
    "trustno",
    "trustnoone",
    "whatever",
    "nothing",
    "michael",
    "jennifer",
    "jessica",
    "charlie",
    "daniel",
    "thomas",
    "jordan",
    "ashley",
    "andrew",
    "joshua",
    "matthew",
    "nicole",
    "michelle",
    "anthony",
    "family",
    "mother",
    "father",
    "summer",
    "winter",
    "spring",
    "autumn",
    "sommer",
    "herbst",
    "january",
    "february",
    "march",
    "april",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "london",
    "paris",
    "berlin",
    "newyork",
    "america",
    "germany",
    "france",
    "qwerty",
    "qwertz",
    "azerty",
    "asdf",
    "zxcv",
    "qazwsx",
    "abcdef",
    "abc",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "zero",
    "this",
    "that",
    "your",
    "word",
    "very",
    "long",
    "strong",
    "good",
    "best",
    "easy",
    "simple",
    "please",
    "enter",
    "open",
    "door",
    "thisis",
    "mypassword",
    "number",
    "alpha",
    "bravo",
    "delta",
    "echo",
    "foxtrot",
    "hunter",
    "ninja",
    "killer",
    "hacker",
    "gandalf",
    "matrix",
    "phoenix",
    "cookie",
    "cheese",
    "chocolate",
    "coffee",
    "banana",
    "orange",
    "purple",
    "silver",
    "golden",
    "diamond",
    "money",
    "dollar",
    "million",
    "lucky",
    "correcthorsebatterystaple",
    "correct",
    "horse",
    "battery",
    "staple",
    "thequickbrownfoxjumpsoverthelazydog",
    "quickbrownfox",
    "jumpsover",
    "lazydog",
    "loremipsumdolorsitamet",
    "loremipsum",
    "dolorsitamet",
    "tobeornottobe",
    "thatisthequestion",
    "maytheforcebewithyou",
    "theforce",
    "bewithyou",
    "lukeiamyourfather",
    "oncemoreuntothebreach",
    "onceuponatime",
    "happybirthday",
    "merrychristmas",
    "happynewyear",
    "godblessyou",
    "inthebeginning",
    "inthenameof",
    "ourfatherwhoartinheaven",
    "thelordismyshepherd",
    "wethepeople",
    "fourscoreandsevenyearsago",
    "ihaveadream",
    "allyourbasearebelongtous",
    "nevergonnagiveyouup",
    "letitbe",
    "heyjude",
    "yellowsubmarine",
    "stairwaytoheaven",
    "bohemianrhapsody",
    "twinkletwinklelittlestar",
    "maryhadalittlelamb",
    "humptydumpty",
    "itwasthebestoftimes",
    "callmeishmael",
    "winteriscoming",
    "onedoesnotsimply",
    "toinfinityandbeyond",
    "elementarymydearwatson",
    "frodobaggins",
    "harrypotter",
    "albusdumbledore",
    "iamthewalrus",
    "livelongandprosper",
    "liveandletdie",
    "liveandletlive",
    "carpediem",
    "veni",
    "vidi",
    "vici",
    "cogitoergosum",
    "ihatepasswords",
    "idontknow",
    "iforgotmypassword",
    "forgot",
    "remember",
    "incorrect",
    "yourpasswordis",
    "donttellanyone",
    "noneofyourbusiness",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Seeded;

    #[test]
    fn a_password_verifies_against_its_own_hash_only() {
        let random = Seeded::new(1);
        let phc = hash_password("rusty lantern over öl", &random).unwrap();
        assert!(phc.starts_with(PREFIX), "{phc}");
        assert!(!password_outdated(&phc));
        assert!(verify_password("rusty lantern over öl", &phc));
        assert!(!verify_password("rusty lantern over ol", &phc));
        assert!(!verify_password("rusty lantern over öl ", &phc));
        assert_ne!(phc, hash_password("rusty lantern over öl", &random).unwrap(), "the salt must differ");
    }

    #[test]
    fn nothing_is_cut_off_a_long_password() {
        let long = "x".repeat(MAX_PASSWORD);
        let phc = hash_password(&format!("{long}a"), &Seeded::new(2)).unwrap();
        assert!(!verify_password(&format!("{long}b"), &phc));
    }

    #[test]
    fn the_stored_cost_decides_and_an_old_one_is_noticed() {
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(64, 1, 1, None).unwrap());
        let phc = old.hash_password_with_salt(b"rusty lantern", &[1; 16]).unwrap().to_string();
        assert!(verify_password("rusty lantern", &phc));
        assert!(password_outdated(&phc));
    }

    #[test]
    fn what_is_no_hash_matches_nothing() {
        for phc in ["", "rusty lantern", "$argon2id$", "$2b$12$abc", "$argon2id$v=19$m=19456,t=2,p=1$YWJj"] {
            assert!(!verify_password("rusty lantern", phc), "{phc}");
            assert!(!verify_password("", phc), "{phc}");
        }
        assert!(!verify_nothing("rusty lantern"));
    }

    #[test]
    fn length_counts_characters_from_15_to_256() {
        assert_eq!(password_problem("lantern üö ké7", &[]), Some(PasswordProblem::TooShort));
        assert_eq!(password_problem("lantern üö ké7w", &[]), None);
        let random = Seeded::new(3);
        let long: String = (0..6).map(|_| crate::Secret::generate(&random).expose().to_owned()).collect();
        assert_eq!(password_problem(&long[..MAX_PASSWORD], &[]), None);
        assert_eq!(password_problem(&long[..=MAX_PASSWORD], &[]), Some(PasswordProblem::TooLong));
    }

    #[test]
    fn repetition_is_refused() {
        for text in
            ["aaaaaaaaaaaaaaa", "abababababababab", "xkzvbxkzvbxkzvb", "112211221122112", "Tr7!qTr7!qTr7!q"]
        {
            assert_eq!(password_problem(text, &[]), Some(PasswordProblem::Repetitive), "{text}");
        }
    }

    #[test]
    fn guessable_building_blocks_are_refused() {
        for text in [
            "password1234567",
            "Password123456!",
            "P@ssw0rd2024!!!",
            "qwertyuiopasdfghjkl",
            "1qaz2wsx3edc4rfv",
            "123456789012345678",
            "abcdefghijklmnop",
            "zyxwvutsrqponmlk",
            "aaabbbdddeeeggghhh",
            "1987 1992 2004 2011",
            "poiuytrewqlkjhgfdsa",
            "correct horse battery staple",
            "Correct-Horse-Battery-Staple!",
            "The quick brown fox jumps over",
            "iloveyou1999forever",
            "MyPassword2025MyPassword2026",
            "letmein_letmein_1",
            "Welcome2Winter2025",
            "adminadministrator1",
            "May the force be with you",
        ] {
            assert_eq!(password_problem(text, &[]), Some(PasswordProblem::Common), "{text}");
        }
    }

    #[test]
    fn own_names_do_not_count_as_secret() {
        let words = ["Contoso Hotels", "contoso.example", "adele.vance@contoso.example", "of"];
        for text in ["ContosoHotels2026", "c0nt0s0-h0t3ls-2026", "adelevance.contoso", "Contoso Contoso 1!"] {
            assert_eq!(password_problem(text, &words), Some(PasswordProblem::OwnWords), "{text}");
        }
        assert_eq!(password_problem("ContosoHotels2026", &[]), None);
    }

    #[test]
    fn unguessable_passwords_pass_without_any_composition() {
        for text in [
            "murky trellis oboe plinth",
            "vbrkzmtqwlxpnhd",
            "908127364554091",
            "пурпурный фонарь у реки",
            "紫色灯笼在旧桥下面等候渡船的客人啊",
            "ContosoHotels and murky trellis",
            "kR7#mQ2$vT9&xL4",
            "password but murky trellis",
        ] {
            assert_eq!(password_problem(text, &["Contoso Hotels"]), None, "{text}");
        }
    }
}
