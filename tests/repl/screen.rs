//! A terminal in memory: what a person would see of what was written to it.

/// What is written on it, and where the cursor is. Lines that have left the screen at the top are kept.
pub struct Screen {
    columns: usize,
    rows: usize,
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
    /// A sequence that has begun.
    sequence: Option<String>,
    /// Pasted text is marked by the terminal.
    pub marks_paste: bool,
}

impl Screen {
    pub fn new(columns: usize, rows: usize) -> Screen {
        let lines = vec![Vec::new()];
        Screen { columns, rows, lines, row: 0, column: 0, sequence: None, marks_paste: false }
    }

    pub fn resize(&mut self, columns: usize, rows: usize) {
        (self.columns, self.rows) = (columns, rows);
    }

    /// All lines, without what is blank at their ends.
    pub fn lines(&self) -> Vec<String> {
        let text = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_owned();
        let mut lines: Vec<String> = self.lines.iter().map(text).collect();
        while lines.len() > self.row + 1 && lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// The line of the cursor up to the cursor.
    pub fn before_cursor(&self) -> String {
        self.lines[self.row].iter().take(self.column).collect()
    }

    pub fn write(&mut self, text: &str) {
        text.chars().for_each(|c| self.put(c));
    }

    fn put(&mut self, c: char) {
        if let Some(mut sequence) = self.sequence.take() {
            sequence.push(c);
            // `ESC [` is followed by its parameters and ends with a letter.
            let is_whole = !sequence.starts_with('[') || (c.is_alphabetic() && sequence.len() > 1);
            match is_whole {
                true => self.obey(&sequence),
                false => self.sequence = Some(sequence),
            }
            return;
        }
        match c {
            '\x1b' => self.sequence = Some(String::new()),
            '\r' => self.column = 0,
            '\n' => self.down(),
            '\x08' => self.column = self.column.saturating_sub(1),
            '\x07' => {}
            c => {
                if self.column >= self.columns {
                    self.column = 0;
                    self.down();
                }
                let line = &mut self.lines[self.row];
                line.resize(line.len().max(self.column + 1), ' ');
                line[self.column] = c;
                self.column += 1;
            }
        }
    }

    fn down(&mut self) {
        self.row += 1;
        if self.row == self.lines.len() {
            self.lines.push(Vec::new());
        }
    }

    /// The first line that is still on the screen.
    fn top(&self) -> usize {
        self.lines.len().saturating_sub(self.rows)
    }

    fn obey(&mut self, sequence: &str) {
        let Some(body) = sequence.strip_prefix('[') else { return };
        let (parameters, letter) = body.split_at(body.len() - 1);
        let count = parameters.parse::<usize>().unwrap_or(1).max(1);
        match letter {
            "A" => self.row = self.row.saturating_sub(count).max(self.top()),
            "B" => {
                self.row =
                    (self.row + count).min(self.top() + self.rows - 1).min(self.lines.len() - 1)
            }
            "C" => self.column = (self.column + count).min(self.columns - 1),
            "D" => self.column = self.column.saturating_sub(count),
            "K" if parameters == "2" => self.lines[self.row].clear(),
            "K" => self.lines[self.row].truncate(self.column),
            "H" => (self.row, self.column) = (self.top(), 0),
            "J" => {
                self.lines[self.row].truncate(self.column);
                self.lines.truncate(self.row + 1);
            }
            "h" | "l" if parameters == "?2004" => self.marks_paste = letter == "h",
            _ => {}
        }
    }
}

#[test]
fn it_shows_what_a_terminal_shows() {
    let mut screen = Screen::new(5, 3);
    screen.write("abcdefg\r\nx\x1b[1A\x1b[31mY\x1b[0m\r\n\x1b[Kz\n\r1\n\r2\x1b[9A\r!");
    assert_eq!(screen.lines(), ["abcde", "fY", "!", "1", "2"]);
    screen.write("\x1b[?2004h");
    assert!(screen.marks_paste);
}
