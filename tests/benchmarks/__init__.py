"""What reading costs, side by side with python-registry: `python -m tests.benchmarks` prints every figure in one run."""
