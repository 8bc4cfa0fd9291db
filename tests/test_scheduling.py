"""The examples of scheduling do what they say, as far as a machine without those services allows.

Command lines are taken out of the examples and executed; folders are put in through the variables
that the examples themselves use. NEWSBEAM_AIRFLOW_PYTHON may name a Python that has Airflow; then
it executes the DAG too. The units of systemd have a file of tests of their own.
"""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback import Loopback, answer
from runs import data_files, problems_of
from schedules import (
    BIN,
    EXAMPLES,
    INSTALLED,
    NEWS,
    ROOT,
    SUBPROCESS,
    at_loopback,
    cron_jobs,
    dag_calls,
    feed_list,
    held,
    is_cron_time,
    manifests,
    pod_of,
    read_unit,
)

from benchmarks.lakes import rows_of
from pipeline.cli import COMMANDS
from pipeline.followed_list import read_list
from pipeline.options import parse_options

AIRFLOW = os.environ.get("NEWSBEAM_AIRFLOW_PYTHON")
VARIABLES, JOBS = cron_jobs((EXAMPLES / "crontab").read_text())
POLL, READ, COMPACT = (command for _, command in JOBS)

Cron = Callable[[str], subprocess.CompletedProcess[str]]


@pytest.fixture
def cron(tmp_path) -> Cron:
    """Executes a command as cron does: by sh, with nothing in the environment but its own."""
    logs = tmp_path / "logs"
    logs.mkdir()
    environment = {
        "HOME": str(tmp_path),
        "LOGNAME": "newsbeam",
        **VARIABLES,
        "PATH": VARIABLES["PATH"].replace(INSTALLED, str(BIN)),
        "FEEDS": str(tmp_path / "feeds.toml"),
        "DROP": str(NEWS),
        "LAKE": str(tmp_path / "lake"),
        "LOGS": str(logs),
        "NEWS_TOKEN": "opensesame",
    }
    assert set(VARIABLES) <= set(environment)

    def execute(command: str) -> subprocess.CompletedProcess[str]:
        shell = [VARIABLES["SHELL"], "-c", command]
        return subprocess.run(shell, env=environment, cwd=tmp_path, **SUBPROCESS)

    return execute


def said(done: subprocess.CompletedProcess[str]) -> tuple[int, str, str]:
    return done.returncode, done.stdout, done.stderr


def test_every_time_of_the_crontab_is_one_and_no_percent_cuts_a_command():
    assert all(is_cron_time(times) for times, _ in JOBS)
    assert not is_cron_time("*/10 * * 13 *")
    assert all(command.endswith("esac") for _, command in JOBS)


def test_cron_is_silent_about_success_and_a_held_lake_and_says_a_line_of_all_else(cron, tmp_path):
    lake = tmp_path / "lake"
    ends = f"see {tmp_path}/logs\n"
    assert said(cron(READ)) == (0, "", "")
    assert len(rows_of(lake, "articles")) == 11
    files = data_files(lake)
    many = cron(READ.replace("--max_rejects=1000", "--max_rejects=0"))
    assert said(many) == (3, f"newsbeam run: exit code 3; {ends}", "")
    assert data_files(lake) == files
    with held(lake):
        assert said(cron(READ)) == (0, "", "")
    wrong = cron(READ.replace("$DROP", "$DROP/nothing"))
    assert said(wrong) == (2, f"newsbeam run: exit code 2; {ends}", "")
    assert said(cron(COMPACT)) == (0, "", "")
    (log,) = (tmp_path / "logs").iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d\.log", log.name)
    assert "newsbeam: run 2: reading 6 files" in log.read_text()
    assert "the lake is being written by" in log.read_text()
    assert problems_of(lake) == ()


def test_cron_asks_feeds_with_the_secret_of_the_environment(cron, tmp_path):
    body = (NEWS / "city_desk.feed.json").read_bytes()
    with Loopback({"/feed": answer(200, body=body)}) as server:
        feed_list(tmp_path / "feeds.toml", f"{server.url}/feed")
        command = POLL.replace("newsbeam run", shlex.join(at_loopback(["newsbeam", "run"])))
        assert said(cron(command)) == (0, "", "")
    (asked,) = (request for request in server.requests if request.path == "/feed")
    assert asked.header("authorization") == "Bearer opensesame"
    assert len(rows_of(tmp_path / "lake", "articles")) == 3
    (log,) = (tmp_path / "logs").iterdir()
    assert "opensesame" not in log.read_text()


# Airflow


def worker_environment(lake: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "NEWSBEAM": str(BIN / "newsbeam"),
        "NEWSBEAM_DROP": str(NEWS),
        "NEWSBEAM_LAKE": str(lake),
    }


