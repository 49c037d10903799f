"""The rules about a task's life in the logs."""

from triptych.rules.lives_short import SHORT_LIVES
from triptych.rules.logged_changes import CHANGES
from triptych.rules.logged_creation import CREATION
from triptych.rules.logged_loading import LOADING
from triptych.rules.logged_remote import REMOTE
from triptych.rules.logged_runs import RUNS_WITHOUT_TASK

LOGGED = (*SHORT_LIVES, *REMOTE, *CHANGES, *RUNS_WITHOUT_TASK, *CREATION, *LOADING)
