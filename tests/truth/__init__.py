"""What a scan says of the scenarios against what was planted, and what a dumb attacker would guess; `python -m tests.truth`."""
