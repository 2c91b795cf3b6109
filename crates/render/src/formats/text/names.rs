//! The name of an endpoint in the text report.

use std::collections::HashSet;

use crate::formats::style::TextStyle;
use reach365_model::endpoint::printable;
use reach365_model::report::{EndpointReport, Report};

/// Names of endpoints: host and port, and the end of the path where several share host and port.
pub(super) struct Names {
    shared: HashSet<String>,
    left_out: &'static str,
}

impl Names {
    pub(super) fn new(report: &Report, style: &TextStyle) -> Self {
        let mut once = HashSet::new();
        let places = report.endpoints.iter().map(|row| row.endpoint.to_string());
        let shared = places.filter(|place| !once.insert(place.clone())).collect();
        let left_out = if style.unicode { "/…/" } else { "/.../" };
        Self { shared, left_out }
    }

    pub(super) fn name(&self, row: &EndpointReport) -> String {
        let place = row.endpoint.to_string();
        if !self.shared.contains(&place) {
            return printable(&place);
        }
        let path = row.endpoint.path.trim_start_matches('/');
        match path.rsplit_once('/') {
            Some((_, last)) => printable(&format!("{place}{}{last}", self.left_out)),
            None => printable(&format!("{place}/{path}")),
        }
    }
}
