"""The SOFTWARE hive of a host: what Windows says of itself, profiles, COM classes, and the TaskCache of its tasks."""

from __future__ import annotations

import struct

from triptych.lessons.access import descriptor
from triptych.lessons.hive_key import HiveKey, HiveValue, binary, dword, expand_string, qword, string
from triptych.lessons.host import Host
from triptych.lessons.system_hive import add_class
from triptych.lessons.task_cache_blobs import actions_value, dynamic_info_value, triggers_value
from triptych.lessons.task_spec import TaskSpec
from triptych.lessons.task_xml import xml_bytes, xml_hash
from triptych.lessons.windows import Windows
from triptych.model.times import to_unix

_ROOT = "CMI-CreateHive{199DAFC2-6F16-4946-BF90-5A3FC3A60902}"
INDEX_KEYS = ("Boot", "Logon", "Maintenance", "Plain")
# What the service gives a folder where nobody asked for anything else: everybody may look, only administrators may write.
FOLDER_ACCESS = "O:BAG:SYD:AI(A;OICIID;FA;;;BA)(A;OICIID;FA;;;SY)(A;OICIID;FRFX;;;AU)(A;OICIID;FRFX;;;LS)(A;OICIID;FRFX;;;NS)"
ROOT_ACCESS = "O:BAG:SYD:P(A;OICI;FA;;;BA)(A;OICI;FA;;;SY)(A;OICI;FRFW;;;AU)(A;OICI;FRFX;;;LS)(A;OICI;FRFX;;;NS)"


def software_root(host: Host) -> HiveKey:
    """The keys of the SOFTWARE hive."""
    root = HiveKey(_ROOT, host.installed)
    version = root.make(r"Microsoft\Windows NT\CurrentVersion", host.upgraded or host.installed).put(*_version(host))
    _profiles(version, host)
    version.make(rf"Time Zones\{host.time_zone}", host.installed).put(binary("TZI", _zone_rules(host)))
    classes = root.make("Classes", host.installed)
    for com in host.classes:
        if not com.owner:
            add_class(classes, com, host.installed)
    root.make(r"Microsoft\SchedulingAgent", host.installed).put(
        expand_string("TasksFolder", r"%SystemRoot%\Tasks"),
        expand_string("LogPath", r"%SystemRoot%\Tasks\SchedLgU.Txt"),
        dword("MaxLogSizeKB", 32),
        dword("MinutesBeforeIdle", 15),
        string("OldName", host.name),
    )
    # Empty, as 64-bit Windows ships it: the service never looks there.
    root.make(r"Wow6432Node\Microsoft\Windows NT\CurrentVersion\Schedule", host.installed)
    _schedule(version.make("Schedule", host.installed), host)
    return root


def _version(host: Host) -> list[HiveValue]:
    windows = host.windows
    installed = host.upgraded or host.installed
    values = [
        string("SystemRoot", r"C:\Windows"),
        string("ProductName", windows.product),
        string("CurrentVersion", windows.version),
        string("CurrentBuild", str(windows.build)),
        string("CurrentBuildNumber", str(windows.build)),
        string("EditionID", "ServerStandard" if windows.server else "Professional"),
        string("InstallationType", "Server" if windows.server else "Client"),
        string("RegisteredOwner", "Windows"),
        dword("InstallDate", int(to_unix(installed))),
    ]
    if windows.service_pack:
        return [*values, string("CSDVersion", windows.service_pack)]
    return [
        *values,
        dword("UBR", windows.revision),
        string("DisplayVersion", windows.display),
        string("ReleaseId", "2009"),
        qword("InstallTime", installed),
    ]


def _zone_rules(host: Host) -> bytes:
    """TZI: three biases, then when winter and summer begin; here the last Sundays of October and March, as in Europe."""
    winter, summer = struct.pack("<8H", 0, 10, 0, 5, 3, 0, 0, 0), struct.pack("<8H", 0, 3, 0, 5, 2, 0, 0, 0)
    return struct.pack("<iii", host.bias, 0, -60) + winter + summer


