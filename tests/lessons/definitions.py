"""Definitions as hypothesis draws them."""

from __future__ import annotations

from hypothesis import strategies as st

from triptych.lessons.task_cache_blobs import DAYS, MONTHS, PRIVILEGES, SESSION_STATES
from triptych.lessons.task_spec import ActionSpec, Definition, PrincipalSpec, RegistrationSpec, SettingsSpec, TriggerSpec
from triptych.model.times import Instant, Zone

TEXT = st.text(st.sampled_from("ab\\ .\"&<>'%éЖ😀-"), max_size=30).map(str.strip)
DURATION = st.sampled_from(["", "PT1M", "PT15M", "PT1H30M", "P1D", "P3D", "PT45S"])
LIMIT = st.sampled_from(["P3D", "PT0S", "PT1H", "PT15M"])
SIDS = ["S-1-5-18", "S-1-5-19", "S-1-5-21-1-2-3-1001"]
# From 1980 to 2100: whole seconds and 100 ns alike, both zones.
MOMENT = st.builds(
    Instant,
    st.integers(119_600_064_000_000_000, 157_469_184_000_000_000) | st.just(133_549_632_000_000_000),
    st.sampled_from(Zone),
)


def _subset(names: tuple[str, ...], most: int = 12) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(names), min_size=1, max_size=most, unique=True).map(
        lambda some: tuple(sorted(some, key=names.index))
    )


_COMMON = {"enabled": st.booleans(), "start": MOMENT, "interval": DURATION, "duration": DURATION, "id": st.sampled_from(["", "t1"])}
CALENDAR = st.one_of(
    st.builds(TriggerSpec, st.just("CalendarTrigger"), days=st.integers(1, 365), **_COMMON),
    st.builds(TriggerSpec, st.just("CalendarTrigger"), weeks=st.integers(1, 52), days_of_week=_subset(DAYS), **_COMMON),
    st.builds(
        TriggerSpec,
        st.just("CalendarTrigger"),
        days_of_month=_subset((*map(str, range(1, 32)), "Last")),
        months=_subset(MONTHS),
        **_COMMON,
    ),
    st.builds(
        TriggerSpec,
        st.just("CalendarTrigger"),
        weeks_of_month=_subset(("1", "2", "3", "4", "Last")),
        days_of_week=_subset(DAYS),
        months=_subset(MONTHS),
        **_COMMON,
    ),
)
TRIGGERS = st.one_of(
    CALENDAR,
    st.builds(TriggerSpec, st.just("TimeTrigger"), random_delay=DURATION, end=st.none() | MOMENT, **_COMMON),
    st.builds(TriggerSpec, st.sampled_from(["BootTrigger", "RegistrationTrigger"]), delay=DURATION, enabled=st.booleans()),
    st.builds(TriggerSpec, st.just("IdleTrigger"), enabled=st.booleans()),
    st.builds(TriggerSpec, st.just("LogonTrigger"), delay=DURATION, user_id=st.just(""), enabled=st.booleans()),
    st.builds(TriggerSpec, st.just("SessionStateChangeTrigger"), state_change=st.sampled_from(sorted(SESSION_STATES))),
    st.builds(TriggerSpec, st.just("EventTrigger"), subscription=st.just("<QueryList/>"), delay=DURATION),
    st.builds(
        TriggerSpec, st.just("WnfStateChangeTrigger"), state_name=st.just("7508BCA32907950A"), data=st.sampled_from(["", "01"])
    ),
)
ACTIONS = st.one_of(
    st.builds(ActionSpec, command=TEXT.filter(bool), arguments=TEXT, working_directory=TEXT),
    st.builds(ActionSpec, st.just("ComHandler"), class_id=st.just("{B1AEBB5D-EAD9-4476-B375-9C3ED9F32AFC}"), data=TEXT),
)
PRINCIPALS = st.one_of(
    st.builds(
        PrincipalSpec,
        st.sampled_from(["Author", "LocalSystem"]),
        user_id=st.sampled_from(SIDS),
        run_level=st.sampled_from(["", "HighestAvailable", "LeastPrivilege"]),
        logon_type=st.sampled_from(["", "S4U", "Password", "InteractiveToken"]),
        privileges=st.just(()) | _subset(tuple(PRIVILEGES), 4),
    ),
    st.builds(PrincipalSpec, st.just("Users"), group_id=st.sampled_from(["S-1-5-4", "S-1-5-32-545"])),
)
SETTINGS = st.builds(
    SettingsSpec,
    enabled=st.booleans(),
    hidden=st.booleans(),
    multiple_instances=st.sampled_from(["Parallel", "Queue", "IgnoreNew", "StopExisting"]),
    no_start_on_batteries=st.booleans(),
    stop_on_batteries=st.booleans(),
    allow_start_on_demand=st.booleans(),
    start_when_available=st.booleans(),
    wake_to_run=st.booleans(),
    time_limit=LIMIT,
    priority=st.integers(0, 10),
    delete_after=DURATION,
    maintenance_period=st.sampled_from(["", "P1D", "P7D"]),
)
REGISTRATIONS = st.builds(RegistrationSpec, uri=TEXT, author=TEXT, description=TEXT, source=TEXT)
DEFINITIONS = st.builds(
    Definition,
    REGISTRATIONS,
    PRINCIPALS,
    st.lists(TRIGGERS, max_size=4).map(tuple),
    st.lists(ACTIONS, min_size=1, max_size=3).map(tuple),
    SETTINGS,
    st.sampled_from(["", "1.2", "1.4", "1.6"]),
)
