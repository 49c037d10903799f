"""Every deviation by its name, with the task it is about and the rules that must speak of it."""

from __future__ import annotations

from triptych.lessons.deviations import disagreement, elsewhere, hidden, planted_tasks
from triptych.lessons.deviations.hand import STOCK, VICTIM, Deviation

_PLANTED = planted_tasks.PLANTED
_SHARED = r"\Contoso\Shared Report"

_ALL = (
    Deviation("sd-deleted", hidden.delete_access, VICTIM, ("sd-missing",), ("deleted-recovered",), on_7=False),
    Deviation("sd-blank", hidden.blank_access, VICTIM, ("sd-invalid",), on_7=False),
    Deviation("sd-text", hidden.garble_access, VICTIM, ("sd-invalid",), ("value-malformed",), on_7=False),
    Deviation("sd-empty-list", hidden.empty_access_list, VICTIM, ("sd-denies",), on_7=False),
    Deviation("sd-denies-system", hidden.deny_system, VICTIM, ("sd-denies",), on_7=False),
    Deviation("sd-weak", hidden.weaken_access, VICTIM, ("sd-weak",), on_7=False),
    Deviation(
        "folder-sd-deleted", hidden.delete_folder_access, r"\Contoso", ("folder-sd-missing",), ("deleted-recovered",), on_7=False
    ),
    Deviation("index-zero", hidden.zero_index, VICTIM, ("index-zero",), ("index-mismatch",)),
    Deviation("index-deleted", hidden.delete_index, VICTIM, ("index-missing",), ("deleted-recovered", "index-mismatch")),
    Deviation("index-nine", hidden.invalid_index, VICTIM, ("index-invalid",), ("index-mismatch",)),
    Deviation("index-moved", hidden.move_index_entry, VICTIM, ("index-mismatch",), ("deleted-recovered",)),
    Deviation("tree-deleted", hidden.delete_tree_key, VICTIM, ("tree-missing",), ("deleted-recovered",)),
    Deviation("tasks-deleted", hidden.delete_tasks_key, VICTIM, ("tasks-missing",), ("deleted-recovered",)),
    Deviation("id-twice", hidden.duplicate_id, VICTIM, ("duplicate-id",), ("path-differs",)),
    Deviation("task-deleted", hidden.delete_task, VICTIM, ("deleted-recovered",)),
    Deviation("file-deleted", disagreement.delete_file, VICTIM, ("registry-only",)),
    Deviation(
        "file-edited",
        disagreement.edit_file,
        VICTIM,
        ("action-differs",),
        ("hash-differs", "command-suspicious"),
        rules_on_7=("hash-differs",),
    ),
    Deviation(
        "registry-actions", disagreement.edit_registry_actions, VICTIM, ("action-differs",), ("command-suspicious",), on_7=False
    ),
    Deviation("registry-triggers", disagreement.edit_registry_triggers, VICTIM, ("trigger-differs",)),
    Deviation("registry-principal", disagreement.edit_registry_principal, _SHARED, ("principal-differs",), ("sd-weak",)),
    Deviation("registry-settings", disagreement.edit_registry_settings, VICTIM, ("settings-differs",), ("hidden-setting",)),
    Deviation("path-mismatch", disagreement.mismatch_path, VICTIM, ("path-differs",), ("tree-missing",)),
    Deviation("uri-mismatch", disagreement.mismatch_uri, VICTIM, ("path-differs",), ("author-spoofed",)),
    Deviation("actions-cut", disagreement.cut_actions, VICTIM, ("value-malformed",), ("action-differs",), on_7=False),
    Deviation("actions-text", disagreement.text_actions, VICTIM, ("value-malformed",), ("action-differs",), on_7=False),
    Deviation("triggers-longer", disagreement.lengthen_triggers, VICTIM, ("value-malformed",)),
    Deviation(
        "ghost-task",
        planted_tasks.ghost_task,
        planted_tasks.GHOST,
        ("registry-handmade", "registry-only", "sd-denies"),
        ("command-suspicious", "index-mismatch", "time-contradiction"),
        on_7=False,
    ),
    Deviation("file-only", planted_tasks.file_only, r"\Backup-old", ("xml-only",), ("command-suspicious",)),
    Deviation("hidden-setting", planted_tasks.hidden_setting, _PLANTED, ("hidden-setting",)),
    Deviation(
        "name-look-alike", planted_tasks.look_alike, planted_tasks.LOOK_ALIKE, ("name-lookalike",), ("stock-folder-foreign",)
    ),
    Deviation("name-right-to-left", planted_tasks.right_to_left_name, planted_tasks.RIGHT_TO_LEFT, ("name-deceptive",)),
    Deviation("name-zero-width", planted_tasks.zero_width_name, planted_tasks.ZERO_WIDTH, ("name-deceptive",), ("name-lookalike",)),
    Deviation("name-trailing-space", planted_tasks.trailing_space_name, planted_tasks.TRAILING_SPACE, ("name-deceptive",)),
    Deviation(
        "name-nul",
        planted_tasks.nul_name,
        planted_tasks.WITH_NUL,
        ("name-deceptive",),
        ("registry-only", "path-differs", "value-malformed"),
    ),
    Deviation(
        "author-spoofed", planted_tasks.author_spoofed, _PLANTED, ("author-spoofed",), ("time-contradiction", "command-suspicious")
    ),
    Deviation("stock-altered", planted_tasks.stock_altered, STOCK, ("stock-altered",), ("command-suspicious", "author-spoofed")),
    Deviation("stock-disabled", planted_tasks.stock_disabled, planted_tasks.DEFENCE[1], ("stock-disabled",)),
    Deviation("stock-folder-foreign", planted_tasks.foreign_in_stock_folder, planted_tasks.FOREIGN, ("stock-folder-foreign",)),
    Deviation("command-encoded", planted_tasks.encoded_download, _PLANTED, ("command-suspicious",)),
    Deviation("command-mshta", planted_tasks.mshta, _PLANTED, ("command-suspicious",)),
    Deviation("command-rundll32", planted_tasks.rundll32_javascript, _PLANTED, ("command-suspicious",)),
    Deviation("command-network", planted_tasks.network_path, _PLANTED, ("command-suspicious",)),
    Deviation("command-web-folder", planted_tasks.web_folder, _PLANTED, ("command-suspicious",)),
    Deviation("command-writable", planted_tasks.user_writable_as_system, _PLANTED, ("command-suspicious",)),
    Deviation("decoy-action", planted_tasks.decoy_action, _PLANTED, ("decoy-action",), ("command-suspicious",)),
    Deviation("event-trigger", planted_tasks.event_trigger, _PLANTED, ("trigger-unusual",)),
    Deviation("wnf-trigger", planted_tasks.wnf_trigger, _PLANTED, ("trigger-unusual",)),
    Deviation("defence-trigger", planted_tasks.defence_trigger, _PLANTED, ("trigger-on-defence",), ("trigger-unusual",)),
    Deviation("password-logon", planted_tasks.password_logon, _PLANTED, ("credentials-stored",)),
    Deviation("s4u-logon", planted_tasks.s4u_logon, _PLANTED, ("credentials-stored",)),
    Deviation("description-payload", planted_tasks.text_payload, _PLANTED, ("text-payload",)),
    Deviation("data-payload", planted_tasks.data_payload, _PLANTED, ("text-payload",)),
    Deviation("self-deleting", planted_tasks.self_deleting, _PLANTED, ("command-suspicious",)),
    Deviation("handler-unknown", planted_tasks.unregistered_handler, _PLANTED, ("com-handler-unknown",)),
    Deviation("false-times", planted_tasks.false_times, VICTIM, ("time-contradiction",)),
    Deviation("handler-of-user", elsewhere.hijack_for_user, "", ("com-handler-hijacked",)),
    Deviation("handler-of-machine", elsewhere.hijack_for_machine, "", ("com-handler-hijacked",)),
    Deviation("at-job", elsewhere.at_job, "Windows/Tasks/At1.job", ("legacy-job",), ("command-suspicious",)),
    Deviation("policy-task", elsewhere.policy_task, elsewhere.POLICY_FILE, ("policy-deployed",), ("command-suspicious",)),
    Deviation("state-flags", elsewhere.state_flags, VICTIM, ("override-present",)),
    Deviation("wow-cache", elsewhere.wow_cache, _PLANTED, ("override-present",)),
    Deviation("wow-file", elsewhere.wow_file, r"\Cache Refresh", ("override-present",), ("command-suspicious",)),
    Deviation("tasks-folder", elsewhere.redirected_folder, "", ("override-present",)),
    Deviation("gone-since-backup", elsewhere.gone_since_backup, VICTIM, ("deleted-recovered",)),
    Deviation("earlier-system", elsewhere.earlier_system, elsewhere.GONE, ("deleted-recovered",), ("command-suspicious",)),
    Deviation("only-in-log", elsewhere.only_in_log, VICTIM, ("sd-missing",), ("deleted-recovered",), on_7=False),
    Deviation("index-in-log", elsewhere.index_in_log, VICTIM, ("index-zero",), ("index-mismatch",)),
    Deviation(
        "over-two-logs",
        elsewhere.over_two_logs,
        VICTIM,
        ("index-zero", "sd-missing"),
        ("index-mismatch", "deleted-recovered"),
        on_7=False,
    ),
    Deviation("undone-in-log", elsewhere.undone_in_log, VICTIM, (), ("deleted-recovered",), on_7=False),
)

DEVIATIONS = {deviation.name: deviation for deviation in _ALL}
"""All deviations by name."""
