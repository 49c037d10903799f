"""A task as it is to be: a plain description, from which the writers make the XML file, the TaskCache values and the keys.

Words are those of the Task Scheduler schema, durations ISO 8601 texts, times ticks of 100 ns; "" where the XML has no element.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from triptych.model.times import Instant


@dataclass(frozen=True, slots=True)
class RegistrationSpec:
    """RegistrationInfo, and Data beside it; `date` is the text as the XML has it."""

    uri: str = ""
    author: str = ""
    date: str = ""
    source: str = ""
    description: str = ""
    documentation: str = ""
    version: str = ""
    security_descriptor: str = ""
    data: str = ""


@dataclass(frozen=True, slots=True)
class PrincipalSpec:
    r"""Whom the task runs as. `user_id` or `group_id` is what the XML says; `sid` what the registry holds, `account` its name.

    `sid` "" takes what the XML says; `sid_type` is the SID_NAME_USE of the registry (1 user, 4 alias, 5 well-known group).
    """

    id: str = "Author"
    user_id: str = ""
    group_id: str = ""
    logon_type: str = ""
    run_level: str = ""
    display_name: str = ""
    token_sid_type: str = ""
    privileges: tuple[str, ...] = ()
    sid: str = ""
    account: str = ""
    sid_type: int = 0

    @property
    def known_sid(self) -> str:
        return self.sid or self.user_id or self.group_id


@dataclass(frozen=True, slots=True)
class TriggerSpec:
    """One trigger; `type` is the element of the schema. The calendar part: `days` or `weeks` is the interval, the rest names."""

    type: str
    id: str = ""
    enabled: bool = True
    start: Instant | None = None
    end: Instant | None = None
    execution_time_limit: str = ""
    interval: str = ""
    duration: str = ""
    stop_at_duration_end: bool = False
    delay: str = ""
    random_delay: str = ""
    user_id: str = ""
    user_sid: str = ""
    state_change: str = ""
    subscription: str = ""
    value_queries: tuple[tuple[str, str], ...] = ()
    state_name: str = ""
    data: str = ""
    days: int = 0
    weeks: int = 0
    days_of_week: tuple[str, ...] = ()
    days_of_month: tuple[str, ...] = ()
    months: tuple[str, ...] = ()
    weeks_of_month: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action: Exec (command, arguments, working directory), ComHandler (class, data), ShowMessage or SendEmail."""

    type: str = "Exec"
    id: str = ""
    command: str = ""
    arguments: str = ""
    working_directory: str = ""
    class_id: str = ""
    data: str = ""
    title: str = ""
    body: str = ""
    server: str = ""
    sender: str = ""
    to: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class SettingsSpec:
    """Settings with the defaults of the schema, IdleSettings and MaintenanceSettings flat."""

    enabled: bool = True
    hidden: bool = False
    allow_start_on_demand: bool = True
    multiple_instances: str = "IgnoreNew"
    no_start_on_batteries: bool = True
    stop_on_batteries: bool = True
    allow_hard_terminate: bool = True
    start_when_available: bool = False
    network_only: bool = False
    wake_to_run: bool = False
    idle_only: bool = False
    idle_duration: str = ""
    idle_wait: str = ""
    stop_on_idle_end: bool = True
    restart_on_idle: bool = False
    time_limit: str = "P3D"
    delete_after: str = ""
    priority: int = 7
    restart_interval: str = ""
    restart_count: int = 0
    unified_engine: bool = False
    no_remote_app_session: bool = False
    maintenance_period: str = ""
    maintenance_deadline: str = ""
    maintenance_exclusive: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """What a task is, as one writer states it. `schema` is the version of Task, "" where it has none."""

    registration: RegistrationSpec = field(default_factory=RegistrationSpec)
    principal: PrincipalSpec = field(default_factory=PrincipalSpec)
    triggers: tuple[TriggerSpec, ...] = ()
    actions: tuple[ActionSpec, ...] = ()
    settings: SettingsSpec = field(default_factory=SettingsSpec)
    schema: str = "1.2"


@dataclass(frozen=True, slots=True)
class TaskTimes:
    """When what was written, in ticks; 0 is never. `result` and `state` stand beside the run times in DynamicInfo."""

    registered: int
    tree: int
    tasks: int
    index: int
    file: int
    last_run: int = 0
    last_success: int = 0
    result: int = 0x41303
    state: int = 0


@dataclass(frozen=True, slots=True)
class TaskSpec:
    r"""One task of a machine.

    `definition` is what the XML file says; `registry` what TaskCache says where that is something else. `access` is the SDDL
    of the Tree key's SD. `index` is the Index value, `index_keys` the index keys that hold the GUID. `xml_order` is `full`
    (all settings, as the service writes what a client gave), `stock` (as Windows' own files are) or `minimal`. `crc` is the
    number in the job bucket. Without `has_file` there is no XML file, without `registered` no key; `hashed` writes Hash.
    """

    path: str
    guid: str
    definition: Definition
    access: str
    times: TaskTimes
    registry: Definition | None = None
    index: int = 3
    index_keys: tuple[str, ...] = ("Plain",)
    xml_order: str = "full"
    hashed: bool = True
    has_file: bool = True
    registered: bool = True
    crc: int = 0

    @property
    def told_by_registry(self) -> Definition:
        return self.registry or self.definition

    @property
    def name(self) -> str:
        return self.path.rpartition("\\")[2]

    @property
    def folder(self) -> str:
        """The folder with a leading and no trailing backslash; the root is a lone backslash."""
        return self.path.rpartition("\\")[0] or "\\"


def indexes_of(definition: Definition) -> tuple[int, tuple[str, ...]]:
    """The Index value and the index keys that the service gives a task: boot, logon, maintenance, else plain."""
    kinds = {trigger.type for trigger in definition.triggers if trigger.enabled}
    keys = []
    if "BootTrigger" in kinds:
        keys.append("Boot")
    if "LogonTrigger" in kinds:
        keys.append("Logon")
    if not keys or kinds - {"BootTrigger", "LogonTrigger"}:
        keys.append("Plain")
    if definition.settings.maintenance_period:
        keys.append("Maintenance")
    return {"Boot": 1, "Logon": 2, "Plain": 3, "Maintenance": 4}[keys[0]], tuple(keys)
