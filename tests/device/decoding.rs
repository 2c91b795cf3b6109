//! Bytes as shells, editors and mails leave them.

use reach365_judge::device::{self, TEXT_LIMIT, decode};
use reach365_model::device::DsregStatus;

use crate::{SAMPLES, parsed, sample};

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

fn read(bytes: &[u8]) -> DsregStatus {
    device::read(bytes).unwrap().status.unwrap()
}

#[test]
fn every_encoding_says_the_same() {
    for name in SAMPLES {
        let text = sample(name);
        let expected = parsed(&text);
        let marked = format!("\u{feff}{text}");
        let variants = [
            ("UTF-8", text.clone().into_bytes()),
            ("UTF-8 with a mark", marked.clone().into_bytes()),
            ("UTF-16LE with a mark", utf16(&marked, u16::to_le_bytes)),
            ("UTF-16BE with a mark", utf16(&marked, u16::to_be_bytes)),
            ("UTF-16LE", utf16(&text, u16::to_le_bytes)),
            ("UTF-16BE", utf16(&text, u16::to_be_bytes)),
        ];
        for (encoding, bytes) in variants {
            assert_eq!(read(&bytes), expected, "{name} in {encoding}");
        }
    }
}

#[test]
fn every_end_of_line_says_the_same() {
    for name in SAMPLES {
        let text = sample(name);
        for end in ["\r\n", "\r", "\r\r\n"] {
            let other = text.replace('\n', end);
            assert_eq!(read(other.as_bytes()), parsed(&text), "{name} with {end:?}");
            let wide = utf16(&format!("\u{feff}{other}"), u16::to_le_bytes);
            assert_eq!(read(&wide), parsed(&text), "{name} with {end:?} in UTF-16");
        }
    }
}

#[test]
fn code_pages_leave_the_names_and_what_is_ascii() {
    // `München` in CP850 and in Windows-1252.
    for letter in [0x81, 0xFC] {
        let mut bytes = b"  TenantName : M".to_vec();
        bytes.push(letter);
        bytes.extend_from_slice(b"nchen\r\n  AzureAdJoined : YES\r\n");
        let status = read(&bytes);
        assert_eq!(status.value("TenantName"), Some("M\u{fffd}nchen"));
        assert_eq!(status.value("AzureAdJoined"), Some("YES"));
    }
}

#[test]
fn half_a_unit_and_half_a_pair_are_no_error() {
    let mut bytes = utf16("\u{feff}AzureAdJoined : YES\n", u16::to_le_bytes);
    bytes.extend_from_slice(&[0x00, 0xD8, 0x41]);
    let status = read(&bytes);
    assert_eq!(status.value("azureadjoined"), Some("YES\u{fffd}"));
}

#[test]
fn what_is_too_large_is_refused() {
    let largest = vec![b'\n'; TEXT_LIMIT];
    assert_eq!(decode(&largest).unwrap().len(), TEXT_LIMIT);
    let error = device::read(&vec![b'\n'; TEXT_LIMIT + 1]).unwrap_err();
    assert!(error.to_string().contains("larger than 1 MiB"), "{error}");
    let many = "a : b\n".repeat(10_001);
    let error = device::parse(&many).unwrap_err();
    assert!(error.to_string().contains("more than 10000"), "{error}");
}
