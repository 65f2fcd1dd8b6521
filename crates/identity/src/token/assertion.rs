//! Assertions with which an app proves itself (RFC 7523): a JSON Web Token that the app signed, no token of ours.

use super::{MAX_TOKEN, json};
use crate::{
    certificate::{AppCertificate, Padding},
    encoding::from_base64url,
};
use model::{AppId, Span, Timestamp};
use serde_json::{Map, Value};

/// How far clocks of apps may differ from ours.
const LEEWAY: Span = Span::minutes(5);
/// The longest that an assertion may still be good.
const LONGEST: Span = Span::hours(24);
/// The longest id of an assertion.
const MAX_ID: usize = 256;

/// Why an assertion does not count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssertionFault {
    /// It has not the form of a signed assertion, or lacks a claim.
    Malformed,
    /// No good certificate of the app proves it.
    Signature,
    /// It was made for somebody else.
    Audience,
    /// It is over, has not begun, or would be good for too long.
    Time,
}

/// An assertion of the right form about which nothing is proved yet.
pub struct UnverifiedAssertion<'a> {
    app: AppId,
    padding: Padding,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: &'a str,
    signature: Vec<u8>,
}

/// An assertion that proves its app. It is for the caller to accept each [`VerifiedAssertion::id`] once.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct VerifiedAssertion {
    /// The app.
    pub app: AppId,
    /// `jti`
    pub id: String,
    /// When it is over.
    pub expires: Timestamp,
}

type Fault<T> = Result<T, AssertionFault>;

/// Takes an assertion apart: at most [`MAX_TOKEN`] bytes, `RS256` or `PS256`, subject and issuer the same client id. What a
/// header says about keys is only compared with the registered certificates; one that changes rules (`crit`) is refused.
pub fn parse_assertion(text: &str) -> Fault<UnverifiedAssertion<'_>> {
    let malformed = || AssertionFault::Malformed;
    if text.len() > MAX_TOKEN {
        return Err(malformed());
    }
    let (signed, signature) = text.rsplit_once('.').ok_or_else(malformed)?;
    let (header, claims) = signed.split_once('.').ok_or_else(malformed)?;
    let part = |text| from_base64url(text).ok_or_else(malformed);
    let (header, claims, signature) = (part(header)?, part(claims)?, part(signature)?);
    let object = |bytes: &[u8]| json::object(bytes).map_err(|_| malformed());
    let (header, claims) = (object(&header)?, object(&claims)?);
    let padding = match header.get("alg").and_then(Value::as_str) {
        Some("RS256") => Padding::Pkcs1,
        Some("PS256") => Padding::Pss,
        _ => return Err(malformed()),
    };
    if ["crit", "b64", "zip", "enc"].iter().any(|name| header.contains_key(*name)) {
        return Err(malformed());
    }
    let app = word(&claims, "sub").and_then(|text| text.parse().ok()).ok_or_else(malformed)?;
    if word(&claims, "iss") != word(&claims, "sub") {
        return Err(malformed());
    }
    Ok(UnverifiedAssertion { app, padding, header, claims, signed, signature })
}

