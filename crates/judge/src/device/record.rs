//! Fields by name, and what is odd about them.

use reach365_model::device::{DsregStatus, Field, normal_name};
use reach365_model::endpoint::quoted;
use reach365_model::time::Timestamp;

use super::known::is_known;

/// Fields that belong together, with names in their normal form.
pub(super) type Group<'a> = Vec<(String, &'a str)>;

/// The fields of a text, sorted into what they are about. Some names mean one thing within an
/// attempt to get a token and another elsewhere.
#[derive(Default)]
pub(super) struct Record<'a> {
    /// The device and the user.
    pub(super) device: Group<'a>,
    /// Accounts for work or school that a registered device knows.
    pub(super) accounts: Group<'a>,
    /// One group an attempt to get a primary refresh token.
    pub(super) attempts: Vec<Group<'a>>,
}

impl<'a> Record<'a> {
    pub(super) fn sort(status: &'a DsregStatus) -> Self {
        let mut record = Self::default();
        for section in &status.sections {
            let account = normal_name(&section.title).starts_with("workaccount");
            record.section(&section.fields, account);
        }
        record
    }

    fn section(&mut self, fields: &'a [Field], account: bool) {
        let mut attempting = false;
        for field in fields {
            let (key, value) = (normal_name(&field.key), field.value.as_str());
            if account {
                self.accounts.push((key, value));
                continue;
            }
            attempting = stays_in_attempt(&key, attempting);
            if attempting {
                self.attempt(key, value);
            } else {
                self.device.push((key, value));
            }
        }
    }

    fn attempt(&mut self, key: String, value: &'a str) {
        let goes_on = self.attempts.last().is_some_and(|attempt| {
            let only_diagnosis = attempt.len() == 1 && is_diagnosis(&attempt[0].0);
            !starts_attempt(&key) || (only_diagnosis && !is_diagnosis(&key))
        });
        match self.attempts.last_mut() {
            Some(attempt) if goes_on => attempt.push((key, value)),
            _ => self.attempts.push(vec![(key, value)]),
        }
    }
}

fn starts_attempt(key: &str) -> bool {
    is_diagnosis(key) || key == "previousprtattempt"
}

fn is_diagnosis(key: &str) -> bool {
    matches!(key, "acquireprtdiagnostics" | "refreshprtdiagnostics")
}

/// An attempt begins with its diagnosis and ends with the first field that is known from elsewhere;
/// fields of later builds may stand within it.
fn stays_in_attempt(key: &str, attempting: bool) -> bool {
    const PARTS: [&str; 11] = [
        "attemptstatus",
        "useridentity",
        "credentialtype",
        "correlationid",
        "endpointuri",
        "httpmethod",
        "httperror",
        "httpstatus",
        "servererrorcode",
        "servererrordescription",
        "requestid",
    ];
    starts_attempt(key) || (attempting && (PARTS.contains(&key) || !is_known(key)))
}

/// Said once, whatever the number of such fields.
const TRANSLATED: &str = "dsregcmd answers YES or NO: this text has other words, perhaps translated, \
     and what they stand for counts as not known";

/// Looks fields up, and notes those that it cannot use.
pub(super) struct Reading<'r, 'a> {
    pub(super) fields: &'r Group<'a>,
    pub(super) notes: &'r mut Vec<String>,
}

impl Reading<'_, '_> {
    /// The value of a field. There is none where the field is there twice and differs.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let wanted = normal_name(key);
        let mut values = self
            .fields
            .iter()
            .filter(|(key, _)| *key == wanted)
            .map(|(_, value)| *value);
        let first = values.next()?;
        if let Some(other) = values.find(|value| !value.eq_ignore_ascii_case(first)) {
            let note = format!(
                "{key} is there twice, as {} and as {}: neither is believed",
                quoted(first),
                quoted(other)
            );
            self.note(note);
            return None;
        }
        (!first.is_empty()).then(|| first.to_owned())
    }

    /// A field that is YES or NO.
    pub(super) fn flag(&mut self, key: &str) -> Option<bool> {
        let value = self.text(key)?;
        match value.to_ascii_uppercase().as_str() {
            "YES" => Some(true),
            "NO" => Some(false),
            _ => {
                self.note(TRANSLATED.to_owned());
                self.note(format!("{key} is {}, neither YES nor NO", quoted(&value)));
                None
            }
        }
    }

    /// A time such as `2031-05-01 08:00:00.000 UTC`.
    pub(super) fn time(&mut self, key: &str) -> Option<Timestamp> {
        let value = self.text(key)?;
        let time = time(&value);
        if time.is_none() {
            self.note(format!("{key} is {}, which is no time", quoted(&value)));
        }
        time
    }

    /// Fields are looked up more than once; what is odd about them is said once.
    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// A point in time. Times without a zone are ignored: their zone is unknown.
pub(super) fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let bare = text
        .strip_suffix("UTC")
        .or_else(|| text.strip_suffix('Z'))?;
    Timestamp::from_utc_text(bare.trim_end())
}
