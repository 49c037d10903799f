"""What each event log tells: the kinds of events that matter, the reading of logs, and what their silence means."""