impl UnverifiedAssertion<'_> {
    /// The app it says it is of.
    pub fn app(&self) -> AppId {
        self.app
    }

    /// Proves the assertion: a pure function of its arguments. `certificates` are those of [`UnverifiedAssertion::app`] that
    /// are good at this moment, `audiences` the names of this server as a token endpoint.
    ///
    /// # Errors
    /// The signature comes first: whoever cannot sign learns nothing else.
    pub fn verify(
        &self,
        certificates: &[AppCertificate],
        audiences: &[String],
        now: Timestamp,
    ) -> Fault<VerifiedAssertion> {
        let named = |name| self.header.get(name).and_then(Value::as_str);
        let (x5t, x5t_s256) = (named("x5t"), named("x5t#S256"));
        let proves = |certificate: &AppCertificate| {
            certificate.is_named(x5t, x5t_s256)
                && certificate.verifies(self.padding, self.signed.as_bytes(), &self.signature)
        };
        if !certificates.iter().any(proves) {
            return Err(AssertionFault::Signature);
        }
        let is_ours =
            |name: &Value| name.as_str().is_some_and(|name| audiences.iter().any(|own| own == name));
        let for_us = match self.claims.get("aud") {
            Some(Value::Array(all)) => matches!(all.as_slice(), [one] if is_ours(one)),
            Some(one) => is_ours(one),
            None => false,
        };
        if !for_us {
            return Err(AssertionFault::Audience);
        }
        let expires = self.time("exp")?.ok_or(AssertionFault::Malformed)?;
        let begins = [self.time("nbf")?, self.time("iat")?];
        let early = begins.into_iter().flatten().any(|begins| begins > now + LEEWAY);
        if expires <= now || expires > now + LONGEST || early {
            return Err(AssertionFault::Time);
        }
        let id = word(&self.claims, "jti").filter(|id| id.len() <= MAX_ID);
        let id = id.ok_or(AssertionFault::Malformed)?.to_owned();
        Ok(VerifiedAssertion { app: self.app, id, expires })
    }

    /// A time in whole seconds; some clients write a fraction, which is cut off.
    fn time(&self, name: &str) -> Fault<Option<Timestamp>> {
        const END: f64 = 253_402_300_799.0;
        let Some(value) = self.claims.get(name) else { return Ok(None) };
        let seconds = value.as_f64().filter(|seconds| (0.0..=END).contains(seconds));
        let seconds = seconds.ok_or(AssertionFault::Malformed)?;
        // In range, so nothing but the fraction is lost.
        let whole = format!("{:.0}", seconds.floor()).parse().map_err(|_| AssertionFault::Malformed)?;
        Ok(Some(Timestamp::from_seconds(whole)))
    }
}

