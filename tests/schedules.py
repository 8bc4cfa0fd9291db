"""Readers of the examples of scheduling, and what their tests share."""

import ast
import fcntl
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples" / "scheduling"
NEWS = ROOT / "examples" / "news"
BIN = Path(sys.executable).parent
INSTALLED = "/opt/newsbeam/bin"
"""Where the examples say that newsbeam is."""
SUBPROCESS: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 120, "check": False}


@contextmanager
def held(lake: Path) -> Iterator[None]:
    """Hold a lake as another run would."""
    lock = lake / "_newsbeam" / "lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def feed_list(path: Path, *urls: str, token: str = "NEWS_TOKEN") -> None:
    tables = (
        f'[[feeds]]\nurl = "{url}"\nheaders = {{ Authorization = "Bearer ${{{token}}}" }}\n'
        for url in urls
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(tables))


def at_loopback(words: list[str], *more: str) -> list[str]:
    """A command that may ask a server of this machine, and without pauses."""
    return [*words, "--allow_private_hosts", "--host_delay_seconds=0", *more]


def cron_jobs(text: str) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Variables, and times with commands, as cron reads them: crontab(5)."""
    variables, jobs = {}, []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if assigned := re.fullmatch(r"(\w+)\s*=\s*(.*)", line):
            variables[assigned[1]] = assigned[2]
            continue
        *times, command = line.split(None, 5)
        # The first % that is not escaped ends the command; what follows is its standard input.
        command = re.split(r"(?<!\\)%", command)[0].replace(r"\%", "%")
        jobs.append((" ".join(times), command))
    return variables, jobs


def is_cron_time(times: str) -> bool:
    limits = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
    fields = [
        re.fullmatch(r"(?:\*|(\d+)(?:-(\d+))?)(?:/[1-9]\d*)?", field) for field in times.split()
    ]
    return len(fields) == 5 and all(
        field and all(low <= int(number) <= high for number in field.groups() if number)
        for field, (low, high) in zip(fields, limits, strict=True)
    )


UNIT_KEYS = {
    "Unit": "Description Wants After Conflicts StartLimitIntervalSec StartLimitBurst",
    "Timer": "OnCalendar RandomizedDelaySec Persistent",
    "Install": "WantedBy",
    "Service": "Type ExecStart SuccessExitStatus TimeoutStartSec KillMode TimeoutStopSec Restart "
    "RestartSec RestartPreventExitStatus User EnvironmentFile StateDirectory RuntimeDirectory "
    "UMask Nice NoNewPrivileges ProtectSystem ProtectHome PrivateTmp PrivateDevices ProtectClock "
    "ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules "
    "ProtectKernelTunables ProtectProc CapabilityBoundingSet LockPersonality "
    "MemoryDenyWriteExecute RemoveIPC RestrictAddressFamilies RestrictNamespaces "
    "RestrictRealtime RestrictSUIDSGID SystemCallArchitectures SystemCallFilter "
    "SystemCallErrorNumber",
}


def read_unit(name: str) -> dict[str, dict[str, str]]:
    """Sections of a unit file, strictly: nothing but keys known here; repeated ones are joined."""
    sections: dict[str, dict[str, str]] = {}
    section = ""
    for line in (EXAMPLES / name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
            sections[section] = {}
            continue
        key, equals, value = line.partition("=")
        assert equals, line
        assert key in UNIT_KEYS[section].split(), line
        sections[section][key] = " ".join(filter(None, (sections[section].get(key), value)))
    return sections


def dag_calls() -> tuple[str, dict[str, object]]:
    """The command of the DAG, and the plain arguments of all calls in its file."""
    tree = ast.parse((EXAMPLES / "airflow_dag.py").read_text())
    (command,) = (
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "COMMAND"
    )
    given = {
        keyword.arg: keyword.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if isinstance(keyword.value, ast.Constant)
    }
    return command, given


def manifests() -> dict[str, Any]:
    """The objects of cronjob.yaml by kind."""
    yaml = pytest.importorskip("yaml")
    documents = list(yaml.safe_load_all((EXAMPLES / "cronjob.yaml").read_text()))
    return {document["kind"]: document for document in documents}


def pod_of(objects: dict[str, Any]) -> dict[str, Any]:
    """What a pod of the CronJob is made from."""
    return objects["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
