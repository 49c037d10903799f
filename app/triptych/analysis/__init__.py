"""The tellings side by side: which records are one task, what differs, what Windows ships, what happened when."""
