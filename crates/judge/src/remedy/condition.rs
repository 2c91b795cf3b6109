//! Where a remedy applies.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A condition that a device must meet before a remedy may be offered on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Condition {
    /// Joined to Microsoft Entra ID, by itself or with a domain.
    Joined,
    /// Not joined to Microsoft Entra ID.
    NotJoined,
    /// Joined to a domain and to Microsoft Entra ID.
    Hybrid,
    /// Not joined to a domain as well as to Microsoft Entra ID.
    NotHybrid,
    /// The work account is registered on the device.
    Registered,
    /// Managed by an organization: device management or a domain.
    Managed,
    /// Not managed.
    NotManaged,
    /// The key of the device does not work.
    RegistrationBroken,
    /// The service refuses the device: it is disabled or deleted there.
    DeviceRefused,
    /// A registry value switches the Web Account Manager off.
    WamDisabled,
    /// One of the services that watch the network stands still.
    ServiceStopped,
    /// The active probe of the connectivity test is switched off.
    NcsiProbeOff,
    /// No report of a check exists.
    NotChecked,
}

impl Condition {
    /// The name, as the catalogue spells it.
    pub fn name(self) -> String {
        serde_json::to_value(self)
            .ok()
            .and_then(|name| name.as_str().map(str::to_owned))
            .expect("a condition is written as a word")
    }

    /// What a condition says is not so.
    pub fn denied(self) -> Option<Self> {
        match self {
            Self::NotJoined => Some(Self::Joined),
            Self::NotHybrid => Some(Self::Hybrid),
            Self::NotManaged => Some(Self::Managed),
            _ => None,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Joined => "the device is joined to Microsoft Entra ID",
            Self::NotJoined => "the device is not joined to Microsoft Entra ID",
            Self::Hybrid => "the device is hybrid joined",
            Self::NotHybrid => "the device is not hybrid joined",
            Self::Registered => "the work account is registered on the device",
            Self::Managed => "the device is managed",
            Self::NotManaged => "the device is not managed",
            Self::RegistrationBroken => "the key of the device does not work",
            Self::DeviceRefused => "the device is disabled or deleted in Microsoft Entra ID",
            Self::WamDisabled => "a registry value switches modern sign-in off",
            Self::ServiceStopped => "a service that watches the network stands still",
            Self::NcsiProbeOff => "the connectivity test is switched off",
            Self::NotChecked => "the network was not checked yet",
        })
    }
}

/// Where a remedy applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Platform {
    /// Everywhere: it is done on the network, or in an administration center.
    Any,
    /// Windows 10 and later, and their servers.
    Windows,
    /// Windows 8.1 and older, Windows Server 2012 R2 and older.
    #[serde(rename = "windows-8")]
    Windows8,
    /// macOS.
    Macos,
    /// Apps that Citrix publishes.
    Citrix,
    /// Virtual desktops.
    Vdi,
    /// Machines that several users share.
    SharedComputer,
}

/// The app in which the error appears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum App {
    /// Word, Excel, PowerPoint and their activation.
    Office,
    /// Outlook for Windows.
    Outlook,
    /// Teams.
    Teams,
    /// OneDrive.
    Onedrive,
}
