//! Access keys as text: the two halves of one, and the file `credentials.csv` that carries them (`console.md` A.3.1, A.11).
//!
//! The browser reads such files itself, so that a secret key never leaves it: all of this is plain code without I/O.

use crate::error::{Error, Result, Subject};
use crate::name::name;
use crate::secret::Secret;

/// Largest `credentials.csv` that is read, in bytes.
pub const CREDENTIALS_FILE_LIMIT: usize = 64 << 10;

/// Its first line.
const HEADER: [&str; 3] = ["User Name", "Access Key Id", "Secret Access Key"];

name!(
    /// The public half of an access key, or of a temporary login: 16–64 letters and digits.
    AccessKeyId,
    Subject::Credential,
    is_access_key,
    "an access key id has 16-64 letters and digits"
);

fn is_access_key(text: &str) -> bool {
    (16..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

impl AccessKeyId {
    /// Its last four characters, which are typed to confirm a deletion.
    #[must_use]
    pub fn last_four(&self) -> &str {
        self.as_str().get(self.as_str().len().saturating_sub(4)..).unwrap_or_default()
    }
}

/// The secret half: 20–128 printable ASCII characters without spaces around them. Does not print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKey(Secret);

impl SecretKey {
    /// The key of nobody: for work that must take as long whether there is a key or not.
    #[must_use]
    pub fn nobodys() -> Self {
        Self(Secret::new("0".repeat(40)))
    }

    /// The key itself.
    #[must_use]
    pub const fn reveal(&self) -> &String {
        self.0.reveal()
    }
}

impl std::str::FromStr for SecretKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let is_key = (20..=128).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b' '..=b'~'))
            && text.trim() == text;
        if is_key {
            Ok(Self(Secret::new(text.to_owned())))
        } else {
            Err(Error::invalid(
                Subject::Credential,
                "a secret access key has 20-128 printable ASCII characters",
            ))
        }
    }
}

/// One line of a `credentials.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialsRow {
    /// Whose, for people to tell several apart.
    pub user: String,
    /// The public half.
    pub access_key: AccessKeyId,
    /// The secret half.
    pub secret_key: SecretKey,
}

/// Writes a `credentials.csv` of one key: two lines, each with its end.
#[must_use]
pub fn print_credentials(row: &CredentialsRow) -> String {
    let mut text = HEADER.join(",");
    for (index, field) in [row.user.as_str(), row.access_key.as_str(), row.secret_key.reveal()]
        .into_iter()
        .enumerate()
    {
        text.push(if index == 0 { '\n' } else { ',' });
        push_field(&mut text, field);
    }
    text.push('\n');
    text
}

/// Quotes what would be read as something else (RFC 4180).
fn push_field(text: &mut String, field: &str) {
    if field.contains(['"', ',', '\n', '\r']) {
        text.push('"');
        text.push_str(&field.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(field);
    }
}

/// Reads a `credentials.csv`: UTF-8 with or without a byte order mark, any line ends, fields quoted or not, at least one
/// key.
///
/// # Errors
/// Invalid about the credential, when it is larger than [`CREDENTIALS_FILE_LIMIT`] or anything in it is not as written.
pub fn parse_credentials(file: &[u8]) -> Result<Vec<CredentialsRow>> {
    read(file).filter(|rows| !rows.is_empty()).ok_or_else(|| {
        Error::invalid(Subject::Credential, "not a valid credentials.csv; check the column names")
    })
}

fn read(file: &[u8]) -> Option<Vec<CredentialsRow>> {
    if file.len() > CREDENTIALS_FILE_LIMIT {
        return None;
    }
    let text = std::str::from_utf8(file).ok()?;
    let mut records = Records(text.strip_prefix('\u{feff}').unwrap_or(text));
    if records.next()?? != HEADER {
        return None;
    }
    let mut rows = Vec::new();
    for record in records {
        let [user, access_key, secret_key] = record?;
        rows.push(CredentialsRow {
            user,
            access_key: access_key.parse().ok()?,
            secret_key: secret_key.parse().ok()?,
        });
    }
    Some(rows)
}

/// The records of a text that are not empty lines; `Some(None)` for one that is none of three fields.
struct Records<'a>(&'a str);

impl Iterator for Records<'_> {
    type Item = Option<[String; 3]>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0 = self.0.trim_start_matches(['\r', '\n']);
        if self.0.trim().is_empty() {
            return None;
        }
        let mut fields = Vec::new();
        loop {
            let Some((field, end)) = self.field() else {
                self.0 = "";
                return Some(None);
            };
            fields.push(field);
            if end != Some(',') {
                return Some(fields.try_into().ok());
            }
        }
    }
}

