//! Lines into fields: separators, boxes, values that were broken.

use crate::{SAMPLES, parsed, sample};

fn value(text: &str, key: &str) -> String {
    let status = parsed(text);
    let value = status
        .value(key)
        .unwrap_or_else(|| panic!("{key} in {status:?}"));
    value.to_owned()
}

#[test]
fn every_section_and_field_is_kept_in_order() {
    for name in SAMPLES {
        let text = sample(name);
        let status = parsed(&text);
        let titles: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'))
            .map(str::trim)
            .collect();
        let found: Vec<&str> = status.sections.iter().map(|it| it.title.as_str()).collect();
        assert_eq!(found, titles, "{name}");
        let keys: Vec<&str> = text
            .lines()
            .filter(|line| line.starts_with(' '))
            .filter_map(|line| Some(line.split_once(':')?.0.trim()))
            .collect();
        let found: Vec<&str> = status
            .fields()
            .map(|(_, field)| field.key.as_str())
            .collect();
        assert_eq!(found, keys, "{name}");
        assert!(found.len() >= 10, "{name}: {found:?}");
    }
}

#[test]
fn separators_and_names_of_every_build_are_understood() {
    let text = "
         AadRecoveryEnabled: NO
               KeySignTest: : MUST Run elevated to test.
               HTTP status : 400
            Correlation ID : abc
                    MdmUrl :
           Fabrikam Gadget : blue : green
             WamDefaultId : https://login.microsoft.com
          DomainJoined:YES";
    assert_eq!(value(text, "AadRecoveryEnabled"), "NO");
    assert_eq!(value(text, "KeySignTest"), "MUST Run elevated to test.");
    assert_eq!(value(text, "HTTP Status"), "400");
    assert_eq!(value(text, "correlationid"), "abc");
    assert_eq!(value(text, "MdmUrl"), "");
    assert_eq!(value(text, "fabrikamgadget"), "blue : green");
    assert_eq!(value(text, "WamDefaultId"), "https://login.microsoft.com");
    assert_eq!(value(text, "DomainJoined"), "YES");
}

#[test]
fn values_that_a_console_broke_are_whole_again() {
    let line = format!(
        "     AuthCodeUrl : https://login.microsoftonline.com/{}",
        "a".repeat(60)
    );
    let (start, end) = line.split_at(80);
    let broken = format!("{start}\n{end}\n       MdmUrl : https://mdm.contoso.example\n");
    let whole = format!("https://login.microsoftonline.com/{}", "a".repeat(60));
    assert_eq!(value(&broken, "AuthCodeUrl"), whole);
    assert_eq!(value(&broken, "MdmUrl"), "https://mdm.contoso.example");

    let words =
        "  Server Error Description : AADSTS50126: The name or the password of the user is wro";
    assert!(words.len() >= 80);
    let text = format!("{words}\nng.\n   EnterprisePrt : NO\n");
    assert!(value(&text, "servererrordescription").ends_with("is wrong."));
    assert_eq!(value(&text, "EnterprisePrt"), "NO");
}

#[test]
fn lines_of_a_server_message_belong_to_it() {
    let text = "  Server Error Description : AADSTS50126: Wrong.\nTrace ID: 0a\nCorrelation ID: 0b\n\
                Timestamp: 2031-05-06 07:08:09Z\n             EnterprisePrt : YES\n";
    let message =
        "AADSTS50126: Wrong. Trace ID: 0a Correlation ID: 0b Timestamp: 2031-05-06 07:08:09Z";
    assert_eq!(value(text, "Server Error Description"), message);
    assert_eq!(parsed(text).fields().count(), 2);
}

#[test]
fn texts_without_their_indentation_are_read() {
    for name in SAMPLES {
        let text = sample(name);
        let flat: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(parsed(&flat.join("\n")), parsed(&text), "{name}");
    }
}

#[test]
fn damaged_boxes_lose_no_field() {
    let text = sample("hybrid");
    let whole = parsed(&text);
    for (from, to) in [
        ("-+\n", "\n"),
        ("+--", "+-"),
        (" |\n", "\n"),
        ("+-", "\u{2500}-"),
    ] {
        let damaged = text.replace(from, to);
        assert_ne!(damaged, text);
        let status = parsed(&damaged);
        assert_eq!(fields(&status), fields(&whole), "{from:?} became {to:?}");
    }
    let without: String = text
        .lines()
        .filter(|line| !line.starts_with(['|', '+']))
        .map(|line| format!("{line}\n"))
        .collect();
    let status = parsed(&without);
    assert_eq!(status.sections.len(), 1);
    assert_eq!(fields(&status), fields(&whole));
}

fn fields(status: &reach365_model::device::DsregStatus) -> Vec<(String, String)> {
    let fields = status.fields();
    fields
        .map(|(_, field)| (field.key.clone(), field.value.clone()))
        .collect()
}

#[test]
fn what_stands_around_the_output_is_no_field() {
    let text = format!(
        "Microsoft Windows [Version 10.0.22631.1]\n(c) Microsoft\n\nC:\\Users\\ada>dsregcmd /status\n{}\n\
         C:\\Users\\ada>\n",
        sample("joined")
    );
    assert_eq!(fields(&parsed(&text)), fields(&parsed(&sample("joined"))));
}

#[test]
fn sections_and_fields_of_later_builds_are_kept() {
    let text = "+---+\n| Quantum State |\n+---+\n\n  Entangled : YES\n  AzureAdJoined : YES\n";
    let status = parsed(text);
    assert_eq!(status.sections[0].title, "Quantum State");
    assert_eq!(status.value("entangled"), Some("YES"));
}
