"""The rooms of the window, each a widget over the one session; rooms do not know each other."""
