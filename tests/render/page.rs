//! The HTML page: what its text says, its contrasts, and what a browser makes of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use reach365_model::report::Report;
use reach365_model::verdict::{Basis, Who};
use reach365_render::formats::Format;

use super::fixture::{self, Row};
use super::{FIXTURES, compare, plain, rendered};

/// Variable that turns a skipped test into a failed one.
const PARTS: &str = "REACH365_PARTS";
/// What a page of forty endpoints may take.
const LARGEST: usize = 400 * 1024;

fn page(report: &Report) -> String {
    rendered(report, Format::Html, plain(80))
}

#[test]
fn pages_look_as_stored() {
    for (name, make) in FIXTURES {
        compare(&format!("{name}.html"), &without_style(&page(&make())));
    }
}

/// The style is a file of its own.
fn without_style(page: &str) -> String {
    let (before, rest) = page.split_once("<style>\n").unwrap();
    let (style, after) = rest.split_once("</style>").unwrap();
    let stored = fs::read_to_string(style_path()).unwrap();
    assert_eq!(style, stored);
    format!("{before}<style></style>{after}")
}

fn style_path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/render/src/formats/html/style.css")
}

#[test]
fn a_page_of_forty_is_small() {
    let size = page(&fixture::forty()).len();
    assert!(size < LARGEST, "{size}");
}

#[test]
fn a_page_says_first_what_is_broken_who_acts_and_which_rule() {
    let page = page(&fixture::one());
    let parts = [
        "1 of 3 endpoints is blocked: go.microsoft.com:443",
        "A reset answered the connection request",
        "whoever runs the firewall (firewall at 10.20.0.1, medium confidence)",
        "allow outgoing TCP to go.microsoft.com:443",
        "The path breaks at the firewall (10.20.0.1).",
        "Every endpoint",
        "id=\"seen\">What was seen",
    ];
    let lower = page.to_lowercase();
    let places = parts.map(|part| lower.find(&part.to_lowercase()).expect(part));
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn a_team_with_many_causes_is_called_once() {
    // Without what was recorded nothing can be judged, and each endpoint has a cause of its own.
    let page = page(&reach365::judge().again(&fixture::mixed()));
    let index = page.split("<nav ").nth(1).unwrap();
    let index = index.split("</nav>").next().unwrap();
    assert_eq!(index.matches("<li").count(), 1, "{index}");
    assert!(index.contains("network team (12)</a>"), "{index}");
}

#[test]
fn a_page_without_a_culprit_names_none() {
    let row = fixture::row("odc.officeapps.live.com", "activation");
    let mut row = row.inconclusive("dns-timeout", "No answer");
    let accused = row.clone().blocked("tcp-refused", "", Who::Firewall);
    row.verdict.culprit = accused.verdict.culprit;
    let page = page(&fixture::report(vec![row]));
    assert!(page.contains("(the evidence names no party)"), "{page}");
    for accusation in ["10.20.0.1", "Who must act", "breaks"] {
        assert!(!page.contains(accusation), "{accusation}: {page}");
    }
}

#[test]
fn an_unknown_culprit_is_looked_for_on_the_whole_stretch() {
    let row = fixture::row("odc.officeapps.live.com", "activation");
    let row = row.blocked("tcp-dropped", "No answer", Who::Unknown);
    let page = page(&fixture::report(vec![row]));
    let told = "The path breaks somewhere between this PC and the service.";
    assert!(page.contains(told), "{page}");
    assert!(page.contains("Firewall: perhaps"), "{page}");
}

/// A run-wide cause that affects no endpoint says nothing about what lies behind it.
#[test]
fn a_cause_without_endpoints_claims_no_passage() {
    let mut report = fixture::mixed();
    report.endpoints.clear();
    report.findings.remove(0);
    let page = page(&report);
    let told = "This PC: trouble here; Resolver: not seen; Firewall: not seen";
    assert!(page.contains(told), "{page}");
}

#[test]
fn ids_are_unique_and_every_link_leads_to_one() {
    for (name, make) in FIXTURES {
        let page = page(&make());
        let ids: Vec<&str> = values(&page, " id=\"");
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}");
        for target in values(&page, " href=\"#") {
            assert!(unique.contains(target), "{name}: {target}");
        }
        for labels in values(&page, " aria-labelledby=\"") {
            for label in labels.split(' ') {
                assert!(unique.contains(label), "{name}: {label}");
            }
        }
    }
}

fn values<'a>(page: &'a str, before: &str) -> Vec<&'a str> {
    let parts = page.split(before).skip(1);
    parts.map(|part| part.split_once('"').unwrap().0).collect()
}

#[test]
fn times_that_nobody_measured_stay_on_the_page() {
    let mut report = fixture::healthy();
    report.endpoints[0].timings.tls_ms = Some(1e308);
    report.endpoints[0].timings.dns_ms = Some(-1e308);
    report.endpoints[1].timings.http_ms = Some(f64::INFINITY);
    let page = page(&report);
    assert!(!page.contains("inf") && !page.contains("NaN"), "{page}");
    assert!(page.len() < 20 * 1024, "{}", page.len());
    for width in values(&page, " width=\"") {
        let percent = width.strip_suffix('%').map(|it| it.parse::<f64>().unwrap());
        assert!(
            percent.is_none_or(|it| (0.0..=100.0).contains(&it)),
            "{width}"
        );
    }
}