fn word<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        encoding::base64url,
        testing::{certificate, sign_with},
    };
    use serde_json::json;

    const APP: &str = "11111111-2222-4333-8444-555555555555";
    const US: &str = "https://localhost:8443/contoso.example/oauth2/v2.0/token";
    const NOW: i64 = 1_767_225_600;

    fn now() -> Timestamp {
        Timestamp::from_seconds(NOW)
    }

    fn header() -> Value {
        json!({ "alg": "RS256", "typ": "JWT" })
    }

    fn claims() -> Value {
        json!({ "aud": US, "iss": APP, "sub": APP, "jti": "one", "exp": NOW + 600, "nbf": NOW, "iat": NOW })
    }

    fn with(mut base: Value, name: &str, value: Value) -> Value {
        match value {
            Value::Null => drop(base.as_object_mut().unwrap().remove(name)),
            value => base[name] = value,
        }
        base
    }

    fn signed(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let text = format!("{}.{}", part(header), part(claims));
        let pss = header["alg"] == "PS256";
        let signature = sign_with(&certificate().1, pss, text.as_bytes());
        format!("{text}.{}", base64url(&signature))
    }

    fn judge(text: &str) -> Result<VerifiedAssertion, AssertionFault> {
        let known = [AppCertificate::from_der(&certificate().0).unwrap()];
        parse_assertion(text)?.verify(&known, &[US.to_owned()], now())
    }

    #[test]
    fn an_assertion_of_either_padding_and_either_name_is_good() {
        let der = certificate().0;
        let sha1 = base64url(&crate::digest::sha1(&der));
        let sha256 = base64url(&crate::digest::digest(&der));
        for header in [
            header(),
            with(header(), "alg", json!("PS256")),
            with(header(), "x5t", json!(sha1)),
            with(header(), "x5t#S256", json!(sha256)),
            with(header(), "x5c", json!(["MIIB"])),
            with(header(), "kid", json!("any")),
            with(header(), "typ", Value::Null),
        ] {
            let good = judge(&signed(&header, &claims())).unwrap();
            assert_eq!((good.app.to_string().as_str(), good.id.as_str()), (APP, "one"), "{header}");
            assert_eq!(good.expires, Timestamp::from_seconds(NOW + 600));
        }
        for claims in [
            with(claims(), "aud", json!([US])),
            with(claims(), "nbf", Value::Null),
            with(claims(), "iat", json!(NOW + 299)),
            with(claims(), "exp", json!(1_767_225_900.7)),
        ] {
            assert!(judge(&signed(&header(), &claims)).is_ok(), "{claims}");
        }
    }

    #[test]
    fn every_other_assertion_is_refused_for_its_reason() {
        use AssertionFault::{Audience, Malformed, Signature, Time};
        for (header, claims, expected) in [
            (with(header(), "alg", json!("none")), claims(), Malformed),
            (with(header(), "alg", json!("HS256")), claims(), Malformed),
            (with(header(), "alg", Value::Null), claims(), Malformed),
            (with(header(), "crit", json!(["exp"])), claims(), Malformed),
            (with(header(), "b64", json!(false)), claims(), Malformed),
            (with(header(), "x5t", json!("AAAA")), claims(), Signature),
            (with(header(), "x5t#S256", json!("AAAA")), claims(), Signature),
            (header(), with(claims(), "iss", json!("22222222-2222-4333-8444-555555555555")), Malformed),
            (header(), with(claims(), "sub", json!("app")), Malformed),
            (header(), with(claims(), "iss", Value::Null), Malformed),
            (header(), with(claims(), "jti", Value::Null), Malformed),
            (header(), with(claims(), "jti", json!("")), Malformed),
            (header(), with(claims(), "jti", json!("x".repeat(257))), Malformed),
            (header(), with(claims(), "exp", Value::Null), Malformed),
            (header(), with(claims(), "exp", json!("soon")), Malformed),
            (header(), with(claims(), "exp", json!(-1)), Malformed),
            (header(), with(claims(), "exp", json!(NOW)), Time),
            (header(), with(claims(), "exp", json!(NOW + 86_401)), Time),
            (header(), with(claims(), "nbf", json!(NOW + 301)), Time),
            (header(), with(claims(), "iat", json!(NOW + 301)), Time),
            (header(), with(claims(), "aud", json!("https://elsewhere.example/token")), Audience),
            (header(), with(claims(), "aud", json!([US, "https://elsewhere.example/token"])), Audience),
            (header(), with(claims(), "aud", Value::Null), Audience),
        ] {
            assert_eq!(judge(&signed(&header, &claims)), Err(expected), "{header} {claims}");
        }
    }

    #[test]
    fn what_was_signed_cannot_be_changed_nor_the_signature_moved() {
        let text = signed(&header(), &claims());
        let (signed_part, signature) = text.rsplit_once('.').unwrap();
        let (head, _) = signed_part.split_once('.').unwrap();
        let other = base64url(with(claims(), "jti", json!("two")).to_string().as_bytes());
        let pss = base64url(with(header(), "alg", json!("PS256")).to_string().as_bytes());
        let body = signed_part.split_once('.').unwrap().1;
        for bad in [
            format!("{head}.{other}.{signature}"),
            format!("{pss}.{body}.{signature}"),
            format!("{signed_part}."),
            format!("{signed_part}.AAAA"),
        ] {
            assert_eq!(judge(&bad), Err(AssertionFault::Signature), "{bad}");
        }
        for bad in
            ["", "a", "a.b", "a.b.c", &format!("{text}.x"), &format!("{text}{}", "A".repeat(MAX_TOKEN))]
        {
            assert!(judge(bad).is_err(), "{bad:.40}");
        }
        let known = [];
        let parsed = parse_assertion(&text).unwrap();
        assert_eq!(parsed.verify(&known, &[US.to_owned()], now()), Err(AssertionFault::Signature));
    }
}