impl Records<'_> {
    /// The next field without spaces around it, and what ended it. `None` when its quotes do not match.
    fn field(&mut self) -> Option<(String, Option<char>)> {
        let mut field = String::new();
        let quoted = self.0.trim_start_matches(' ').strip_prefix('"');
        let mut rest = match quoted {
            Some(inside) => {
                let mut inside = inside;
                loop {
                    let (part, after) = inside.split_once('"')?;
                    field.push_str(part);
                    match after.strip_prefix('"') {
                        Some(more) => {
                            field.push('"');
                            inside = more;
                        }
                        None => break after,
                    }
                }
            }
            None => self.0,
        };
        let end = rest.find([',', '\r', '\n']);
        let (plain, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        if quoted.is_none() {
            field.push_str(plain.trim_matches(' '));
        } else if !plain.trim_matches(' ').is_empty() {
            return None;
        }
        let mut ends = rest.chars();
        let end = ends.next();
        self.0 = ends.as_str();
        Some((field, end))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    const AK: &str = "RSAKEXAMPLE000000001";
    const SK: &str = "exampleSecretAccessKeyForDocsOnly0000001";

    fn row(user: &str, access_key: &str, secret_key: &str) -> CredentialsRow {
        CredentialsRow {
            user: user.to_owned(),
            access_key: access_key.parse().unwrap(),
            secret_key: secret_key.parse().unwrap(),
        }
    }

    #[test]
    fn the_file_of_console_a_11() {
        let file = format!("User Name,Access Key Id,Secret Access Key\nzhang.wei,{AK},{SK}\n");
        let row = row("zhang.wei", AK, SK);
        assert_eq!(print_credentials(&row), file);
        assert_eq!(parse_credentials(file.as_bytes()).unwrap(), [row]);
    }

    #[test]
    fn marks_line_ends_quotes_and_empty_lines_do_not_matter() {
        let one = format!("zhang.wei,{AK},{SK}");
        let two = format!("\"li, na\" , \"{AK}\",\"{SK}\"");
        for (mark, end, last) in
            [("\u{feff}", "\r\n", "\r\n"), ("", "\n", ""), ("", "\r\n", "\r\n\r\n  \r\n")]
        {
            let file = format!(
                "{mark}User Name,\"Access Key Id\", Secret Access Key{end}{one}{end}{end}{two}{last}"
            );
            let rows = parse_credentials(file.as_bytes()).unwrap();
            assert_eq!(rows, [row("zhang.wei", AK, SK), row("li, na", AK, SK)], "{file:?}");
        }
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let head = "User Name,Access Key Id,Secret Access Key\n";
        let good = format!("{head}u,{AK},{SK}\n");
        let padded = format!("{good}{}", "\n".repeat(CREDENTIALS_FILE_LIMIT - good.len()));
        assert!(parse_credentials(padded.as_bytes()).is_ok());
        for bad in [
            String::new(),
            "\u{feff}".to_owned(),
            head.to_owned(),
            format!("u,{AK},{SK}\n"),
            format!("User Name;Access Key Id;Secret Access Key\nu;{AK};{SK}"),
            format!("Access Key Id,User Name,Secret Access Key\n{AK},u,{SK}"),
            format!("user name,access key id,secret access key\nu,{AK},{SK}"),
            format!("{head}u,{AK}\n"),
            format!("{head}u,{AK},{SK},more\n"),
            format!("{head}u,short,{SK}\n"),
            format!("{head}u,{AK},short\n"),
            format!("{head}u,{AK},\"{SK}\n"),
            format!("{head}u,{AK},\"{SK}\"x\n"),
            format!("{head}u,{AK},{SK}\nu,{AK}\n"),
            format!("{padded}\n"),
        ] {
            assert!(parse_credentials(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(parse_credentials(&[0xff, 0xfe, b'U', 0]).is_err());
    }

    #[test]
    fn keys_have_their_lengths_and_do_not_print() {
        for (text, good) in
            [("A".repeat(16), true), ("A".repeat(15), false), ("A".repeat(65), false)]
        {
            assert_eq!(text.parse::<AccessKeyId>().is_ok(), good);
        }
        for (text, good) in [
            ("x".repeat(20), true),
            ("x".repeat(128), true),
            ("x".repeat(19), false),
            ("x".repeat(129), false),
            (format!(" {}", "x".repeat(30)), false),
            ("é".repeat(20), false),
        ] {
            assert_eq!(text.parse::<SecretKey>().is_ok(), good, "{text:?}");
        }
        let shown = format!("{:?}", row("u", AK, SK));
        assert!(!shown.contains(SK), "{shown}");
    }

    proptest! {
        #[test]
        fn what_prints_parses(
            user in "[A-Za-z][A-Za-z0-9._,\"-]{0,20}",
            access_key in "[A-Za-z0-9]{16,64}",
            secret_key in "[!-~][ -~]{18,100}[!-~]",
        ) {
            let row = row(&user, &access_key, &secret_key);
            prop_assert_eq!(parse_credentials(print_credentials(&row).as_bytes()).unwrap(), [row]);
        }

        #[test]
        fn any_bytes_are_read_or_refused(file in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse_credentials(&file);
            let mut text = b"User Name,Access Key Id,Secret Access Key\n".to_vec();
            text.extend(file);
            let _ = parse_credentials(&text);
        }

        #[test]
        fn any_text_after_the_header_is_read_or_refused(text in "[a-zA-Z0-9,\"\r\n ]{0,120}") {
            let file = format!("User Name,Access Key Id,Secret Access Key\n{text}");
            if let Ok(rows) = parse_credentials(file.as_bytes()) {
                prop_assert!(!rows.is_empty());
            }
        }
    }
}
