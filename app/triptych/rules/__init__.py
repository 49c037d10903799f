"""What is wrong, and why. `RULES` (in `rules.book`) names every rule; a rule is a sentence with a check."""
