"""What bytes mean. Everything here turns bytes into values that carry their spans; nothing here opens a file."""
