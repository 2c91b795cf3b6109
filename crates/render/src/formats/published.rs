//! What has changed at Microsoft's endpoint service, and where a list differs from it.

use std::io;

use serde::Serialize;

use crate::formats::endpoints::row;
use crate::formats::json::document;
use crate::formats::layout::{Lead, Page, text_width};
use crate::formats::style::{Color, TextStyle};
use reach365_model::catalog::published::{
    Change, ChangeKind, Comparison, Cover, Difference, DifferenceKind, Entry,
};
use reach365_model::endpoint::{Category, Cloud};
use reach365_proxy::safe_text::counted;

/// The column of names never takes more than this.
const NAME: usize = 44;

/// Kinds of changes with their titles, for names and for addresses.
const TITLES: [(ChangeKind, [&str; 2]); 4] = [
    (ChangeKind::Added, ["NAMES ADDED", "ADDRESSES ADDED"]),
    (ChangeKind::Removed, ["NAMES REMOVED", "ADDRESSES REMOVED"]),
    (
        ChangeKind::Moved,
        [
            "NAMES MOVED TO ANOTHER CATEGORY",
            "ADDRESSES MOVED TO ANOTHER CATEGORY",
        ],
    ),
    (
        ChangeKind::Changed,
        [
            "NAMES WITH OTHER PORTS OR SETS",
            "ADDRESSES WITH OTHER PORTS OR SETS",
        ],
    ),
];

/// Writes the changes between two answers of the service as text.
///
/// # Errors
/// What `out` reports.
pub fn service_changes(
    changes: &[Change],
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    let column = column(changes.iter().map(|change| change.name.as_str()), &page);
    for is_range in [false, true] {
        for (kind, titles) in TITLES {
            let of_kind = |change: &&Change| change.kind == kind && change.is_range == is_range;
            let mut rows = changes.iter().filter(of_kind).peekable();
            if rows.peek().is_some() {
                page.title(titles[usize::from(is_range)])?;
            }
            rows.try_for_each(|change| {
                row(&change.name, &change_words(change), column, &mut page)
            })?;
        }
    }
    page.paragraph(
        &Lead::indent(0),
        &difference_count(changes.len()),
        Color::Faint,
    )
}

/// Writes what a list and the service have in common, and where they differ, as text.
///
/// # Errors
/// What `out` reports.
pub fn service_comparison(
    comparison: &Comparison,
    style: &TextStyle,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    let differences = &comparison.differences;
    let names = differences.iter().map(|it| it.name.as_str());
    let hosts = comparison.covered.iter().map(|it| it.host.as_str());
    let column = column(names.chain(hosts), &page);
    if !differences.is_empty() {
        page.title("THE LIST AND THE SERVICE DIFFER")?;
    }
    for it in differences {
        row(&it.name, &difference_words(it), column, &mut page)?;
    }
    let by_wildcard: Vec<&Cover> = comparison.covered.iter().filter(|it| !it.exact).collect();
    if !by_wildcard.is_empty() {
        page.title("PUBLISHED BY A WILDCARD ALONE: A RULE WITHOUT WILDCARDS NEEDS THE NAME")?;
    }
    for it in &by_wildcard {
        row(&it.host, &cover_words(it), column, &mut page)?;
    }
    if !comparison.elsewhere.is_empty() {
        page.title("IN NO SET, AND PUBLISHED NOWHERE: RULES MADE FROM THE SERVICE LACK IT")?;
    }
    for host in &comparison.elsewhere {
        page.paragraph(&Lead::indent(2), host, Color::Plain)?;
    }
    let (all, wild) = (comparison.covered.len(), by_wildcard.len());
    let summary = format!(
        "{}; {all} hosts are published, {wild} of them by a wildcard alone; {} published names \
         belong to nothing in the list",
        difference_count(differences.len()),
        comparison.others,
    );
    page.paragraph(&Lead::indent(0), &summary, Color::Faint)
}

#[derive(Serialize)]
struct ChangesDocument<'a> {
    schema: &'static str,
    cloud: Cloud,
    changes: &'a [Change],
}

/// Writes the changes between two answers of the service as one JSON document.
///
/// # Errors
/// What `out` reports.
pub fn service_changes_json(
    changes: &[Change],
    cloud: Cloud,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let schema = "reach365/endpoints-changes/1";
    document(
        &ChangesDocument {
            schema,
            cloud,
            changes,
        },
        out,
    )
}

#[derive(Serialize)]
struct ComparisonDocument<'a> {
    schema: &'static str,
    cloud: Cloud,
    #[serde(flatten)]
    comparison: &'a Comparison,
}

