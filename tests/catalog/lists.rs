//! Whole files: mistakes, remarks, limits, encodings.

use super::*;

#[test]
fn refused_lists_name_every_mistake_with_its_place() {
    for (name, text) in cases("reject") {
        let found: Vec<String> = mistakes(&name, &text).iter().map(placed).collect();
        compare(&name, &text, &found);
    }
}

#[test]
fn accepted_lists_have_the_remarks_that_are_written_in_them() {
    for (name, text) in cases("accept") {
        let catalog = Catalog::parse(&name, &text, reach365::builtin())
            .unwrap_or_else(|error| panic!("{error}"));
        let lints = catalog.lint();
        assert!(lints.iter().all(|lint| lint.file == name));
        let found: Vec<String> = lints
            .iter()
            .map(|lint| format!("{} {}", lint.line, lint.message))
            .collect();
        compare(&name, &text, &found);
    }
}

#[test]
fn unknown_key_names_the_allowed_ones() {
    let text = "[[endpoints]]\nid = \"a\"\nhost = \"a.example\"\nprot = 1\n";
    let error = &mistakes("own.toml", text)[0];
    assert_eq!(
        error.to_string(),
        "own.toml:4:1: unknown key `prot`; allowed here: id, host, scheme, port, path, groups, \
             level, purpose, sets, category, inspection, issuer, published-ips, expect, cname-suffixes, \
             dns-answer, ipv6-only, clouds, must-be, source\n  4 | prot = 1\n    | ^"
    );
}

#[test]
fn at_most_twenty_mistakes_are_shown_and_the_rest_is_counted() {
    let text = "[[endpoints]]\n".repeat(30);
    let found = mistakes("own.toml", &text);
    assert_eq!(found.len(), 21);
    assert_eq!(found[20].to_string(), "own.toml: and 40 more mistakes");
}

#[test]
fn control_characters_never_reach_the_message() {
    let text = "[[endpoints]]\nid = \"a\"\nhost = \"a\u{202e}b.example\" # \u{1b}[2J\n";
    let shown = Error::Catalog(mistakes("own\u{7}.toml", text)).to_string();
    let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!shown.contains(bad), "{shown:?}");
    let text = "[[endpoints]]\nid = \"a\"\n\thost = \"a\\u001b b\"\n";
    let error = &mistakes("own.toml", text)[0];
    assert_eq!((error.line, error.column), (3, 9));
    assert!(error.message.contains("`a\\u{1b} b` has a space"));
}

#[test]
fn long_line_is_shortened_around_the_caret() {
    let host = format!("{} b", "a".repeat(50_000));
    let text = format!("endpoints = [{{ id = \"a\", host = \"{host}\" }}]");
    let shown = Error::Catalog(mistakes("own.toml", &text)).to_string();
    let lines: Vec<&str> = shown.lines().collect();
    assert!(shown.len() < 600, "{shown}");
    let caret = lines[2].chars().position(|c| c == '^').unwrap();
    assert_eq!(lines[1].chars().nth(caret), Some('"'), "{shown}");
}

#[test]
fn line_ends_and_byte_order_mark_of_windows_are_no_mistake() {
    let text = "\u{feff}[[endpoints]]\r\nid = \"a\"\r\nhost = \"a b\"\r\n";
    let error = &mistakes("own.toml", text)[0];
    assert_eq!((error.line, error.column), (3, 8));
    assert_eq!(error.snippet, "host = \"a b\"");
    let text = text.replace("a b", "a.example");
    assert_eq!(parsed(&text).endpoints().len(), 1);
}

#[test]
fn text_of_ten_megabytes_is_refused_with_its_size() {
    let found = mistakes("own.toml", &"#".repeat(10_000_000));
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "own.toml: the list has 10000000 bytes; 1048576 are the limit"
    );
}

#[test]
fn text_at_the_limit_is_read() {
    let mut text = "[[endpoints]]\nid = \"a\"\nhost = \"a.example\"\n#".to_owned();
    text.push_str(&"x".repeat(TEXT_LIMIT - text.len()));
    assert_eq!(parsed(&text).endpoints().len(), 1);
    text.push('x');
    assert_eq!(mistakes("own.toml", &text)[0].line, 0);
}

#[test]
fn number_of_entries_is_limited() {
    let list = |count: usize| {
        let row = |number| format!("{{id=\"e{number}\",host=\"h{number}.example\"}},\n");
        let rows: String = (0..count).map(row).collect();
        format!("endpoints=[\n{rows}]")
    };
    assert_eq!(parsed(&list(ENTRY_LIMIT)).endpoints().len(), ENTRY_LIMIT);
    let found = mistakes("own.toml", &list(ENTRY_LIMIT + 1));
    assert_eq!(
        (found[0].line, found[0].column),
        (ENTRY_LIMIT + 2, 1),
        "{}",
        found[0]
    );
    assert!(found[0].message.contains("more than 10000 entries"));
}

#[test]
fn deep_nesting_is_refused() {
    for open in ["[", "{a="] {
        let text = format!("endpoints = {}", open.repeat(100_000));
        assert_eq!(mistakes("own.toml", &text)[0].line, 1);
    }
}

#[test]
fn no_mutation_of_a_list_makes_it_panic() {
    let seeds: Vec<String> = ["reject", "accept", "accept", "accept", "accept"]
        .iter()
        .flat_map(|folder| cases(folder))
        .map(|(_, text)| text)
        .collect();
    let mut random = Random(0x5EED_1234_ABCD_0001);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..4_000 {
        let text = mutate(&seeds[round % seeds.len()], &mut random);
        match Catalog::parse("mutant.toml", &text, reach365::builtin()) {
            Ok(catalog) => {
                accepted += 1;
                catalog.lint();
                if let Ok(plan) = Plan::group(&catalog, "all") {
                    assert!(!plan.checks.is_empty());
                }
            }
            Err(error) => {
                refused += 1;
                check_places(&error, &text);
            }
        }
    }
    assert!(accepted > 100 && refused > 1_000, "{accepted} {refused}");
}

fn check_places(error: &Error, text: &str) {
    let Error::Catalog(found) = error else {
        panic!("{error}");
    };
    assert!(!found.is_empty() && found.len() <= 21);
    for mistake in found.iter().filter(|mistake| mistake.line > 0) {
        let line = text.split('\n').nth(mistake.line - 1).unwrap();
        assert!(mistake.column <= line.chars().count() + 1, "{mistake}");
    }
}

/// Changes, doubles, drops or moves a few characters.
fn mutate(text: &str, random: &mut Random) -> String {
    const ODD: [char; 16] = [
        '"',
        '\'',
        '[',
        ']',
        '{',
        '}',
        '=',
        '\n',
        '\\',
        '\u{0}',
        'ü',
        '\u{202e}',
        '*',
        '9',
        '#',
        '\u{10ffff}',
    ];
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(3) {
        let at = random.below(characters.len());
        let other = random.below(characters.len());
        match random.below(5) {
            0 => characters[at] = ODD[random.below(ODD.len())],
            1 => characters.insert(at, ODD[random.below(ODD.len())]),
            2 => characters.truncate(at.max(1)),
            3 => characters.swap(at, other),
            _ => drop(characters.remove(at)),
        }
        if characters.is_empty() {
            characters.push('x');
        }
    }
    characters.into_iter().collect()
}

/// xorshift64: the same mutations in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}
