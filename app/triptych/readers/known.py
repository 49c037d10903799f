"""Every reader by its name: what a job names, a reader process runs."""

from triptych.logs.jobs import LOGS
from triptych.logs.one_event import ONE_EVENT
from triptych.logs.telling import TELLINGS
from triptych.stores import CLASSES, EMPTY_FILES, PROOF, STORES, TARGETS

READERS = {reader.name: reader for reader in (*STORES, CLASSES, TARGETS, EMPTY_FILES, PROOF, LOGS, TELLINGS, ONE_EVENT)}
