//! Comma-separated values as spreadsheets read them (RFC 4180), which must never take a cell for a formula.

/// Says that the text is UTF-8, for spreadsheets that would guess otherwise.
pub(super) const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Adds a line.
pub(super) fn push_line<'a>(text: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        push_cell(text, cell);
    }
    text.push_str("\r\n");
}

fn push_cell(text: &mut String, cell: &str) {
    // A spreadsheet calculates what begins like this; behind an apostrophe it is text.
    let is_formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let is_quoted =
        cell.contains(['"', ',', '\r', '\n', '\t']) || cell.starts_with(' ') || cell.ends_with(' ');
    if is_quoted {
        text.push('"');
    }
    if is_formula {
        text.push('\'');
    }
    if is_quoted {
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(cells: &[&str]) -> String {
        let mut text = String::new();
        push_line(&mut text, cells.iter().copied());
        text
    }

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(line(&["a", "", "b c", "镜像"]), "a,,b c,镜像\r\n");
        assert_eq!(
            line(&["a,b", "say \"x\"", "1\n2", " x"]),
            "\"a,b\",\"say \"\"x\"\"\",\"1\n2\",\" x\"\r\n"
        );
    }

    #[test]
    fn no_cell_is_a_formula() {
        for formula in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            let text = line(&[formula]);
            assert!(text.starts_with('\'') || text.starts_with("\"'"), "{text:?}");
        }
        assert_eq!(line(&["=cmd|' /C calc'!A0,\"x\""]), "\"'=cmd|' /C calc'!A0,\"\"x\"\"\"\r\n");
        assert_eq!(line(&["a=1", "1-2"]), "a=1,1-2\r\n");
    }
}
