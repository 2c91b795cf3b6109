//! The subject of a refusal's wording. It only adds to status, product and form: it is in
//! the language of the proxy's operator, and anyone may write it.

/// What words are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// A rule forbids it.
    Denial,
    /// The proxy could not resolve the name.
    Dns,
    /// The host did not answer in time.
    Time,
    /// This client asks too often.
    Rate,
}

/// Phrases that look like a denial or a failure of DNS and are none; they are read as absent.
const NEUTRAL: [&str; 30] = [
    "permission denied",
    "method not allowed",
    "may have been blocked",
    "might have been blocked",
    "may be blocked",
    "might be blocked",
    "could be blocked",
    "not found or connection failed",
    "actively refused",
    "connection refused",
    "connection rejected",
    "connexion refusée",
    "connexion a été refusée",
    "verbindung verweigert",
    "verbindung wurde verweigert",
    "verbindungsaufbau abgelehnt",
    "verbinding geweigerd",
    "conexión rechazada",
    "conexión denegada",
    "conexión ha sido rechazada",
    "connessione rifiutata",
    "connessione negata",
    "conexão recusada",
    "połączenie odrzucone",
    "отказано в соединении",
    "в соединении отказано",
    "接続が拒否",
    "接続を拒否",
    "连接被拒绝",
    "連線被拒",
];
/// Phrases by which a reason phrase or a title forbids; both are short, so that single words do.
const SHORT_DENIAL: [&str; 13] = [
    "denied",
    "denies",
    "blocked",
    "forbidden",
    "prohibited",
    "disallowed",
    "restricted",
    "not allowed",
    "not permitted",
    "not authorized",
    "policy violation",
    "by policy",
    "violation",
];
/// Phrases by which a page forbids.
const DENIAL: [&str; 34] = [
    "access denied",
    "access blocked",
    "access forbidden",
    "access is forbidden",
    "access restricted",
    "request denied",
    "request blocked",
    "is denied",
    "was denied",
    "been denied",
    "denied by",
    "denied the",
    "denied access",
    "denied for",
    "is blocked",
    "was blocked",
    "been blocked",
    "blocked by",
    "blocked due",
    "page blocked",
    "site blocked",
    "website blocked",
    "url blocked",
    "content blocked",
    "connection blocked",
    "not allowed",
    "not permitted",
    "is prohibited",
    "prohibited by",
    "forbidden by",
    "company policy",
    "acceptable use",
    "policy violation",
    "policy prohibits",
];
/// The same in other languages; stems, which stand within words.
const FOREIGN_DENIAL: [&str; 46] = [
    // German
    "verweigert",
    "gesperrt",
    "blockiert",
    "nicht erlaubt",
    "nicht zugelassen",
    "nicht gestattet",
    "untersagt",
    "verboten",
    // French
    "refusé",
    "bloqué",
    "interdit",
    "non autorisé",
    "pas autorisé",
    // Spanish, Portuguese, Italian
    "denegad",
    "denegó",
    "bloquead",
    "prohibid",
    "no permitid",
    "no está permitid",
    "negado",
    "negato",
    "proibid",
    "não permitid",
    "não é permitid",
    "bloccat",
    "vietat",
    "non consentit",
    // Dutch, Swedish, Danish, Norwegian
    "geweigerd",
    "geblokkeerd",
    "niet toegestaan",
    "nekad",
    "blockerad",
    "blokeret",
    "blokkert",
    // Polish, Czech, Turkish, Russian
    "zablokowan",
    "zabronion",
    "odmowa dostępu",
    "zakázán",
    "engellen",
    "запрещ",
    "заблокир",
    // Japanese, Chinese, Korean
    "拒否",
    "禁止",
    "ブロック",
    "拒绝",
    "차단",
];
/// Words by which a refusal names the resolution of the name as the cause.
const DNS: [&str; 21] = [
    "dns",
    "could not resolve",
    "cannot resolve",
    "can't resolve",
    "unable to resolve",
    "failed to resolve",
    "not be resolved",
    "name resolution",
    "name lookup",
    "lookup failed",
    "host not found",
    "host was not found",
    "host could not be found",
    "cannot find server",
    "cannot find host",
    "server not found",
    "unknown host",
    "no such host",
    "no such domain",
    "domain not found",
    "name or service not known",
];
/// The same in other languages.
const FOREIGN_DNS: [&str; 15] = [
    "namensauflösung",
    "host wurde nicht gefunden",
    "nicht aufgelöst",
    "nicht auflösen",
    "hôte introuvable",
    "hôte est introuvable",
    "hôte n'a pas été trouvé",
    "résolution du nom",
    "résolution de nom",
    "resolver el nombre",
    "no se encontró el host",
    "risolvere il nome",
    "host non trovato",
    "名前解決",
    "ホストが見つかりません",
];
/// Words by which a refusal says that the host did not answer.
const TIME: [&str; 10] = [
    "timed out",
    "timeout",
    "time-out",
    "did not respond",
    "zeitüberschreitung",
    "délai d'attente",
    "délai dépassé",
    "tiempo de espera",
    "tempo scaduto",
    "タイムアウト",
];
/// Words by which a refusal says that this client asks too often.
const RATE: [&str; 12] = [
    "too many requests",
    "too many connections",
    "too many sessions",
    "rate limit",
    "rate limited",
    "rate limiting",
    "rate-limited",
    "request limit",
    "connection limit",
    "quota exceeded",
    "throttled",
    "zu viele anfragen",
];
/// Words by which a page asks for a sign-in.
const SIGN_IN: [&str; 12] = [
    "authentication required",
    "authentication is required",
    "must authenticate",
    "please authenticate",
    "must log in",
    "must sign in",
    "please log in",
    "please sign in",
    "log in to continue",
    "sign in to continue",
    "anmeldung erforderlich",
    "authentification requise",
];

