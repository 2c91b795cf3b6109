//! Every fix of the articles that the product automates is in the catalogue.

use reach365_judge::remedy::Remedy;

const CAA50021: &str = "Microsoft 365 Apps activation error 0xCAA50021";
const RESOLVING: &str = "Resolving Microsoft 365 Apps Activation Error 0xCAA50021";
const GUIDE: &str = "Microsoft 365 Error CAA50021";
const SIGN_IN: &str = "Sign in issues when activating Microsoft 365 Apps";
const CONNECT: &str = "Microsoft 365 Apps activation error 0xCAA70007 and 0xCAA80000";

/// Article, heading of the fix, and the remedies that it became.
const FIXES: [(&str, &str, &[&str]); 47] = [
    (
        CAA50021,
        "Reset Microsoft 365 activation state",
        &["reset-activation"],
    ),
    (
        CAA50021,
        "Remove Office credentials",
        &["remove-credentials", "disconnect-other-account"],
    ),
    (
        CAA50021,
        "Perform a manual recovery",
        &[
            "leave-and-rejoin",
            "reconnect-account",
            "recover-hybrid-device",
            "force-recovery",
        ],
    ),
    (
        CAA50021,
        "Check BrokerPlugin process",
        &["allow-broker", "empty-broker-cache"],
    ),
    (
        CAA50021,
        "Make sure user licenses are assigned",
        &["assign-licence"],
    ),
    (
        CAA50021,
        "Check if user device registration is enabled",
        &["allow-device-registration"],
    ),
    (CAA50021, "Leave and rejoin Azure AD", &["leave-and-rejoin"]),
    (RESOLVING, "Credential Manager", &["remove-credentials"]),
    (
        RESOLVING,
        "Work or School Accounts",
        &["disconnect-other-account"],
    ),
    (
        RESOLVING,
        "Security Software Interference",
        &["allow-broker"],
    ),
    (
        RESOLVING,
        "BrokerPlugin Data Resets",
        &["empty-broker-cache"],
    ),
    (
        RESOLVING,
        "License and Tenant Configuration",
        &["assign-licence", "allow-device-registration"],
    ),
    (
        RESOLVING,
        "Advanced Device Registration (dsregcmd)",
        &["leave-and-rejoin"],
    ),
    (GUIDE, "Restart properly", &["restart-windows"]),
    (
        GUIDE,
        "Run dsregcmd /cleanupaccounts",
        &["clean-up-accounts"],
    ),
    (
        GUIDE,
        "Disconnect and reconnect your work or school account",
        &["reconnect-account"],
    ),
    (
        GUIDE,
        "Clear stale Office credentials in Credential Manager",
        &["remove-credentials"],
    ),
    (
        GUIDE,
        "Re-register the device with Entra ID",
        &["leave-and-rejoin", "recover-hybrid-device"],
    ),
    (GUIDE, "Check and correct the system clock", &["set-clock"]),
    (
        GUIDE,
        "Disable antivirus or VPN temporarily",
        &["allow-broker"],
    ),
    (GUIDE, "Repair Microsoft 365 Apps", &["repair-office"]),
    (
        GUIDE,
        "If you are on a work or school device",
        &["check-work-account", "delete-certificates"],
    ),
    (GUIDE, "When to stop", &["read-sign-in-log"]),
    (
        SIGN_IN,
        "Office for Mac repeatedly requesting keychain access",
        &["mac-keychain"],
    ),
    (
        SIGN_IN,
        "Activating Microsoft 365 on Windows 8.1 or earlier",
        &["enable-tls12-on-old-windows"],
    ),
    (SIGN_IN, "Citrix Server issues", &["citrix-published-apps"]),
    (
        SIGN_IN,
        "Sign out of Office and sign back in",
        &["sign-out-of-office"],
    ),
    (
        SIGN_IN,
        "Make sure ADAL and WAM are enabled",
        &["enable-wam"],
    ),
    (
        SIGN_IN,
        "Check whether you're behind a proxy server",
        &[
            "set-machine-proxy",
            "bypass-proxy",
            "correct-proxy-settings",
        ],
    ),
    (
        SIGN_IN,
        "Check whether you're behind a firewall",
        &["firewall-allow"],
    ),
    (
        SIGN_IN,
        "Check external DNS for incorrect CNAME records",
        &["delete-msoid"],
    ),
    (
        SIGN_IN,
        "Check BrokerPlugin process",
        &["allow-broker", "empty-broker-cache"],
    ),
    (
        SIGN_IN,
        "Add Microsoft 365 Apps to the WIP allowed apps list",
        &["allow-apps-in-wip"],
    ),
    (
        SIGN_IN,
        "Make sure VDI is configured correctly",
        &["virtual-desktop-credentials"],
    ),
    (
        SIGN_IN,
        "Remove Office credentials",
        &["remove-credentials", "disconnect-other-account"],
    ),
    (
        SIGN_IN,
        "Enable Office Protection Policy",
        &["protection-policy"],
    ),
    (
        SIGN_IN,
        "Disable MDM and MAM in Microsoft Intune",
        &["management-scope-none"],
    ),
    (
        SIGN_IN,
        "Activate with federated organization credentials",
        &["federated-sign-in"],
    ),
    (
        CONNECT,
        "Activating Microsoft 365 on Windows 8.1 or earlier",
        &["enable-tls12-on-old-windows"],
    ),
    (CONNECT, "Update Windows", &["update-windows"]),
    (CONNECT, "Update Microsoft 365", &["update-office"]),
    (
        CONNECT,
        "Reset Microsoft 365 activation state",
        &["reset-activation"],
    ),
    (
        CONNECT,
        "Check whether you're behind a firewall",
        &["firewall-allow"],
    ),
    (CONNECT, "Reset Winsock", &["reset-winsock"]),
    (CONNECT, "Disable IPv6", &["test-without-ipv6", "mend-ipv6"]),
    (
        CONNECT,
        "Make sure required services are running",
        &["start-services"],
    ),
    (
        CONNECT,
        "Change proxy, firewall, or Group Policy settings",
        &["allow-msoidcrl", "enable-ncsi-probe"],
    ),
];

#[test]
fn every_fix_of_the_articles_is_in_the_catalogue() {
    for (article, heading, ids) in FIXES {
        for id in ids {
            let remedy = Remedy::get(id);
            assert!(remedy.is_some(), "{article}: {heading}: no remedy `{id}`");
        }
        let named = ids.iter().filter_map(|id| Remedy::get(id));
        let cited = named.flat_map(|remedy| &remedy.sources);
        assert!(
            cited.into_iter().any(|source| source.starts_with(article)),
            "{article}: {heading}: none of {ids:?} names the article"
        );
    }
}

/// What the articles say that is wrong or dangerous, and what of it must not be in an action.
#[test]
fn mistakes_of_the_articles_are_not_repeated() {
    let actions = |id: &str| {
        let remedy = Remedy::get(id).unwrap();
        assert!(remedy.correction.is_some(), "{id} says what it corrects");
        let lines: Vec<String> = remedy.actions.iter().map(ToString::to_string).collect();
        lines.join("\n")
    };
    assert!(!actions("use-global-dns").contains("Windows\\Windows"));
    assert!(!actions("start-services").contains("NcdAutoSetup"));
    assert!(!actions("recover-hybrid-device").contains("dsregcmd /leave"));
    assert!(actions("test-without-ipv6").contains("again, whatever came of it"));
    assert!(actions("read-sign-in-log").contains("Microsoft-Windows-AAD/Operational"));
    assert!(!actions("management-scope-none").contains("to None"));
}