def _profiles(version: HiveKey, host: Host) -> None:
    profiles = version.make("ProfileList", host.installed)
    for sid, path in (
        ("S-1-5-18", r"%systemroot%\system32\config\systemprofile"),
        ("S-1-5-19", r"%systemroot%\ServiceProfiles\LocalService"),
        ("S-1-5-20", r"%systemroot%\ServiceProfiles\NetworkService"),
    ):
        profiles.make(sid).put(expand_string("ProfileImagePath", path))
    for account in host.accounts:
        profiles.make(account.sid).put(expand_string("ProfileImagePath", rf"C:\Users\{account.profile}"))


def _schedule(schedule: HiveKey, host: Host) -> None:
    for name in ("Aliases", "CompatibilityAdapter", "Configuration", "CredWom", "Handlers", "Handshake"):
        schedule.make(name)
    schedule.put(dword("HashingCompleted", 1), dword("MigrationCleanupCompleted", 1))
    cache = schedule.make("TaskCache")
    for name in (*INDEX_KEYS, "Tasks", "Tree"):
        if name != "Maintenance" or not host.windows.is_7:
            cache.make(name)
    tree = cache.at("Tree")
    if host.windows.has_access:
        tree.put(binary("SD", descriptor(ROOT_ACCESS)))
    for task in host.tasks:
        if task.registered:
            add_task(cache, task, host.windows)


def add_task(cache: HiveKey, task: TaskSpec, windows: Windows) -> None:
    """Write a task into a TaskCache key, as the service does when it is registered."""
    _folders(cache.at("Tree"), task, windows)
    tree = cache.make("Tree" + task.path, task.times.tree)
    if windows.has_access:
        tree.put(binary("SD", descriptor(task.access)))
    tree.put(string("Id", task.guid), dword("Index", task.index))
    _touch(cache.at("Tree" + task.folder.rstrip("\\")), task.times.registered)
    cache.make(rf"Tasks\{task.guid}", task.times.tasks).put(*task_values(task, windows))
    _touch(cache.at("Tasks"), task.times.registered)
    for name in task.index_keys:
        cache.make(rf"{name}\{task.guid}", task.times.index)
        _touch(cache.at(name), task.times.index)


def _touch(key: HiveKey, when: int) -> None:
    """A key is written when a key directly below it is made."""
    key.written = max(key.written, when)


def _folders(tree: HiveKey, task: TaskSpec, windows: Windows) -> None:
    key = tree
    for part in task.folder.strip("\\").split("\\"):
        if not part:
            return
        if part.upper() not in key.keys:
            _touch(key, task.times.registered)
            key = key.make(part, task.times.registered)
            if windows.has_access:
                key.put(binary("SD", descriptor(FOLDER_ACCESS)))
        else:
            key = key.at(part)


def task_values(task: TaskSpec, windows: Windows) -> list[HiveValue]:
    """The values of the Tasks key; Windows 7 keeps Path, Hash, Triggers and DynamicInfo and nothing else."""
    told = task.told_by_registry
    values = [string("Path", task.path)]
    if task.hashed:
        values.append(binary("Hash", xml_hash(xml_bytes(task.definition, task.xml_order))))
    if not windows.is_7:
        values += _texts(task)
        values.append(binary("Actions", actions_value(told)))
    values.append(binary("Triggers", triggers_value(told, windows.triggers, task.crc)))
    values.append(binary("DynamicInfo", dynamic_info_value(task.times, short=windows.is_7)))
    return values


def _texts(task: TaskSpec) -> list[HiveValue]:
    told = task.told_by_registry
    values = []
    if told.schema and task.hashed:
        major, minor = told.schema.split(".")
        values.append(dword("Schema", int(major) << 16 | int(minor)))
    registration = told.registration
    for name, text in (
        ("Version", registration.version),
        ("Date", registration.date),
        ("SecurityDescriptor", registration.security_descriptor),
        ("Source", registration.source),
        ("Author", registration.author),
        ("Description", registration.description),
        ("Documentation", registration.documentation),
        ("URI", registration.uri),
        ("Data", registration.data),
    ):
        if text:
            values.append(string(name, text))
    return values