/// Writes a comparison as one JSON document.
///
/// # Errors
/// What `out` reports.
pub fn service_comparison_json(
    comparison: &Comparison,
    cloud: Cloud,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let schema = "reach365/endpoints-comparison/1";
    document(
        &ComparisonDocument {
            schema,
            cloud,
            comparison,
        },
        out,
    )
}

fn column<'a>(names: impl Iterator<Item = &'a str>, page: &Page<'_>) -> usize {
    let limit = NAME.min(page.width() / 2);
    let widths = names.map(text_width).filter(|width| *width <= limit);
    widths.max().unwrap_or(0) + 2
}

fn difference_count(differences: usize) -> String {
    match differences {
        0 => "no differences".to_owned(),
        some => counted(some, "difference"),
    }
}

fn change_words(change: &Change) -> String {
    match (&change.before, &change.after) {
        (None, Some(after)) => {
            let mut words = entry_words(after);
            if let Some(date) = &change.effective {
                words.push_str("; in use from ");
                words.push_str(date);
            }
            words + &cover_note(change, "covered it before")
        }
        (Some(before), None) => {
            let words = format!("was {}", entry_words(before));
            words + &cover_note(change, "covers it still")
        }
        (Some(before), Some(after)) => what_differs(before, after),
        (None, None) => String::new(),
    }
}

fn cover_note(change: &Change, words: &str) -> String {
    let cover = change.covered_by.as_ref();
    cover.map_or_else(String::new, |cover| format!("; {cover} {words}"))
}

fn entry_words(entry: &Entry) -> String {
    let required = if entry.required { "" } else { ", optional" };
    let category = category_word(entry.category);
    format!("{category}, {}, {}{required}", ports(entry), sets(entry))
}

fn what_differs(before: &Entry, after: &Entry) -> String {
    let mut words = Vec::new();
    let mut differ = |one: String, other: String| {
        if one != other {
            words.push(format!("{one} -> {other}"));
        }
    };
    let category = |entry: &Entry| category_word(entry.category).to_owned();
    let required = |entry: &Entry| {
        let word = if entry.required {
            "required"
        } else {
            "optional"
        };
        word.to_owned()
    };
    differ(category(before), category(after));
    differ(ports(before), ports(after));
    differ(required(before), required(after));
    differ(sets(before), sets(after));
    words.join("; ")
}

fn ports(entry: &Entry) -> String {
    match (entry.tcp.is_empty(), entry.udp.is_empty()) {
        (true, true) => "no ports".to_owned(),
        (false, true) => format!("TCP {}", entry.tcp),
        (true, false) => format!("UDP {}", entry.udp),
        (false, false) => format!("TCP {} and UDP {}", entry.tcp, entry.udp),
    }
}

fn sets(entry: &Entry) -> String {
    numbered(entry.sets.iter())
}

fn numbered<'a>(ids: impl Iterator<Item = &'a u32>) -> String {
    let ids: Vec<String> = ids.map(u32::to_string).collect();
    let word = if ids.len() == 1 { "set" } else { "sets" };
    format!("{word} {}", ids.join(", "))
}

fn category_word(category: Category) -> &'static str {
    match category {
        Category::Optimize => "Optimize",
        Category::Allow => "Allow",
        Category::Default => "Default",
    }
}

fn cover_words(cover: &Cover) -> String {
    format!("as {}, {}", cover.pattern, numbered(cover.sets.iter()))
}

fn difference_words(it: &Difference) -> String {
    let Difference { ours, service, .. } = it;
    let words = match it.kind {
        DifferenceKind::NotPublished => {
            format!("not published any more; the list has it in {ours}")
        }
        DifferenceKind::Set => format!("published in {service}; the list says {ours}"),
        DifferenceKind::Category => {
            format!(
                "the service says {service}, the list {ours}: {}",
                meaning(service)
            )
        }
        DifferenceKind::Port => format!("published for TCP {service}; the list asks port {ours}"),
        DifferenceKind::Published => {
            format!("the service publishes {service} for it; the list has {ours}")
        }
        DifferenceKind::Ranges => [("only in the list", ours), ("only published", service)]
            .iter()
            .filter(|(_, ranges)| !ranges.is_empty())
            .map(|(where_to, ranges)| format!("{where_to}: {ranges}"))
            .collect::<Vec<_>>()
            .join("; "),
    };
    match it.endpoints.as_slice() {
        [] => words,
        ids => format!("{words} ({})", ids.join(", ")),
    }
}

/// What a category asks of a network.
fn meaning(category: &str) -> &'static str {
    match category {
        "Default" => "a proxy may carry it",
        _ => "no TLS inspection, and past the proxy where that can be done",
    }
}
