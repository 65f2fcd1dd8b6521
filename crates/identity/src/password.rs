use argon2::{Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version};
use model::{Error, Random, Result, fold};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Little more than well-known words, names, sequences, keyboard runs, dates or repetitions.
    Common,
    /// Little more than the person's or the organisation's own names.
    OwnWords,
}

/// Guesses that a password has to withstand, as a power of ten. An account that is throttled never sees so many; a thief of
/// hashes pays for each with 19 MiB and two passes.
const ENOUGH: f64 = 10.0;
/// Characters that are judged. What follows can only make a password better, and judging it takes ever longer.
const JUDGED: usize = 64;

/// Judges a new password. `words` are names to keep out: the organisation, its domain, the person, the user name.
///
/// No composition is asked for. Common passwords alone would be of little use as a list, nearly all are shorter than 15
/// characters; so zxcvbn looks for them, and for words, names, dates, runs on keyboards and repetitions, as pieces of the
/// text (its lists hold 30,000 passwords and twice as many words). Takes up to a tenth of a second: run it off the event
/// loop.
pub fn password_problem(text: &str, words: &[&str]) -> Option<PasswordProblem> {
    match text.chars().count() {
        n if n < MIN_PASSWORD => return Some(PasswordProblem::TooShort),
        n if n > MAX_PASSWORD => return Some(PasswordProblem::TooLong),
        _ => {}
    }
    let text: String = fold(text).chars().take(JUDGED).collect();
    if is_guessable(&text, PHRASES) {
        return Some(PasswordProblem::Common);
    }
    // A name such as "Contoso Hotels" is also guessed piece by piece.
    let words: Vec<String> = words.iter().map(|word| fold(word)).collect();
    let pieces = words.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
    let own = words.iter().map(String::as_str).chain(pieces).filter(|piece| piece.chars().count() >= 4);
    let known: Vec<&str> = own.chain(PHRASES.iter().copied()).collect();
    is_guessable(&text, &known).then_some(PasswordProblem::OwnWords)
}

/// Would somebody who knows these words guess the text too soon, as it is, without what stands between words, or with every
/// run of one character as that character?
fn is_guessable(text: &str, known: &[&str]) -> bool {
    // What is left may stand for a letter.
    let joined: String = text.chars().filter(|c| c.is_alphanumeric() || "@$!|+".contains(*c)).collect();
    let mut single: Vec<char> = joined.chars().collect();
    single.dedup();
    let single: String = single.iter().collect();
    BTreeSet::from([text, &joined, &single]).into_iter().any(|form| {
        let estimate = zxcvbn::zxcvbn(form, known);
        // Who has guessed a piece once has guessed it wherever it is.
        let pieces: BTreeMap<&str, u64> = estimate
            .sequence()
            .iter()
            .map(|piece| (piece.token.as_str(), piece.guesses.unwrap_or(1)))
            .collect();
        #[expect(clippy::cast_precision_loss, reason = "an estimate of a power of ten")]
        let guesses: f64 = pieces.values().map(|guesses| (*guesses as f64).log10()).sum();
        guesses < ENOUGH
    })
}

/// What people reach for when a password has to be long. Lists of single words do not have them.
const PHRASES: &[&str] = &[
    "allyourbasearebelongtous",
    "bohemianrhapsody",
    "callmeishmael",
    "cogitoergosum",
    "correcthorsebatterystaple",
    "elementarymydearwatson",
    "fourscoreandsevenyearsago",
    "happybirthdaytoyou",
    "humptydumpty",
    "ihaveadream",
    "inthebeginning",
    "itwasthebestoftimes",
    "jumpsoverthelazydog",
    "jumpsover",
    "letitbe",
    "livelongandprosper",
    "loremipsumdolorsitamet",
    "lukeiamyourfather",
    "maryhadalittlelamb",
    "maytheforcebewithyou",
    "nevergonnagiveyouup",
    "oncemoreuntothebreach",
    "onceuponatime",
    "onedoesnotsimply",
    "ourfatherwhoartinheaven",
    "stairwaytoheaven",
    "thatisthequestion",
    "thelordismyshepherd",
    "thequickbrownfox",
    "tobeornottobe",
    "toinfinityandbeyond",
    "twinkletwinklelittlestar",
    "wethepeople",
    "winteriscoming",
    "yellowsubmarine",
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
        assert_eq!(password_problem("vbrk zmtq wlxé", &[]), Some(PasswordProblem::TooShort));
        assert_eq!(password_problem("vbrk zmtq wlxé7", &[]), None);
        let random = Seeded::new(3);
        let long: String = (0..6).map(|_| crate::Secret::generate(&random).expose().to_owned()).collect();
        assert_eq!(password_problem(&long[..MAX_PASSWORD], &[]), None);
        assert_eq!(password_problem(&long[..=MAX_PASSWORD], &[]), Some(PasswordProblem::TooLong));
    }

    #[test]
    fn repetition_is_refused() {
        for text in [
            "aaaaaaaaaaaaaaa",
            "abababababababab",
            "xkzvbxkzvbxkzvb",
            "112211221122112",
            "Tr7!qTr7!qTr7!q",
            "Contoso Contoso 1!",
        ] {
            assert_eq!(password_problem(text, &[]), Some(PasswordProblem::Common), "{text}");
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
            "sunshine-Liverpool",
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
        for text in ["ContosoHotels2026", "c0nt0s0-h0t3ls-2026", "adelevance.contoso", "Contoso_Hotels_1999!"]
        {
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
