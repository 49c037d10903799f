"""The formats of Windows written instead of read: evidence for training, for the demo and for the tests."""
