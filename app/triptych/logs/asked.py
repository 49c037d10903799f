"""What the jobs of logs ask for: the words shared by those who make such jobs and those who do them."""

ROLE, SET = "event-log", "event-set"
SUM = -1  # the part of a large log that is no stretch: its SHA-256
Line = tuple[str, int, int]  # of an event's XML: text, offset and length of its bytes in the file (0, 0: none of its own)