/// Every phrase of these lists.
pub(super) fn phrases() -> impl Iterator<Item = &'static str> {
    let lists = NEUTRAL.iter().chain(&SHORT_DENIAL).chain(&DENIAL);
    let lists = lists.chain(&FOREIGN_DENIAL).chain(&DNS).chain(&FOREIGN_DNS);
    lists.chain(&TIME).chain(&RATE).chain(&SIGN_IN).copied()
}

/// What a reason phrase or a title is about; in lower case.
pub(super) fn of_line(text: &str) -> Option<About> {
    about(text, &SHORT_DENIAL)
}

/// What the words of a page are about; in lower case.
pub(super) fn of_page(text: &str) -> Option<About> {
    about(text, &DENIAL)
}

/// Whether a text asks for a sign-in; in lower case.
pub(super) fn asks_for_sign_in(text: &str) -> bool {
    has_any(text, &SIGN_IN)
}

fn about(text: &str, denial: &[&str]) -> Option<About> {
    let mut text = text.to_owned();
    for phrase in NEUTRAL {
        text = text.replace(phrase, "; ");
    }
    // A limit may say "blocked" too: it is the more special word.
    if has_any(&text, &RATE) {
        return Some(About::Rate);
    }
    let holds = |stems: &[&str]| stems.iter().any(|stem| text.contains(stem));
    // A page that forbids may name DNS as what noticed it; one about DNS does not forbid.
    if has_any(&text, denial) || holds(&FOREIGN_DENIAL) {
        return Some(About::Denial);
    }
    if has_any(&text, &DNS) || holds(&FOREIGN_DNS) {
        return Some(About::Dns);
    }
    has_any(&text, &TIME).then_some(About::Time)
}

fn has_any(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| has_words(text, phrase))
}

/// Whether words stand in a text, not within longer ones.
fn has_words(text: &str, words: &str) -> bool {
    let mut places = text.match_indices(words);
    places.any(|(start, _)| {
        let ends = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        ends(text[..start].chars().next_back()) && ends(text[start + words.len()..].chars().next())
    })
}
