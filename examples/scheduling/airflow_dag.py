"""A DAG for Airflow 2.9 or later and 3: one bounded run every ten minutes.

newsbeam stays out of Airflow's environment: it has one of its own, on each machine that may run
the task, and the lake lies on a local disk of that machine. README.md beside this file explains it.
"""

from datetime import UTC, datetime, timedelta

try:
    from airflow.sdk import DAG
except ImportError:  # Airflow 2
    from airflow import DAG

try:
    from airflow.providers.standard.operators.bash import BashOperator
except ImportError:  # Airflow 2
    from airflow.operators.bash import BashOperator

# The shell puts in the worker's variables, if they are set.
COMMAND = """\
exec "${NEWSBEAM:-/opt/newsbeam/bin/newsbeam}" run \
--input "${NEWSBEAM_DROP:-/var/lib/newsbeam/drop}" \
--output "${NEWSBEAM_LAKE:-/var/lib/newsbeam/lake}" \
--max_rejects=1000
"""

with DAG(
    dag_id="newsbeam",
    schedule="*/10 * * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=2),
    default_args={"retries": 2, "retry_delay": timedelta(minutes=1)},
    doc_md=__doc__,
) as dag:
    BashOperator(
        task_id="run",
        bash_command=COMMAND,
        # The lake is held by another run: not done, and no failure. Every other code fails the
        # task, 3 too, and stands in its log.
        skip_on_exit_code=4,
        execution_timeout=timedelta(hours=1),
    )
