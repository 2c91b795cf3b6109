//! The fields that `dsregcmd /status` is known to print.

/// Names that nothing but `dsregcmd` prints, in their normal form.
const KNOWN: &[&str] = &[
    // Device State, Device Details
    "azureadjoined",
    "enterprisejoined",
    "domainjoined",
    "domainname",
    "virtualdesktop",
    "deviceid",
    "thumbprint",
    "devicecertificatevalidity",
    "keycontainerid",
    "keyprovider",
    "tpmprotected",
    "deviceauthstatus",
    // Tenant Details
    "tenantname",
    "tenantid",
    "idp",
    "authcodeurl",
    "accesstokenurl",
    "mdmurl",
    "mdmtouurl",
    "mdmcomplianceurl",
    "settingsurl",
    "joinsrvversion",
    "joinsrvurl",
    "joinsrvid",
    "keysrvversion",
    "keysrvurl",
    "keysrvid",
    "webauthnsrvversion",
    "webauthnsrvurl",
    "webauthnsrvid",
    "devicemanagementsrvver",
    "devicemanagementsrvurl",
    "devicemanagementsrvid",
    // User State
    "ngcset",
    "ngckeyid",
    "canreset",
    "workplacejoined",
    "wamdefaultset",
    "wamdefaultauthority",
    "wamdefaultid",
    "wamdefaultguid",
    "workplacedeviceid",
    "workplacetenantid",
    "workplacetenantname",
    "workplacemdmurl",
    // SSO State
    "azureadprt",
    "azureadprtupdatetime",
    "azureadprtexpirytime",
    "azureadprtauthority",
    "acquireprtdiagnostics",
    "refreshprtdiagnostics",
    "previousprtattempt",
    "attemptstatus",
    "enterpriseprt",
    "enterpriseprtupdatetime",
    "enterpriseprtexpirytime",
    "enterpriseprtauthority",
    "onpremtgt",
    "cloudtgt",
    "kerbtoplevelnames",
    // Diagnostic Data
    "diagnosticsreference",
    "usercontext",
    "clienttime",
    "adconnectivitytest",
    "adconfigurationtest",
    "drsdiscoverytest",
    "drsconnectivitytest",
    "tokenacquisitiontest",
    "fallbacktosync-join",
    "previousregistration",
    "registrationtype",
    "errorphase",
    "clienterrorcode",
    "aadrecoveryenabled",
    "keysigntest",
    // Ngc Prerequisite Check
    "isdevicejoined",
    "isuserazuread",
    "policyenabled",
    "postlogonenabled",
    "deviceeligible",
    "sessionisnotremote",
    "certenrollment",
    "adfsrefreshtoken",
    "adfsraisready",
    "logoncerttemplateready",
    "prereqresult",
];

/// The form in which names are compared: one build writes `HTTP Status` and the next `HTTP status`.
pub(super) fn normal(key: &str) -> String {
    let letters = key.chars().filter(|c| !c.is_whitespace());
    letters.flat_map(char::to_lowercase).collect()
}

pub(super) fn is_known(key: &str) -> bool {
    // No known name is longer; a whole line of text need not be copied.
    const LONGEST: usize = 64;
    key.len() <= LONGEST && KNOWN.contains(&normal(key).as_str())
}
