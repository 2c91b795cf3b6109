//! The pages that firewalls, portals and ordinary sites send.

/// A firewall's block page: a title, a category, the requested address.
pub const BLOCK: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<meta http-equiv="X-UA-Compatible" content="IE=8; IE=EDGE">
<title>Web Page Blocked</title>
<style type="text/css">body { height: 100%; font-family: Helvetica, Arial; background: #e6e6e6 }</style>
</head>
<body>
<div class="message-container">
<h1>Web Page Blocked</h1>
<p>You have tried to access a web page that is in violation of your Internet usage policy.</p>
<table><tbody>
<tr><td>Category</td><td>Business Cloud Applications</td></tr>
<tr><td>URL</td><td>crl.lab.example/list.crl</td></tr>
<tr><td>Client IP</td><td>10.20.30.40</td></tr>
<tr><td>Server Rule</td><td>77</td></tr>
</tbody></table>
<p>To have the rating of this web page re-evaluated please contact your administrator.</p>
</div>
</body>
</html>
"#;

/// A page as any site has it: nothing in it names a filter.
pub const ORDINARY: &str = r#"<!DOCTYPE html>
<html lang="en">
<head><title>Welcome</title></head>
<body><h1>Welcome</h1><p>This site has moved to a new address. Please update your bookmarks.</p></body>
</html>
"#;

/// A captive portal page of a guest network.
pub const PORTAL: &str = r#"<!DOCTYPE html>
<html lang="en">
<head><title>Guest Wi-Fi: sign in</title></head>
<body>
<form method="post" action="/login">
<h1>Welcome to the guest network</h1>
<p>Accept the terms of use to get online.</p>
<input type="submit" value="Accept and connect">
</form>
</body>
</html>
"#;

/// Text with escape sequences for terminals, and markup that would run in a page.
pub const ESCAPES: &str = "\u{1b}[2J\u{1b}[31mYOU ARE BLOCKED\u{7}\u{8}\u{202e}txt.exe\r\n\
     <script>alert(1)</script><title>\u{1b}]0;owned\u{7}</title>";
