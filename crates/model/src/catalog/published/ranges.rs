//! Published address ranges, looked up by their longest prefix.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

/// Ranges with the sets that publish them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranges(BTreeMap<IpNet, Vec<u32>>);

impl Ranges {
    /// The narrowest range around an address, with the sets that publish it.
    pub fn find(&self, address: IpAddr) -> Option<(IpNet, &[u32])> {
        self.around(IpNet::from(address))
    }

    /// The narrowest range that holds the whole of another one; that may be itself.
    pub fn around(&self, net: IpNet) -> Option<(IpNet, &[u32])> {
        let lengths = (0..=net.prefix_len()).rev();
        let wider = lengths.filter_map(|length| IpNet::new(net.addr(), length).ok());
        wider
            .map(|wide| wide.trunc())
            .find_map(|wide| Some((wide, self.0.get(&wide)?.as_slice())))
    }
}

impl FromIterator<(IpNet, u32)> for Ranges {
    fn from_iter<I: IntoIterator<Item = (IpNet, u32)>>(all: I) -> Self {
        let mut ranges: BTreeMap<IpNet, Vec<u32>> = BTreeMap::new();
        for (net, set) in all {
            let sets = ranges.entry(net.trunc()).or_default();
            if !sets.contains(&set) {
                sets.push(set);
            }
        }
        Self(ranges)
    }
}