/// WCAG 2 AA: 4.5 for text, 3 for signs and lines that carry meaning.
#[test]
fn colors_can_be_told_apart_in_both_schemes() {
    let style = fs::read_to_string(style_path()).unwrap();
    let schemes: Vec<_> = style.split(":root {").skip(1).map(properties).collect();
    assert_eq!(schemes.len(), 2);
    let text = [
        "ink",
        "faint",
        "blocked",
        "inconclusive",
        "degraded",
        "reachable",
        "skipped",
        "link",
    ];
    let stages = ["dns", "tcp", "proxy", "tls", "http"];
    for colors in schemes {
        let check = |one: &str, other: &str, least: f64| {
            let ratio = contrast(&colors[one], &colors[other]);
            assert!(ratio >= least, "{one} on {other}: {ratio:.2}");
        };
        for ground in ["paper", "card"] {
            for name in text {
                check(name, ground, 4.5);
            }
            check("line", ground, 3.0);
            check("focus", ground, 3.0);
        }
        // Names within bars, and glyphs within signs.
        for name in stages {
            check("glyph", name, 4.5);
        }
        for name in stages {
            check("paper", name, 3.0);
        }
        for name in &text[2..6] {
            check("glyph", name, 3.0);
        }
    }
}

fn properties(block: &str) -> BTreeMap<String, String> {
    let inside = block.split_once('}').unwrap().0;
    let lines = inside
        .split(';')
        .filter_map(|line| line.trim().strip_prefix("--"));
    let pairs = lines.map(|line| line.split_once(": ").unwrap());
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn contrast(one: &str, other: &str) -> f64 {
    let [one, other] = [luminance(one), luminance(other)];
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(color: &str) -> f64 {
    let channel = |at: usize| {
        let part = u8::from_str_radix(&color[at..at + 2], 16).unwrap();
        let part = f64::from(part) / 255.0;
        match part {
            dark if dark <= 0.040_45 => dark / 12.92,
            light => ((light + 0.055) / 1.055).powf(2.4),
        }
    };
    0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
}

#[test]
fn a_browser_loads_and_runs_nothing_and_shows_foreign_text_as_text() {
    let Some(chromium) = installed("chromium") else {
        return;
    };
    let (url, asked) = listen();
    let page = page(&hostile(&url));
    assert_eq!(page.matches("<script").count(), 0);

    let browser = Browser::new(chromium, "hostile", &page);
    let shown = browser.run(&["--dump-dom", "--enable-logging=stderr", "--v=0"]);
    let messages = String::from_utf8_lossy(&shown.stderr);
    let dom = String::from_utf8_lossy(&shown.stdout);
    assert!(dom.contains("What was seen"), "{messages}");
    assert!(!messages.contains("CONSOLE"), "{messages}");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    for element in [
        "<script", "<img", "<iframe", "<link", "<object", "<form", "<base",
    ] {
        assert!(!dom.contains(element), "{element}");
    }
    assert_eq!(dom.matches("<style").count(), 1);
    assert_eq!(
        dom.matches("<title").count(),
        dom.matches("</title>").count()
    );
    // The same elements as in the page of the same report without markup in it.
    let harmless = self::page(&hostile_with("plain"));
    assert_eq!(elements(&page), elements(&harmless));
}

/// Whether the checks above would notice a page that asks for something.
#[test]
fn a_page_that_loads_something_is_noticed() {
    let Some(chromium) = installed("chromium") else {
        return;
    };
    let (url, asked) = listen();
    let leak = format!("<img src=\"{url}\"><script>console.error('noticed')</script>");
    let page = page(&fixture::healthy()).replace("</body>", &format!("{leak}</body>"));

    let guarded = Browser::new(chromium.clone(), "guarded", &page);
    let shown = guarded.run(&["--dump-dom", "--enable-logging=stderr", "--v=0"]);
    let messages = String::from_utf8_lossy(&shown.stderr);
    assert!(messages.contains("Content Security Policy"), "{messages}");
    assert_eq!(asked.load(Ordering::SeqCst), 0, "the policy does not hold");

    let open = page.replace("default-src 'none'", "default-src * 'unsafe-inline'");
    let unguarded = Browser::new(chromium, "unguarded", &open);
    let shown = unguarded.run(&["--dump-dom", "--enable-logging=stderr", "--v=0"]);
    let messages = String::from_utf8_lossy(&shown.stderr);
    assert!(
        messages.contains("CONSOLE") && messages.contains("noticed"),
        "{messages}"
    );
    assert!(asked.load(Ordering::SeqCst) > 0, "a request is not noticed");
}

#[test]
fn a_browser_prints_every_cause_and_what_was_seen_of_it() {
    let Some(chromium) = installed("chromium") else {
        return;
    };
    for (name, make, least) in [
        ("healthy", fixture::healthy as fn() -> Report, 1),
        ("forty", fixture::forty, 15),
    ] {
        let browser = Browser::new(chromium.clone(), &format!("print-{name}"), &page(&make()));
        let pdf = browser.directory.join("page.pdf");
        browser.run(&[
            &format!("--print-to-pdf={}", pdf.display()),
            "--no-pdf-header-footer",
        ]);
        let pdf = fs::read(pdf).unwrap();
        let text = String::from_utf8_lossy(&pdf);
        let pages = text.matches("/Type /Page\n").count();
        // Folded, forty endpoints need six pages; unfolded about 27.
        assert!(pages >= least, "{name}: {pages}");
    }
}

/// Screenshots of the first screen, for changes of the style.
#[test]
fn a_browser_draws_first_screens() {
    let Some(chromium) = installed("chromium") else {
        return;
    };
    for (name, make) in FIXTURES {
        let browser = Browser::new(chromium.clone(), &format!("screen-{name}"), &page(&make()));
        for (width, height) in [(390, 844), (1280, 900)] {
            let file = pictures().join(format!("{name}-{width}.png"));
            browser.run(&[
                &format!("--screenshot={}", file.display()),
                &format!("--window-size={width},{height}"),
                "--hide-scrollbars",
            ]);
            let picture = fs::read(file).unwrap();
            let size = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
            assert_eq!((size(16), size(20)), (width, height), "{name}");
        }
    }
}

/// An address that closes every connection, and the number of connections.
fn listen() -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/leak", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&asked);
    std::thread::spawn(move || {
        for _connection in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (url, asked)
}

fn hostile(url: &str) -> Report {
    hostile_with(&format!(
        "</style></title></svg></td></details><script src='{url}'>fetch('{url}')</script>\"><img src={url} onerror=alert(1)><a href=javascript:alert(1)><link rel=stylesheet href={url}><base href={url}>' onload='alert(1) \u{202e}olleh\u{1b}[2J url({url})"
    ))
}

/// Every field that foreign text can reach.
fn hostile_with(text: &str) -> Report {
    let mut report = fixture::mixed();
    for row in &mut report.endpoints {
        text.clone_into(&mut row.endpoint.purpose);
        text.clone_into(&mut row.verdict.summary);
        row.route.reasons = vec![text.to_owned()];
        row.verdict.remedies = vec![text.to_owned()];
        row.verdict.wrong_if = Some(text.to_owned());
        let facts = BTreeMap::from([
            ("name".to_owned(), text.into()),
            ("proxy".to_owned(), text.into()),
        ]);
        row.verdict.basis = Basis::from_saved(row.verdict.code(), facts);
        for http in row
            .evidence
            .attempts
            .iter_mut()
            .filter_map(|it| it.http.as_mut())
        {
            if let Some(seen) = &mut http.value {
                text.clone_into(&mut seen.body_text);
            }
        }
    }
    for finding in &mut report.findings {
        text.clone_into(&mut finding.summary);
    }
    for advice in &mut report.advice {
        text.clone_into(&mut advice.text);
    }
    let run = &mut report.run;
    (run.site, run.host) = (Some(text.to_owned()), Some(text.to_owned()));
    text.clone_into(&mut run.id);
    text.clone_into(&mut run.platform);
    text.clone_into(&mut report.tool.version);
    report
}

/// Names of the elements of a page, in order.
fn elements(page: &str) -> Vec<&str> {
    let after = page.split('<').skip(1);
    let name = |part| str::split(part, [' ', '>', '\n']).next().unwrap();
    after.map(name).collect()
}

/// A page in a directory of its own, which goes with it.
struct Browser {
    program: PathBuf,
    directory: PathBuf,
}

impl Browser {
    fn new(program: PathBuf, name: &str, page: &str) -> Self {
        let name = format!("reach365-page-{}-{name}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join("page.html"), page).unwrap();
        Self { program, directory }
    }

    /// Shows the page in a browser that knows nothing from before.
    fn run(&self, arguments: &[&str]) -> Output {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let profile = self.directory.join(format!("profile-{number}"));
        Command::new(&self.program)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
            ])
            .args([
                "--disable-background-networking",
                "--disable-component-update",
            ])
            .args([
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--timeout=20000",
            ])
            .arg(format!("--user-data-dir={}", profile.display()))
            .args(arguments)
            .arg(format!(
                "file://{}",
                self.directory.join("page.html").display()
            ))
            .output()
            .unwrap()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Left behind in the temporary directory at worst.
        let _ = fs::remove_dir_all(&self.directory);
    }
}

fn pictures() -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    fs::create_dir_all(&directory).unwrap();
    directory
}

/// Where a program is; `None`, after saying so, where it is not installed.
fn installed(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut files = std::env::split_paths(&path).map(|place| place.join(program));
    let file = files.find(|file| file.is_file());
    if file.is_none() {
        let required = std::env::var(PARTS).is_ok_and(|value| value == "required");
        assert!(
            !required,
            "{program} is not installed, and {PARTS}=required"
        );
        println!("skipped: {program} is not installed");
    }
    file
}
