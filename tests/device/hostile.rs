//! Malformed and hostile texts.

use reach365_judge::device::{self, decode};
use reach365_model::device::DeviceState;
use reach365_render::formats::{self as render, TextStyle};

use crate::{SAMPLES, sample};

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn word(&mut self, alphabet: &[u8]) -> String {
        let length = 1 + self.roll(12);
        (0..length)
            .map(|_| char::from(alphabet[self.roll(alphabet.len())]))
            .collect()
    }
}

/// Whatever is read can be shown, and shown it moves no cursor.
fn show(state: &DeviceState) {
    let mut style = TextStyle::default();
    style.width = 80;
    style.color = false;
    style.unicode = false;
    let mut text = Vec::new();
    render::device(state, &style, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.chars().all(|c| c == '\n' || !c.is_control()),
        "{text:?}"
    );
    let mut json = Vec::new();
    render::device_json(state, &mut json).unwrap();
    assert_eq!(device::read(&json).unwrap(), *state);
}

#[test]
fn any_bytes_are_read_or_refused() {
    let mut dice = Dice(0x365);
    for _ in 0..5_000 {
        let length = dice.roll(300);
        let mut bytes: Vec<u8> = (0..length).map(|_| dice.roll(256) as u8).collect();
        if dice.roll(2) == 0 {
            bytes.splice(0..0, *b"AzureAdJoined : YES\n");
        }
        if let Ok(state) = device::read(&bytes) {
            show(&state);
        }
    }
}

#[test]
fn samples_with_wrong_bytes_are_read_or_refused() {
    let mut dice = Dice(0xCAA7_0007);
    let mut read = 0;
    for round in 0..2_000 {
        let mut bytes = sample(SAMPLES[round % SAMPLES.len()]).into_bytes();
        for _ in 0..=dice.roll(20) {
            let (at, kind) = (dice.roll(bytes.len()), dice.roll(4));
            match kind {
                0 => bytes[at] = dice.roll(256) as u8,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b":+|\n\r- \0"[dice.roll(8)]),
                _ => bytes.truncate(at.max(40)),
            }
        }
        if let Ok(state) = device::read(&bytes) {
            read += 1;
            show(&state);
        }
    }
    assert!(read > 1_000, "only {read} were read");
}

#[test]
fn every_line_with_key_and_value_is_kept() {
    let mut dice = Dice(7);
    for _ in 0..500 {
        let mut text = "AzureAdJoined : YES\n".to_owned();
        let mut expected = vec![("AzureAdJoined".to_owned(), "YES".to_owned())];
        for _ in 0..dice.roll(30) {
            let key = format!("{} {}", dice.word(b"abcXYZ-"), dice.word(b"abcXYZ09"));
            let value = format!("{}{}", dice.word(b"ab09/["), dice.word(b"ab: ]"));
            let indent = " ".repeat(dice.roll(9));
            text.extend([&indent, &key, " : ", &value, "\n"]);
            expected.push((key, value.trim().to_owned()));
            match dice.roll(5) {
                0 => text += "+----+\n",
                1 => text += "| A title\n",
                2 => text += "\n",
                _ => {}
            }
        }
        let status = device::parse(&decode(text.as_bytes()).unwrap()).unwrap();
        let fields = status.fields();
        let found: Vec<(String, String)> = fields
            .map(|(_, field)| (field.key.clone(), field.value.clone()))
            .collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn control_characters_are_shown_and_not_obeyed() {
    let text =
        "AzureAdJoined : YES\nTenantName : a\u{1b}[2Jb\u{202e}c\nUser\u{7} Context : \u{9b}\n";
    let state = device::from_text(text).unwrap();
    assert_eq!(state.tenant.as_deref(), Some("a\u{1b}[2Jb\u{202e}c"));
    show(&state);
}

#[test]
fn other_texts_are_named_by_their_first_line() {
    let refused = |text: &str| device::from_text(text).unwrap_err().to_string();
    let german = refused("\nGer\u{e4}testatus : JA\nDom\u{e4}ne : CONTOSO\u{1b}[1m\n");
    for part in [
        "not the output of dsregcmd",
        "`Ger\u{e4}testatus : JA`",
        "dsregcmd /status > device.txt",
    ] {
        assert!(german.contains(part), "{german}");
    }
    assert!(!refused("\u{1b}[2J : x").contains('\u{1b}'));
    assert!(refused("").contains("it is empty"));
    assert!(refused("+---+\n| Device State |\n+---+\n").contains("none of its fields"));
}

#[test]
fn other_json_is_refused_with_the_reason() {
    let refused = |text: &str| device::read(text.as_bytes()).unwrap_err().to_string();
    assert!(refused("{").contains("damaged"));
    assert!(refused("{}").contains("`schema` is missing"));
    assert!(refused(r#"{"schema":"reach365/report/1"}"#).contains("`reach365/report/1`"));
    assert!(refused(r#"{"schema":"reach365/device/1","status":7}"#).contains("damaged"));
    let deep = "{\"a\":".repeat(100_000);
    assert!(refused(&deep).contains("damaged"));
}
