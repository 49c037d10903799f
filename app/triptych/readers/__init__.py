"""The reader processes: warm, supervised, replaceable. Neither the window nor the command line parses evidence itself.

A reader gets jobs as JSON and answers in frames of the one codec; it writes nothing and never gets a pickle to load from
evidence's hands. The parent watches the processor time a reader takes and the clock where it takes none, kills what
hangs, keeps what arrived, names what is lost and goes on with the rest.
"""

from triptych.readers.pool import Readers

__all__ = ["Readers"]
