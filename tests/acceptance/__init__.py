"""What an expert tries who has never seen the program: other values of each technique, other spellings of each honest thing."""