def test_the_command_of_the_dag_by_bash(tmp_path):
    command, given = dag_calls()
    assert (given["max_active_runs"], given["catchup"]) == (1, False)
    lake = tmp_path / "lake"

    def execute() -> int:
        bash = ["bash", "-c", command]
        return subprocess.run(
            bash, env=worker_environment(lake), cwd=tmp_path, **SUBPROCESS
        ).returncode

    assert execute() == 0
    assert len(rows_of(lake, "articles")) == 11
    with held(lake):
        assert execute() == given["skip_on_exit_code"] == 4


RUN_DAG = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("airflow_dag", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
run = module.dag.test()
print(json.dumps({task.task_id: str(task.state) for task in run.get_task_instances()}))
"""


@pytest.mark.skipif(AIRFLOW is None, reason="NEWSBEAM_AIRFLOW_PYTHON names no Python with Airflow")
def test_airflow_executes_the_dag_and_skips_a_held_lake(tmp_path):
    home, lake = tmp_path / "airflow", tmp_path / "lake"
    environment = {
        **worker_environment(lake),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(EXAMPLES),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONDONTWRITEBYTECODE": "1",
    }

    def airflow(*words: str) -> str:
        command = [str(AIRFLOW), *words]
        limits = {**SUBPROCESS, "timeout": 300, "check": True}
        return subprocess.run(command, env=environment, cwd=tmp_path, **limits).stdout

    def state() -> dict[str, str]:
        dag = str(EXAMPLES / "airflow_dag.py")
        return json.loads(airflow("-c", RUN_DAG, dag).splitlines()[-1])

    airflow("-m", "airflow", "db", "migrate")
    assert state() == {"run": "success"}
    assert len(rows_of(lake, "articles")) == 11
    with held(lake):
        assert state() == {"run": "skipped"}


# Kubernetes


def test_the_cronjob_names_only_what_it_has():
    objects = manifests()
    assert list(objects) == ["PersistentVolumeClaim", "ConfigMap", "CronJob"]
    job, pod = objects["CronJob"]["spec"], pod_of(objects)
    (container,) = pod["containers"]
    assert is_cron_time(job["schedule"])
    assert job["concurrencyPolicy"] == "Forbid"
    # Kubernetes takes a podFailurePolicy only with this.
    assert pod["restartPolicy"] == "Never"
    rules = job["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    codes = rules[0]["onExitCodes"]
    assert (codes["containerName"], codes["values"]) == (container["name"], [2, 3, 4])
    mounted = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volumes = {volume.pop("name"): volume for volume in pod["volumes"]}
    claim, config = (objects[kind] for kind in ("PersistentVolumeClaim", "ConfigMap"))
    assert set(volumes) == set(mounted)
    assert volumes["data"]["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
    assert volumes["feeds"]["configMap"]["name"] == config["metadata"]["name"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    options = dict(word.removeprefix("--").split("=", 1) for word in container["args"])
    assert str(Path(options["output"]).parent) == mounted["data"]
    ((name, feeds),) = config["data"].items()
    assert options["feeds"] == f"{mounted['feeds']}/{name}"
    secrets = {variable["name"] for variable in container["env"]}
    assert set(re.findall(r"\$\{(\w+)\}", feeds)) == secrets


def test_the_feed_list_of_the_config_map_is_one(tmp_path):
    (listed,) = manifests()["ConfigMap"]["data"].values()
    (tmp_path / "feeds.toml").write_text(listed)
    assert len(read_list(str(tmp_path / "feeds.toml")).feeds) == 2


# All of them


def every_command() -> Iterator[list[str]]:
    """Each command line of newsbeam in the examples and on their page, as words."""
    for _, command in JOBS:
        yield shlex.split(command.partition(">>")[0])
    for name in ("newsbeam.service", "newsbeam-stream.service"):
        yield shlex.split(read_unit(name)["Service"]["ExecStart"])
    filled = re.sub(r"\$\{\w+:-(.*?)\}", r"\1", dag_calls()[0])
    yield shlex.split(filled)[1:]
    (container,) = pod_of(manifests())["containers"]
    yield [*container["command"], *container["args"]]
    for page in (ROOT / "docs" / "scheduling.md", EXAMPLES / "README.md"):
        for block in re.findall(r"```\w*\n(.*?)```", page.read_text(), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                if found := re.search(r"(?:^|[$#;] |&& )((?:/\S+/)?newsbeam \w.*)", line):
                    yield shlex.split(found[1], comments=True)


def test_every_command_line_of_the_examples_is_one():
    found = list(every_command())
    assert len(found) > 7
    for program, command, *options in found:
        assert Path(program).name == "newsbeam"
        assert command in COMMANDS
        if command == "run":
            parse_options(options)
